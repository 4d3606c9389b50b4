// What a judge says of an answer: a number, or why there is none.
import type { RewardSample } from '@maskwords/learn'

export type Judgement =
  | { readonly overall: number; readonly parts: Readonly<Record<string, number>> }
  /** Why there is no number. */
  | { readonly fault: string }

export type AnswerJudge = {
  /** One judgement a sample, in order. Rejects only with the signal's reason. */
  judge(samples: readonly RewardSample[], signal: AbortSignal): Promise<readonly Judgement[]>
  close(): Promise<void>
}

/** A number that is one, or why not. */
export function judgementOf(overall: number, parts: Readonly<Record<string, number>>): Judgement {
  if (typeof overall === 'number' && Number.isFinite(overall)) return { overall, parts }
  const [name] = Object.entries(parts).find(([, part]) => !Number.isFinite(part)) ?? ['the reward']
  return { fault: `${name} gave ${overall}` }
}

export const tooLate = (timeoutMs: number): string => `it took more than ${timeoutMs / 1000} s`
