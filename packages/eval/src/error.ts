// The one error class of this package: a closed set of codes, a sentence, and what to do about it.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'

/** What can be wrong with an evaluation. */
export type EvalErrorCode =
  /** Input that is not of the type or form that the metric takes. */
  | 'malformed'
  /** Masks of different sizes, or lists that should be of one length. */
  | 'size-mismatch'
  /** An answer that says something which cannot be read: neither compared, nor nothing. */
  | 'unreadable'
  /** A number outside its range: a NaN score, a negative area. */
  | 'out-of-range'
  /** An option, name or id that this package does not know. */
  | 'bad-option'
  /** What was asked for is not in the input: a picture, a reference, a sample. */
  | 'not-found'
  /** Two records under one id. */
  | 'duplicate'
  /** Results with different stamps: they may not be merged or compared. */
  | 'stamp-mismatch'
  /** More than a named limit. */
  | 'too-large'
  /** A file could not be read or written. */
  | 'io'

/** What an error of an evaluation says besides its message. */
export type EvalErrorOptions = CodedErrorOptions<string>

/** What went wrong, with the place (`at`: a sample, picture or annotation id; `file`) and a hint where one is known. */
export class EvalError extends CodedError<EvalErrorCode, string> {
  override readonly name = 'EvalError'
}
