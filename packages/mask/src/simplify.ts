// Simplification of closed rings by Ramer-Douglas-Peucker (Ramer 1972, Douglas and Peucker 1973).

/**
 * The ring with as few of its vertices as keep every vertex within `tolerancePx` of the new outline (x0, y0, x1, y1,
 * ... in pixels). The ring is split at its first vertex and the one farthest from it, and each half is simplified; a
 * ring that collapses to fewer than three vertices comes back with those.
 */
export function simplifiedRing(ring: Float64Array, tolerancePx: number): Float64Array {
  const n = ring.length / 2
  if (n < 3) return ring
  let far = 0
  let farthest = -1
  for (let i = 0; i < n; i++) {
    const distance = (ring[2 * i]! - ring[0]!) ** 2 + (ring[2 * i + 1]! - ring[1]!) ** 2
    if (distance > farthest) {
      farthest = distance
      far = i
    }
  }
  const keep = new Uint8Array(n + 1)
  keep[0] = keep[far] = keep[n] = 1
  const limit = tolerancePx * tolerancePx
  const stack = [0, far, far, n]
  while (stack.length > 0) {
    const last = stack.pop()!
    const first = stack.pop()!
    // Of equally far vertices the one nearest to the middle: the teeth of a comb must not come off one at a time.
    const middle = (first + last) / 2
    let worst = limit
    let split = -1
    for (let i = first + 1; i < last; i++) {
      const distance = squaredDistanceToSegment(ring, i, first, last % n)
      if (distance > worst || (distance === worst && split >= 0 && i <= middle)) {
        worst = distance
        split = i
      }
    }
    if (split >= 0) {
      keep[split] = 1
      stack.push(first, split, split, last)
    }
  }
  const kept: number[] = []
  for (let i = 0; i < n; i++) if (keep[i]) kept.push(ring[2 * i]!, ring[2 * i + 1]!)
  return Float64Array.from(kept)
}

function squaredDistanceToSegment(ring: Float64Array, point: number, from: number, to: number): number {
  const ax = ring[2 * from]!
  const ay = ring[2 * from + 1]!
  const bx = ring[2 * to]! - ax
  const by = ring[2 * to + 1]! - ay
  const px = ring[2 * point]! - ax
  const py = ring[2 * point + 1]! - ay
  const length = bx * bx + by * by
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, (px * bx + py * by) / length))
  return (px - along * bx) ** 2 + (py - along * by) ** 2
}
