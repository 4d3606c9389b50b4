// What a learner is worth on conversations that it does not learn from: their loss, and answers to read.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promptTurns, truthOf } from '@maskwords/data'
import { ensureFolder, writeWhole } from '@maskwords/files'
import type { TrainState } from '@maskwords/train'
import { weightsOf } from '@maskwords/train'
import type { Learner } from '../model/learner.ts'
import type { AnswerJudge } from '../reward/judgement.ts'
import { rewardSample } from '../reward/reward-sample.ts'
import type { TrainingConversation } from '../text/conversation.ts'
import { looker } from '../text/looking.ts'
import { packRow } from '../text/packing.ts'
import { batchPlan } from '../text/plan.ts'
import { promptSequence } from '../text/sequence.ts'
import type { TokenisedSet } from '../text/source.ts'
import type { Answering } from './answering.ts'
import { openAnswering } from './answering.ts'
import type { Scoring } from './scoring.ts'
import { openScoring } from './scoring.ts'

export type Evaluator = {
  run(state: TrainState): Promise<Record<string, number>>
  close(): Promise<void>
}

export type EvaluatorOptions = {
  readonly set: TokenisedSet
  /** Whether the loss of the answers that are there is measured. */
  readonly loss: boolean
  readonly conversations: number
  readonly pack: number
  readonly maxTokens: number
  /** Questions that are answered, from the first on. */
  readonly answers: number
  readonly maxAnswerTokens: number
  readonly constraint: 'off' | 'free'
  /** Who answers. Default: one that is opened for it. */
  readonly answering?: Answering
  /** What the answers are worth, where that is asked for. */
  readonly judge?: AnswerJudge | undefined
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
  /** null where it could not be had. */
  readonly reward?: number | null
}

/** Networks are opened with the first run, and stay. */
export function openEvaluator(learner: Learner, options: EvaluatorOptions): Evaluator {
  const { set, signal, judge } = options
  const look = looker(learner.eyes, options.onLost)
  const plan = batchPlan(set.items, { ...options, seed: 0 })
  const open = async () => ({
    scoring: options.loss ? await openScoring(learner) : undefined,
    answering: options.answers > 0 ? (options.answering ?? (await openAnswering(learner))) : undefined,
  })
  let opening: ReturnType<typeof open> | undefined

  const lossOf = async (scoring: Scoring): Promise<Record<string, number>> => {
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

  const answersOf = async (answering: Answering, step: number): Promise<Record<string, number>> => {
    const asked = set.conversations.slice(0, options.answers)
    const said: SaidAnswer[] = []
    for (let first = 0; first < asked.length; first += options.conversations) {
      const some = asked.slice(first, first + options.conversations)
      said.push(...(await answersTo(some, answering)))
    }
    const rewards = judge && (await judgedAnswers(said, asked, judge, signal))
    const answers = said.map((answer, i) => (rewards ? { ...answer, reward: rewards[i]! } : answer))
    await writeAnswers(join(options.folder, 'evaluation'), step, answers, signal)
    const right = said.filter(({ answer, truth }) => answer === truth).length
    const known = rewards?.filter((reward) => reward !== null) ?? []
    return {
      exact: right / said.length,
      ...(known.length > 0 && { reward: known.reduce((a, b) => a + b, 0) / known.length }),
    }
  }

  const answersTo = async (
    asked: readonly TrainingConversation[],
    answering: Answering,
  ): Promise<SaidAnswer[]> => {
    const prompts = asked.map((one) => promptSequence(one, learner.base))
    const { sequences, looked } = await look(prompts)
    const settings = {
      count: 1,
      temperature: 0,
      seed: 0,
      maxTokens: options.maxAnswerTokens,
      constraint: options.constraint,
      together: options.conversations,
    }
    const said = await answering.answer(sequences, looked, settings, signal)
    return sequences.map((prompt, i): SaidAnswer => {
      const conversation = asked[prompts.indexOf(prompt)]!
      return {
        id: prompt.id,
        question: promptTurns(conversation).at(-1)!.text,
        answer: answering.textOf(said[i]![0]!),
        truth: truthOf(conversation).text,
        finish: said[i]![0]!.finish,
      }
    })
  }

  return {
    async run(state) {
      const weights = Object.fromEntries(weightsOf(state))
      const { scoring, answering } = await (opening ??= open())
      await scoring?.setWeights(weights)
      await answering?.setWeights(weights)
      return {
        ...(scoring && (await lossOf(scoring))),
        ...(answering && (await answersOf(answering, state.step))),
      }
    },
    async close() {
      const opened = await opening
      await opened?.scoring?.close()
      if (opened?.answering !== options.answering) await opened?.answering?.close()
    },
  }
}

async function judgedAnswers(
  said: readonly SaidAnswer[],
  asked: readonly TrainingConversation[],
  judge: AnswerJudge,
  signal: AbortSignal,
): Promise<(number | null)[]> {
  const byId = new Map(asked.map((one) => [one.id, one]))
  const samples = said.map(({ id, answer }) => rewardSample(byId.get(id)!, answer))
  const judgements = await judge.judge(samples, signal)
  return judgements.map((judgement) => ('fault' in judgement ? null : judgement.overall))
}

/** One JSON line an answer, in `step-000000100.jsonl`; of the files that are there, the newest `keep` stay. */
export async function writeAnswers(
  folder: string,
  step: number,
  answers: readonly object[],
  signal: AbortSignal,
  keep = Number.POSITIVE_INFINITY,
): Promise<void> {
  await ensureFolder(folder)
  const path = join(folder, `step-${String(step).padStart(9, '0')}.jsonl`)
  const text = answers.map((answer) => `${JSON.stringify(answer)}\n`).join('')
  await writeWhole(path, new TextEncoder().encode(text), signal)
  const files = (await readdir(folder)).filter((name) => /^step-\d+\.jsonl$/.test(name)).sort()
  for (const name of files.slice(0, Math.max(0, files.length - keep))) await rm(join(folder, name))
}
