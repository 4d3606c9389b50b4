// The one error of the client.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'

export type ServiceErrorOptions = CodedErrorOptions & {
  readonly status?: number
  readonly requestId?: string | undefined
  readonly retryAfterS?: number | undefined
}

/**
 * The server's code, as in `unknown-picture`, `busy`, `bad-request`, with the place in the request (`at`, as in `masks[3]`);
 * beside these `network` (no answer), `bad-answer` (no answer of this server), `aborted`.
 */
export class ServiceError extends CodedError<string> {
  override readonly name = 'ServiceError'
  /** HTTP status; 0 where there was no answer. */
  readonly status: number
  /** The server's log has it. */
  readonly requestId: string | undefined
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfterS: number | undefined

  constructor(code: string, message: string, more: ServiceErrorOptions = {}) {
    super(code, message, more)
    this.status = more.status ?? 0
    this.requestId = more.requestId
    this.retryAfterS = more.retryAfterS
  }
}
