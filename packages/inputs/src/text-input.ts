// Text files of a dataset as UTF-8, whatever their encoding: by their byte order mark or as the user chose, and never by a guess.
// Definition of the encodings: decodeText of @maskwords/words.

import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { messageOf } from '@maskwords/base'
import {
  byteOrderMark,
  declaredXmlEncoding,
  decodeText,
  encodingOf,
  firstBadByte,
  WordsError,
  wideWithoutMark,
} from '@maskwords/words'
import { type ByteInput, inputOfBytes, openFileInput } from './byte-window.ts'
import { DataError } from './error.ts'

/** Largest file in another encoding than UTF-8: it is held in memory, once as it is and once as UTF-8. */
const MAX_OTHER_BYTES = 256 * 2 ** 20

/**
 * A text file as UTF-8 input. `encoding` is the user's choice; a byte order mark wins over it. Bytes of a file in another encoding
 * are counted in its UTF-8 form.
 * @throws DataError `bad-file` with the byte that does not fit the encoding, `too-large`, `bad-option`, `io`
 */
export function openTextInput(path: string, name: string, encoding?: string): ByteInput {
  const input = openFileInput(path, name)
  let other: string | undefined
  try {
    other = otherEncoding(headOf(input), name, encoding)
    if (other === undefined) return input
    if (input.byteLength > MAX_OTHER_BYTES) {
      throw new DataError(
        'too-large',
        `${name} is ${other} and has ${input.byteLength} bytes, the limit is ${MAX_OTHER_BYTES}`,
        {
          file: name,
          hint: `turn it into UTF-8 first: iconv -f ${other} -t utf-8`,
        },
      )
    }
  } catch (error) {
    input.close()
    throw error
  }
  input.close()
  return inputOfBytes(new TextEncoder().encode(readText(path, name, { encoding })))
}

function headOf(input: ByteInput): Uint8Array {
  const head = new Uint8Array(Math.min(4, input.byteLength))
  input.read(head, 0)
  return head
}

/** The encoding of a file by its first bytes and the user's choice; undefined for UTF-8. */
function otherEncoding(head: Uint8Array, name: string, chosen: string | undefined): string | undefined {
  try {
    const encoding = byteOrderMark(head)?.encoding ?? (chosen === undefined ? 'utf-8' : encodingOf(chosen))
    const wide = encoding === 'utf-8' ? wideWithoutMark(head) : undefined
    if (wide !== undefined) {
      throw new DataError('bad-file', `${name} looks like ${wide.toUpperCase()} without a byte order mark`, {
        file: name,
        hint: `save it as UTF-8, or say its encoding: --encoding ${wide}`,
      })
    }
    return encoding === 'utf-8' ? undefined : encoding
  } catch (error) {
    throw inFile(error, name)
  }
}

export type ReadTextOptions = { readonly encoding?: string | undefined; readonly maxBytes?: number }

/** A text file, whole; XML in the encoding that it declares. Throws DataError as `openTextInput` does. */
export function readText(path: string, name: string, options: ReadTextOptions = {}): string {
  const { encoding, maxBytes = MAX_OTHER_BYTES } = options
  let bytes: Buffer
  try {
    const { size } = statSync(path)
    if (size > maxBytes) {
      throw new DataError('too-large', `${name} has ${size} bytes, the limit is ${maxBytes}`, { file: name })
    }
    bytes = readFileSync(path)
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    throw new DataError('io', `${name} cannot be read: ${messageOf(cause)}`, {
      file: name,
      cause,
    })
  }
  try {
    const declared = name.toLowerCase().endsWith('.xml') ? declaredXmlEncoding(bytes) : undefined
    return decodeText(bytes, { encoding, declared })
  } catch (error) {
    throw inFile(error, name)
  }
}

function inFile(error: unknown, file: string): unknown {
  if (!(error instanceof WordsError)) return error
  return new DataError(
    error.code === 'unsupported' ? 'bad-option' : 'bad-file',
    `${file}: ${error.message}`,
    {
      file,
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.at === undefined ? {} : { at: `byte ${error.at}` }),
    },
  )
}

/** The text of UTF-8 bytes, or which of them does not fit. `offset` is where they begin in their file. */
export function utf8Text(
  bytes: Buffer,
  offset: number,
): { readonly text: string } | { readonly lost: string } {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8') }
  const at = firstBadByte(bytes)
  const byte = bytes[at]?.toString(16).padStart(2, '0')
  return {
    lost: `is not UTF-8: byte ${offset + at} (0x${byte}) does not fit; save the file as UTF-8 or say its encoding (--encoding gb18030, windows-1252, ...)`,
  }
}
