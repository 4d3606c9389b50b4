// Single pixels of a mask by a point in pixels, straight from its runs: floor, clamped to the picture (GETok's points
// may lie exactly on the right or lower border).

import { type Mask, tightBox } from '@maskwords/mask'
import type { BoxXyxyPx } from '../codec.ts'

/** True where the pixel under the point is foreground: binary search in the runs. */
export function maskHas(mask: Mask, x: number, y: number): boolean {
  if (mask.edges.length === 0) return false
  const column = Math.min(Math.max(Math.floor(x), 0), mask.widthPx - 1)
  const row = Math.min(Math.max(Math.floor(y), 0), mask.heightPx - 1)
  const index = column * mask.heightPx + row
  let low = 0
  let high = mask.edges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (mask.edges[middle]! <= index) low = middle + 1
    else high = middle
  }
  return low % 2 === 1
}

/** Tight box of a mask as left, top, right, bottom (exclusive); undefined for an empty mask. */
export function tightBoxXyxy(mask: Mask): BoxXyxyPx | undefined {
  if (mask.edges.length === 0) return undefined
  const { x, y, width, height } = tightBox(mask)
  return [x, y, x + width, y + height]
}
