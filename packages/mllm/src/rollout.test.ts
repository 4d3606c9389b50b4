// Answers decoded together against the same answers asked one by one.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pixels } from '@maskwords/codecs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formulaPicture } from '../test/recorded.ts'
import { writeTinyModel } from '../test/tiny-model.ts'
import type { Engine } from './engine.ts'
import { openEngine } from './engine.ts'
import type { LoadedModel } from './loaded.ts'
import { loadModel, promptRow } from './loaded.ts'
import { openMemory } from './memory.ts'
import { buildPrompt } from './prompt.ts'
import { answerTogether } from './questions.ts'
import type { RolloutOptions } from './rollout.ts'
import { rollout } from './rollout.ts'
import { resolveSampling } from './sampling.ts'
import { openPublished } from './stored.ts'

const root = mkdtempSync(join(tmpdir(), 'maskwords-rollout-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const QUESTIONS: readonly [text: string, picture: number | undefined][] = [
  ['What is this?', 0],
  ['Where is the dog that stands to the left of the second tree?', 1],
  ['No picture here', undefined],
  ['And this?', 0],
]
const pictures: readonly Pixels[] = [
  formulaPicture({ width: 40, height: 30, variant: 0 }),
  formulaPicture({ width: 64, height: 80, variant: 1 }),
]

describe('answers decoded together', () => {
  let model: LoadedModel
  let engine: Engine
  beforeAll(async () => {
    await writeTinyModel(root)
    model = await loadModel(root, { weights: 'published', threads: 1 })
    engine = await openEngine(await openPublished(root, model.config), { threads: 1, grouped: true })
  })
  afterAll(async () => {
    await engine.close()
    await model.close()
  })

  const conversations = QUESTIONS.map(([text, picture]) => [
    {
      role: 'user' as const,
      content: [
        ...(picture === undefined ? [] : [{ type: 'picture' as const, picture: pictures[picture]! }]),
        { type: 'text' as const, text },
      ],
    },
  ])
  const rows = () => conversations.map((conversation) => promptRow(buildPrompt(conversation, model), model))
  const run = (options: Partial<RolloutOptions> & { temperature?: number; seed?: number }) => {
    const { temperature = 0, seed = 0, ...more } = options
    return rollout(rows(), engine, openMemory(model.config.text, 1e8), {
      count: 1,
      sampling: resolveSampling({ temperature, seed, repetitionPenalty: 1 }, 1),
      ends: model.ends,
      maxTokens: 24,
      ...more,
    })
  }

  it('greedy answers to prompts of several lengths, with and without pictures, are those asked one by one', async () => {
    const together = await run({})
    for (const [i, conversation] of conversations.entries()) {
      const alone: number[] = []
      await answerTogether(
        model,
        [conversation],
        { maxTokens: 24, repetitionPenalty: 1, constraint: { mode: 'off' } },
        {
          aborted: () => false,
          emit: (_, event) => event.type === 'end' && alone.push(...event.answer.tokens.map(({ id }) => id)),
        },
      )
      const [answer] = together[i]!
      const said = answer!.finish === 'stop' ? answer!.ids.slice(0, -1) : answer!.ids
      expect(said, QUESTIONS[i]![0]).toEqual(alone)
    }
    expect(await run({ together: 3 })).toEqual(together)
  })

  it('sampled answers depend on the seed and their number alone, though rows end at different times', async () => {
    // A fifth of all words ends an answer, so that rows are left out soon and moved often.
    const ends = new Set(Array.from({ length: 160 }, (_, i) => i))
    const options = { count: 5, temperature: 4, seed: 3, ends, maxTokens: 12 }
    const together = await run(options)
    expect(together.map((answers) => answers.length)).toEqual([5, 5, 5, 5])
    expect(await run({ ...options, together: 1 })).toEqual(together)
    expect(await run({ ...options, seed: 4 })).not.toEqual(together)
    const all = together.flat()
    expect(new Set(all.map(({ ids }) => ids.length)).size).toBeGreaterThan(4)
    for (const { ids, finish } of all) {
      expect(ends.has(ids.at(-1)!)).toBe(finish === 'stop')
      expect(ids.slice(0, -1).some((id) => ends.has(id))).toBe(false)
      if (finish === 'length') expect(ids).toHaveLength(12)
    }
    const first = together[0]!.map(({ ids }) => ids.join())
    expect(new Set(first).size).toBeGreaterThan(1)
  })

  it('a signal ends it with its reason', async () => {
    await expect(run({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })
})
