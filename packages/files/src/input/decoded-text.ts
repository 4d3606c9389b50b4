// Text of the user's files: as `decodeText` reads it, with the file's name in its errors.
import { type DecodeTextOptions, decodeText } from '@maskwords/words'
import { located } from '../error.ts'

/** The text of a file's bytes. Throws MaskwordsError that names the file, the byte and the encoding. */
export function decodedText(bytes: Uint8Array, name: string, options: DecodeTextOptions = {}): string {
  try {
    return decodeText(bytes, options)
  } catch (error) {
    throw located(error, name)
  }
}
