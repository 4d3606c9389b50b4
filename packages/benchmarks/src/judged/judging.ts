// How a judge scores a benchmark: which questions it is asked about an answer, in which words.
import type { Pixels } from '@maskwords/codecs'
import type { EvalMode, ScoredValues } from '@maskwords/eval'
import type { JudgePrompt, JudgeSampling, Places, Verdict } from '@maskwords/judging'
import type { PredictionRecord } from '../record.ts'
import type { TruthSample } from '../truth.ts'

/** A question about an answer, in the places of the prompt. */
export type JudgeQuestion = {
  /** Which of the sample's questions, where it has several. */
  readonly name?: string
  readonly values: Readonly<Record<string, string>>
  readonly isReadable: (reply: string) => boolean
}

export type Judging<Settings = never> = {
  readonly prompt: JudgePrompt
  readonly places: Places
  /** Places without which a prompt judges nothing. */
  readonly needed: readonly string[]
  readonly sampling: (mode: EvalMode) => JudgeSampling
  /** What is asked about an answer that says something. */
  readonly questions: (
    sample: TruthSample,
    said: string,
    about: { readonly mode: EvalMode; readonly settings: Settings },
  ) => readonly JudgeQuestion[]
  /** What the judge sees beside the words; undefined: nothing. */
  readonly picture?: (sample: TruthSample, picture: Pixels) => Pixels
}

/** The verdicts on a sample's answer in the order of its questions; undefined where nothing was asked, as there is no answer. */
export type VerdictsOf = (sample: TruthSample) => readonly Verdict[] | undefined

type JudgedAnswer = {
  readonly sample: TruthSample
  /** Undefined where there is none that can be used. */
  readonly record: PredictionRecord | undefined
  readonly mode: EvalMode
  readonly verdictsOf: VerdictsOf
  /** The worst that an answer can get. */
  readonly worst: ScoredValues['values']
  /**
   * Values by the replies, in the order of the questions; undefined where there is none. `lost`: the first reply that says no verdict.
   */
  readonly read: (replies: readonly (string | undefined)[]) => {
    readonly values: ScoredValues['values']
    readonly lost: number
  }
}

/** The numbers of a judged answer: missing ones, empty ones, and verdicts that say nothing are never good ones. */
export function scoreJudged({ sample, record, mode, verdictsOf, worst, read }: JudgedAnswer): ScoredValues {
  // Published scripts score what was answered.
  if (record === undefined) return { values: mode === 'official' ? {} : worst, status: 'missing' }
  const verdicts = verdictsOf(sample)
  if (verdicts === undefined) return { values: worst, status: 'scored', reason: 'the answer is empty' }
  const { values, lost } = read(verdicts.map((one) => (one.kind === 'reply' ? one.reply : undefined)))
  return { values, status: 'scored', ...(lost >= 0 && { reason: whyNot(verdicts[lost]!) }) }
}

function whyNot(verdict: Verdict): string {
  if (verdict.kind !== 'reply') return verdict.why
  const start = JSON.stringify(verdict.reply.slice(0, 60))
  return verdict.isCut
    ? `the reply of the judge was cut off before a verdict: ${start}`
    : `the reply of the judge says no verdict: ${start}`
}
