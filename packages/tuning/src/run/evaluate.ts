// What a learner is worth on conversations that it does not learn from: their loss, and answers to read.
import { join } from 'node:path'
import { ensureFolder, writeWhole } from '@maskwords/files'
import type { TrainState } from '@maskwords/train'
import { weightsOf } from '@maskwords/train'
import type { Learner } from '../model/learner.ts'
import { looker } from '../text/looking.ts'
import { packRow } from '../text/packing.ts'
import { batchPlan } from '../text/plan.ts'
import { promptSequence } from '../text/sequence.ts'
import type { TokenisedSet } from '../text/source.ts'
import type { Answering } from './answering.ts'
import { openAnswering } from './answering.ts'
import { openScoring } from './scoring.ts'

export type Evaluator = {
  run(state: TrainState): Promise<Record<string, number>>
  close(): Promise<void>
}

export type EvaluatorOptions = {
  readonly set: TokenisedSet
  readonly conversations: number
  readonly pack: number
  readonly maxTokens: number
  /** Questions that are answered, from the first on. */
  readonly answers: number
  readonly maxAnswerTokens: number
  /** Where answers are written, a file each time. */
  readonly folder: string
  readonly onLost: (why: string) => void
  readonly signal: AbortSignal
}

/** A question, what was said, and what would have been right. */
export type SaidAnswer = {
  readonly id: string
  readonly question: string
  readonly answer: string
  readonly truth: string
  readonly finish: 'stop' | 'length'
}

/** Networks are opened with the first run, and stay. */
export function openEvaluator(learner: Learner, options: EvaluatorOptions): Evaluator {
  const { set, signal } = options
  const look = looker(learner.eyes, options.onLost)
  const plan = batchPlan(set.items, { ...options, seed: 0 })
  const open = async () => ({
    scoring: await openScoring(learner),
    answering: options.answers > 0 ? await openAnswering(learner) : undefined,
  })
  let opening: ReturnType<typeof open> | undefined

  const lossOf = async (weights: Record<string, Float32Array>): Promise<Record<string, number>> => {
    const { scoring } = await (opening ??= open())
    await scoring.setWeights(weights)
    let [loss, hits, tokens] = [0, 0, 0]
    for (let batch = 0; batch < plan.batchesOf(1); batch++) {
      signal.throwIfAborted()
      const { sequences, looked } = await look(plan.batch(batch).flat().map(set.sequence))
      if (sequences.length === 0) continue
      const scores = await scoring.score(
        sequences.map((one) => packRow([one])),
        looked,
      )
      for (const logprob of scores.logprobs) loss -= logprob
      for (const hit of scores.hits) hits += hit
      tokens += scores.logprobs.length
    }
    return { loss: loss / tokens, accuracy: hits / tokens }
  }

  const answersOf = async (answering: Answering, state: TrainState): Promise<Record<string, number>> => {
    const asked = set.conversations.slice(0, options.answers)
    const { sequences, looked } = await look(asked.map((one) => promptSequence(one, learner.base)))
    const settings = {
      count: 1,
      temperature: 0,
      seed: 0,
      maxTokens: options.maxAnswerTokens,
      together: options.conversations,
    }
    const said = await answering.answer(sequences, looked, settings, signal)
    const byId = new Map(asked.map((one) => [one.id, one]))
    const answers = sequences.map(({ id }, i): SaidAnswer => {
      const { turns } = byId.get(id)!
      const last = turns.findLastIndex(({ role }) => role === 'user')
      return {
        id,
        question: turns[last]!.text,
        answer: answering.textOf(said[i]![0]!),
        truth: turns[last + 1]?.text ?? '',
        finish: said[i]![0]!.finish,
      }
    })
    await writeAnswers(options.folder, state.step, answers, signal)
    const right = answers.filter(({ answer, truth }) => answer === truth).length
    return { exact: right / answers.length }
  }

  return {
    async run(state) {
      const weights = Object.fromEntries(weightsOf(state))
      const numbers = await lossOf(weights)
      const { answering } = await opening!
      if (answering === undefined) return numbers
      await answering.setWeights(weights)
      return { ...numbers, ...(await answersOf(answering, state)) }
    },
    async close() {
      const opened = await opening
      await opened?.scoring.close()
      await opened?.answering?.close()
    },
  }
}

/** One JSON line an answer, in `answers/step-000000100.jsonl`. */
export async function writeAnswers(
  folder: string,
  step: number,
  answers: readonly object[],
  signal: AbortSignal,
): Promise<string> {
  const place = join(folder, 'answers')
  await ensureFolder(place)
  const path = join(place, `step-${String(step).padStart(9, '0')}.jsonl`)
  const text = answers.map((answer) => `${JSON.stringify(answer)}\n`).join('')
  await writeWhole(path, new TextEncoder().encode(text), signal)
  return path
}
