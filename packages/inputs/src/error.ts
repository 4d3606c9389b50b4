// The one error class of this package.
import { CodedError } from '@maskwords/base'

/** What can be wrong with data. */
export type DataErrorCode = 'wrong-layout' | 'bad-file' | 'bad-option' | 'too-large' | 'io'

/** An error of data: a code, and the file and place where it is. */
export class DataError extends CodedError<DataErrorCode, string> {
  override readonly name = 'DataError'
}
