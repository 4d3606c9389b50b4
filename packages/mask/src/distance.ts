// The exact Euclidean distance transform, in squared pixels, and what rests on it.
//
// Definition: Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions" (2012): distances down the
// columns, then the lower envelope of parabolas along each row. Where two parabolas meet is found by whole-number
// division (Meijster, Roerdink, Hesselink 2000), so every squared distance is an exact integer.

import { rowMajorBytes } from './dense.ts'
import { MaskError } from './error.ts'
import { checkSize, type Mask } from './mask.ts'
import { tightBox } from './measure.ts'
import type { BorderRule } from './morphology.ts'
import { crop } from './placement.ts'

/** Largest number of pixels of a distance map (8 bytes each, and as much again while it is made). */
export const MAX_DISTANCE_PIXELS = 2 ** 26

/** The squared distance that stands for "there is no such pixel": larger than any real one, and its own sentinel. */
export const NO_DISTANCE = Number.POSITIVE_INFINITY

export type DistanceOptions = {
  /** `inside`: of each foreground pixel to the nearest background; `outside`: of each background pixel to the nearest foreground. Default `inside`. */
  readonly of?: 'inside' | 'outside'
  /**
   * Whether what lies outside the picture is background (a pixel in the corner then has distance 1) or ignored.
   * Matters for `inside` only. Default `background`.
   */
  readonly border?: BorderRule
}

/** Squared distances between pixel centres, row-major: squaredPx[y * widthPx + x]. Zero on the other side. */
export type DistanceMap = {
  readonly widthPx: number
  readonly heightPx: number
  readonly squaredPx: Float64Array
}

/**
 * Squared Euclidean distances, exact. Pixels without any target (an all-foreground picture with an ignored border,
 * an empty one seen from outside) have NO_DISTANCE. Throws MaskError above MAX_DISTANCE_PIXELS pixels.
 */
export function squaredDistances(mask: Mask, options: DistanceOptions = {}): DistanceMap {
  const { widthPx, heightPx } = mask
  checkSize(widthPx, heightPx, MAX_DISTANCE_PIXELS)
  const inside = options.of !== 'outside'
  const border = inside && options.border !== 'ignored'
  const squaredPx = new Float64Array(widthPx * heightPx)
  downColumns(rowMajorBytes(mask), inside ? 1 : 0, border, widthPx, heightPx, squaredPx)
  const envelope = new Envelope(widthPx, border)
  for (let y = 0; y < heightPx; y++) envelope.transformRow(squaredPx, y * widthPx)
  return { widthPx, heightPx, squaredPx }
}

/** The pixel that lies deepest inside a mask. */
export type FarthestPoint = { readonly x: number; readonly y: number; readonly distancePx: number }

/**
 * The foreground pixel with the largest distance to the background, as SAM-style point prompts take it; of equal ones
 * the first in row-major order. `distancePx` runs from pixel centre to pixel centre (1 for a lone pixel), and is
 * Infinity for an all-foreground picture with an ignored border. Undefined for an empty mask.
 */
export function farthestInsidePoint(
  mask: Mask,
  options: { readonly border?: BorderRule } = {},
): FarthestPoint | undefined {
  const { widthPx, heightPx } = mask
  const box = tightBox(mask)
  if (box.width === 0 || box.height === 0) return undefined
  // One pixel of margin holds the nearest background; where the picture ends before it, the border rule decides.
  const x0 = Math.max(0, box.x - 1)
  const y0 = Math.max(0, box.y - 1)
  const region = {
    x: x0,
    y: y0,
    width: Math.min(widthPx, box.x + box.width + 1) - x0,
    height: Math.min(heightPx, box.y + box.height + 1) - y0,
  }
  const part = squaredDistances(crop(mask, region), { of: 'inside', border: options.border ?? 'background' })
  let best = -1
  let bestSquared = 0
  for (let i = 0; i < part.squaredPx.length; i++) {
    if (part.squaredPx[i]! <= bestSquared) continue
    bestSquared = part.squaredPx[i]!
    best = i
  }
  if (best < 0) throw new MaskError('malformed', 'the mask says it has foreground, but has none')
  return {
    x: x0 + (best % part.widthPx),
    y: y0 + Math.floor(best / part.widthPx),
    distancePx: Math.sqrt(bestSquared),
  }
}

/** Squared vertical distance of each pixel of the given value to the nearest other pixel of its column. */
function downColumns(
  bytes: Uint8Array,
  value: 0 | 1,
  border: boolean,
  widthPx: number,
  heightPx: number,
  out: Float64Array,
): void {
  const steps = new Float64Array(widthPx).fill(border ? 0 : NO_DISTANCE)
  for (let y = 0, i = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, i++) {
      steps[x] = bytes[i] === value ? steps[x]! + 1 : 0
      out[i] = steps[x]!
    }
  }
  steps.fill(border ? 0 : NO_DISTANCE)
  for (let y = heightPx - 1; y >= 0; y--) {
    for (let x = 0, i = y * widthPx; x < widthPx; x++, i++) {
      steps[x] = out[i] === 0 ? 0 : steps[x]! + 1
      const nearest = Math.min(out[i]!, steps[x]!)
      out[i] = nearest * nearest
    }
  }
}

/** Working memory for the envelope of one row's parabolas (u - x)^2 + g(x)^2. */
class Envelope {
  private readonly widthPx: number
  private readonly border: boolean
  /** Column and height of each parabola of the envelope, and the first column where it is the lowest. */
  private readonly column: Int32Array
  private readonly height: Float64Array
  private readonly from: Int32Array

  constructor(widthPx: number, border: boolean) {
    this.widthPx = widthPx
    this.border = border
    this.column = new Int32Array(widthPx + 2)
    this.height = new Float64Array(widthPx + 2)
    this.from = new Int32Array(widthPx + 2)
  }

  /** Replaces squared vertical distances values[start, start + widthPx) by squared Euclidean ones. */
  transformRow(values: Float64Array, start: number): void {
    const { widthPx, border, column, height, from } = this
    let top = -1
    const first = border ? -1 : 0
    const last = border ? widthPx : widthPx - 1
    for (let u = first; u <= last; u++) {
      const h = u < 0 || u === widthPx ? 0 : values[start + u]!
      if (h === NO_DISTANCE) continue
      let meets = first
      while (top >= 0) {
        // The first column where the new parabola is lower than the top one: floor(crossing) + 1.
        const x = column[top]!
        meets = Math.floor((u * u - x * x + h - height[top]!) / (2 * (u - x))) + 1
        if (meets > from[top]!) break
        top--
      }
      if (top < 0) meets = first
      if (meets > last) continue
      top++
      column[top] = u
      height[top] = h
      from[top] = meets
    }
    if (top < 0) return
    for (let u = widthPx - 1; u >= 0; u--) {
      while (from[top]! > u) top--
      const d = u - column[top]!
      values[start + u] = d * d + height[top]!
    }
  }
}
