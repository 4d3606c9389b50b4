// Questions of one picture in one row give the losses that they give apart, and so do answers to one question.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { largestDifference } from '../../../mllm/test/recorded.ts'
import { pictureRows, toyModel, writePictures, writeRows } from '../../test/toy.ts'
import { openBaseModel } from '../model/base.ts'
import { openLearner } from '../model/learner.ts'
import { openScoring } from '../run/scoring.ts'
import { looker } from './looking.ts'
import { packedLength, packRow, withAnswer } from './packing.ts'
import { readConversations } from './read-conversations.ts'
import { promptSequence, sequenceOf } from './sequence.ts'

const root = mkdtempSync(join(tmpdir(), 'maskwords-packing-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const signal = new AbortController().signal

describe('packed rows', () => {
  for (const kind of ['qwen2.5-vl', 'qwen3-vl'] as const) {
    for (const frozen of [[], ['eyes']]) {
      it(`${kind}: questions of one picture, of one round and two${frozen.length > 0 ? ', eyes frozen' : ''}`, async () => {
        const base = await openBaseModel(await toyModel(root, { kind, tied: false }))
        const learner = await openLearner(base, { seed: 0, frozen, session: { threads: 1, worker: false } })
        writePictures(root)
        const conversations = await readConversations([writeRows(join(root, 'rows.jsonl'), pictureRows(3))], {
          signal,
        })
        const lost: string[] = []
        const look = looker(learner.eyes, (why) => lost.push(why))
        const { sequences, looked } = await look(conversations.map((one) => sequenceOf(one, base)))
        expect(lost).toEqual([])
        const scoring = await openScoring(learner)
        const apart = await scoring.score(
          sequences.map((one) => packRow([one])),
          looked,
        )
        const rows = [0, 1, 2].map((p) => packRow(sequences.slice(3 * p, 3 * p + 3)))
        const packed = await scoring.score(rows, looked)
        expect(largestDifference(packed.logprobs, apart.logprobs)).toBeLessThan(2e-5)
        // The picture stands once: a row is far shorter than its sequences.
        const whole = sequences.slice(0, 3).reduce((sum, { ids }) => sum + ids.length, 0)
        expect(rows[0]!.ids.length).toBe(packedLength(sequences.slice(0, 3)))
        expect(rows[0]!.ids.length).toBeLessThan(whole - 2 * 20)

        const prompt = promptSequence(conversations[0]!, base)
        const answers = [[65, 66, 67], [66], [65, 66, 257]].map((ids) => withAnswer(prompt, ids))
        const together = await scoring.score([packRow(answers)], looked)
        const single = await scoring.score(
          answers.map((one) => packRow([one])),
          looked,
        )
        expect(together.logprobs).toHaveLength(7)
        expect(largestDifference(together.logprobs, single.logprobs)).toBeLessThan(2e-5)
        // What follows a question does not change it: the first token has one probability in all answers that begin with it.
        expect(together.logprobs[0]).toBeCloseTo(together.logprobs[4]!, 5)
        await scoring.close()
        await learner.close()
      })
    }
  }
})
