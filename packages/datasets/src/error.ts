// The one error class of this package.

export type DataErrorCode = 'wrong-layout' | 'bad-file' | 'bad-option' | 'too-large' | 'io'

export class DataError extends Error {
  override readonly name = 'DataError'
  readonly code: DataErrorCode
  readonly hint: string | undefined
  readonly file: string | undefined
  readonly at: string | undefined

  constructor(
    code: DataErrorCode,
    message: string,
    options: { hint?: string; file?: string; at?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.file = options.file
    this.at = options.at
  }
}
