// openSession: a model ready to run under Node, in a worker thread unless asked otherwise.
import type { Model } from '../build/model.ts'
import { GraphError } from '../error.ts'
import { unlessAborted } from './abort.ts'
import type { Device } from './node.ts'
import type { ModelBytes, Runner, RunnerOptions } from './runner.ts'
import type { Feeds, Value } from './value.ts'
import { checkFeeds, checkFetch } from './value.ts'

export type SessionOptions = {
  /** Default 'cpu'. */
  device?: Device
  /** Threads of one run; default: ONNX Runtime's choice, one a physical core. */
  threads?: number
  /** Runs in a worker thread, so that the calling thread stays free. Default true. */
  worker?: boolean
  /** ONNX Runtime's own graph optimisation. Default 'all'. */
  optimisation?: RunnerOptions['optimisation']
  /** Keeps freed memory for the next run (faster, larger). Default true. */
  arena?: boolean
  /**
   * input name -> output name: after each run the output becomes the next value of the input, and stays where the
   * model runs. First values by `setState`. This is how weights and optimiser state flow in training.
   */
  state?: Readonly<Record<string, string>>
  /** Outputs that must be finite numbers: a run in which one of them is not leaves the state as it was. */
  guard?: readonly string[]
  /** ONNX Runtime session configuration, such as { 'session.intra_op.allow_spinning': '0' }. */
  config?: Readonly<Record<string, string>>
  /** Where `graph-worker.js` is, for bundles that did not put it beside the code. */
  workerUrl?: string
  signal?: AbortSignal
}

export type RunOptions = {
  /** Names of the outputs to return; all where it is not given. Unread outputs cost a copy each. */
  fetch?: readonly string[]
  /** Hands the fed arrays over to the worker instead of copying them; they are empty afterwards. */
  transfer?: boolean
  /** Rejects at once when it fires; the run itself goes on to its end, and its results are dropped. */
  signal?: AbortSignal
}

/** A loaded model. Runs are queued; `close` frees the memory. */
export type Session = {
  readonly inputs: Model['inputs']
  readonly outputs: Model['outputs']
  /**
   * Runs the model once.
   * @throws GraphError `argument`, `dtype`, `shape` for feeds that do not fit, `out-of-memory`, `runtime`, `closed`.
   */
  run(feeds: Feeds, options?: RunOptions): Promise<Record<string, Value>>
  /** Values that inputs keep from run to run, until they are set or fed again; of state, the first ones. */
  setState(values: Feeds): Promise<void>
  getState(names?: readonly string[]): Promise<Record<string, Value>>
  close(): Promise<void>
}

export function runnerOptions(options: SessionOptions, folder: string | undefined): RunnerOptions {
  return {
    providers: [options.device ?? 'cpu'],
    threads: options.threads,
    optimisation: options.optimisation ?? 'all',
    arena: options.arena ?? true,
    config: {
      ...(folder === undefined ? {} : { 'session.model_external_initializers_file_folder_path': folder }),
      ...options.config,
    },
    state: options.state ?? {},
    guard: options.guard ?? [],
  }
}

export function checkState(
  model: Model,
  state: Readonly<Record<string, string>>,
  guard: readonly string[] = [],
): void {
  const inputs = new Map(model.inputs.map((value) => [value.name, value]))
  const outputs = new Map(model.outputs.map((value) => [value.name, value]))
  for (const name of guard) {
    if (!outputs.has(name)) throw new GraphError('argument', `guard: the model has no output "${name}"`)
  }
  for (const [to, from] of Object.entries(state)) {
    const into = inputs.get(to)
    const out = outputs.get(from)
    if (!into || !out || into.dtype !== out.dtype || String(into.shape) !== String(out.shape)) {
      throw new GraphError(
        'argument',
        `state: output "${from}" ${out ? `${out.dtype}[${out.shape}]` : '(none)'} cannot be the next input "${to}" ${into ? `${into.dtype}[${into.shape}]` : '(none)'}`,
      )
    }
  }
}

/**
 * Loads a model.
 * @throws GraphError `provider-missing`, `file`, `out-of-memory`, `runtime`, or the reason of `signal`.
 */
export async function openSession(model: Model, options: SessionOptions = {}): Promise<Session> {
  options.signal?.throwIfAborted()
  checkState(model, options.state ?? {}, options.guard)
  const bytes: ModelBytes = { onnx: model.onnx, path: undefined, external: [] }
  const settings = runnerOptions(options, model.folder)
  if ((globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node === undefined) {
    throw new GraphError('provider-missing', 'openSession runs models in Node.js, and this is none', {
      hint: "in a page: openWebSession of maskwords/graph/web; codecs take it as runtime: { target: 'web', open: openWebSession }",
    })
  }
  // Loaded here, so that this module can be imported where there is no Node.
  const { checkWeightFiles, openNodeRunner } = await import('./node.ts')
  checkWeightFiles(model.files)
  options.signal?.throwIfAborted()
  let runner: Runner
  if (options.worker === false) runner = await openNodeRunner(bytes, settings)
  else {
    const { openWorkerRunner } = await import('./node-worker.ts')
    runner = await openWorkerRunner(bytes, settings, { workerUrl: options.workerUrl, signal: options.signal })
  }
  return sessionOver(model, runner, options.state ?? {})
}

/**
 * The devices that the installed onnxruntime-node was built for; whether a driver is there shows when a session opens.
 * @throws GraphError `provider-missing` where it is not installed.
 */
export async function availableDevices(): Promise<string[]> {
  const { builtDevices, loadRuntime } = await import('./node.ts')
  return builtDevices(await loadRuntime())
}

/** The public face of a runner: checks feeds, knows the state, refuses after close. */
export function sessionOver(model: Model, runner: Runner, state: Readonly<Record<string, string>>): Session {
  const held = new Set(Object.keys(state))
  let open = true
  const needOpen = () => {
    if (!open) throw new GraphError('closed', 'the session is closed')
  }
  return {
    inputs: model.inputs,
    outputs: model.outputs,
    async run(feeds, { fetch, signal, transfer } = {}) {
      needOpen()
      signal?.throwIfAborted()
      const running = runner.run(checkFeeds(model, feeds, held), checkFetch(model, fetch), transfer ?? false)
      return signal ? unlessAborted(running, signal) : running
    },
    async setState(values) {
      needOpen()
      const names = new Set(Object.keys(values))
      const inputs = model.inputs.filter(({ name }) => names.has(name))
      await runner.setState(checkFeeds({ inputs }, values, new Set()))
      for (const name of names) held.add(name)
    },
    async getState(names) {
      needOpen()
      return runner.getState(names ?? [...held])
    },
    async close() {
      if (!open) return
      open = false
      await runner.close()
    },
  }
}
