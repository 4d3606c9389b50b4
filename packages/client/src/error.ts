// The one error of the client.

/** Beside the server's own codes: `network` (no answer), `bad-answer` (no answer of this server), `aborted`. */
export class ServiceError extends Error {
  /** The server's code, as in `unknown-picture`, `busy`, `bad-request`. */
  readonly code: string
  readonly hint: string | undefined
  /** Where in the request, as in `masks[3]`. */
  readonly at: string | number | undefined
  /** HTTP status; 0 where there was no answer. */
  readonly status: number
  /** The server's log has it. */
  readonly requestId: string | undefined
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfterS: number | undefined

  constructor(
    code: string,
    message: string,
    more: {
      readonly status?: number
      readonly hint?: string | undefined
      readonly at?: string | number | undefined
      readonly requestId?: string | undefined
      readonly retryAfterS?: number | undefined
      readonly cause?: unknown
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ServiceError'
    this.code = code
    this.status = more.status ?? 0
    this.hint = more.hint
    this.at = more.at
    this.requestId = more.requestId
    this.retryAfterS = more.retryAfterS
  }
}
