// What a PNG says about itself before its pixels: size, depth, colour, transparency (PNG third edition).
import { MaskwordsError } from '../error.ts'

export type PngHeader = {
  readonly widthPx: number
  readonly heightPx: number
  readonly bitDepth: number
  readonly colour: 'grey' | 'rgb' | 'palette'
  readonly hasAlpha: boolean
  readonly hasProfile: boolean
  readonly interlaced: boolean
}

/** Chunks before the first IDAT in real files: some ten; text-laden exports reach hundreds. */
const MAX_HEADER_CHUNKS = 10_000

/** Reads the chunks up to the first pixel data. Throws MaskwordsError `malformed`. */
export function readPngHeader(bytes: Uint8Array, name: string): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 33 || view.getUint32(12) !== IHDR) {
    throw new MaskwordsError('malformed', `the PNG ends in its header (${bytes.length} bytes)`, {
      file: name,
      hint: 'the file is cut off: copy or download it again',
    })
  }
  const colourType = bytes[25]!
  let hasAlpha = colourType === 4 || colourType === 6
  let hasProfile = false
  let at = 33
  for (let chunk = 0; chunk < MAX_HEADER_CHUNKS && at + 12 <= bytes.length; chunk++) {
    const length = view.getUint32(at)
    const type = view.getUint32(at + 4)
    if (type === IDAT || type === IEND) break
    if (type === TRNS) hasAlpha = true
    if (type === ICCP) hasProfile = true
    at += 12 + length
  }
  return {
    widthPx: view.getUint32(16),
    heightPx: view.getUint32(20),
    bitDepth: bytes[24]!,
    colour: colourType === 3 ? 'palette' : (colourType & 2) === 2 ? 'rgb' : 'grey',
    hasAlpha,
    hasProfile,
    interlaced: bytes[28] === 1,
  }
}

const IHDR = 0x49484452
const IDAT = 0x49444154
const IEND = 0x49454e44
const TRNS = 0x74524e53
const ICCP = 0x69434350
