// Starting a Node worker thread around one model, from TypeScript sources as well as from compiled files.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { GraphError } from '../error.ts'
import { remote } from './protocol.ts'
import type { ModelBytes, Runner, RunnerOptions } from './runner.ts'

/** The worker's file beside this one. Sources in TypeScript are loaded through tsx, which workers do not inherit. */
function startWorker(url: string | undefined): Worker {
  const name = 'maskwords-graph'
  if (url !== undefined) return new Worker(new URL(url), { name })
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./graph-worker.js', import.meta.url), { name })
  }
  // require() finds the CommonJS build, whose register() looks for its sibling in the wrong folder; the module build is beside it.
  const api = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api'))
  const tsx = new URL('./index.mjs', api).href
  const entry = new URL('./graph-worker.ts', import.meta.url).href
  const code = `import(${JSON.stringify(tsx)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(entry)}) })`
  return new Worker(code, { eval: true, execArgv: [], name })
}

/** Opens the model in a new worker thread; the thread does not keep the process alive while nothing runs. */
export async function openWorkerRunner(
  model: ModelBytes,
  options: RunnerOptions,
  more: { workerUrl: string | undefined; signal: AbortSignal | undefined },
): Promise<Runner> {
  more.signal?.throwIfAborted()
  const worker = startWorker(more.workerUrl)
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
  const abort = () => void end()
  more.signal?.addEventListener('abort', abort, { once: true })
  try {
    await link.open({ model, options, setup: {} })
  } catch (cause) {
    await end()
    more.signal?.throwIfAborted()
    throw cause
  } finally {
    more.signal?.removeEventListener('abort', abort)
  }
  return link.runner
}
