// The entry of a data worker thread: opens the user's module and makes batches by number. A bundler must emit it as
// `batch-worker.js` beside the code that asks for it.

import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '@maskwords/base'
import type { BatchSource } from './batch-source.ts'
import type { BatchAnswer, BatchRequest } from './batch-threads.ts'

type DataModule = { readonly openBatches?: (options: unknown) => BatchSource | Promise<BatchSource> }

async function open(): Promise<BatchSource> {
  const { module, options } = workerData as { module: string; options: unknown }
  const { openBatches } = (await import(module)) as DataModule
  if (typeof openBatches !== 'function') throw new Error(`${module} exports no function openBatches(options)`)
  return openBatches(options)
}

const port = parentPort
if (port) {
  const source = open()
  // Every request awaits it and reports its failure.
  source.catch(() => undefined)
  port.on('message', async ({ id, index }: BatchRequest) => {
    try {
      const feeds = await (await source).batch(index)
      const buffers = new Set<ArrayBuffer>()
      for (const feed of Object.values(feeds)) {
        const data = ArrayBuffer.isView(feed) ? feed : feed.data
        // A view may be one of several of its buffer: such are copied, whole buffers handed over.
        if (data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength)
          buffers.add(data.buffer)
      }
      port.postMessage({ id, feeds } satisfies BatchAnswer, [...buffers])
    } catch (error) {
      const failure = messageOf(error)
      port.postMessage({ id, failure } satisfies BatchAnswer)
    }
  })
}
