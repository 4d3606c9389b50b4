// The one error class of this package: a closed set of codes, a sentence, and what to do about it.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'

export type WordsErrorCode =
  /** Text or a file that is not what its format says. */
  | 'malformed'
  /** A code, level, grid cell, offset or token id outside its vocabulary. */
  | 'out-of-range'
  /** A file or vocabulary that lacks what was asked of it: words, token ids. */
  | 'not-found'
  /** Well-formed input that this function knows but does not handle. */
  | 'unsupported'
  /** A truth that says something which cannot be read: neither compared, nor nothing. */
  | 'unreadable'
  /** More than a named limit. */
  | 'too-large'
  /** Only from the parsers that copy published code: that code raises an exception on this input. */
  | 'official-failure'

export type WordsErrorOptions = CodedErrorOptions<number>

/** What went wrong, with the place (`at`: character, token or record number) and a hint where one is known. */
export class WordsError extends CodedError<WordsErrorCode, number> {
  override readonly name = 'WordsError'
}
