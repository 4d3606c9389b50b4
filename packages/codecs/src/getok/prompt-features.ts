// What a box and points alone say about each pixel, as numbers for the coarse decoder (ours; coarse.ts tells how
// they are used). Lengths are fractions of the box's geometric mean side or of a cell, in a frame squashed to a square.

/** Numbers a pixel. */
export const FEATURES = 18

/** A prompt in a square frame of side 1. Points x, y, x, y, ...; at least one, all within the frame. */
export type FramePrompt = {
  readonly box: readonly [number, number, number, number]
  readonly points: Float64Array
  /** Side of a cell. */
  readonly cell: number
}

/** Lines between points that join them all with the least total length, as pairs of point numbers (Prim). */
export function spanningTree(points: Float64Array): Int32Array {
  const count = points.length >> 1
  const tree = new Int32Array(Math.max(count - 1, 0) * 2)
  const nearest = new Float64Array(count).fill(Number.POSITIVE_INFINITY)
  const from = new Int32Array(count)
  const joined = new Uint8Array(count)
  let current = 0
  for (let k = 0; k < count - 1; k++) {
    joined[current] = 1
    let next = -1
    for (let other = 0; other < count; other++) {
      if (joined[other] === 1) continue
      const dx = points[2 * other]! - points[2 * current]!
      const dy = points[2 * other + 1]! - points[2 * current + 1]!
      const distance = dx * dx + dy * dy
      if (distance < nearest[other]!) {
        nearest[other] = distance
        from[other] = current
      }
      if (next < 0 || nearest[other]! < nearest[next]!) next = other
    }
    tree[2 * k] = from[next]!
    tree[2 * k + 1] = next
    current = next
  }
  return tree
}

/** Everything about a prompt that does not depend on the pixel. */
export type PreparedPrompt = FramePrompt & {
  readonly scale: number
  /** Distance of each point to the nearest side of the box: no disc inside the box is larger. */
  readonly room: Float64Array
  /** Distance of each point to its nearest neighbour; the scale where there is none. */
  readonly spacing: Float64Array
  readonly tree: Int32Array
}

export function preparePrompt(prompt: FramePrompt): PreparedPrompt {
  const { box, points, cell } = prompt
  const count = points.length >> 1
  const scale = Math.max(Math.sqrt((box[2] - box[0]) * (box[3] - box[1])), cell)
  const room = new Float64Array(count)
  const spacing = new Float64Array(count).fill(scale)
  for (let a = 0; a < count; a++) {
    const x = points[2 * a]!
    const y = points[2 * a + 1]!
    room[a] = Math.max(Math.min(x - box[0], box[2] - x, y - box[1], box[3] - y), cell / 4)
    for (let b = 0; b < count; b++) {
      if (a === b) continue
      spacing[a] = Math.min(spacing[a]!, Math.hypot(points[2 * b]! - x, points[2 * b + 1]! - y))
    }
  }
  return { ...prompt, scale, room, spacing, tree: spanningTree(points) }
}

/** Writes the features of the pixel at (x, y) to `out` from `at` on. */
export function pixelFeatures(
  prompt: PreparedPrompt,
  x: number,
  y: number,
  out: Float32Array,
  at: number,
): void {
  const { box, points, cell, scale, room, spacing, tree } = prompt
  const count = points.length >> 1
  const u = Math.abs(2 * x - box[0] - box[2]) / (box[2] - box[0])
  const v = Math.abs(2 * y - box[1] - box[3]) / (box[3] - box[1])
  const edge = Math.min(x - box[0], box[2] - x, y - box[1], box[3] - y)
  let first = Number.POSITIVE_INFINITY
  let second = Number.POSITIVE_INFINITY
  let owner = 0
  let reach = Number.NEGATIVE_INFINITY
  let density = 0
  const blur = 1 / (2 * 0.15 * 0.15 * scale * scale)
  for (let k = 0; k < count; k++) {
    const dx = x - points[2 * k]!
    const dy = y - points[2 * k + 1]!
    const squared = dx * dx + dy * dy
    const distance = Math.sqrt(squared)
    density += Math.exp(-squared * blur)
    reach = Math.max(reach, room[k]! - distance)
    if (distance < first) {
      second = first
      first = distance
      owner = k
    } else if (distance < second) second = distance
  }
  // Nearest place on the tree, and the room there.
  let lineSquared = first * first
  let lineRoom = room[owner]!
  for (let k = 0; k < tree.length; k += 2) {
    const a = tree[k]!
    const b = tree[k + 1]!
    const ax = points[2 * a]!
    const ay = points[2 * a + 1]!
    const bx = points[2 * b]! - ax
    const by = points[2 * b + 1]! - ay
    const length = bx * bx + by * by
    const along = length === 0 ? 0 : Math.min(Math.max(((x - ax) * bx + (y - ay) * by) / length, 0), 1)
    const squared = (x - ax - along * bx) ** 2 + (y - ay - along * by) ** 2
    if (squared < lineSquared) {
      lineSquared = squared
      lineRoom = room[a]! + along * (room[b]! - room[a]!)
    }
  }
  const line = Math.sqrt(lineSquared)
  const limited = Math.min(second, 2 * scale)
  out[at] = Math.max(u, v)
  out[at + 1] = u * u + v * v
  out[at + 2] = Math.min(Math.max(edge / cell, -2), 2)
  out[at + 3] = edge / scale
  out[at + 4] = first / scale
  out[at + 5] = Math.min(first / cell, 6) / 3
  out[at + 6] = limited / scale
  out[at + 7] = reach / scale
  out[at + 8] = first / (first + spacing[owner]!)
  out[at + 9] = room[owner]! / scale
  out[at + 10] = first / (first + room[owner]!)
  out[at + 11] = line / scale
  out[at + 12] = line / (line + Math.max(lineRoom, cell / 4))
  out[at + 13] = Math.min(line / cell, 6) / 3
  out[at + 14] = Math.log(density + 1e-3) / 3
  out[at + 15] = Math.log(count) / 2
  out[at + 16] = Math.log(scale / cell) / 2
  out[at + 17] = (Math.sqrt(count) * cell) / scale
}
