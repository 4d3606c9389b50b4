// The magic tool: the connected region whose colours are close to that of the chosen pixel.
//
// One pass over the picture finds the runs of similar pixels in each row and joins those that touch between rows
// (union-find, as in Wu, Otoo and Suzuki, "Optimizing two-pass connected-component labeling algorithms", 2009); the runs
// joined with the chosen pixel's are the region. Each pixel is looked at once, whatever the shape of the region.
import { type Mask, maskFromEdges, transpose } from '@maskwords/mask'

/** Room for runs at the start; it doubles when it is full. */
const FIRST_RUNS = 4096

/** A picture of interleaved RGB, rows from the top, and a click on it. */
export type FloodJob = {
  readonly widthPx: number
  readonly heightPx: number
  readonly rgb: Uint8Array
  readonly x: number
  readonly y: number
  /** 0 to 255. */
  readonly tolerance: number
}

/**
 * Pixels that are connected (by sides) with (x, y) through pixels of which no channel differs by more than `tolerance`
 * from the chosen pixel's colour; x and y must be inside. Work: a look a pixel; memory: some twenty bytes a run of similar
 * pixels.
 */
export const similarRegion = (job: FloodJob): Mask => transpose(similarRegionTransposed(job))

/** The same mirrored at its main diagonal: its column-major runs are the rows of the region. */
export function similarRegionTransposed({ widthPx, heightPx, rgb, x, y, tolerance }: FloodJob): Mask {
  const seed = y * widthPx + x
  const [redLow, redHigh] = [rgb[3 * seed]! - tolerance, rgb[3 * seed]! + tolerance]
  const [greenLow, greenHigh] = [rgb[3 * seed + 1]! - tolerance, rgb[3 * seed + 1]! + tolerance]
  const [blueLow, blueHigh] = [rgb[3 * seed + 2]! - tolerance, rgb[3 * seed + 2]! + tolerance]
  let starts = new Uint32Array(FIRST_RUNS)
  let ends = new Uint32Array(FIRST_RUNS)
  // Each run points to an earlier one that it is connected with, or to itself.
  let parents = new Uint32Array(FIRST_RUNS)
  const rootOf = (run: number): number => {
    let at = run
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]!]!
      at = parents[at]!
    }
    return at
  }
  let runs = 0
  let seedRun = 0
  let above = 0
  let aboveEnd = 0
  for (let row = 0; row < heightPx; row++) {
    const rowEnd = (row + 1) * widthPx
    const first = runs
    for (let pixel = row * widthPx, at = 3 * pixel; pixel < rowEnd; ) {
      let start = -1
      for (; pixel < rowEnd; pixel++, at += 3) {
        const red = rgb[at]!
        const green = rgb[at + 1]!
        const blue = rgb[at + 2]!
        // Negative where any of the six distances is: one test instead of six.
        const like =
          (red - redLow) |
          (redHigh - red) |
          (green - greenLow) |
          (greenHigh - green) |
          (blue - blueLow) |
          (blueHigh - blue)
        if (start < 0) {
          if (like >= 0) start = pixel
        } else if (like < 0) break
      }
      if (start < 0) break
      if (runs === starts.length) {
        starts = doubled(starts)
        ends = doubled(ends)
        parents = doubled(parents)
      }
      starts[runs] = start
      ends[runs] = pixel
      parents[runs] = runs
      if (start <= seed && seed < pixel) seedRun = runs
      const [left, right] = [start - widthPx, pixel - widthPx]
      while (above < aboveEnd && ends[above]! <= left) above++
      for (let i = above; i < aboveEnd && starts[i]! < right; i++) {
        const a = rootOf(i)
        const b = rootOf(runs)
        if (a < b) parents[b] = a
        else parents[a] = b
      }
      runs++
    }
    above = first
    aboveEnd = runs
  }
  const root = rootOf(seedRun)
  const edges = new Uint32Array(2 * runs)
  let n = 0
  for (let run = 0; run < runs; run++) {
    if (rootOf(run) !== root) continue
    // A run at the end of a row goes on with one at the start of the next.
    if (n > 0 && edges[n - 1] === starts[run]) n--
    else edges[n++] = starts[run]!
    edges[n++] = ends[run]!
  }
  return maskFromEdges(heightPx, widthPx, edges.slice(0, n))
}

function doubled(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}
