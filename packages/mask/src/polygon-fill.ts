// Parity fill of polygons, column by column, by either of two rules for where an edge crosses a column of pixels.
//
// An edge crosses a column at one height or not at all, and which columns it crosses is known before any height is. So
// the crossings of every column get their place by counting, and only the few of one column are sorted. What of an edge
// lies above or below the picture, however long, is two entries in a list of changes.
//
// COCO's rule (maskApi.c: rleFrPoly), restated: a vertex is taken to the lattice of fifths of a pixel by
// trunc(5 c + 0.5). An edge is sampled at every lattice step of its longer side, its other coordinate rounded by
// trunc(c + 0.5). Where it passes between u = 5 x + 2 and 5 x + 3 it crosses column x, at the height
// ceil((v + 0.5) / 5 - 0.5) brought into 0..heightPx, v being the smaller one of the two samples. A crossing at the
// foot of a column is one at the head of the next.

import { MaskError } from './error.ts'

/** Coordinates x0, y0, x1, y1, ... of one closed ring, in pixels; the last vertex joins the first. */
export type FlatRing = ArrayLike<number>

/** How many crossings a call may still make, and how many it could make in all. */
export type CrossingBudget = { left: number; readonly of: number }

/** A rule for where edges cross columns. Ring coordinates are in pixels, all others in the rule's own unit. */
export type CrossingRule = {
  /** The vertex in the rule's unit. */
  readonly unit: (coordinatePx: number) => number
  /** An edge from u0 to u1 > u0 crosses the columns column(u0) <= x < column(u1). */
  readonly column: (u: number) => number
  /** Heights of edges that stay at or above this are 0. */
  readonly head: number
  /** Heights of edges that stay at or below this are heightPx. */
  readonly foot: (heightPx: number) => number
  /** Writes where the edge crosses the columns from <= x < to into heights[next[x]++]. */
  readonly cross: (
    ax: number,
    ay: number,
    bx: number,
    by: number,
    from: number,
    to: number,
    heightPx: number,
    next: Int32Array,
    heights: Uint32Array,
  ) => void
}

export const COCO_RULE: CrossingRule = {
  unit: (c) => Math.trunc(5 * c + 0.5),
  column: (u) => Math.ceil((u - 2) / 5),
  head: 2,
  foot: (heightPx) => 5 * heightPx - 2,
  cross: crossCoco,
}

/** A pixel is in where its centre is; a centre on a left or upper border is in. */
export const CENTRE_RULE: CrossingRule = {
  unit: (c) => c,
  column: (u) => Math.ceil(u - 0.5),
  head: 0.5,
  foot: (heightPx) => heightPx,
  cross: crossCentre,
}

/** Crossings held at a time; columns are filled in batches of at most this many, or one column. */
const BATCH_CROSSINGS = 2 ** 22

// Scratch shared by all calls: they do not nest, and each clears what it uses before it does.
let heights = new Uint32Array(1024)
let next = new Int32Array(1024)
let probe = new Int32Array(1024)
let headChanges = new Int32Array(1024)
let footChanges = new Int32Array(1024)
const KEPT_HEIGHTS = 2 ** 18

/** Runs of the pixels that an odd number of crossings of all rings precedes. Takes its crossings from the budget. */
export function parityEdges(
  widthPx: number,
  heightPx: number,
  rings: readonly FlatRing[],
  rule: CrossingRule,
  budget: CrossingBudget,
): Uint32Array {
  if (widthPx === 0 || heightPx === 0) return new Uint32Array(0)
  const edges = edgesOf(rings, rule, widthPx)
  const { firstColumn, lastColumn } = edges
  if (firstColumn >= lastColumn) return new Uint32Array(0)
  if (next.length < lastColumn + 2) {
    next = new Int32Array(lastColumn + 2)
    probe = new Int32Array(lastColumn + 2)
    headChanges = new Int32Array(lastColumn + 2)
    footChanges = new Int32Array(lastColumn + 2)
  }
  const crossings = countCrossings(edges, rule, heightPx)
  if (crossings > budget.left) {
    throw new MaskError(
      'too-large',
      `these outlines cross more than ${budget.of} columns of pixels in all: too long for a polygon of a picture`,
    )
  }
  budget.left -= crossings

  const ends: number[] = []
  let headParity = 0
  let footParity = 0
  let from = firstColumn
  while (from < lastColumn) {
    // next[x] holds the number of crossings of column x, and from here on where its next one goes.
    let batch = 0
    let to = from
    while (to < lastColumn && (to === from || batch + next[to]! <= BATCH_CROSSINGS)) {
      const count = next[to]!
      next[to++] = batch
      batch += count
    }
    if (heights.length < batch) heights = new Uint32Array(Math.max(batch, heights.length * 2))
    crossColumns(edges, rule, heightPx, from, to)
    let start = 0
    for (let x = from; x < to; x++) {
      headParity ^= headChanges[x]! & 1
      footParity ^= footChanges[x]! & 1
      const stop = next[x]!
      sortRange(heights, start, stop)
      const columnStart = x * heightPx
      if (headParity) toggle(ends, columnStart)
      for (let i = start; i < stop; i++) toggle(ends, columnStart + heights[i]!)
      if (footParity) toggle(ends, columnStart + heightPx)
      start = stop
    }
    from = to
  }
  if (heights.length > KEPT_HEIGHTS) heights = new Uint32Array(1024)
  const pixels = widthPx * heightPx
  if (ends.length % 2 === 1) toggle(ends, pixels)
  return new Uint32Array(ends)
}

/** All edges of all rings: edge k goes from vertex k to vertex k + 1, in the rule's unit. */
type Edges = {
  /** x, y of each vertex; every ring's first one comes again at its end. */
  readonly vertices: Float64Array
  /** The rule's column of each vertex, brought into the picture. */
  readonly columns: Int32Array
  /** 1 where a vertex is the last of its ring, so that no edge begins there. */
  readonly lastOfRing: Uint8Array
  /** The columns from[k] <= x < to[k] that edge k is crossed with; none until they are counted. */
  readonly from: Int32Array
  readonly to: Int32Array
  /** The least and the greatest of `columns`. */
  readonly firstColumn: number
  readonly lastColumn: number
}

function edgesOf(rings: readonly FlatRing[], rule: CrossingRule, widthPx: number): Edges {
  let count = 0
  for (const ring of rings) if (ring.length > 0) count += ring.length / 2 + 1
  const vertices = new Float64Array(2 * count)
  const columns = new Int32Array(count)
  const lastOfRing = new Uint8Array(count)
  let firstColumn = widthPx
  let lastColumn = 0
  let v = 0
  for (const ring of rings) {
    const n = ring.length
    if (n === 0) continue
    for (let i = 0; i <= n; i += 2) {
      const x = rule.unit(ring[i === n ? 0 : i]!)
      vertices[2 * v] = x
      vertices[2 * v + 1] = rule.unit(ring[i === n ? 1 : i + 1]!)
      const column = Math.max(0, Math.min(widthPx, rule.column(x)))
      columns[v++] = column
      if (column < firstColumn) firstColumn = column
      if (column > lastColumn) lastColumn = column
    }
    lastOfRing[v - 1] = 1
  }
  const from = new Int32Array(count)
  const to = new Int32Array(count)
  return { vertices, columns, lastOfRing, from, to, firstColumn, lastColumn }
}

/** Adds a change at `position`; a second one at the same place takes back the first. */
function toggle(ends: number[], position: number): void {
  if (ends.length > 0 && ends[ends.length - 1] === position) ends.pop()
  else ends.push(position)
}

/**
 * Counts crossings into next[x], keeps for each edge the columns that it really has to be crossed with, and notes what
 * lies above or below the picture in headChanges and footChanges. Returns the number of crossings.
 */
function countCrossings(edges: Edges, rule: CrossingRule, heightPx: number): number {
  const { vertices, columns, from, to, firstColumn, lastColumn } = edges
  next.fill(0, firstColumn, lastColumn + 1)
  headChanges.fill(0, firstColumn, lastColumn + 1)
  footChanges.fill(0, firstColumn, lastColumn + 1)
  const { head } = rule
  const foot = rule.foot(heightPx)
  let total = 0
  for (let k = 0; k < columns.length - 1; k++) {
    // The step from one ring's end to the next ring's start is no edge.
    if (columns[k] === columns[k + 1] || edges.lastOfRing[k] === 1) continue
    let left = Math.min(columns[k]!, columns[k + 1]!)
    let right = Math.max(columns[k]!, columns[k + 1]!)
    const y0 = vertices[2 * k + 1]!
    const y1 = vertices[2 * k + 3]!
    if (y0 <= head && y1 <= head) {
      change(headChanges, left, right)
      continue
    }
    if (y0 >= foot && y1 >= foot) {
      change(footChanges, left, right)
      continue
    }
    if (right - left > WIDE_EDGE && (Math.min(y0, y1) <= head || Math.max(y0, y1) >= foot)) {
      // Heights rise or fall along the edge: those at its two ends that lie outside are parted off by bisection.
      const first = heightAt(edges, rule, heightPx, k, left)
      const last = heightAt(edges, rule, heightPx, k, right - 1)
      if (first === 0 || first === heightPx) {
        const start = left
        left = firstOther(edges, rule, heightPx, k, left, right, first)
        change(first === 0 ? headChanges : footChanges, start, left)
      }
      if (left < right && (last === 0 || last === heightPx)) {
        const stop = right
        right = firstEqual(edges, rule, heightPx, k, left, right, last)
        change(last === 0 ? headChanges : footChanges, right, stop)
      }
    }
    from[k] = left
    to[k] = right
    next[left]!++
    next[right]!--
    total += right - left
  }
  let open = 0
  for (let x = firstColumn; x < lastColumn; x++) next[x] = open += next[x]!
  return total
}

/** Edges over more columns than this are looked at for parts outside the picture. */
const WIDE_EDGE = 64

function change(changes: Int32Array, left: number, right: number): void {
  changes[left]!++
  changes[right]!++
}

/** First column from left on whose height is not `height`, which the left one has. */
function firstOther(
  edges: Edges,
  rule: CrossingRule,
  heightPx: number,
  k: number,
  left: number,
  right: number,
  height: number,
): number {
  let low = left
  let high = right
  while (low < high) {
    const middle = (low + high) >> 1
    if (heightAt(edges, rule, heightPx, k, middle) === height) low = middle + 1
    else high = middle
  }
  return low
}

/** First column from left on whose height is `height`, which the one before right has. */
function firstEqual(
  edges: Edges,
  rule: CrossingRule,
  heightPx: number,
  k: number,
  left: number,
  right: number,
  height: number,
): number {
  let low = left
  let high = right - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (heightAt(edges, rule, heightPx, k, middle) === height) high = middle
    else low = middle + 1
  }
  return low
}

const probedHeight = new Uint32Array(1)

function heightAt({ vertices }: Edges, rule: CrossingRule, heightPx: number, k: number, x: number): number {
  probe[x] = 0
  rule.cross(
    vertices[2 * k]!,
    vertices[2 * k + 1]!,
    vertices[2 * k + 2]!,
    vertices[2 * k + 3]!,
    x,
    x + 1,
    heightPx,
    probe,
    probedHeight,
  )
  return probedHeight[0]!
}

function crossColumns(
  { vertices, columns, from, to }: Edges,
  rule: CrossingRule,
  heightPx: number,
  firstColumn: number,
  endColumn: number,
): void {
  for (let k = 0; k < columns.length - 1; k++) {
    const left = Math.max(firstColumn, from[k]!)
    const right = Math.min(endColumn, to[k]!)
    if (left >= right) continue
    rule.cross(
      vertices[2 * k]!,
      vertices[2 * k + 1]!,
      vertices[2 * k + 2]!,
      vertices[2 * k + 3]!,
      left,
      right,
      heightPx,
      next,
      heights,
    )
  }
}

function crossCoco(
  ax: number,
  ay: number,
  bx: number,
  by: number,
  from: number,
  to: number,
  heightPx: number,
  next: Int32Array,
  heights: Uint32Array,
): void {
  const dx = Math.abs(bx - ax)
  const dy = Math.abs(by - ay)
  // The samples run from the left, or for steep edges from the top, whatever the edge's direction.
  const flip = dx >= dy ? ax > bx : ay > by
  const xs = flip ? bx : ax
  const ys = flip ? by : ay
  const xe = flip ? ax : bx
  const ye = flip ? ay : by
  if (dx >= dy) {
    const slope = (ye - ys) / dx
    // The sample with the smaller v: the one before the border between the lattice columns, or the one after it.
    const first = slope < 0 ? 3 - xs : 2 - xs
    for (let x = from; x < to; x++) {
      const v = (ys + slope * (5 * x + first) + 0.5) | 0
      heights[next[x]!++] = heightOf(v, heightPx)
    }
    return
  }
  const slope = (xe - xs) / dy
  for (let x = from; x < to; x++) {
    // The first sample t beyond the border, estimated and then settled with the sampling's own arithmetic.
    const border = 5 * x + 3
    let t = Math.max(1, Math.min(dy, Math.ceil((border - 0.5 - xs) / slope)))
    if (slope > 0) {
      while (t > 1 && xs + slope * (t - 1) + 0.5 >= border) t--
      while (t < dy && xs + slope * t + 0.5 < border) t++
    } else {
      while (t > 1 && xs + slope * (t - 1) + 0.5 < border) t--
      while (t < dy && xs + slope * t + 0.5 >= border) t++
    }
    heights[next[x]!++] = heightOf(ys + t - 1, heightPx)
  }
}

/** ceil((v + 0.5) / 5 - 0.5) within 0..heightPx, for whole v. */
function heightOf(v: number, heightPx: number): number {
  if (v <= 2) return 0
  return Math.min(heightPx, ((v + 2) / 5) | 0)
}

function crossCentre(
  ax: number,
  ay: number,
  bx: number,
  by: number,
  from: number,
  to: number,
  heightPx: number,
  next: Int32Array,
  heights: Uint32Array,
): void {
  // Always from left to right, so that an edge shared by two rings gives both the same heights.
  const flip = ax > bx
  const xs = flip ? bx : ax
  const ys = flip ? by : ay
  const width = flip ? ax - bx : bx - ax
  const rise = flip ? ay - by : by - ay
  for (let x = from; x < to; x++) {
    const y = Math.ceil(ys + (rise * (x + 0.5 - xs)) / width - 0.5)
    heights[next[x]!++] = Math.max(0, Math.min(heightPx, y))
  }
}

/** Sorts values[start] to values[stop]: mostly two numbers, rarely more than a dozen. */
function sortRange(values: Uint32Array, start: number, stop: number): void {
  if (stop - start > 24) {
    values.subarray(start, stop).sort()
    return
  }
  for (let i = start + 1; i < stop; i++) {
    const value = values[i]!
    let j = i
    while (j > start && values[j - 1]! > value) {
      values[j] = values[j - 1]!
      j--
    }
    values[j] = value
  }
}
