// The chunks of a PNG file: length, type, data, CRC (PNG specification, section 5).

import { MaskError } from '../error.ts'
import { crc32 } from './checksum.ts'
import { PNG_SIGNATURE } from './format.ts'

/** Where a chunk's data lies in the file. */
export type PngChunk = { readonly type: string; readonly start: number; readonly end: number }

/** True where the bytes begin with the eight bytes of every PNG file. */
export function isPng(bytes: Uint8Array): boolean {
  for (let i = 0; i < 8; i++) if (bytes[i] !== PNG_SIGNATURE[i]) return false
  return true
}

/**
 * The chunks from the signature to IEND, each with its CRC checked; what follows IEND is ignored. Throws MaskError
 * `malformed` with the byte where the file is no PNG, is cut off, or a CRC differs.
 */
export function readChunks(file: Uint8Array): PngChunk[] {
  if (!isPng(file)) {
    throw new MaskError('malformed', 'not a PNG file: its first eight bytes are not the PNG signature', {
      at: 0,
      hint: 'JPEG, WebP and other pictures must be converted to PNG first',
    })
  }
  const chunks: PngChunk[] = []
  for (let at = 8; ; ) {
    if (at + 12 > file.length) throw cutOff(file.length, 'before its IEND chunk')
    const size = readUint32(file, at)
    const type = String.fromCharCode(file[at + 4]!, file[at + 5]!, file[at + 6]!, file[at + 7]!)
    if (!/^[A-Za-z]{4}$/.test(type)) {
      throw new MaskError(
        'malformed',
        `byte ${at + 4} of the PNG file should begin a chunk name, but does not`,
        {
          at: at + 4,
          hint: 'the file is damaged: fetch or export it again',
        },
      )
    }
    const end = at + 8 + size
    if (end + 4 > file.length) throw cutOff(file.length, `inside its ${type} chunk`)
    const stated = readUint32(file, end)
    const computed = crc32(file, at + 4, end)
    if (stated !== computed) {
      throw new MaskError(
        'malformed',
        `the ${type} chunk at byte ${at} of the PNG file fails its CRC check`,
        {
          at,
          hint: 'the file is damaged: fetch or export it again',
        },
      )
    }
    chunks.push({ type, start: at + 8, end })
    if (type === 'IEND') return chunks
    at = end + 4
  }
}

function cutOff(at: number, where: string): MaskError {
  return new MaskError('malformed', `the PNG file of ${at} bytes is cut off ${where}`, {
    at,
    hint: 'the file is incomplete: fetch or export it again',
  })
}

/** A 32-bit number, highest byte first. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** A file of the given chunks, signature first, with sizes and CRCs filled in. */
export function writeChunks(chunks: readonly { type: string; data: Uint8Array }[]): Uint8Array {
  let size = 8
  for (const { data } of chunks) size += 12 + data.length
  const file = new Uint8Array(size)
  const view = new DataView(file.buffer)
  file.set(PNG_SIGNATURE)
  let at = 8
  for (const { type, data } of chunks) {
    view.setUint32(at, data.length)
    for (let i = 0; i < 4; i++) file[at + 4 + i] = type.charCodeAt(i)
    file.set(data, at + 8)
    view.setUint32(at + 8 + data.length, crc32(file, at + 4, at + 8 + data.length))
    at += 12 + data.length
  }
  return file
}
