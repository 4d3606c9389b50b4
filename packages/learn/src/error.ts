// The one error class of this package: a closed set of codes, a sentence, and what to do about it.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'

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

export type LearnErrorOptions = CodedErrorOptions

/** What went wrong, in which file, at which place (`at`: byte offset, JSON path, tensor or record), and what to do (`hint`). */
export class LearnError extends CodedError<LearnErrorCode> {
  override readonly name = 'LearnError'
}
