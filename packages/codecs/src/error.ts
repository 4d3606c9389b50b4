// The one error class of this package: a closed set of codes, a sentence, and what to do about it.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'

export type CodecErrorCode =
  /** A number outside its range: a grid of 0 cells, a NaN corner, an offset that is not -1, 0 or 1. */
  | 'out-of-range'
  /** Two sizes or counts that contradict each other: a mask of another picture, offsets that do not mirror the words. */
  | 'size-mismatch'
  /** Words that this codec cannot read: unknown codes, a container with too few of them. */
  | 'malformed-words'
  /** A picture, a segmenter or an option that this call needs and did not get. */
  | 'missing-input'
  /** A value made by another codec, or used after `close()`. */
  | 'wrong-owner'
  /** A configuration that cannot be built, or weights that do not belong to it. */
  | 'wrong-weights'
  /** A file, folder or name that is not there. */
  | 'not-found'
  /** Stored bytes that fail their checksum or are cut short, or a configuration file that cannot be read. */
  | 'damaged'
  /** A download that failed for good: the server, the network, or a file that is not the one promised. */
  | 'download-failed'
  /** More cells, points or masks than the named limit. */
  | 'too-large'

export type CodecErrorOptions = CodedErrorOptions<number>

/** What went wrong, with the place (`at`: index of the mask, word or character) and a hint where one is known. */
export class CodecError extends CodedError<CodecErrorCode, number> {
  override readonly name = 'CodecError'
}
