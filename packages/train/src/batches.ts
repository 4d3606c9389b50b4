// Where batches come from: a function of the batch's number, made ahead of time in this thread or in worker threads.

import type { Feeds } from '@maskwords/graph'
import { GraphError } from '@maskwords/graph'
import type { BatchSource } from './batch-source.ts'
import type { BatchThreadsOptions } from './batch-threads.ts'

/** Batches in order, some of them made ahead. */
export type BatchQueue = {
  next(): Promise<Feeds>
  close(): Promise<void>
}

/** Starts up to `ahead` batches before they are asked for, from number `from` on; they come out in order. */
export function prefetch(source: BatchSource, options: { from: number; ahead?: number }): BatchQueue {
  const { from, ahead = 2 } = options
  if (!Number.isSafeInteger(ahead) || ahead < 1) {
    throw new GraphError('argument', `prefetch: ${ahead} batches ahead; at least 1 is wanted`)
  }
  const waiting: Promise<Feeds>[] = []
  let started = from
  let open = true
  const fill = () => {
    while (waiting.length < ahead) {
      const index = started++
      const made = Promise.resolve().then(() => source.batch(index))
      // It is awaited later; until then a failure is nobody's to handle.
      made.catch(() => undefined)
      waiting.push(made)
    }
  }
  return {
    async next() {
      if (!open) throw new GraphError('closed', 'prefetch: the queue is closed')
      fill()
      const feeds = await waiting.shift()!
      fill()
      return feeds
    },
    async close() {
      if (!open) return
      open = false
      await Promise.allSettled(waiting)
      await source.close?.()
    },
  }
}

/** A source whose batches are made in Node worker threads, batch number i by thread i modulo their number. */
export async function batchThreads(options: BatchThreadsOptions): Promise<BatchSource> {
  const { openBatchThreads } = await import('./batch-threads.ts')
  return openBatchThreads(options)
}
