// The one error class of the engine: what went wrong in a worker or at the server, and what to do.
import { CodedError } from '@maskwords/base'

export type EngineErrorCode =
  /** Weights that are not there, or that cannot be fetched. */
  | 'weights'
  /** What a codec itself says about its input: the message and hint are the codec's. */
  | 'codec'
  /** A worker that did not start or that ended. */
  | 'worker'
  /** A server that is not there, is busy, or refused. */
  | 'server'

/** `at`: character of a text, or place in a list, where the input is wrong. */
export class EngineError extends CodedError<EngineErrorCode, number> {
  override readonly name = 'EngineError'
}
