// Text files of training data: JSON lines and JSON arrays, with what every writer checks first. Definition: ours.

import { DataError } from '@maskwords/datasets'
import type { FilledConversation, FilledPicture, WriterOptions } from '../conversation.ts'
import { checkPictures } from '../tasks/fill.ts'

const encoder = new TextEncoder()

/** One JSON value a line, each line ended. */
export function jsonLines(rows: readonly unknown[]): Uint8Array {
  return encoder.encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

/** One JSON array, a value a line. */
export function jsonArray(rows: readonly unknown[]): Uint8Array {
  return encoder.encode(
    rows.length === 0 ? '[]\n' : `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`,
  )
}

/** The rows of conversations whose pictures and places match; throws as `checkPictures` does. */
export function rowsOf<T>(
  conversations: readonly FilledConversation[],
  row: (conversation: FilledConversation) => T,
): T[] {
  return conversations.map((conversation) => {
    checkPictures(conversation)
    return row(conversation)
  })
}

/** `image/jpeg` or `image/png` by the first bytes; throws DataError 'bad-file' for others. */
export function mediaType(picture: FilledPicture): 'image/jpeg' | 'image/png' {
  const bytes = pictureBytes(picture)
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'image/jpeg'
  if (bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47) return 'image/png'
  throw new DataError('bad-file', `Picture ${picture.file} is neither JPEG nor PNG.`, { file: picture.file })
}

/** The encoded bytes; throws DataError 'bad-option' where a writer needs them and they were not read. */
export function pictureBytes(picture: FilledPicture): Uint8Array {
  if (picture.bytes !== undefined && picture.bytes.length > 0) return picture.bytes
  throw new DataError('bad-option', `Picture ${picture.file} comes without its bytes.`, {
    file: picture.file,
    hint: "Give the writer pictures with bytes, or write pictures: 'path'.",
  })
}

/** A picture as text: its path, or a data URL of its bytes. */
export function pictureText(picture: FilledPicture, options: WriterOptions): string {
  if (options.pictures === 'path') return picture.file
  return `data:${mediaType(picture)};base64,${Buffer.from(pictureBytes(picture)).toString('base64')}`
}
