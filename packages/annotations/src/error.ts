// The one error class of this package.
import { CodedError } from '@maskwords/base'

export type AnnotationErrorCode =
  /** Text that is not what its format says. */
  | 'malformed'
  /** Well-formed, but not of a tool whose files are read. */
  | 'unsupported'
  /** More than the named limit. */
  | 'too-large'

/** What went wrong in an annotation file, with the place (`at`) and a hint where one is known. */
export class AnnotationError extends CodedError<AnnotationErrorCode, string> {
  override readonly name = 'AnnotationError'
}
