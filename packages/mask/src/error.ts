// The one error class of this package: a closed set of codes, a sentence, and what to do about it.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'

export type MaskErrorCode =
  /** Bytes or text that are not what their format says. */
  | 'malformed'
  /** Width, height or lengths that contradict each other. */
  | 'size-mismatch'
  /** More pixels, runs or bytes than the named limit. */
  | 'too-large'
  /** A number outside its range: a negative size, a NaN vertex, an even kernel where an odd one is needed. */
  | 'out-of-range'
  /** Well-formed input that this reader knows but does not read. */
  | 'unsupported'

export type MaskErrorOptions = CodedErrorOptions<number>

/** What went wrong, with the place (`at`: byte, character or record number) and a hint where one is known. */
export class MaskError extends CodedError<MaskErrorCode, number> {
  override readonly name = 'MaskError'
}
