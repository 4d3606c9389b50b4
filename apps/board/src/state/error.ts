// The studio's own error: what cannot be opened, read or kept, the real cause, and what to do.

export type StudioErrorCode =
  /** A kind of file, or of browser, that the studio does not work with. */
  | 'unsupported'
  /** Text or bytes that are not what their format says. */
  | 'malformed'
  /** Beyond a limit of the studio. */
  | 'too-large'
  /** Masks and picture that do not fit each other. */
  | 'size-mismatch'
  /** Something that was expected is not there. */
  | 'missing'

export class StudioError extends Error {
  readonly code: StudioErrorCode
  readonly hint: string | undefined

  constructor(code: StudioErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StudioError'
    this.code = code
    this.hint = options.hint
  }
}
