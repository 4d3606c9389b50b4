// What answers are worth: rewards of the catalogue in this thread, those of plugins in a thread that is ended where they do not come
// back, or a function. Whatever a reward does, each answer has a number or a reason why it has none.
import { messageOf } from '@maskwords/base'
import type { RewardDecoder, RewardList, RewardSample } from '@maskwords/learn'
import { planRewards, scoreBatchInSlices } from '@maskwords/learn'
import { loadedPlugins } from '@maskwords/plugins'
import type { AnswerJudge, Judgement } from './judgement.ts'
import { judgementOf, tooLate } from './judgement.ts'
import { openRewardThread } from './reward-thread.ts'

/** A reward of one's own: a number, or numbers by name whose sum counts. */
export type RewardCall = (
  sample: RewardSample,
) => number | Readonly<Record<string, number>> | Promise<number | Readonly<Record<string, number>>>

export type JudgeOptions = {
  /** Names and terms of the catalogue (docs/rewards.md), or a function. */
  readonly rewards: RewardList | RewardCall
  /**
   * How long one answer may take. A function that never gives way to others cannot be stopped in this thread: rewards that might
   * hang belong into a plugin.
   */
  readonly timeoutMs: number
  /** Masks of words, for rewards that compare masks. */
  readonly decode?: RewardDecoder
}

/** Opens a judge. @throws LearnError `bad-option` for rewards that are not there or take no such options. */
export function openJudge(options: JudgeOptions): AnswerJudge {
  const { rewards, timeoutMs, decode } = options
  if (typeof rewards === 'function') return judgeByCall(rewards, timeoutMs)
  planRewards(rewards)
  if (loadedPlugins().length > 0) return openRewardThread({ rewards, timeoutMs, plugins: loadedPlugins() })
  return {
    async judge(samples, signal) {
      const { results } = await scoreBatchInSlices(
        { rewards, samples },
        { signal, ...(decode && { decode }) },
      )
      return results.map((result) =>
        'error' in result ? { fault: result.error.message } : judgementOf(result.overall, result.parts),
      )
    },
    close: async () => {},
  }
}

function judgeByCall(call: RewardCall, timeoutMs: number): AnswerJudge {
  const one = async (sample: RewardSample): Promise<Judgement> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Judgement>((resolve) => {
      timer = setTimeout(() => resolve({ fault: tooLate(timeoutMs) }), timeoutMs)
    })
    try {
      const answered = (async () => {
        const value = await call(sample)
        if (typeof value === 'number') return judgementOf(value, { reward: value })
        return judgementOf(
          Object.values(value).reduce((a, b) => a + b, 0),
          value,
        )
      })()
      return await Promise.race([answered, late])
    } catch (error) {
      return { fault: messageOf(error) }
    } finally {
      clearTimeout(timer)
    }
  }
  return {
    async judge(samples, signal) {
      const judgements: Judgement[] = []
      for (const sample of samples) {
        signal.throwIfAborted()
        judgements.push(await one(sample))
      }
      return judgements
    },
    close: async () => {},
  }
}
