// A mask from a box and points without a segmenter: GETok's stand-in where no SAM2 is at hand (ours; the paper always
// decodes through Segment Anything). Coarse by nature: docs/getok.md has the measured IoU.
//
// On a small raster around the box: log-odds from where a pixel lies among box and points (prompt-features.ts,
// coarse-net.ts), corrected by the picture's colours where there is a picture (colour.ts), cut where the expected IoU is
// highest, and brought to the picture's size by linear interpolation.

import { type Mask, maskFromEdges } from '@maskwords/mask'
import type { BoxXyxyPx, PictureSize, Pixels } from '../codec.ts'
import { coarseLogits } from './coarse-net.ts'
import { COARSE_WEIGHTS } from './coarse-weights.ts'
import { type ColourOptions, refineByColour, sampleColours } from './colour.ts'
import { MAX_POINTS } from './cover.ts'
import type { Grid } from './grid.ts'
import type { RegionPrompt } from './offset.ts'
import { FEATURES, pixelFeatures, preparePrompt } from './prompt-features.ts'
import { randomFrom, randomInt } from './random.ts'

/** Samples on the longer side of the window, and least on the shorter. */
const SAMPLES = 64
const FEWEST = 12

/** The window reaches this far beyond the box: in cells, and with a picture also in shares of the box. */
export const MARGIN_CELLS = 0.75
const MARGIN_SHARE = 0.15

/** Log-odds on a raster over a window of the picture; above 0 is foreground. */
export type CoarseField = {
  readonly width: number
  readonly height: number
  readonly logits: Float32Array
  readonly windowXyxyPx: BoxXyxyPx
}

/** Most points whose arrangement is weighed: as many as are ever written. Of more, as many at random, and holdPoints. */
const MOST_POINTS = MAX_POINTS

/** Box and points that the decoder works with: a missing box is drawn around the points, a missing point is the box's middle. */
function completePrompt(
  grid: Grid,
  prompt: RegionPrompt,
): { box: BoxXyxyPx; points: Float64Array } | undefined {
  const { boxXyxyPx } = prompt
  const pointsXyPx = thinned(prompt.pointsXyPx)
  if (boxXyxyPx !== undefined) {
    const middle = [(boxXyxyPx[0] + boxXyxyPx[2]) / 2, (boxXyxyPx[1] + boxXyxyPx[3]) / 2]
    return { box: boxXyxyPx, points: pointsXyPx.length > 0 ? pointsXyPx : Float64Array.from(middle) }
  }
  if (pointsXyPx.length === 0) return undefined
  let [left, top, right, bottom] = [grid.widthPx, grid.heightPx, 0, 0]
  for (let k = 0; k < pointsXyPx.length; k += 2) {
    left = Math.min(left, pointsXyPx[k]!)
    right = Math.max(right, pointsXyPx[k]!)
    top = Math.min(top, pointsXyPx[k + 1]!)
    bottom = Math.max(bottom, pointsXyPx[k + 1]!)
  }
  // Points lie deep inside: the object reaches about a quarter of their extent further, a cell at least.
  const x = Math.max((right - left) / 4, grid.widthPx / grid.cells)
  const y = Math.max((bottom - top) / 4, grid.heightPx / grid.cells)
  const box: BoxXyxyPx = [
    Math.max(left - x, 0),
    Math.max(top - y, 0),
    Math.min(right + x, grid.widthPx),
    Math.min(bottom + y, grid.heightPx),
  ]
  return { box, points: pointsXyPx }
}

/** A fixed choice of points where there are too many. */
function thinned(points: Float64Array): Float64Array {
  if (points.length <= 2 * MOST_POINTS) return points
  const random = randomFrom(1)
  const order = Array.from({ length: points.length / 2 }, (_, k) => k)
  for (let k = 0; k < MOST_POINTS; k++) {
    const other = randomInt(random, k, order.length - 1)
    ;[order[k], order[other]] = [order[other]!, order[k]!]
  }
  return Float64Array.from({ length: 2 * MOST_POINTS }, (_, k) => points[2 * order[k >> 1]! + (k & 1)]!)
}

/** Log-odds that a crowd of points is given around each of them, up to this many cells away. */
const HELD_LOGIT = 2
const HELD_CELLS = 0.6

/** Keeps the surroundings of every point in the foreground: a crowd of points says its mask by itself. */
function holdPoints(grid: Grid, points: Float64Array, field: CoarseField): void {
  const { width, height, logits, windowXyxyPx } = field
  const [left, top, right, bottom] = windowXyxyPx
  const [scaleX, scaleY] = [width / (right - left), height / (bottom - top)]
  const reachX = (HELD_CELLS * grid.widthPx * scaleX) / grid.cells
  const reachY = (HELD_CELLS * grid.heightPx * scaleY) / grid.cells
  for (let k = 0; k < points.length; k += 2) {
    const u = (points[k]! - left) * scaleX - 0.5
    const v = (points[k + 1]! - top) * scaleY - 0.5
    const last = Math.min(Math.floor(v + reachY), height - 1)
    for (let y = Math.max(Math.ceil(v - reachY), 0); y <= last; y++) {
      const half = reachX * Math.sqrt(Math.max(1 - ((y - v) / reachY) ** 2, 0))
      const end = Math.min(Math.floor(u + half), width - 1)
      for (let x = Math.max(Math.ceil(u - half), 0); x <= end; x++) {
        logits[y * width + x] = Math.max(logits[y * width + x]!, HELD_LOGIT)
      }
    }
  }
}

/** Features of every sample of a window, for a prompt in pixels. */
export function windowFeatures(
  grid: Grid,
  prompt: { box: BoxXyxyPx; points: Float64Array },
  window: BoxXyxyPx,
  width: number,
  height: number,
): Float32Array {
  const { widthPx, heightPx, cells } = grid
  const { box, points } = prompt
  const prepared = preparePrompt({
    box: [box[0] / widthPx, box[1] / heightPx, box[2] / widthPx, box[3] / heightPx],
    points: points.map((value, k) => value / (k % 2 === 0 ? widthPx : heightPx)),
    cell: 1 / cells,
  })
  const features = new Float32Array(width * height * FEATURES)
  for (let y = 0; y < height; y++) {
    const v = (window[1] + ((y + 0.5) * (window[3] - window[1])) / height) / heightPx
    for (let x = 0; x < width; x++) {
      const u = (window[0] + ((x + 0.5) * (window[2] - window[0])) / width) / widthPx
      pixelFeatures(prepared, u, v, features, (y * width + x) * FEATURES)
    }
  }
  return features
}

/** The window around a box: the margin in cells, or the share of the box where that is more; within the picture. */
export function windowAround(grid: Grid, box: BoxXyxyPx, share: number): BoxXyxyPx {
  const x = Math.max((MARGIN_CELLS * grid.widthPx) / grid.cells, share * (box[2] - box[0]))
  const y = Math.max((MARGIN_CELLS * grid.heightPx) / grid.cells, share * (box[3] - box[1]))
  return [
    Math.max(box[0] - x, 0),
    Math.max(box[1] - y, 0),
    Math.min(box[2] + x, grid.widthPx),
    Math.min(box[3] + y, grid.heightPx),
  ]
}

export type CoarseOptions = { pixels?: Pixels; colour?: ColourOptions; weights?: ArrayLike<number> }

/** Log-odds around a prompt, or undefined for a prompt without box and points. */
export function coarseField(
  grid: Grid,
  prompt: RegionPrompt,
  options: CoarseOptions = {},
): CoarseField | undefined {
  const complete = completePrompt(grid, prompt)
  if (complete === undefined) return undefined
  const { pixels, colour, weights = COARSE_WEIGHTS } = options
  const windowXyxyPx = windowAround(grid, complete.box, pixels === undefined ? 0 : MARGIN_SHARE)
  const spanX = (windowXyxyPx[2] - windowXyxyPx[0]) / grid.widthPx
  const spanY = (windowXyxyPx[3] - windowXyxyPx[1]) / grid.heightPx
  const longer = Math.max(spanX, spanY)
  const width = Math.max(Math.round((SAMPLES * spanX) / longer), FEWEST)
  const height = Math.max(Math.round((SAMPLES * spanY) / longer), FEWEST)
  const features = windowFeatures(grid, complete, windowXyxyPx, width, height)
  let logits = coarseLogits(weights, features, width * height)
  if (prompt.pointsXyPx.length > 2 * MOST_POINTS) {
    holdPoints(grid, prompt.pointsXyPx, { width, height, logits, windowXyxyPx })
  }
  if (pixels !== undefined) {
    logits = refineByColour(logits, sampleColours(pixels, windowXyxyPx, width, height), width, height, colour)
  }
  const cut = bestCut(logits)
  for (let k = 0; k < logits.length; k++) logits[k]! -= cut
  return { width, height, logits, windowXyxyPx }
}

/** The threshold at which the expected intersection over the expected union is largest. */
function bestCut(logits: Float32Array): number {
  const sorted = logits.slice().sort()
  let total = 0
  const chances = sorted.map((z) => 1 / (1 + Math.exp(-z)))
  for (const chance of chances) total += chance
  let [shared, best, cut] = [0, -1, 0]
  for (let k = sorted.length - 1; k >= 0; k--) {
    shared += chances[k]!
    const value = shared / (sorted.length - k + total - shared)
    if (value > best) [best, cut] = [value, k > 0 ? (sorted[k]! + sorted[k - 1]!) / 2 : sorted[k]! - 1]
  }
  return cut
}

/** The mask of a field at the picture's size. A prompt always has a mask: where all is below 0, the field's best sample. */
export function fieldToMask(field: CoarseField, size: PictureSize): Mask {
  const { width, height, logits, windowXyxyPx } = field
  const [left, top, right, bottom] = windowXyxyPx
  const x0 = Math.floor(left)
  const x1 = Math.min(Math.ceil(right), size.widthPx)
  const y0 = Math.floor(top)
  const y1 = Math.min(Math.ceil(bottom), size.heightPx)
  const rows = linearTaps(y0, y1, top, bottom, height)
  const columns = linearTaps(x0, x1, left, right, width)
  const edges: number[] = []
  const column = new Float32Array(height)
  for (let x = x0; x < x1; x++) {
    const a = columns.first[x - x0]!
    const b = Math.min(a + 1, width - 1)
    const share = columns.share[x - x0]!
    for (let v = 0; v < height; v++) {
      column[v] = logits[v * width + a]! * (1 - share) + logits[v * width + b]! * share
    }
    let on = false
    for (let y = y0; y < y1; y++) {
      const c = rows.first[y - y0]!
      const t = rows.share[y - y0]!
      const z = column[c]! * (1 - t) + column[Math.min(c + 1, height - 1)]! * t
      if (z > 0 === on) continue
      on = z > 0
      pushEdge(edges, x * size.heightPx + y)
    }
    if (on) pushEdge(edges, x * size.heightPx + y1)
  }
  if (edges.length === 0) {
    let best = 0
    for (let k = 1; k < logits.length; k++) if (logits[k]! > logits[best]!) best = k
    const x = Math.min(Math.floor(left + (((best % width) + 0.5) * (right - left)) / width), size.widthPx - 1)
    const y = Math.min(
      Math.floor(top + ((Math.floor(best / width) + 0.5) * (bottom - top)) / height),
      size.heightPx - 1,
    )
    edges.push(x * size.heightPx + y, x * size.heightPx + y + 1)
  }
  return maskFromEdges(size.widthPx, size.heightPx, Uint32Array.from(edges))
}

/** A run that starts where the last one ended continues it: edges stay strictly increasing. */
function pushEdge(edges: number[], index: number): void {
  if (edges.length > 0 && edges[edges.length - 1] === index) edges.pop()
  else edges.push(index)
}

/** For pixels from..to: the sample before each pixel's centre and the share of the next. */
function linearTaps(
  from: number,
  to: number,
  low: number,
  high: number,
  samples: number,
): { first: Int32Array; share: Float32Array } {
  const first = new Int32Array(to - from)
  const share = new Float32Array(to - from)
  for (let k = 0; k < first.length; k++) {
    const position = ((from + k + 0.5 - low) / (high - low)) * samples - 0.5
    const clamped = Math.min(Math.max(position, 0), samples - 1)
    first[k] = Math.floor(clamped)
    share[k] = clamped - first[k]!
  }
  return { first, share }
}
