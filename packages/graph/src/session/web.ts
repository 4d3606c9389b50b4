// Sessions in a browser: the same Session as under Node, in a Web Worker unless asked otherwise. Entry point `@maskwords/graph/web`.
import type { Model } from '../build/model.ts'
import { GraphError } from '../error.ts'
import { remote } from './protocol.ts'
import type { ModelBytes, Runner, RunnerOptions } from './runner.ts'
import type { Session } from './session.ts'
import { checkState, sessionOver } from './session.ts'
import type { WebDevice, WebSetup } from './web-runtime.ts'
import { openWebRunner } from './web-runtime.ts'

export type WebSessionOptions = {
  /** Default 'wasm'. */
  device?: WebDevice
  /** Threads of one run; more than one only on pages that are cross-origin isolated. */
  threads?: number
  /** true (default): a Web Worker of this package; false: this thread; or a worker that runs `web-worker.js`. */
  worker?: boolean | Worker
  optimisation?: RunnerOptions['optimisation']
  state?: Readonly<Record<string, string>>
  guard?: readonly string[]
  /** The files that hold weights, by their location in the model; browsers have no folder to find them in. */
  files?: Readonly<Record<string, Uint8Array>>
  wasmPaths?: string
  signal?: AbortSignal
}

/**
 * Loads a model in a browser.
 * @throws GraphError `provider-missing`, `out-of-memory`, `runtime`, or the reason of `signal`.
 */
export async function openWebSession(model: Model, options: WebSessionOptions = {}): Promise<Session> {
  options.signal?.throwIfAborted()
  checkState(model, options.state ?? {}, options.guard)
  const external = Object.entries(options.files ?? {}).map(([path, data]) => ({ path, data }))
  const bytes: ModelBytes = { onnx: model.onnx, path: undefined, external }
  const settings: RunnerOptions = {
    providers: [options.device ?? 'wasm'],
    threads: options.threads,
    optimisation: options.optimisation ?? 'all',
    arena: true,
    config: {},
    state: options.state ?? {},
    guard: options.guard ?? [],
  }
  const setup: WebSetup = { wasmPaths: options.wasmPaths }
  const runner =
    options.worker === false
      ? await openWebRunner(bytes, settings, setup)
      : await inWorker(bytes, settings, setup, options)
  return sessionOver(model, runner, options.state ?? {})
}

async function inWorker(
  model: ModelBytes,
  settings: RunnerOptions,
  setup: WebSetup,
  { worker: given, signal }: WebSessionOptions,
): Promise<Runner> {
  // Written as one literal, so that bundlers find and bundle the worker.
  const worker =
    typeof given === 'object'
      ? given
      : new Worker(new URL('./web-worker.js', import.meta.url), { type: 'module', name: 'maskwords-graph' })
  const end = async () => {
    link.fail(new GraphError('closed', 'the session is closed'))
    worker.terminate()
  }
  const link = remote(
    {
      post: (message, transfer) => worker.postMessage(message, [...transfer]),
      onMessage: (listener) => worker.addEventListener('message', (event) => listener(event.data)),
    },
    { busy: () => {}, end },
  )
  worker.addEventListener('error', (event) => {
    link.fail(new GraphError('runtime', `the worker failed: ${event.message}`))
  })
  const abort = () => void end()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await link.open({ model, options: settings, setup })
  } catch (cause) {
    await end()
    signal?.throwIfAborted()
    throw cause
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  return link.runner
}

export type { Session }
