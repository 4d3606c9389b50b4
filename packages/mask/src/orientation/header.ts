// Size and orientation of a picture from its first bytes, for every format that is read: what anyone may turn it by.
// JPEG (ITU-T T.81 annex B), PNG (third edition), WebP (RFC 9649), TIFF 6.0, HEIF and AVIF (ISO/IEC 23008-12), GIF, BMP.

import { heifHeader } from './heif.ts'
import type { ByteWindow, PictureHeader } from './stated-header.ts'
import { sized, text, view } from './stated-header.ts'
import { exifOrientation, xmpOrientation } from './tags.ts'

/** Marker segments before the frame header in real JPEG files: some 20; profiles and previews reach 200. */
const MAX_SEGMENTS = 1000
/** Chunks of a PNG: 8 kB pieces of a picture of 100 MB are 12,000. */
const MAX_CHUNKS = 50_000
/** Longest EXIF or XMP block that is looked through; JPEG segments end at 65,535. */
const MAX_TAG_BYTES = 2 ** 20

/**
 * What a picture says of itself; undefined for other formats, and where the file ends before it says. `tags: 'exif'` leaves
 * XMP and EXIF written as text aside, which browsers do not read.
 */
export function pictureHeader(
  bytes: Uint8Array | ByteWindow,
  { tags = 'all' }: { readonly tags?: 'all' | 'exif' } = {},
): PictureHeader | undefined {
  const readsText = tags === 'all'
  const at: ByteWindow =
    typeof bytes === 'function'
      ? bytes
      : (offset, wanted) =>
          offset + wanted <= bytes.length ? bytes.subarray(offset, offset + wanted) : undefined
  const start = at(0, 12)
  if (start === undefined) return undefined
  const word = text(start)
  if (start[0] === 0xff && start[1] === 0xd8) return jpegHeader(at, readsText)
  if (word.startsWith('\x89PNG')) return pngHeader(at, readsText)
  if (word.startsWith('RIFF') && word.endsWith('WEBP')) return webpHeader(at, readsText)
  if (word.startsWith('II*\0') || word.startsWith('MM\0*')) return tiffHeader(at)
  if (word.startsWith('GIF8'))
    return sized('gif', start[6]! | (start[7]! << 8), start[8]! | (start[9]! << 8), 1)
  if (word.startsWith('BM')) return bmpHeader(at)
  return word.slice(4, 8) === 'ftyp' ? heifHeader(at) : undefined
}

function jpegHeader(at: ByteWindow, readsText: boolean): PictureHeader | undefined {
  let exif: number | undefined
  let xmp: number | undefined
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
    const length = view(header).getUint16(2)
    if (marker === 0xd9 || marker === 0xda || length < 2) return undefined
    // SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC).
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const frame = at(offset + 4, 5)
      if (frame === undefined) return undefined
      return sized('jpeg', view(frame).getUint16(3), view(frame).getUint16(1), exif ?? xmp)
    }
    if (marker === 0xe1) {
      const block = at(offset + 4, length - 2) ?? new Uint8Array(0)
      const name = text(block.subarray(0, 29))
      if (name.startsWith('Exif\0')) exif ??= exifOrientation(block.subarray(6))
      else if (readsText && name.startsWith('http://ns.adobe.com/xap/1.0/\0')) xmp ??= xmpOrientation(block)
    }
    offset += 2 + length
  }
  return undefined
}

/** Tags may stand behind the pixels; Pillow finds them there, so the chunks are walked to the end. */
function pngHeader(at: ByteWindow, readsText: boolean): PictureHeader | undefined {
  const head = at(0, 24)
  if (head === undefined || text(head.subarray(12, 16)) !== 'IHDR') return undefined
  let exif: number | undefined
  let xmp: number | undefined
  let offset = 8
  for (let chunk = 0; chunk < MAX_CHUNKS; chunk++) {
    const header = at(offset, 8)
    if (header === undefined) break
    const length = view(header).getUint32(0)
    const type = text(header.subarray(4))
    if (type === 'IEND') break
    if (length <= MAX_TAG_BYTES) {
      if (type === 'eXIf') exif ??= exifOrientation(at(offset + 8, length) ?? new Uint8Array(0))
      if (readsText && (type === 'iTXt' || type === 'tEXt')) {
        const block = at(offset + 8, length)
        if (block !== undefined && text(block.subarray(0, 17)) === 'XML:com.adobe.xmp')
          xmp ??= xmpOrientation(block)
        if (block !== undefined && text(block.subarray(0, 21)) === 'Raw profile type exif') {
          exif ??= rawProfileOrientation(text(block.subarray(22)))
        }
      }
    }
    offset += 12 + length
  }
  return sized('png', view(head).getUint32(16), view(head).getUint32(20), exif ?? xmp)
}

/** ImageMagick's EXIF as text: a line with the name, a line with the length, then hexadecimal digits. */
function rawProfileOrientation(profile: string): number | undefined {
  const digits = profile.replace(/^\s*\S+\s+\d+\s/, '').replace(/\s+/g, '')
  const bytes = Uint8Array.from(digits.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16))
  return exifOrientation(bytes)
}

function webpHeader(at: ByteWindow, readsText: boolean): PictureHeader | undefined {
  let [widthPx, heightPx] = [0, 0]
  let exif: number | undefined
  let xmp: number | undefined
  let offset = 12
  for (let chunk = 0; chunk < MAX_CHUNKS; chunk++) {
    const header = at(offset, 8)
    if (header === undefined) break
    const length = view(header).getUint32(4, true)
    const type = text(header.subarray(0, 4))
    const start = at(offset + 8, 10)
    if (widthPx === 0 && start !== undefined) {
      const low = (byte: number) => start[byte]! | (start[byte + 1]! << 8)
      if (type === 'VP8X') {
        widthPx = 1 + (low(4) | (start[6]! << 16))
        heightPx = 1 + (low(7) | (start[9]! << 16))
      } else if (type === 'VP8 ') {
        widthPx = low(6) & 0x3fff
        heightPx = low(8) & 0x3fff
      } else if (type === 'VP8L') {
        const bits = view(start).getUint32(1, true)
        widthPx = 1 + (bits & 0x3fff)
        heightPx = 1 + ((bits >>> 14) & 0x3fff)
      }
    }
    if (length <= MAX_TAG_BYTES) {
      if (type === 'EXIF') exif ??= exifOrientation(at(offset + 8, length) ?? new Uint8Array(0))
      if (readsText && type === 'XMP ') xmp ??= xmpOrientation(at(offset + 8, length) ?? new Uint8Array(0))
    }
    offset += 8 + length + (length & 1)
  }
  return sized('webp', widthPx, heightPx, exif ?? xmp)
}

function tiffHeader(at: ByteWindow): PictureHeader | undefined {
  const head = view(at(0, 8)!)
  const isLittle = head.getUint8(0) === 0x49
  const directory = head.getUint32(4, isLittle)
  const counted = at(directory, 2)
  if (counted === undefined) return undefined
  const entries = view(counted).getUint16(0, isLittle)
  let [widthPx, heightPx, orientation] = [0, 0, 1]
  for (let i = 0; i < entries; i++) {
    const bytes = at(directory + 2 + i * 12, 12)
    if (bytes === undefined) break
    const entry = view(bytes)
    const isShort = entry.getUint16(2, isLittle) === 3
    const value = isShort ? entry.getUint16(8, isLittle) : entry.getUint32(8, isLittle)
    const tag = entry.getUint16(0, isLittle)
    if (tag === 256) widthPx = value
    else if (tag === 257) heightPx = value
    else if (tag === 274 && value >= 1 && value <= 8) orientation = value
  }
  return sized('tiff', widthPx, heightPx, orientation)
}

function bmpHeader(at: ByteWindow): PictureHeader | undefined {
  const head = at(18, 8)
  if (head === undefined) return undefined
  return sized('bmp', view(head).getInt32(0, true), Math.abs(view(head).getInt32(4, true)), 1)
}
