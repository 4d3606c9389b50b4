// One loaded model in the thread that runs it: the same code in process, in a Node worker and in a Web Worker.
import { messageOf } from '@maskwords/base'
import type * as ort from 'onnxruntime-common'
import type { DType } from '../dtype.ts'
import { GraphError } from '../error.ts'
import type { Value } from './value.ts'

/** What both onnxruntime-node and onnxruntime-web export. */
export type Runtime = Pick<typeof ort, 'InferenceSession' | 'Tensor'>

export type RunnerOptions = {
  readonly providers: readonly string[]
  readonly threads: number | undefined
  readonly optimisation: 'disabled' | 'basic' | 'extended' | 'all'
  readonly arena: boolean
  readonly config: Readonly<Record<string, string>>
  /** input name -> output name: after each run the output becomes the next value of the input. */
  readonly state: Readonly<Record<string, string>>
  /** Outputs that must be finite numbers for the state to move on. */
  readonly guard: readonly string[]
}

export type ModelBytes = {
  readonly onnx: Uint8Array
  /** A file to load instead of the bytes. */
  readonly path: string | undefined
  readonly external: readonly { readonly path: string; readonly data: Uint8Array }[]
}

export type Runner = {
  /** `transfer` lets a runner in another thread take the fed arrays instead of copies. */
  run(
    feeds: Readonly<Record<string, Value>>,
    fetch: readonly string[],
    transfer: boolean,
  ): Promise<Record<string, Value>>
  setState(values: Readonly<Record<string, Value>>): Promise<void>
  getState(names: readonly string[]): Promise<Record<string, Value>>
  close(): Promise<void>
}

/** The nested object that onnxruntime-common takes for "session.disable_prepacking" and its like. */
function nested(config: Readonly<Record<string, string>>): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [path, value] of Object.entries(config)) {
    const keys = path.split('.')
    let at = root
    for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>
    at[keys[keys.length - 1]!] = value
  }
  return root
}

export async function openRunner(
  runtime: Runtime,
  model: ModelBytes,
  options: RunnerOptions,
): Promise<Runner> {
  const settings = {
    executionProviders: [...options.providers],
    graphOptimizationLevel: options.optimisation,
    enableCpuMemArena: options.arena,
    // A planned block of all memory of a run comes on top of what the arena holds already: a training step took 1.9 GB
    // with it and 1.1 GB without, in the same time.
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    ...(model.external.length > 0 ? { externalData: [...model.external] } : {}),
    ...(Object.keys(options.config).length > 0 ? { extra: nested(options.config) } : {}),
  } as ort.InferenceSession.SessionOptions
  let session: ort.InferenceSession
  try {
    session = await (model.path === undefined
      ? runtime.InferenceSession.create(model.onnx, settings)
      : runtime.InferenceSession.create(model.path, settings))
  } catch (cause) {
    throw runtimeError('the model was not loaded', cause)
  }

  const held = new Map<string, ort.Tensor>()
  // Runs follow one another, because each may read the state that the one before leaves.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  const toTensor = ({ data, dtype, shape }: Value): ort.Tensor =>
    new runtime.Tensor(dtype as 'float32', halfArray(data, dtype) as Float32Array, shape)

  const run: Runner['run'] = async (feeds, fetch) => {
    const given: Record<string, ort.Tensor> = {}
    for (const name of session.inputNames) {
      const value = feeds[name]
      if (value) given[name] = toTensor(value)
      else {
        const state = held.get(name)
        if (!state) throw new GraphError('argument', `input "${name}" is neither fed nor held as state`)
        given[name] = state
      }
    }
    const wanted = new Set([...fetch, ...options.guard, ...Object.values(options.state)])
    let results: Readonly<Record<string, ort.Tensor>>
    try {
      results = await session.run(given, [...wanted])
    } catch (cause) {
      throw runtimeError('the run failed', cause)
    }
    if (await allFinite(options.guard.map((name) => results[name]!))) {
      for (const [to, from] of Object.entries(options.state)) held.set(to, results[from]!)
    }
    const out: Record<string, Value> = {}
    for (const name of fetch) out[name] = await toValue(results[name]!)
    return out
  }

  return {
    run: (feeds, fetch, transfer) => inTurn(() => run(feeds, fetch, transfer)),
    setState: (values) =>
      inTurn(async () => {
        for (const [name, value] of Object.entries(values)) held.set(name, toTensor(value))
      }),
    getState: (names) =>
      inTurn(async () => {
        const values: Record<string, Value> = {}
        for (const name of names) {
          const tensor = held.get(name)
          if (!tensor) throw new GraphError('argument', `"${name}" holds no state yet`)
          values[name] = fromTensor(tensor)
        }
        return values
      }),
    close: () =>
      inTurn(async () => {
        held.clear()
        await session.release()
      }),
  }
}

async function allFinite(tensors: readonly ort.Tensor[]): Promise<boolean> {
  for (const tensor of tensors) {
    for (const value of (await toValue(tensor)).data) if (!Number.isFinite(Number(value))) return false
  }
  return true
}

// Where the platform has Float16Array, onnxruntime-common wants it for float16; elsewhere Uint16Array.
function halfArray(data: Value['data'], dtype: DType): unknown {
  const Half = (globalThis as { Float16Array?: new (b: ArrayBufferLike, o: number, n: number) => unknown })
    .Float16Array
  return dtype === 'float16' && Half ? new Half(data.buffer, data.byteOffset, data.length) : data
}

function fromTensor(tensor: ort.Tensor): Value {
  const data = tensor.data as Value['data']
  const bits =
    tensor.type === 'float16' && !(data instanceof Uint16Array)
      ? new Uint16Array(data.buffer, data.byteOffset, tensor.size)
      : data
  return { data: bits, dtype: tensor.type as DType, shape: tensor.dims }
}

async function toValue(tensor: ort.Tensor): Promise<Value> {
  if (tensor.location !== 'cpu') await tensor.getData(true)
  return fromTensor(tensor)
}

/** A runtime's own message, sorted into a code; the message is kept as it is, because it names nodes. */
export function runtimeError(what: string, cause: unknown): GraphError {
  if (cause instanceof GraphError) return cause
  const text = messageOf(cause)
  if (
    /bad_alloc|Failed to allocate memory|out of memory|allocation failed|memory access out of bounds/i.test(
      text,
    )
  ) {
    return new GraphError('out-of-memory', `${what}: not enough memory (${text})`, {
      cause,
      hint: 'use a smaller batch, recompute() segments while training, or fewer items a run (planBatches)',
    })
  }
  return new GraphError('runtime', `${what}: ${text}`, { cause })
}
