// Masks to polygons: the outlines of the 4-connected regions on the lattice of pixel corners, holes included.
//
// A crack is the upper or lower side of a run in one column of pixels (or in a block of alike columns). On every line
// between two columns the cracks that end there and those that begin there are joined in pairs by one sweep down the
// line; following the joints gives the rings. Rings walk with the region on their right: outer rings clockwise as seen
// on the screen, holes counter-clockwise. Where two pixels touch at a corner only, rings turn so as to keep them apart.
// Cost: O(runs of columns + corners). Pixel (x, y) covers x..x+1 by y..y+1, so vertices are whole numbers.

import { clampOffset, walkLines } from './lines.ts'
import { checkSize, MAX_DENSE_PIXELS, type Mask } from './mask.ts'
import { simplifiedRing } from './simplify.ts'

/** A 4-connected region: its outer ring and its holes, each x0, y0, x1, y1, ... in pixels, not closed. */
export type Polygon = {
  readonly outer: Float64Array
  readonly holes: readonly Float64Array[]
}

/**
 * The regions of a mask as polygons with holes, sorted by their first pixel in column-major order (holes likewise).
 *
 * Without `tolerancePx` the rings are exact: filling them (`maskFromRings` with all rings, or `maskFromCocoPolygons`
 * with `cocoPolygonsFromMask`) gives the mask back. With it each ring is simplified by Ramer-Douglas-Peucker: no corner
 * moves farther than that many pixels; rings of fewer than three vertices vanish, and a region with its outer ring.
 */
export function contoursFromMask(mask: Mask, options: { readonly tolerancePx?: number } = {}): Polygon[] {
  const { tolerancePx = 0 } = options
  checkSize(mask.widthPx, mask.heightPx, MAX_DENSE_PIXELS)
  const cracks = joinedCracks(mask)
  const { rings, ringOfCrack } = tracedRings(cracks)

  // The two cracks of a run belong to one region, and so do the rings that they lie on.
  const region = rings.map((_, i) => i)
  const find = (ring: number): number => {
    while (region[ring] !== ring) ring = region[ring] = region[region[ring]!]!
    return ring
  }
  for (let c = 0; c < cracks.count; c += 2) {
    const a = find(ringOfCrack[c]!)
    const b = find(ringOfCrack[c + 1]!)
    if (a !== b) region[Math.max(a, b)] = Math.min(a, b)
  }
  // The first crack of a region, in column-major order, is on its outer ring: that ring has the lowest number.
  const polygons = new Map<number, { outer: Float64Array; holes: Float64Array[] }>()
  const dropped = new Set<number>()
  rings.forEach((exact, i) => {
    const ring = tolerancePx > 0 ? simplifiedRing(exact, tolerancePx) : exact
    const root = find(i)
    if (root === i) {
      if (ring.length >= 6) polygons.set(i, { outer: ring, holes: [] })
      else dropped.add(i)
    } else if (ring.length >= 6 && !dropped.has(root)) {
      polygons.get(root)!.holes.push(ring)
    }
  })
  return [...polygons.values()]
}

/**
 * The mask as COCO polygons, one list of coordinates a region. COCO has no holes; here each hole is joined to its
 * region's first vertex by a way there and back, which the C library's parity fill does not see: without `tolerancePx`
 * filling gives the mask back exactly.
 */
export function cocoPolygonsFromMask(
  mask: Mask,
  options: { readonly tolerancePx?: number } = {},
): number[][] {
  return contoursFromMask(mask, options).map(({ outer, holes }) => {
    const flat = Array.from(outer)
    const [x, y] = outer as unknown as [number, number]
    for (const hole of holes) {
      flat.push(x, y)
      for (const coordinate of hole) flat.push(coordinate)
      flat.push(hole[0]!, hole[1]!)
    }
    return flat
  })
}

/** All rings of polygons in one list, as `maskFromRings` takes them. */
export function ringsOfPolygons(polygons: readonly Polygon[]): Float64Array[] {
  return polygons.flatMap(({ outer, holes }) => [outer, ...holes])
}

/** Upper (even) and lower (odd) sides of the runs of columns, and for each the crack that the ring goes on with. */
type Cracks = {
  readonly count: number
  readonly firstX: Int32Array
  readonly endX: Int32Array
  readonly y: Int32Array
  readonly next: Int32Array
}

function joinedCracks({ edges, heightPx }: Mask): Cracks {
  let runs = 0
  walkLines(edges, heightPx, (_first, _last, start, stop) => {
    runs += (stop - start) / 2
  })
  const count = 2 * runs
  const cracks: Cracks = {
    count,
    firstX: new Int32Array(count),
    endX: new Int32Array(count),
    y: new Int32Array(count),
    next: new Int32Array(count),
  }
  let made = 0
  let beforeStart = 0
  let beforeStop = 0
  let beforeEndX = -1
  walkLines(edges, heightPx, (firstLine, lastLine, start, stop) => {
    if (beforeEndX !== firstLine && beforeEndX >= 0) {
      joinLine(cracks, beforeStart, beforeStop, made, made)
      beforeStart = beforeStop = made
    }
    const first = made
    const lineStart = firstLine * heightPx
    for (let i = start; i < stop; i++) {
      cracks.firstX[made] = firstLine
      cracks.endX[made] = lastLine + 1
      cracks.y[made++] = clampOffset(edges[i]! - lineStart, heightPx)
    }
    joinLine(cracks, beforeStart, beforeStop, first, made)
    beforeStart = first
    beforeStop = made
    beforeEndX = lastLine + 1
  })
  joinLine(cracks, beforeStart, beforeStop, made, made)
  return cracks
}

/**
 * Joins the cracks on the line between two columns: those of the left column (i to iStop) end or begin there from the
 * left, those of the right one (j to jStop) from the right. An upper crack runs to the right, a lower one to the left.
 */
function joinLine(cracks: Cracks, i: number, iStop: number, j: number, jStop: number): void {
  const { y, next } = cracks
  /** The crack at the upper end of the piece of the line that is being swept; -1 outside of such pieces. */
  let open = -1
  // `a` arrives on the line when it is upper and left, or lower and right; `leftStop` tells the sides apart.
  const leftStop = iStop
  const join = (a: number, b: number): void => {
    const arrives = a < leftStop === (a % 2 === 0)
    if (arrives) next[a] = b
    else next[b] = a
  }
  while (i < iStop || j < jStop) {
    const yi = i < iStop ? y[i]! : NO_Y
    const yj = j < jStop ? y[j]! : NO_Y
    if (yi === yj) {
      if (open < 0) {
        // Both columns change alike: the outline goes straight on.
        join(i, j)
      } else if (i % 2 === 1) {
        // A run ends on the left where one begins on the right: each keeps to itself.
        join(open, i)
        open = j
      } else {
        join(open, j)
        open = i
      }
      i++
      j++
      continue
    }
    const crack = yi < yj ? i++ : j++
    if (open < 0) {
      open = crack
    } else {
      join(open, crack)
      open = -1
    }
  }
}

const NO_Y = 2 ** 31 - 1

function tracedRings(cracks: Cracks): { rings: Float64Array[]; ringOfCrack: Int32Array } {
  const { count, firstX, endX, y, next } = cracks
  const ringOfCrack = new Int32Array(count).fill(-1)
  const rings: Float64Array[] = []
  const corners: number[] = []
  for (let start = 0; start < count; start++) {
    if (ringOfCrack[start] !== -1) continue
    corners.length = 0
    let crack = start
    do {
      ringOfCrack[crack] = rings.length
      const following = next[crack]!
      if (y[following] !== y[crack]) {
        // The crack's end, where the outline turns; it goes along the line to the following crack's beginning.
        const x = crack % 2 === 0 ? endX[crack]! : firstX[crack]!
        corners.push(x, y[crack]!, x, y[following]!)
      }
      crack = following
    } while (crack !== start)
    rings.push(Float64Array.from(corners))
  }
  return { rings, ringOfCrack }
}
