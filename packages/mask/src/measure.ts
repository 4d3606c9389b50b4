// Numbers about one mask, all from its runs: area, tight box, centroid, perimeter, compactness.

import { clampOffset, walkLines } from './lines.ts'
import type { BoxXywhPx, Mask } from './mask.ts'
import { lineEvents } from './transpose.ts'

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

/** The mean of the foreground's pixel centres, in pixels: pixel (0, 0) alone has (0.5, 0.5). Undefined for an empty mask. */
export function centroid(mask: Mask): { readonly x: number; readonly y: number } | undefined {
  const { edges, heightPx } = mask
  let pixels = 0
  let sumX = 0
  let sumY = 0
  walkLines(edges, heightPx, (firstLine, lastLine, start, stop) => {
    const lineStart = firstLine * heightPx
    const lines = lastLine - firstLine + 1
    for (let i = start; i < stop; i += 2) {
      const from = clampOffset(edges[i]! - lineStart, heightPx)
      const to = clampOffset(edges[i + 1]! - lineStart, heightPx)
      const covered = (to - from) * lines
      pixels += covered
      sumX += covered * ((firstLine + lastLine + 1) / 2)
      sumY += covered * ((from + to) / 2)
    }
  })
  return pixels === 0 ? undefined : { x: sumX / pixels, y: sumY / pixels }
}

/**
 * Length in pixels of the outlines on the lattice of pixel corners, holes included: the number of sides of foreground
 * pixels that face background or the end of the picture. A w x h rectangle has 2 (w + h).
 */
export function perimeter(mask: Mask): number {
  const { edges, heightPx } = mask
  let sides = 0
  walkLines(edges, heightPx, (firstLine, lastLine, start, stop) => {
    sides += (stop - start) * (lastLine - firstLine + 1)
  })
  return sides + lineEvents(edges, heightPx).length
}

/**
 * 4 pi area / perimeter^2 with the lattice perimeter above: pi / 4 for a square, which is the largest value, about
 * pi^2 / 16 for a large disc; 0 for an empty mask.
 */
export function compactness(mask: Mask): number {
  const sides = perimeter(mask)
  return sides === 0 ? 0 : (4 * Math.PI * area(mask)) / sides ** 2
}
