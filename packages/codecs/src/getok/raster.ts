// A mask sampled on a small raster, straight from its runs, and exact distances on it (Meijster, Roerdink and Hesselink
// 2000: two passes, integers). GETok's labels and greedy choice look at masks in a squashed frame, not at their pixels.

import { type Mask, maskFromRowMajor } from '@maskwords/mask'
import type { BoxXyxyPx } from '../codec.ts'

/** Row-major samples, 1 = foreground, of the window of a picture between `windowXyxyPx` (pixels of that picture). */
export type Raster = {
  readonly width: number
  readonly height: number
  readonly bytes: Uint8Array
  readonly windowXyxyPx: BoxXyxyPx
}

/** Samples a mask at the centres of `width` x `height` equal cells of a window (default: the whole picture). */
export function sampleMask(
  mask: Mask,
  width: number,
  height: number,
  windowXyxyPx: BoxXyxyPx = [0, 0, mask.widthPx, mask.heightPx],
): Raster {
  const bytes = new Uint8Array(width * height)
  const [left, top, right, bottom] = windowXyxyPx
  const stepX = (right - left) / width
  const stepY = (bottom - top) / height
  const { edges, heightPx } = mask
  let edge = 0
  for (let x = 0; x < width; x++) {
    const column = Math.floor(left + (x + 0.5) * stepX)
    if (column < 0 || column >= mask.widthPx) continue
    const first = column * heightPx
    while (edge < edges.length && edges[edge + 1]! <= first) edge += 2
    for (let k = edge; k < edges.length && edges[k]! < first + heightPx; k += 2) {
      const from = Math.max(edges[k]! - first, 0)
      const to = Math.min(edges[k + 1]! - first, heightPx)
      const y0 = Math.max(Math.ceil((from - top) / stepY - 0.5), 0)
      const y1 = Math.min(Math.ceil((to - top) / stepY - 0.5), height)
      for (let y = y0; y < y1; y++) bytes[y * width + x] = 1
    }
  }
  return { width, height, bytes, windowXyxyPx }
}

/** The mask squashed (nearest) to a square frame, 840 x 840 by default: the frame of GETok's labels and rewards. */
export function squashMask(mask: Mask, sidePx = 840): Mask {
  const { bytes } = sampleMask(mask, sidePx, sidePx)
  return maskFromRowMajor({ widthPx: sidePx, heightPx: sidePx, bytes })
}

/**
 * Distance, in samples, from each sample to the nearest one whose byte is `target`, centre to centre; 0 on targets,
 * Infinity where there is none. The border of the raster is no target.
 */
export function distanceTo(bytes: Uint8Array, width: number, height: number, target: 0 | 1): Float64Array {
  const far = width + height
  const down = new Int32Array(width * height)
  for (let x = 0; x < width; x++) down[x] = bytes[x] === target ? 0 : far
  for (let k = width; k < down.length; k++) {
    down[k] = bytes[k] === target ? 0 : Math.min(down[k - width]! + 1, far)
  }
  for (let k = down.length - width - 1; k >= 0; k--) {
    if (down[k + width]! < down[k]!) down[k] = down[k + width]! + 1
  }

  const distances = new Float64Array(width * height)
  const sites = new Int32Array(width)
  const starts = new Int32Array(width)
  for (let y = 0; y < height; y++) {
    const row = y * width
    let top = -1
    for (let x = 0; x < width; x++) {
      const g = down[row + x]!
      if (g === far) continue
      // The parabola of column x replaces every one on the stack that it undercuts from its start on.
      while (top >= 0) {
        const site = sites[top]!
        const start = starts[top]!
        const old = (start - site) ** 2 + down[row + site]! ** 2
        if (old <= (start - x) ** 2 + g * g) break
        top--
      }
      if (top < 0) {
        top = 0
        sites[0] = x
        starts[0] = 0
        continue
      }
      const site = sites[top]!
      const border = 1 + Math.floor((x * x - site * site + g * g - down[row + site]! ** 2) / (2 * (x - site)))
      if (border < width) {
        top++
        sites[top] = x
        starts[top] = border
      }
    }
    for (let x = width - 1; x >= 0; x--) {
      if (top < 0) {
        distances[row + x] = Number.POSITIVE_INFINITY
        continue
      }
      const site = sites[top]!
      distances[row + x] = Math.sqrt((x - site) ** 2 + down[row + site]! ** 2)
      if (x === starts[top]) top--
    }
  }
  return distances
}
