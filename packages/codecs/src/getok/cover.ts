// A mask as grid cells without a network: greedy cover by medial discs. The paper chooses cells by covering the mask with
// a segmenter's proposals (see proposals.ts); here the proposal of a cell is the disc around its centre that just leaves
// the mask. Definition and constants: ours, set so that random blobs cost as many words as the paper reports.

import { type Mask, tightBox } from '@maskwords/mask'
import { centreX, centreY, type Grid } from './grid.ts'
import { maskHas } from './pixel.ts'
import { type SampleRuns, sampleRuns } from './raster.ts'

/** Most points of one mask. The paper's means are 5 to 15; a mask that needs more is not said by points. */
export const MAX_POINTS = 64

/** A disc reaches this many cells further than the background. */
const INFLATE_CELLS = 0.33

/** The cover is good enough at this IoU, or when the next disc gains less than this (scaled to 32 cells per axis). */
const GOOD_IOU = 0.98
const LEAST_GAIN = 0.003

/** The frame is 840 units a side; samples are 4 units apart, or as fine as keeps 128 on the longer side of small masks. */
const FRAME = 840
const COARSEST_STEP = 4
const FINEST_STEP = 0.5
const SAMPLES = 128

export type Cover = {
  /** Chosen cells in the order of acceptance. */
  readonly cells: number[]
  /** IoU of the union of the discs with the mask after each acceptance; never falls. */
  readonly ious: number[]
}

/** One candidate: its cell and its disc, on the raster. */
type Disc = {
  readonly cell: number
  readonly x: number
  readonly y: number
  readonly radius: number
  /** What it would add in the mask and beside it; while `stale`, `added` is no less than that and `spilt` means nothing. */
  added: number
  spilt: number
  stale: boolean
}

/**
 * Cells whose discs cover the mask, by largest gain in IoU, in order of acceptance. Where no centre lies in the mask,
 * the one cell whose centre is nearest to it (an offset word can then bring the point inside). Empty mask: no cells.
 */
export function coverMask(grid: Grid, mask: Mask): Cover {
  if (mask.edges.length === 0) return { cells: [], ious: [] }
  const raster = frameRaster(grid, mask)
  const discs = discsOf(grid, mask, raster)
  if (discs.length === 0) return { cells: [nearestCell(grid, mask)], ious: [0] }
  const leastGain = LEAST_GAIN * (32 / grid.cells) ** 2
  return greedy(discs, raster, leastGain)
}

type FrameRaster = {
  width: number
  height: number
  runs: SampleRuns
  left: number
  top: number
  step: number
}

/** The tight box of the mask with a margin, in units of the 840 frame, sampled at a step of its own. */
function frameRaster(grid: Grid, mask: Mask): FrameRaster {
  const box = tightBox(mask)
  const unitX = mask.widthPx / FRAME
  const unitY = mask.heightPx / FRAME
  const longer = Math.max(box.width / unitX, box.height / unitY)
  const step = Math.min(Math.max(longer / SAMPLES, FINEST_STEP), COARSEST_STEP)
  const margin = (INFLATE_CELLS * FRAME) / grid.cells + 2 * step
  const left = Math.max(Math.floor((box.x / unitX - margin) / step), 0)
  const top = Math.max(Math.floor((box.y / unitY - margin) / step), 0)
  const right = Math.min(Math.ceil(((box.x + box.width) / unitX + margin) / step), Math.ceil(FRAME / step))
  const bottom = Math.min(Math.ceil(((box.y + box.height) / unitY + margin) / step), Math.ceil(FRAME / step))
  const [width, height] = [right - left, bottom - top]
  const window = [
    left * step * unitX,
    top * step * unitY,
    right * step * unitX,
    bottom * step * unitY,
  ] as const
  return { width, height, runs: sampleRuns(mask, width, height, window), left, top, step }
}

/** A disc for every centre in the mask, by cell number. */
function discsOf(grid: Grid, mask: Mask, raster: FrameRaster): Disc[] {
  const { width, height, left, top, step } = raster
  const box = tightBox(mask)
  const n = grid.cells
  const i0 = Math.floor((box.x * n) / mask.widthPx)
  const i1 = Math.min(Math.floor(((box.x + box.width) * n) / mask.widthPx), n - 1)
  const j0 = Math.floor((box.y * n) / mask.heightPx)
  const j1 = Math.min(Math.floor(((box.y + box.height) * n) / mask.heightPx), n - 1)
  const rowOf = (j: number) => clamp(Math.floor(((j + 0.5) * FRAME) / n / step) - top, height - 1)
  const verticals = verticalDistances(
    raster,
    Array.from({ length: j1 - j0 + 1 }, (_, k) => rowOf(j0 + k)),
  )
  const discs: Disc[] = []
  for (let j = j0; j <= j1; j++) {
    for (let i = i0; i <= i1; i++) {
      const cell = j * n + i
      if (!maskHas(mask, centreX(grid, cell), centreY(grid, cell))) continue
      const x = clamp(Math.floor(((i + 0.5) * FRAME) / n / step) - left, width - 1)
      const squared = squaredDepth(verticals, (j - j0) * width, width, x)
      const depth = Math.min(Math.sqrt(squared), width + height)
      const radius = depth + (INFLATE_CELLS * FRAME) / n / step
      // No more samples than the area of a disc that is half a diagonal wider.
      const added = Math.PI * (radius + 0.75) ** 2
      discs.push({ cell, x, y: rowOf(j), radius, added, spilt: 0, stale: true })
    }
  }
  return discs
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most)
}

/** Stands for "no background in this column"; its square is far above any squared distance of a raster. */
const FAR = 2 ** 20

/** For each wanted row (ascending), the distance of every column's sample there to the nearest background up or down. */
function verticalDistances(raster: FrameRaster, rows: readonly number[]): Int32Array {
  const { width, height, runs } = raster
  const { starts, ends } = runs
  const out = new Int32Array(rows.length * width)
  for (let x = 0; x < width; x++) {
    let k = 0
    for (let run = starts[x]!; run < starts[x + 1]!; run++) {
      const y0 = ends[2 * run]!
      const y1 = ends[2 * run + 1]!
      while (k < rows.length && rows[k]! < y0) k++
      // Beyond the raster there is no background.
      const above = y0 === 0 ? -FAR : y0 - 1
      const below = y1 === height ? height + FAR : y1
      for (; k < rows.length && rows[k]! < y1; k++)
        out[k * width + x] = Math.min(rows[k]! - above, below - rows[k]!)
    }
  }
  return out
}

/** Squared distance of column `x` of a row to the nearest background, exact; Infinity where there is none. */
function squaredDepth(verticals: Int32Array, from: number, width: number, x: number): number {
  let best = verticals[from + x]! ** 2
  for (let d = 1; d * d < best && (x - d >= 0 || x + d < width); d++) {
    if (x - d >= 0) best = Math.min(best, d * d + verticals[from + x - d]! ** 2)
    if (x + d < width) best = Math.min(best, d * d + verticals[from + x + d]! ** 2)
  }
  return best >= FAR * FAR ? Number.POSITIVE_INFINITY : best
}

/** Outside counts of a column's running sum stand in the upper half of a number: rasters are lower than 2^15. */
const OUTSIDE = 2 ** 16

/** Room for the running sums, used again by every mask: a new one each would cost more than filling it. */
let room = new Int32Array(2 ** 16)

/**
 * Running sums down each column of what is uncovered, 1 a sample in the mask and OUTSIDE a sample beside it: what a disc adds
 * is then one difference a column.
 */
function columnSums({ width, height, runs }: FrameRaster): Int32Array {
  const { starts, ends } = runs
  const size = width * (height + 1)
  if (room.length < size) room = new Int32Array(size)
  const sums = room
  let to = 0
  for (let x = 0; x < width; x++) {
    let sum = 0
    let y = 0
    sums[to++] = 0
    for (let run = starts[x]!; run < starts[x + 1]!; run++) {
      const y0 = ends[2 * run]!
      const y1 = ends[2 * run + 1]!
      for (; y < y0; y++) sums[to++] = sum += OUTSIDE
      for (; y < y1; y++) sums[to++] = sum += 1
    }
    for (; y < height; y++) sums[to++] = sum += OUTSIDE
  }
  return sums
}

/** Counts what a disc adds. */
function weigh(disc: Disc, sums: Int32Array, width: number, height: number): void {
  const { x: middle, y, radius } = disc
  const squared = radius * radius
  let added = 0
  let spilt = 0
  // The columns at the same distance left and right of the middle are equally high.
  for (let d = Math.floor(radius); d >= 0; d--) {
    const half = Math.floor(Math.sqrt(squared - d * d))
    const top = Math.max(y - half, 0)
    const bottom = Math.min(y + half + 1, height)
    if (middle - d >= 0) {
      const column = (middle - d) * (height + 1)
      const both = sums[column + bottom]! - sums[column + top]!
      added += both & (OUTSIDE - 1)
      spilt += both >>> 16
    }
    if (d > 0 && middle + d < width) {
      const column = (middle + d) * (height + 1)
      const both = sums[column + bottom]! - sums[column + top]!
      added += both & (OUTSIDE - 1)
      spilt += both >>> 16
    }
  }
  disc.added = added
  disc.spilt = spilt
  disc.stale = false
}

/** Takes what a disc covers out of the sums. */
function coverDisc(disc: Disc, sums: Int32Array, width: number, height: number): void {
  const { x: middle, y, radius } = disc
  const last = Math.min(Math.floor(middle + radius), width - 1)
  for (let x = Math.max(Math.ceil(middle - radius), 0); x <= last; x++) {
    const half = Math.floor(Math.sqrt(radius * radius - (x - middle) * (x - middle)))
    const column = x * (height + 1)
    const top = column + Math.max(y - half, 0)
    const bottom = column + Math.min(y + half + 1, height)
    const before = sums[top]!
    const gone = sums[bottom]! - before
    if (gone === 0) continue
    sums.fill(before, top + 1, bottom + 1)
    const end = column + height
    for (let at = bottom + 1; at <= end; at++) sums[at]! -= gone
  }
}

function greedy(discs: Disc[], raster: FrameRaster, leastGain: number): Cover {
  const { width, height, runs } = raster
  let target = 0
  const count = runs.starts[width]!
  for (let run = 0; run < count; run++) target += runs.ends[2 * run + 1]! - runs.ends[2 * run]!
  const sums = columnSums(raster)

  const cover: Cover = { cells: [], ious: [] }
  let [covered, spilt, iou] = [0, 0, 0]
  while (cover.cells.length < MAX_POINTS && iou < GOOD_IOU) {
    let best: Disc | undefined
    let bestIou = -1
    const consider = (disc: Disc) => {
      const value = (covered + disc.added) / (target + spilt + disc.spilt)
      if (value < bestIou || (value === bestIou && best !== undefined && disc.cell > best.cell)) return
      best = disc
      bestIou = value
    }
    // Those whose counts still hold, and the most promising of the others: most of the rest then need no look.
    let first: Disc | undefined
    for (const disc of discs) {
      if (!disc.stale) consider(disc)
      else if (first === undefined || disc.added > first.added) first = disc
    }
    if (first !== undefined) {
      weigh(first, sums, width, height)
      consider(first)
    }
    for (const disc of discs) {
      if (!disc.stale) continue
      // What a disc adds inside the mask only shrinks, so its last count bounds its IoU from above.
      const most = (covered + disc.added) / (target + spilt)
      if (most > bestIou || (most === bestIou && best !== undefined && disc.cell < best.cell)) {
        weigh(disc, sums, width, height)
        consider(disc)
      }
    }
    if (best === undefined || bestIou <= iou || (cover.cells.length > 0 && bestIou - iou < leastGain)) break
    cover.cells.push(best.cell)
    cover.ious.push((iou = bestIou))
    covered += best.added
    spilt += best.spilt
    coverDisc(best, sums, width, height)
    // Counts of discs that the chosen one does not touch still hold.
    for (const disc of discs) {
      const reach = disc.radius + best.radius
      if ((disc.x - best.x) ** 2 + (disc.y - best.y) ** 2 <= reach * reach) disc.stale = true
    }
  }
  // A mask may own a centre and yet no sample of the raster: the first such cell stands for it.
  if (cover.cells.length === 0) return { cells: [discs[0]!.cell], ious: [0] }
  return cover
}

/** The cell in the mask whose centre lies deepest in it; where no centre lies in the mask, the nearest to it. */
export function deepestCell(grid: Grid, mask: Mask): number {
  const discs = discsOf(grid, mask, frameRaster(grid, mask))
  if (discs.length === 0) return nearestCell(grid, mask)
  let best = discs[0]!
  for (const disc of discs) if (disc.radius > best.radius) best = disc
  return best.cell
}

/** The cell whose centre is nearest to a pixel centre of a non-empty mask, in cells; ties to the lowest number. */
export function nearestCell(grid: Grid, mask: Mask): number {
  const n = grid.cells
  const { edges, widthPx, heightPx } = mask
  let best = 0
  let bestDistance = Number.POSITIVE_INFINITY
  for (let k = 0; k < edges.length; k += 2) {
    let from = edges[k]!
    while (from < edges[k + 1]!) {
      const column = Math.floor(from / heightPx)
      const to = Math.min(edges[k + 1]!, (column + 1) * heightPx)
      const u = ((column + 0.5) * n) / widthPx
      const v0 = ((from - column * heightPx + 0.5) * n) / heightPx
      const v1 = ((to - 1 - column * heightPx + 0.5) * n) / heightPx
      const i = Math.min(Math.floor(u), n - 1)
      for (let j = Math.floor(v0); j <= Math.floor(v1); j++) {
        const v = Math.min(Math.max(j + 0.5, v0), v1)
        const distance = (u - i - 0.5) ** 2 + (v - j - 0.5) ** 2
        const cell = j * n + i
        if (distance < bestDistance - 1e-12 || (Math.abs(distance - bestDistance) <= 1e-12 && cell < best)) {
          best = cell
          bestDistance = distance
        }
      }
      from = to
    }
  }
  return best
}
