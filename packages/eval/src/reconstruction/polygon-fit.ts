// A mask as one polygon of k vertices: the outline of its largest part, from which the vertex whose triangle is smallest
// goes first (Visvalingam and Whyatt 1993), on a grid stretched over the picture.
import { contoursFromMask, type Mask, maskFromRings } from '@maskwords/mask'

/** Points a side of the vertices' grid: 8 bits a coordinate, as fine as HiMTok's canvas. */
export const POLYGON_GRID = 256

/** Outlines are thinned to this before vertices are counted: corners of single pixels say nothing at 3 to 32 vertices. */
const OUTLINE_TOLERANCE_PX = 1

/** Bits of a polygon of k vertices: 2 k log2(POLYGON_GRID). */
export function polygonBits(vertices: number): number {
  return 2 * vertices * Math.log2(POLYGON_GRID)
}

/** The polygon of each number of vertices as a mask; empty where the mask has no outline. Counts are at least 3. */
export function polygonMasks(mask: Mask, vertexCounts: readonly number[]): Mask[] {
  const { widthPx, heightPx } = mask
  const thinned = contoursFromMask(mask, { tolerancePx: OUTLINE_TOLERANCE_PX })
  const polygons = thinned.length > 0 ? thinned : contoursFromMask(mask)
  let ring: Float64Array = new Float64Array(0)
  for (const { outer } of polygons) if (Math.abs(ringArea(outer)) > Math.abs(ringArea(ring))) ring = outer
  const removal = removalOrder(ring)
  return vertexCounts.map((vertices) => {
    const kept: number[] = []
    for (let i = 0; i < ring.length / 2; i++) {
      if (removal[i]! > vertices) continue
      kept.push(onGrid(ring[2 * i]!, widthPx), onGrid(ring[2 * i + 1]!, heightPx))
    }
    return maskFromRings({ widthPx, heightPx, rings: kept.length < 6 ? [] : [kept] })
  })
}

function onGrid(valuePx: number, sidePx: number): number {
  return (Math.round((valuePx / sidePx) * (POLYGON_GRID - 1)) / (POLYGON_GRID - 1)) * sidePx
}

/** For each vertex the number of vertices that the ring had when it was taken out: it belongs to polygons of more. */
function removalOrder(ring: Float64Array): Int32Array {
  const n = ring.length / 2
  const left = Int32Array.from({ length: n }, (_, i) => (i + n - 1) % n)
  const right = Int32Array.from({ length: n }, (_, i) => (i + 1) % n)
  const removed = new Int32Array(n)
  const cost = Float64Array.from({ length: n }, (_, i) => triangle(ring, left[i]!, i, right[i]!))
  for (let count = n; count > 3; count--) {
    let cheapest = -1
    for (let i = 0; i < n; i++) {
      if (removed[i] === 0 && (cheapest < 0 || cost[i]! < cost[cheapest]!)) cheapest = i
    }
    removed[cheapest] = count
    const [before, after] = [left[cheapest]!, right[cheapest]!]
    right[before] = after
    left[after] = before
    // A neighbour never becomes cheaper than what was taken: else a long smooth curve would go at once.
    for (const i of [before, after]) {
      cost[i] = Math.max(cost[cheapest]!, triangle(ring, left[i]!, i, right[i]!))
    }
  }
  return removed
}

function triangle(ring: Float64Array, a: number, b: number, c: number): number {
  const [ax, ay] = [ring[2 * a]!, ring[2 * a + 1]!]
  return Math.abs(
    (ring[2 * b]! - ax) * (ring[2 * c + 1]! - ay) - (ring[2 * c]! - ax) * (ring[2 * b + 1]! - ay),
  )
}

function ringArea(ring: Float64Array): number {
  let twice = 0
  const n = ring.length / 2
  for (let i = 0; i < n; i++) {
    const j = (i + 1) % n
    twice += ring[2 * i]! * ring[2 * j + 1]! - ring[2 * j]! * ring[2 * i + 1]!
  }
  return twice / 2
}
