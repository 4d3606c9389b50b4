// The one error class of this package.
import { CodedError } from '@maskwords/base'

export type DataErrorCode = 'wrong-layout' | 'bad-file' | 'bad-option' | 'too-large' | 'io'

export class DataError extends CodedError<DataErrorCode, string> {
  override readonly name = 'DataError'
}
