// Pillow's 8-bit bicubic resize, bit for bit, in the order of passes of each of its versions.

import {
  checkBytes,
  type FixedTaps,
  fixedPoint,
  type InterleavedBytes,
  type ResizedBytes,
  resizeInPasses,
} from './fixed-point.ts'
import { antialiasTaps, type SizePx } from './taps.ts'

/** Fraction bits of a weight: 32 less 8 of the sample less 2 for overshoot (Pillow's choice). */
const FRACTION_BITS = 22

/**
 * Which Pillow is followed. The weights are the same in all of them; the order of the two passes is not, and bytes
 * are rounded in between:
 * - `pillow-12.1` (up to 12.1): rows first, whatever the sizes;
 * - `pillow-12.3` (12.2 and 12.3): columns first where the height is above 100 widths and shrinks;
 * - `pillow-13` (from 13.0): columns first where the height loses pixels, and more than twice as many as the width.
 */
export type PillowVersion = (typeof PILLOW_VERSIONS)[number]

export const PILLOW_VERSIONS = ['pillow-12.1', 'pillow-12.3', 'pillow-13'] as const

/** Whether that Pillow resizes columns before rows. Read from its source and compared at sizes of every kind. */
export function isColumnsFirst(version: PillowVersion, from: SizePx, to: SizePx): boolean {
  const lostRows = from.heightPx - to.heightPx
  if (lostRows <= 0) return false
  if (version === 'pillow-12.3') return from.heightPx > 100 * from.widthPx
  return version === 'pillow-13' && lostRows > 2 * (from.widthPx - to.widthPx)
}

/**
 * Resizes bytes exactly as Pillow's `resize((width, height), BICUBIC)` does for 8-bit grey and RGB: kernel a = -0.5,
 * antialiased when shrinking, aspect ratio not kept. `as` names the Pillow whose order of passes is followed, by
 * default `pillow-12.1`: published weights were trained with it. Each channel is resized on its own; Pillow multiplies
 * RGBA by its alpha first, so flatten such pictures before (flattenAlpha). Input and output are row-major and
 * interleaved. Throws MaskError for a side of 0, more than MAX_DENSE_PIXELS pixels, or bytes of the wrong length.
 */
export function resizeBicubicPillow<T extends InterleavedBytes>(
  input: T,
  to: SizePx,
  options: { readonly as?: PillowVersion } = {},
): ResizedBytes<T> {
  checkBytes(input, to)
  const first = isColumnsFirst(options.as ?? 'pillow-12.1', input, to) ? 'down' : 'across'
  return resizeInPasses(input, to, pillowTaps, first)
}

function pillowTaps(sourceLength: number, targetLength: number): FixedTaps {
  return fixedPoint(antialiasTaps('pillow-bicubic', sourceLength, targetLength), FRACTION_BITS)
}
