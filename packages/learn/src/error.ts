// The one error class of this package: a closed set of codes, a sentence, and what to do about it.

export type LearnErrorCode =
  /** Bytes or text that are not what their format says. */
  | 'malformed'
  /** Parts that contradict each other: tokenizer and weights, shards and index. */
  | 'mismatch'
  /** A truth that says something which cannot be read: neither compared, nor nothing. */
  | 'unreadable'
  /** A file, tensor, word or entry that is not there. */
  | 'missing'
  /** Something that is there already and would be overwritten or done twice. */
  | 'exists'
  /** More bytes, words or records than the named limit. */
  | 'too-large'
  /** Well-formed input that this package knows but does not handle. */
  | 'unsupported'
  /** An option or argument outside what is allowed. */
  | 'bad-option'
  /** A request that does not fit the schema of the service. */
  | 'bad-request'
  /** A file that cannot be read or written. */
  | 'io'

export type LearnErrorOptions = {
  hint?: string | undefined
  file?: string | undefined
  at?: string | number | undefined
  cause?: unknown
}

/** What went wrong, in which file, at which place (`at`: byte offset, JSON path, tensor or record), and what to do (`hint`). */
export class LearnError extends Error {
  override readonly name = 'LearnError'
  readonly code: LearnErrorCode
  readonly hint: string | undefined
  readonly file: string | undefined
  readonly at: string | number | undefined

  constructor(code: LearnErrorCode, message: string, options: LearnErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.file = options.file
    this.at = options.at
  }
}
