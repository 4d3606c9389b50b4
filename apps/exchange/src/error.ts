// The studio's own error: what cannot be opened, read or kept, the real cause, and what to do.
import { CodedError } from '@maskwords/base'

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

export class StudioError extends CodedError<StudioErrorCode> {
  override readonly name = 'StudioError'
}
