// Numbers about one mask, all from its runs: area, tight box, centroid, perimeter, compactness.

import type { BoxXywhPx, Mask } from './mask.ts'

/** Number of foreground pixels. */
export function area(mask: Mask): number {
  const { edges } = mask
  let pixels = 0
  for (let i = 0; i < edges.length; i += 2) pixels += edges[i + 1]! - edges[i]!
  return pixels
}

/** True where no pixel is foreground. */
export function isEmpty(mask: Mask): boolean {
  return mask.edges.length === 0
}

/**
 * The smallest box that holds every foreground pixel, in whole pixels; {0, 0, 0, 0} for an empty mask, as in the COCO
 * API. A run that passes from one column to the next touches the foot of one and the head of the other, so the box
 * then has the full height.
 */
export function tightBox(mask: Mask): BoxXywhPx {
  const { edges, heightPx } = mask
  const n = edges.length
  if (n === 0) return { x: 0, y: 0, width: 0, height: 0 }
  const firstX = Math.floor(edges[0]! / heightPx)
  const lastX = Math.floor((edges[n - 1]! - 1) / heightPx)
  let top = heightPx - 1
  let foot = 0
  let columnStart = firstX * heightPx
  for (let i = 0; i < n; i += 2) {
    const start = edges[i]!
    const last = edges[i + 1]! - 1
    if (start - columnStart >= heightPx) columnStart = start - (start % heightPx)
    const y = start - columnStart
    const lastY = last - columnStart
    if (lastY >= heightPx) {
      top = 0
      foot = heightPx - 1
      break
    }
    if (y < top) top = y
    if (lastY > foot) foot = lastY
  }
  return { x: firstX, y: top, width: lastX - firstX + 1, height: foot - top + 1 }
}
