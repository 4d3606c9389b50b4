// The PNG picture as stored: colour kinds, bit depths, samples and limits (PNG specification, third edition, sections 6, 10 and 11).

import { MaskError } from '../error.ts'

export const PNG_SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10)

/**
 * Largest size in bytes that the samples of a PNG may take once unpacked, unless the caller says otherwise. A 44
 * megapixel RGB photograph or a 134 megapixel label map fits; a 600 kB file of 14,000 x 14,000 pixels does not.
 */
export const MAX_PNG_SAMPLE_BYTES = 2 ** 27

export type PngColour = 'grey' | 'grey-alpha' | 'rgb' | 'rgba' | 'palette'

/** A PNG's samples as they are stored: not scaled to 8 bits, palette indices not looked up. */
export type PngImage = {
  readonly widthPx: number
  readonly heightPx: number
  readonly colour: PngColour
  /** Bits of one sample: 1, 2, 4, 8 or 16 (grey), 1 to 8 (palette), 8 or 16 (the others). */
  readonly bitDepth: PngBitDepth
  /** samples[(y * widthPx + x) * channels + channel], one entry a sample whatever the bit depth. */
  readonly samples: Uint8Array | Uint16Array
  /** Red, green, blue, alpha of each palette entry. Present exactly where `colour` is `palette`. */
  readonly paletteRgba?: Uint8Array
  /** The one grey value, or RGB triple, that means transparent (grey and rgb only), in stored units. */
  readonly transparentSample?: readonly number[]
}

export type PngBitDepth = 1 | 2 | 4 | 8 | 16

type ColourFacts = {
  readonly code: number
  readonly channels: 1 | 2 | 3 | 4
  readonly bitDepths: readonly number[]
}

export const PNG_COLOURS: Readonly<Record<PngColour, ColourFacts>> = {
  grey: { code: 0, channels: 1, bitDepths: [1, 2, 4, 8, 16] },
  rgb: { code: 2, channels: 3, bitDepths: [8, 16] },
  palette: { code: 3, channels: 1, bitDepths: [1, 2, 4, 8] },
  'grey-alpha': { code: 4, channels: 2, bitDepths: [8, 16] },
  rgba: { code: 6, channels: 4, bitDepths: [8, 16] },
}

/** Samples a pixel: 1, 2, 3 or 4. */
export function pngChannels(colour: PngColour): 1 | 2 | 3 | 4 {
  return PNG_COLOURS[colour].channels
}

/** The seven passes of an interlaced PNG: first column and row, step between columns and rows. */
export const ADAM7: readonly { x: number; y: number; dx: number; dy: number }[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
]

/** Throws MaskError unless colour and bit depth may go together. */
export function checkPngKind(colour: PngColour, bitDepth: number): void {
  if (PNG_COLOURS[colour]?.bitDepths.includes(bitDepth)) return
  throw new MaskError('malformed', `PNG has no ${colour} pictures of ${bitDepth} bits`, {
    hint: 'grey: 1, 2, 4, 8, 16 bits; palette: 1, 2, 4, 8; grey-alpha, rgb, rgba: 8, 16',
  })
}
