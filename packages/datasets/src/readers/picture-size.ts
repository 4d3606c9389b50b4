// The size of a picture from its file's first bytes: PNG (third edition, IHDR) and JPEG (ITU-T T.81 annex B, SOF; EXIF orientation).
import { closeSync, openSync, readSync } from 'node:fs'

export type FileSize = {
  readonly widthPx: number
  readonly heightPx: number
  /** EXIF says that viewers turn the picture by a quarter: shown, width and height change places. */
  readonly isTurned: boolean
}

/** Marker segments before the frame header in real JPEG files: some 20; profiles and previews reach 200. */
const MAX_SEGMENTS = 1000
const FIRST_READ_BYTES = 4096

/** The size, or undefined where the file is no PNG or JPEG, or ends before it says. Throws what `openSync` throws. */
export function pictureFileSize(path: string): FileSize | undefined {
  const descriptor = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(FIRST_READ_BYTES)
    let base = 0
    let length = readSync(descriptor, buffer, 0, FIRST_READ_BYTES, 0)
    // JPEG segments are skipped by their lengths; each jump reads again only where it leaves the buffer.
    const at = (offset: number, wanted: number): Buffer | undefined => {
      if (offset < base || offset + wanted > base + length) {
        base = offset
        length = readSync(descriptor, buffer, 0, FIRST_READ_BYTES, offset)
      }
      return length < wanted ? undefined : buffer.subarray(offset - base, offset - base + wanted)
    }
    return sizeFrom(at)
  } finally {
    closeSync(descriptor)
  }
}

/** The same from bytes in memory. */
export function pictureBytesSize(bytes: Uint8Array): FileSize | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return sizeFrom((offset, wanted) =>
    offset + wanted <= buffer.length ? buffer.subarray(offset, offset + wanted) : undefined,
  )
}

function sizeFrom(at: (offset: number, wanted: number) => Buffer | undefined): FileSize | undefined {
  const png = at(0, 24)
  if (png?.readUInt32BE(0) === 0x89504e47 && png.readUInt32BE(12) === 0x49484452) {
    return sized(png.readUInt32BE(16), png.readUInt32BE(20), false)
  }
  const start = at(0, 2)
  if (start?.readUInt16BE(0) !== 0xffd8) return undefined
  let isTurned = false
  let offset = 2
  for (let segment = 0; segment < MAX_SEGMENTS; segment++) {
    const header = at(offset, 4)
    if (header === undefined || header[0] !== 0xff) return undefined
    const marker = header[1]!
    if (marker === 0xff) {
      offset++
      continue
    }
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      offset += 2
      continue
    }
    const bytes = header.readUInt16BE(2)
    if (marker === 0xd9 || marker === 0xda || bytes < 2) return undefined
    // SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC).
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const frame = at(offset + 4, 5)
      return frame === undefined ? undefined : sized(frame.readUInt16BE(3), frame.readUInt16BE(1), isTurned)
    }
    if (marker === 0xe1) {
      const exif = at(offset + 4, Math.min(bytes - 2, 1024))
      if (exif?.toString('latin1', 0, 6) === 'Exif\0\0') isTurned ||= turnedByExif(exif.subarray(6))
    }
    offset += 2 + bytes
  }
  return undefined
}

function sized(widthPx: number, heightPx: number, isTurned: boolean): FileSize | undefined {
  return widthPx > 0 && heightPx > 0 ? { widthPx, heightPx, isTurned } : undefined
}

/** Whether the orientation tag (0x0112) of a TIFF structure is one of 5 to 8. */
function turnedByExif(tiff: Buffer): boolean {
  if (tiff.length < 14) return false
  const isLittle = tiff[0] === 0x49
  const word = (offset: number) => (isLittle ? tiff.readUInt16LE(offset) : tiff.readUInt16BE(offset))
  const directory = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  if (directory + 2 > tiff.length) return false
  const entries = word(directory)
  for (let entry = directory + 2, i = 0; i < entries && entry + 12 <= tiff.length; i++, entry += 12) {
    if (word(entry) === 0x0112) return word(entry + 8) >= 5 && word(entry + 8) <= 8
  }
  return false
}
