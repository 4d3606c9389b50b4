// The near end of the thread that runs plugins' rewards: one answer at a time, and a thread that does not come back is ended and
// started anew.
import type { Worker } from 'node:worker_threads'
import { startThread } from '@maskwords/graph'
import type { RewardList, RewardSample } from '@maskwords/learn'
import type { AnswerJudge, Judgement } from './judgement.ts'
import { tooLate } from './judgement.ts'

export type RewardThreadData = { readonly plugins: readonly string[]; readonly rewards: RewardList }
export type RewardThreadAnswer =
  | { readonly ready: true }
  | { readonly judgement: Judgement }
  | { readonly broken: string }

/** A thread has to load its plugins before its first answer: longer than this, and they hang. */
const START_MS = 60_000

export function openRewardThread(
  options: RewardThreadData & { readonly timeoutMs: number; readonly workerUrl?: string },
): AnswerJudge {
  const { plugins, rewards, timeoutMs } = options
  let thread: { worker: Worker; ready: Promise<string | undefined> } | undefined

  const end = async () => {
    const ended = thread
    thread = undefined
    await ended?.worker.terminate()
  }
  /** What the thread says next; a reason where it says nothing. */
  const next = (worker: Worker, ms: number): Promise<RewardThreadAnswer> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => settle({ broken: tooLate(ms) }), ms)
      const onError = (error: Error) => settle({ broken: error.message })
      const onExit = (code: number) => settle({ broken: `its thread ended with code ${code}` })
      const settle = (answer: RewardThreadAnswer) => {
        clearTimeout(timer)
        worker.off('message', settle)
        worker.off('error', onError)
        worker.off('exit', onExit)
        resolve(answer)
      }
      worker.once('message', settle)
      worker.once('error', onError)
      worker.once('exit', onExit)
    })
  const start = () => {
    const worker = startThread({
      beside: import.meta.url,
      stem: 'reward-worker',
      url: options.workerUrl,
      workerData: { plugins, rewards } satisfies RewardThreadData,
    })
    // Errors outside a question are told by the exit.
    worker.on('error', () => {})
    const ready = next(worker, START_MS).then((answer) => ('broken' in answer ? answer.broken : undefined))
    return { worker, ready }
  }
  const one = async (sample: RewardSample): Promise<Judgement> => {
    thread ??= start()
    const { worker, ready } = thread
    const failed = await ready
    if (failed === undefined) {
      const answered = next(worker, timeoutMs)
      worker.postMessage(sample)
      const answer = await answered
      if ('judgement' in answer) return answer.judgement
      await end()
      return { fault: 'broken' in answer ? answer.broken : 'its thread said nothing' }
    }
    await end()
    return { fault: failed }
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
    close: end,
  }
}
