// The networks of a codec as open sessions, under Node or wherever the caller runs models.
import {
  buildModel,
  type Model,
  openSession,
  type Session,
  type SessionOptions,
  type Target,
  type Tensor,
} from '@maskwords/graph'
import type { WeightSources } from './weights.ts'

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
  /** Where and with how many threads the networks run, under Node. */
  readonly session?: Pick<SessionOptions, 'device' | 'threads' | 'worker'>
  /** Runs the networks instead of onnxruntime-node. */
  readonly runtime?: ModelRuntime
  readonly signal?: AbortSignal
}

/** A session for each set of outputs, in their order; none stays open where one fails. */
export async function openNetworks(
  networks: readonly Readonly<Record<string, Tensor>>[],
  weights: WeightSources['sources'],
  options: NetworkOptions,
): Promise<Session[]> {
  const { runtime, signal } = options
  const session = { ...options.session, ...(signal === undefined ? {} : { signal }) }
  const opened: Session[] = []
  try {
    for (const outputs of networks) {
      signal?.throwIfAborted()
      const model = buildModel({
        outputs,
        weights,
        ...(runtime === undefined ? {} : { target: runtime.target }),
      })
      opened.push(await (runtime === undefined ? openSession(model, session) : runtime.open(model)))
    }
  } catch (error) {
    await Promise.all(opened.map((one) => one.close()))
    throw error
  }
  return opened
}
