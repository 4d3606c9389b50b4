// The one error class of this package: a closed set of codes, a sentence, and what to do about it.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'

export type GraphErrorCode =
  /** Shapes that do not fit together. */
  | 'shape'
  /** Data types that do not fit together. */
  | 'dtype'
  /** An option, name or argument outside what is allowed. */
  | 'argument'
  /** A gradient was asked through an op that has none. */
  | 'no-gradient'
  /** A weight that is missing, or has another size or type than the graph says. */
  | 'weights'
  /** Bytes of a file that are not what their format says. */
  | 'malformed'
  /** More bytes, sizes or records than the named limit. */
  | 'too-large'
  /** Well-formed input that this reader knows but does not read. */
  | 'unsupported'
  /** The runtime or one of its execution providers is not there. */
  | 'provider-missing'
  /** Not enough memory for a model or a run. */
  | 'out-of-memory'
  /** The runtime refused or failed to run a model. */
  | 'runtime'
  /** The session was closed before or while it was asked to run. */
  | 'closed'
  /** A file that cannot be read or written. */
  | 'file'

export type GraphErrorOptions = CodedErrorOptions<number>

/** What went wrong, with the place (`at`: byte or record number, where known) and a hint where one is known. */
export class GraphError extends CodedError<GraphErrorCode, number> {
  override readonly name = 'GraphError'
}
