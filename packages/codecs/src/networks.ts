// The networks of a codec as open sessions, under Node or wherever the caller runs models.
import {
  buildModel,
  type Model,
  openSession,
  quantise,
  type Session,
  type SessionOptions,
  type Target,
  type Tensor,
} from '@maskwords/graph'
import {
  type CodecWeights,
  checkWeights,
  parametersOf,
  readWeights,
  type WeightSources,
  weightSources,
} from './weights.ts'

/**
 * What runs models instead of onnxruntime-node. In a browser, with `openWebSession` of `@maskwords/graph/web`:
 * `{ target: 'web', open: (model) => openWebSession(model) }`.
 */
export type ModelRuntime = {
  /** Kernels that it has. */
  readonly target: Target
  open(model: Model): Promise<Session>
}

export type NetworkOptions = {
  /**
   * `int8` rounds the matrices of the large transformers (Hiera, TiTok) to 8 bits with a scale for each 32 values: a quarter
   * of the memory they take, in the same time; docs/samtok.md says what it costs. Default: as they are stored.
   */
  readonly precision?: 'stored' | 'int8'
  /** Where and with how many threads the networks run, under Node. */
  readonly session?: Pick<SessionOptions, 'device' | 'threads' | 'worker'>
  /** Runs the networks instead of onnxruntime-node. */
  readonly runtime?: ModelRuntime
  readonly signal?: AbortSignal
}

/** The matrices that are most of a codec's weight. Mask encoders, decoders and codebooks are small, and codes hang on them. */
const LARGE = /(?:trunk\.blocks|coder\.transformer)\.\d+\.(?:attn|mlp)\./

/** The networks of a codec run in turn: threads of one that spin after a run would take the cores from the next. */
const THREADS_THAT_SLEEP = { 'session.intra_op.allow_spinning': '0' } as const

/** What a network gives, by name. */
export type Outputs = Readonly<Record<string, Tensor>>

/** The networks of a codec by name, and the weights that it uses outside of them. */
export type Parts<Networks> = {
  readonly networks: Networks
  /** Keys and shapes. */
  readonly tables?: ReadonlyMap<string, readonly number[]>
}

/** Keys and shapes of all that the networks and tables read. */
export function parametersOfParts({
  networks,
  tables = new Map(),
}: Parts<Readonly<Record<string, Outputs>>>): Map<string, readonly number[]> {
  return new Map([...networkParameters(Object.values(networks)), ...tables])
}

const networkParameters = (networks: readonly Outputs[]): Map<string, readonly number[]> =>
  parametersOf(networks.flatMap((outputs) => Object.values(outputs)))

/**
 * A session for each network and the values of the tables, all of one set of weights; `what` and `hint` are for messages.
 * None stays open where one fails. Throws CodecError `wrong-weights` before anything is read.
 */
export async function openParts<Networks extends Readonly<Record<string, Outputs>>>(
  options: NetworkOptions & { readonly weights: CodecWeights },
  parts: Parts<Networks> & { readonly what: string; readonly hint: string },
): Promise<{ sessions: { [Name in keyof Networks]: Session }; tables: Map<string, Float32Array> }> {
  const { networks, tables: wanted = new Map(), what, hint } = parts
  const asked = { weights: options.weights, what, hint }
  checkWeights({ ...asked, wanted: parametersOfParts(parts) })
  const tables = await readWeights({ ...asked, wanted })
  const names = Object.keys(networks) as (keyof Networks)[]
  const { sources, release } = await weightSources({
    ...asked,
    wanted: networkParameters(Object.values(networks)),
    inMemory: options.precision === 'int8',
  })
  try {
    const opened = await openNetworks(Object.values(networks), sources, options)
    const sessions = Object.fromEntries(names.map((name, at) => [name, opened[at]!]))
    return { sessions: sessions as { [Name in keyof Networks]: Session }, tables }
  } finally {
    await release()
  }
}

/** A session for each set of outputs, in their order; none stays open where one fails. */
async function openNetworks(
  networks: readonly Outputs[],
  weights: WeightSources['sources'],
  options: NetworkOptions,
): Promise<Session[]> {
  const { runtime, signal } = options
  const session = {
    ...options.session,
    config: THREADS_THAT_SLEEP,
    ...(signal === undefined ? {} : { signal }),
  }
  const opened: Session[] = []
  try {
    for (const outputs of networks) {
      signal?.throwIfAborted()
      const model = modelOf(outputs, weights, options)
      opened.push(await (runtime === undefined ? openSession(model, session) : runtime.open(model)))
    }
  } catch (error) {
    await Promise.all(opened.map((one) => one.close()))
    throw error
  }
  return opened
}

function modelOf(
  outputs: Outputs,
  weights: WeightSources['sources'],
  { runtime, precision = 'stored' }: NetworkOptions,
): Model {
  const target = runtime?.target ?? 'cpu'
  if (precision === 'stored') return buildModel({ outputs, weights, target })
  const scheme = (name: string): 'int8' | 'float32' => (LARGE.test(name) ? 'int8' : 'float32')
  const rounded = quantise({ outputs, weights, scheme, target })
  return buildModel({ outputs, weights: rounded.weights, rewrite: rounded.rewrite, target })
}
