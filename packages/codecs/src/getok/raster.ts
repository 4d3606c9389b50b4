// A mask sampled on a small raster, straight from its runs, and depths on it. GETok's labels and greedy choice look at
// masks in a squashed frame, not at their pixels.

import { type Mask, maskFromRowMajor, squaredDistances } from '@maskwords/mask'
import type { BoxXyxyPx } from '../codec.ts'

/** Row-major samples, 1 = foreground, of the window of a picture between `windowXyxyPx` (pixels of that picture). */
export type Raster = {
  readonly width: number
  readonly height: number
  readonly bytes: Uint8Array
  readonly windowXyxyPx: BoxXyxyPx
}

/** Foreground of a raster by columns: column x has the runs [y0, y1) number `starts[x]` to `starts[x + 1]` of `ends`, apart. */
export type SampleRuns = { readonly starts: Int32Array; readonly ends: Int32Array }

/** Samples a mask at the centres of `width` x `height` equal cells of a window, as runs. */
export function sampleRuns(mask: Mask, width: number, height: number, windowXyxyPx: BoxXyxyPx): SampleRuns {
  const [left, top, right, bottom] = windowXyxyPx
  const stepX = (right - left) / width
  const stepY = (bottom - top) / height
  const { edges, heightPx } = mask
  const starts = new Int32Array(width + 1)
  let ends = new Int32Array(Math.max(edges.length, 2 * width))
  let count = 0
  let edge = 0
  for (let x = 0; x < width; x++) {
    starts[x] = count
    const column = Math.floor(left + (x + 0.5) * stepX)
    if (column < 0 || column >= mask.widthPx) continue
    const first = column * heightPx
    while (edge < edges.length && edges[edge + 1]! <= first) edge += 2
    for (let k = edge; k < edges.length && edges[k]! < first + heightPx; k += 2) {
      const from = Math.max(edges[k]! - first, 0)
      const to = Math.min(edges[k + 1]! - first, heightPx)
      const y0 = Math.max(Math.ceil((from - top) / stepY - 0.5), 0)
      const y1 = Math.min(Math.ceil((to - top) / stepY - 0.5), height)
      if (y1 <= y0) continue
      // Background too thin to be sampled joins its neighbours.
      if (count > starts[x]! && ends[2 * count - 1] === y0) {
        ends[2 * count - 1] = y1
        continue
      }
      if (2 * count === ends.length) {
        const more = new Int32Array(2 * ends.length)
        more.set(ends)
        ends = more
      }
      ends[2 * count] = y0
      ends[2 * count + 1] = y1
      count++
    }
  }
  starts[width] = count
  return { starts, ends }
}

/** Samples a mask at the centres of `width` x `height` equal cells of a window (default: the whole picture). */
export function sampleMask(
  mask: Mask,
  width: number,
  height: number,
  windowXyxyPx: BoxXyxyPx = [0, 0, mask.widthPx, mask.heightPx],
): Raster {
  const bytes = new Uint8Array(width * height)
  const { starts, ends } = sampleRuns(mask, width, height, windowXyxyPx)
  for (let x = 0; x < width; x++) {
    for (let run = starts[x]!; run < starts[x + 1]!; run++) {
      const y1 = ends[2 * run + 1]!
      for (let y = ends[2 * run]!; y < y1; y++) bytes[y * width + x] = 1
    }
  }
  return { width, height, bytes, windowXyxyPx }
}

/** The mask squashed (nearest) to a square frame, 840 x 840 by default: the frame of GETok's labels and rewards. */
export function squashMask(mask: Mask, sidePx = 840): Mask {
  const { bytes } = sampleMask(mask, sidePx, sidePx)
  return maskFromRowMajor({ widthPx: sidePx, heightPx: sidePx, bytes })
}

/** Squared distance, in samples, of each foreground sample to the nearest background one; the raster's border is none. */
export function squaredDepths(raster: Pick<Raster, 'width' | 'height' | 'bytes'>): Float64Array {
  const { width, height, bytes } = raster
  const mask = maskFromRowMajor({ widthPx: width, heightPx: height, bytes })
  return squaredDistances(mask, { border: 'ignored' }).squaredPx
}
