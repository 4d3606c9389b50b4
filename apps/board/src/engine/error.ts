// The one error class of the engine: what went wrong in a worker or at the server, and what to do.

export type EngineErrorCode =
  /** Weights that are not there, or that cannot be fetched. */
  | 'weights'
  /** What a codec itself says about its input: the message and hint are the codec's. */
  | 'codec'
  /** A worker that did not start or that ended. */
  | 'worker'
  /** A server that is not there, is busy, or refused. */
  | 'server'

export class EngineError extends Error {
  readonly code: EngineErrorCode
  readonly hint: string | undefined
  /** Character of a text, or place in a list, where the input is wrong. */
  readonly at: number | undefined

  constructor(
    code: EngineErrorCode,
    message: string,
    options: { hint?: string | undefined; at?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EngineError'
    this.code = code
    this.hint = options.hint
    this.at = options.at
  }
}

/** The text of whatever was thrown. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
