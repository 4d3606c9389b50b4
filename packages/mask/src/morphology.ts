// Morphology of masks with k x k squares, on runs: a square is a line down, then a line across, and a line only moves run ends.
//
// Definition: Serra's erosion and dilation, with OpenCV's place of an even element: pixel x looks at x - floor(k/2) to
// x + k - 1 - floor(k/2) on each axis. Cost is O(runs) whatever k; pixels are not touched.

import { MaskError } from './error.ts'
import { checkSize, MAX_DENSE_PIXELS, type Mask, maskFromEdges } from './mask.ts'
import { tightBox } from './measure.ts'
import { NumberList } from './number-list.ts'
import { subtract, unionAll } from './set-operations.ts'
import { transposedEdges } from './transpose.ts'

/** What lies around the picture: `background`, or `ignored` (erosion looks at the pixels inside the picture only). */
export type BorderRule = 'background' | 'ignored'

export type MorphologyOptions = {
  /** Side of the square in pixels: a whole number of at least 1, even ones too. */
  readonly sizePx: number
  /** What erosion takes to lie outside the picture. Default `background`. */
  readonly border?: BorderRule
}

/** How far pixel x of a line looks: from x - before to x + after. */
type Reach = { readonly before: number; readonly after: number }

function reachOf(sizePx: number): Reach {
  if (!Number.isInteger(sizePx) || sizePx < 1 || sizePx > 2 ** 31) {
    throw new MaskError(
      'out-of-range',
      `the square's side must be a whole number of at least 1, got ${sizePx}`,
    )
  }
  const before = Math.floor(sizePx / 2)
  return { before, after: sizePx - 1 - before }
}

function mirrored({ before, after }: Reach): Reach {
  return { before: after, after: before }
}

/**
 * Pixels whose square holds some foreground. The square of an even side k reaches k/2 pixels left and up, k/2 - 1
 * right and down. Throws MaskError for a side that is no whole number >= 1, or a tight box above MAX_DENSE_PIXELS.
 */
export function dilate(mask: Mask, options: { readonly sizePx: number }): Mask {
  return dilateBy(mask, reachOf(options.sizePx))
}

/**
 * Pixels whose whole square is foreground; what lies outside the picture is background unless `border` is `ignored`.
 * Same square and errors as dilate.
 */
export function erode(mask: Mask, options: MorphologyOptions): Mask {
  return erodeBy(mask, reachOf(options.sizePx), options.border ?? 'background')
}

/**
 * Erosion, then dilation by the mirrored square: the union of all squares that fit into the mask. Never adds a pixel.
 * (OpenCV does not mirror, so its result for an even side lies one pixel further down and right.)
 */
export function opening(mask: Mask, options: MorphologyOptions): Mask {
  const reach = reachOf(options.sizePx)
  return dilateBy(erodeBy(mask, reach, options.border ?? 'background'), mirrored(reach))
}

/**
 * Dilation, then erosion by the mirrored square, which ignores what lies outside the picture: fills what no square
 * of the background fits into. Never removes a pixel.
 */
export function closing(mask: Mask, options: { readonly sizePx: number }): Mask {
  const reach = reachOf(options.sizePx)
  return erodeBy(dilateBy(mask, reach), mirrored(reach), 'ignored')
}

/**
 * Pixels within `radiusPx` (Euclidean, centre to centre) of the mask. Cost is O(runs * radius): for radii beyond a
 * hundred pixels squaredDistances is cheaper. Throws MaskError for a radius that is negative or NaN, or a tight box
 * above MAX_DENSE_PIXELS.
 */
export function dilateDisk(mask: Mask, options: { readonly radiusPx: number }): Mask {
  const { radiusPx } = options
  const { widthPx, heightPx, edges } = mask
  if (!(radiusPx >= 0)) throw new MaskError('out-of-range', `radiusPx must be 0 or more, got ${radiusPx}`)
  if (edges.length === 0) return mask
  checkBox(mask)
  const farthest = Math.min(Math.floor(radiusPx), widthPx - 1)
  const columns: Mask[] = []
  for (let dx = 0; dx <= farthest; dx++) {
    const dy = Math.min(Math.floor(Math.sqrt(radiusPx * radiusPx - dx * dx)), heightPx)
    const down = grown(edges, heightPx, { before: dy, after: dy })
    columns.push(shiftedColumns(down, widthPx, heightPx, dx))
    if (dx > 0) columns.push(shiftedColumns(down, widthPx, heightPx, -dx))
  }
  return unionAll(columns)
}

/** Runs moved right by `dx` columns (left where negative); what leaves the picture is cut off. */
function shiftedColumns(edges: Uint32Array, widthPx: number, heightPx: number, dx: number): Mask {
  const by = dx * heightPx
  const pixels = widthPx * heightPx
  const out = new Uint32Array(edges.length)
  let n = 0
  for (let i = 0; i < edges.length; i += 2) {
    const low = Math.max(0, edges[i]! + by)
    const high = Math.min(pixels, edges[i + 1]! + by)
    if (low >= high) continue
    out[n++] = low
    out[n++] = high
  }
  return maskFromEdges(widthPx, heightPx, out.subarray(0, n))
}

/** Dilation minus erosion: the band on both sides of the outline. */
export function morphologicalGradient(mask: Mask, options: MorphologyOptions): Mask {
  return subtract(dilate(mask, options), erode(mask, options))
}

function dilateBy(mask: Mask, reach: Reach): Mask {
  return bothAxes(mask, (edges, lineLength) => grown(edges, lineLength, reach))
}

function erodeBy(mask: Mask, reach: Reach, border: BorderRule): Mask {
  return bothAxes(mask, (edges, lineLength) => shrunk(edges, lineLength, reach, border))
}

/** Pictures beyond this may turn a handful of runs into billions. */
function checkBox(mask: Mask): void {
  const box = tightBox(mask)
  checkSize(box.width, box.height, MAX_DENSE_PIXELS)
}

function bothAxes(mask: Mask, along: (edges: Uint32Array, lineLength: number) => Uint32Array): Mask {
  const { widthPx, heightPx } = mask
  if (mask.edges.length === 0) return mask
  checkBox(mask)
  const down = maskFromEdges(widthPx, heightPx, along(mask.edges, heightPx))
  const rows = transposedEdges(down)
  const across = maskFromEdges(heightPx, widthPx, along(rows, widthPx))
  return maskFromEdges(widthPx, heightPx, transposedEdges(across))
}

/** Every run longer by `after` at its head and by `before` at its tail, cut at the ends of its line. */
function grown(edges: Uint32Array, lineLength: number, { before, after }: Reach): Uint32Array {
  const out = new Uint32Array(edges.length)
  let n = 0
  for (let i = 0; i < edges.length; i += 2) {
    const start = edges[i]!
    const last = edges[i + 1]! - 1
    const low = Math.max(start - (start % lineLength), start - after)
    const high = Math.min(last - (last % lineLength) + lineLength, last + 1 + before)
    if (n > 0 && low <= out[n - 1]!) {
      out[n - 1] = high
    } else {
      out[n++] = low
      out[n++] = high
    }
  }
  return out.slice(0, n)
}

/** Every run shorter by `before` at its head and by `after` at its tail, line by line. */
function shrunk(
  edges: Uint32Array,
  lineLength: number,
  { before, after }: Reach,
  border: BorderRule,
): Uint32Array {
  const out = new NumberList(Math.max(256, edges.length))
  let n = 0
  for (let i = 0; i < edges.length; i += 2) {
    const end = edges[i + 1]!
    for (let start = edges[i]!; start < end; ) {
      const lineStart = start - (start % lineLength)
      const lineEnd = lineStart + lineLength
      let stop = Math.min(end, lineEnd)
      let low = start
      let high = stop
      if (border === 'ignored' && start === lineStart && end >= lineEnd) {
        // Whole lines stay whole, however many follow each other.
        stop = end - (end % lineLength)
        high = stop
      } else {
        if (border === 'background' || start > lineStart) low += before
        if (border === 'background' || stop < lineEnd) high -= after
      }
      if (low < high) {
        const values = out.room(n, 2)
        if (n > 0 && values[n - 1] === low) n--
        else values[n++] = low
        values[n++] = high
      }
      start = stop
    }
  }
  return out.view(n).slice()
}
