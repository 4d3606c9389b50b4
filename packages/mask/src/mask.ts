// The mask value: a size and the edges of its foreground runs, column by column. Everything else is a view of it.
//
// Pixel (x, y) has the column-major index x * heightPx + y, as in the COCO API. `edges` holds the half-open foreground
// runs in that order, flattened: start, end, start, end, ... It is strictly increasing, so runs never touch or overlap
// (a run may pass from the foot of one column to the head of the next). Background outside the runs is not stored: a
// small region in a large picture costs what it covers. Equal masks have equal edges.

import { MaskError } from './error.ts'
import { excerpt } from './excerpt.ts'

/** Largest number of pixels of a mask value. Indices are 32-bit; 2^31 - 1 keeps every sum below exact and positive. */
export const MAX_MASK_PIXELS = 2 ** 31 - 1

/**
 * Largest number of pixels that a dense view may have (one byte each). The largest published segmentation pictures
 * have about 100 million pixels; this is 268 million, sharp's own limit.
 */
export const MAX_DENSE_PIXELS = 2 ** 28

/** A binary mask. Make one with the readers and operations of this package; never write to `edges`. */
export type Mask = {
  readonly widthPx: number
  readonly heightPx: number
  /** Half-open foreground runs [start, end) of column-major pixel indices, flattened, strictly increasing. */
  readonly edges: Uint32Array
}

/** A box in pixels, x and y of its top left corner and its size: COCO's `bbox` order. */
export type BoxXywhPx = {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Throws MaskError unless both sides are integers >= 0 and their product is at most `maxPixels`. */
export function checkSize(widthPx: number, heightPx: number, maxPixels: number = MAX_MASK_PIXELS): void {
  if (!Number.isInteger(widthPx) || !Number.isInteger(heightPx) || widthPx < 0 || heightPx < 0) {
    throw new MaskError(
      'out-of-range',
      `mask size must be two whole numbers >= 0, got ${excerpt(widthPx)} x ${excerpt(heightPx)} (width x height)`,
    )
  }
  if (widthPx * heightPx > maxPixels) {
    throw new MaskError('too-large', `a mask of ${widthPx} x ${heightPx} has more than ${maxPixels} pixels`, {
      hint: 'check that width and height are in the right order and not a byte count',
    })
  }
}

/** The mask of a size and edges that are trusted to be strictly increasing and within the size (checked cheaply). */
export function maskFromEdges(widthPx: number, heightPx: number, edges: Uint32Array): Mask {
  checkSize(widthPx, heightPx)
  const last = edges.length === 0 ? 0 : edges[edges.length - 1]!
  if (edges.length % 2 !== 0 || last > widthPx * heightPx) {
    throw new MaskError(
      'size-mismatch',
      `runs end at pixel ${last} of ${widthPx * heightPx} (${edges.length} edges, must be even)`,
    )
  }
  return { widthPx, heightPx, edges }
}

/** A mask without foreground. */
export function emptyMask(widthPx: number, heightPx: number): Mask {
  checkSize(widthPx, heightPx)
  return { widthPx, heightPx, edges: new Uint32Array(0) }
}

/** A mask that is all foreground. */
export function fullMask(widthPx: number, heightPx: number): Mask {
  checkSize(widthPx, heightPx)
  const pixels = widthPx * heightPx
  return { widthPx, heightPx, edges: pixels === 0 ? new Uint32Array(0) : Uint32Array.of(0, pixels) }
}

/** True where size and pixels are the same. */
export function equalMasks(a: Mask, b: Mask): boolean {
  if (a.widthPx !== b.widthPx || a.heightPx !== b.heightPx || a.edges.length !== b.edges.length) return false
  for (let i = 0; i < a.edges.length; i++) if (a.edges[i] !== b.edges[i]) return false
  return true
}
