// The near end of the data workers: asks threads for batches by number, and turns their failures into errors of the batch.
import type { Worker } from 'node:worker_threads'
import type { Feeds } from '@maskwords/graph'
import { GraphError, startThread } from '@maskwords/graph'
import type { BatchSource } from './batch-source.ts'

export type BatchRequest = { readonly id: number; readonly index: number }
export type BatchAnswer =
  | { readonly id: number; readonly feeds: Feeds }
  | { readonly id: number; readonly failure: string }

type Waiting = { resolve: (feeds: Feeds) => void; reject: (error: Error) => void; index: number }

class BatchThread {
  private readonly worker: Worker
  private readonly waiting = new Map<number, Waiting>()
  private asked = 0
  private failure: GraphError | undefined

  constructor(options: BatchThreadsOptions) {
    this.worker = startThread({
      beside: import.meta.url,
      stem: 'batch-worker',
      url: options.workerUrl,
      workerData: { module: String(options.module), options: options.options },
    })
    this.worker.unref()
    this.worker.on('message', (answer: BatchAnswer) => {
      const waiting = this.waiting.get(answer.id)
      if (!waiting) return
      this.forget(answer.id)
      if ('feeds' in answer) waiting.resolve(answer.feeds)
      else waiting.reject(new GraphError('runtime', `batch ${waiting.index}: ${answer.failure}`))
    })
    this.worker.on('error', (cause) => this.fail(`the data worker failed: ${cause.message}`, cause))
    this.worker.on('exit', (code) => this.fail(`the data worker ended with code ${code}`))
  }

  ask(index: number): Promise<Feeds> {
    return new Promise((resolve, reject) => {
      if (this.failure) {
        reject(this.failure)
        return
      }
      const id = this.asked++
      this.waiting.set(id, { resolve, reject, index })
      this.worker.ref()
      this.worker.postMessage({ id, index } satisfies BatchRequest)
    })
  }

  private forget(id: number): void {
    this.waiting.delete(id)
    if (this.waiting.size === 0) this.worker.unref()
  }

  private fail(text: string, cause?: unknown): void {
    this.failure ??= new GraphError('runtime', text, { cause })
    for (const { reject } of this.waiting.values()) reject(this.failure)
    this.waiting.clear()
  }

  async close(): Promise<void> {
    this.failure ??= new GraphError('closed', 'the data workers are closed')
    await this.worker.terminate()
  }
}

export function openBatchThreads(options: BatchThreadsOptions): BatchSource {
  const { threads = 1 } = options
  if (!Number.isSafeInteger(threads) || threads < 1) {
    throw new GraphError('argument', `batchThreads: ${threads} threads; at least 1 is wanted`)
  }
  const team = Array.from({ length: threads }, () => new BatchThread(options))
  return {
    batch: (index) => team[index % team.length]!.ask(index),
    close: async () => {
      await Promise.all(team.map((thread) => thread.close()))
    },
  }
}

export type BatchThreadsOptions = {
  /**
   * URL of a module that exports `openBatches(options)`: a BatchSource or a promise of one. The arrays of a batch are
   * handed over to this thread, so that each batch has new ones.
   */
  readonly module: string | URL
  /** Given to `openBatches`; anything that can be posted to a worker. */
  readonly options?: unknown
  /** Default 1. */
  readonly threads?: number
  /** Where `batch-worker.js` is, for bundles that did not put it beside the code. */
  readonly workerUrl?: string
}
