// A model in a Node worker thread of its own.
import { GraphError } from '../error.ts'
import { startThread } from '../node-thread.ts'
import { unlessAborted } from './abort.ts'
import { remote } from './protocol.ts'
import type { ModelBytes, Runner, RunnerOptions } from './runner.ts'

/** Opens the model in a new worker thread; the thread does not keep the process alive while nothing runs. */
export async function openWorkerRunner(
  model: ModelBytes,
  options: RunnerOptions,
  more: { workerUrl: string | undefined; signal: AbortSignal | undefined },
): Promise<Runner> {
  more.signal?.throwIfAborted()
  const worker = startThread({ beside: import.meta.url, stem: 'graph-worker', url: more.workerUrl })
  let ended = false
  const end = async () => {
    ended = true
    await worker.terminate()
  }
  const link = remote(
    {
      post: (message, transfer) => worker.postMessage(message, [...transfer]),
      onMessage: (listener) => worker.on('message', listener),
    },
    { busy: (waiting) => (waiting ? worker.ref() : worker.unref()), end },
  )
  worker.on('error', (cause: Error & { code?: string }) => {
    const memory = cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
    link.fail(
      new GraphError(memory ? 'out-of-memory' : 'runtime', `the worker thread failed: ${cause.message}`, {
        cause,
      }),
    )
  })
  worker.on('exit', (code) => {
    link.fail(
      ended
        ? new GraphError('closed', 'the session is closed')
        : new GraphError('runtime', `the worker thread ended with code ${code}`),
    )
  })
  const opening = link.open({ model, options, setup: {} })
  try {
    await (more.signal === undefined ? opening : unlessAborted(opening, more.signal))
  } catch (cause) {
    // A thread that is ended while it loads or runs a model takes the process with it.
    opening.then(() => link.runner.close(), end).catch(() => undefined)
    throw cause
  }
  return link.runner
}
