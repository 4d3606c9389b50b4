// A brush stroke as runs: the pixels whose centres are within the brush's radius of the pointer's path.
//
// Strokes live transposed (row y of the picture is column y of the mask value), because then the rows that are drawn
// are the runs themselves, and a segment is joined to the region by one merge of runs.
import { type Mask, maskFromEdges, subtract, transpose, union } from '@maskwords/mask'
import { type Rows, rowsOfTransposed } from './rows.ts'

export type Point = { readonly x: number; readonly y: number }

/**
 * The transposed mask of a capsule: pixels (x, y) of a widthPx x heightPx picture whose centre (x + 0.5, y + 0.5) is
 * within `radiusPx` of the line from `from` to `to`. A radius below half a pixel still sets the pixel under the pointer.
 */
export function capsule(options: {
  readonly widthPx: number
  readonly heightPx: number
  readonly from: Point
  readonly to: Point
  readonly radiusPx: number
}): Mask {
  const { widthPx, heightPx, from, to } = options
  const radius = Math.max(options.radiusPx, Math.SQRT1_2)
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius - 1))
  const foot = Math.min(heightPx, Math.ceil(Math.max(from.y, to.y) + radius + 1))
  const edges = new Uint32Array(2 * Math.max(0, foot - top))
  const dx = to.x - from.x
  const dy = to.y - from.y
  const length = Math.hypot(dx, dy)
  let n = 0
  for (let y = top; y < foot; y++) {
    const centre = y + 0.5
    let left = Number.POSITIVE_INFINITY
    let right = Number.NEGATIVE_INFINITY
    const end = (p: Point) => {
      const square = radius * radius - (centre - p.y) ** 2
      if (square < 0) return
      left = Math.min(left, p.x - Math.sqrt(square))
      right = Math.max(right, p.x + Math.sqrt(square))
    }
    end(from)
    end(to)
    if (length > 0) {
      // Between the ends: points whose foot on the line lies on the segment, no further from it than the radius.
      const across = between(dy, (centre - from.y) * dx, radius * length)
      const along = between(dx, -(centre - from.y) * dy + (length * length) / 2, (length * length) / 2)
      const a = Math.max(across[0], along[0])
      const b = Math.min(across[1], along[1])
      if (a <= b) {
        left = Math.min(left, from.x + a)
        right = Math.max(right, from.x + b)
      }
    }
    const first = Math.max(0, Math.ceil(left - 0.5))
    const last = Math.min(widthPx - 1, Math.floor(right - 0.5))
    if (first > last) continue
    const start = y * widthPx + first
    // Runs never touch: full rows join.
    if (n > 0 && edges[n - 1] === start) edges[n - 1] = y * widthPx + last + 1
    else {
      edges[n++] = start
      edges[n++] = y * widthPx + last + 1
    }
  }
  return maskFromEdges(heightPx, widthPx, edges.slice(0, n))
}

/** The u with |u * factor - middle| <= reach, as [least, most]; nothing as an empty interval. */
function between(factor: number, middle: number, reach: number): [number, number] {
  if (factor === 0) {
    return Math.abs(middle) <= reach
      ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  }
  const a = (middle - reach) / factor
  const b = (middle + reach) / factor
  return a < b ? [a, b] : [b, a]
}

/** A stroke under way: what the region is by now. */
export class Stroke {
  #transposed: Mask
  #last: Point
  readonly #radiusPx: number
  readonly #erase: boolean

  constructor(options: { mask: Mask; radiusPx: number; erase: boolean; at: Point }) {
    this.#transposed = transpose(options.mask)
    this.#radiusPx = options.radiusPx
    this.#erase = options.erase
    this.#last = options.at
    this.moveTo(options.at)
  }

  /** Draws on to a point of the picture; returns the rows' box [left, top, right, bottom] that may have changed. */
  moveTo(to: Point): [number, number, number, number] {
    const from = this.#last
    const part = capsule({
      widthPx: this.#transposed.heightPx,
      heightPx: this.#transposed.widthPx,
      from,
      to,
      radiusPx: this.#radiusPx,
    })
    this.#transposed = this.#erase ? subtract(this.#transposed, part) : union(this.#transposed, part)
    this.#last = to
    const reach = this.#radiusPx + 2
    return [
      Math.min(from.x, to.x) - reach,
      Math.min(from.y, to.y) - reach,
      Math.max(from.x, to.x) + reach,
      Math.max(from.y, to.y) + reach,
    ]
  }

  rows(): Rows {
    return rowsOfTransposed(this.#transposed)
  }

  mask(): Mask {
    return transpose(this.#transposed)
  }
}
