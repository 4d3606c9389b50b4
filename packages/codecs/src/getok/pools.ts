// The offset field of a mask: for every cell its label and the pool from which training samples it (arXiv 2512.10554,
// Algorithm 1, Eqs. 2-5: morphology bands, Hit test, pools, labels).
//
// The bands are needed at cell centres only, so they come from window sums over one integral image; that equals erosion
// and dilation with k x k ones, even kernels anchored at k / 2 and everything outside the picture being background.

import { type Mask, rowMajorBytes, squaredDistances } from '@maskwords/mask'
import { CodecError } from '../error.ts'
import { centreX, centreY, type Grid, gridOf } from './grid.ts'
import { canHit, offsetLabel } from './hit.ts'
import { maskHas } from './pixel.ts'

/** Pools by number. `rim` (in the mask, outside its erosion) is ours: the paper leaves those cells in `far`. */
export const POOLS = ['hard-delete', 'inside', 'ring', 'far', 'rim'] as const
export type Pool = (typeof POOLS)[number]

export type OffsetFieldOptions = {
  /** Cells per axis, 32 by default. */
  cells?: number
  /** Offset steps per axis, m of the paper; twice the cells by default. */
  offsetSteps?: number
  /** Side of the kernel that widens the mask's boundary for the hard-delete pool; the paper says "small". */
  boundaryPx?: number
  /** `paper`: four pools. `rim` (default): cells of the mask outside its erosion have a pool of their own. */
  pools?: 'paper' | 'rim'
}

/** Per cell, in the order of cell numbers. */
export type OffsetField = {
  readonly grid: Grid
  /** Index into POOLS. */
  readonly pool: Uint8Array
  /** Offset 0..9; depends only on whether the centre is in the mask and on Hit. */
  readonly label: Uint8Array
  /** 1 where the centre is in the mask. */
  readonly inside: Uint8Array
  /** Distance from the centre's pixel to the mask, in pixels; Infinity for an empty mask. */
  readonly distancePx: Float64Array
}

/** Sides of the erosion and dilation kernels of Eq. 2, from the vertical step only: 14 and 27 at the paper's sizes. */
export function bandKernels(grid: Grid): { erodePx: number; dilatePx: number } {
  const step = Math.floor(grid.heightPx / grid.offsetSteps)
  return { erodePx: step + 1, dilatePx: 2 * step + 1 }
}

/** Sums over all rectangles from the top left corner, (width + 1) x (height + 1). */
function integralOf(bytes: Uint8Array, width: number, height: number): Uint32Array {
  const sums = new Uint32Array((width + 1) * (height + 1))
  for (let y = 0; y < height; y++) {
    let rowSum = 0
    const above = y * (width + 1)
    for (let x = 0; x < width; x++) {
      rowSum += bytes[y * width + x]!
      sums[above + width + 1 + x + 1] = sums[above + x + 1]! + rowSum
    }
  }
  return sums
}

/** Foreground in the k x k window whose anchor is (x, y); pixels outside the picture are background. */
function windowSum(
  sums: Uint32Array,
  width: number,
  height: number,
  x: number,
  y: number,
  k: number,
): number {
  const reach = Math.floor(k / 2)
  const x0 = Math.max(x - reach, 0)
  const y0 = Math.max(y - reach, 0)
  const x1 = Math.min(x - reach + k, width)
  const y1 = Math.min(y - reach + k, height)
  if (x1 <= x0 || y1 <= y0) return 0
  const w = width + 1
  return sums[y1 * w + x1]! - sums[y0 * w + x1]! - sums[y1 * w + x0]! + sums[y0 * w + x0]!
}

/** True where the 3 x 3 morphological gradient of the mask is set within the b x b window at (x, y). */
function nearBoundary(
  sums: Uint32Array,
  width: number,
  height: number,
  x: number,
  y: number,
  b: number,
): boolean {
  const reach = Math.floor(b / 2)
  for (let v = Math.max(y - reach, 0); v < Math.min(y - reach + b, height); v++) {
    for (let u = Math.max(x - reach, 0); u < Math.min(x - reach + b, width); u++) {
      const sum = windowSum(sums, width, height, u, v, 3)
      if (sum > 0 && sum < 9) return true
    }
  }
  return false
}

/**
 * Labels and pools of all cells for one mask. The mask is taken as it is: bring it to the paper's frame first
 * (`squashMask`, 840 x 840) to get the paper's bands. Throws CodecError for a grid that cannot be.
 */
export function offsetField(mask: Mask, options: OffsetFieldOptions = {}): OffsetField {
  const { boundaryPx = 5, pools = 'rim' } = options
  if (!Number.isInteger(boundaryPx) || boundaryPx < 1 || boundaryPx > 99) {
    throw new CodecError('out-of-range', `boundaryPx must be a whole number from 1 to 99, got ${boundaryPx}`)
  }
  const { widthPx, heightPx } = mask
  const grid = gridOf({ widthPx, heightPx, ...options })
  const bytes = rowMajorBytes(mask)
  const sums = integralOf(bytes, widthPx, heightPx)
  const depths = squaredDistances(mask, { border: 'ignored' }).squaredPx
  const outside = squaredDistances(mask, { of: 'outside' }).squaredPx
  const at = (x: number, y: number) =>
    Math.min(Math.floor(y), heightPx - 1) * widthPx + Math.min(Math.floor(x), widthPx - 1)
  const depth = (x: number, y: number) => depths[at(x, y)]!
  const { erodePx, dilatePx } = bandKernels(grid)

  const count = grid.cells * grid.cells
  const pool = new Uint8Array(count)
  const label = new Uint8Array(count)
  const inside = new Uint8Array(count)
  const distancePx = new Float64Array(count)
  for (let cell = 0; cell < count; cell++) {
    const x = Math.floor(centreX(grid, cell))
    const y = Math.floor(centreY(grid, cell))
    const within = maskHas(mask, x, y)
    inside[cell] = within ? 1 : 0
    distancePx[cell] = Math.sqrt(outside[at(x, y)]!)
    label[cell] = offsetLabel(grid, mask, cell, depth)
    const eroded = windowSum(sums, widthPx, heightPx, x, y, erodePx) === erodePx * erodePx
    const dilated = windowSum(sums, widthPx, heightPx, x, y, dilatePx) > 0
    let name: Pool = 'far'
    if (!within && !canHit(grid, mask, cell) && nearBoundary(sums, widthPx, heightPx, x, y, boundaryPx)) {
      name = 'hard-delete'
    } else if (eroded) name = 'inside'
    else if (dilated && !within) name = 'ring'
    else if (within && pools === 'rim') name = 'rim'
    pool[cell] = POOLS.indexOf(name)
  }
  return { grid, pool, label, inside, distancePx }
}
