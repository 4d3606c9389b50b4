// Ellipses and turned boxes as masks, fast enough to be searched: one run of pixels a column. Definition: our own; a pixel
// is in where its centre is in the shape.
import type { Mask } from '@maskwords/mask'

/** Centre, half axes and turn. The turn is the angle from the x axis (right) towards the y axis (down), in radians. */
export type TurnedShape = {
  readonly x: number
  readonly y: number
  readonly halfLengthPx: number
  readonly halfWidthPx: number
  readonly turn: number
}

export type ShapeKind = 'ellipse' | 'box'

/** Room for the edges of one shape in a picture: reused from candidate to candidate. */
export type Scratch = { readonly widthPx: number; readonly heightPx: number; readonly edges: Uint32Array }

export function scratchFor(size: { readonly widthPx: number; readonly heightPx: number }): Scratch {
  return { widthPx: size.widthPx, heightPx: size.heightPx, edges: new Uint32Array(2 * size.widthPx) }
}

/** Half axes below half a pixel would make shapes without a centre in them. */
const SMALLEST_HALF_PX = 0.5

/** The shape's mask, cut off at the picture. Its edges live in `scratch` until the next call: copy them to keep them. */
export function shapeMask(kind: ShapeKind, shape: TurnedShape, scratch: Scratch): Mask {
  const { x, y, turn } = shape
  const { widthPx, heightPx, edges } = scratch
  const a = Math.max(SMALLEST_HALF_PX, shape.halfLengthPx)
  const b = Math.max(SMALLEST_HALF_PX, shape.halfWidthPx)
  const cos = Math.cos(turn)
  const sin = Math.sin(turn)
  const reach = kind === 'ellipse' ? Math.hypot(a * cos, b * sin) : a * Math.abs(cos) + b * Math.abs(sin)
  const first = Math.max(0, Math.ceil(x - reach - 0.5))
  const last = Math.min(widthPx - 1, Math.floor(x + reach - 0.5))
  // The ellipse is A dx^2 + 2 B dx dy + C dy^2 <= 1.
  const A = (cos / a) ** 2 + (sin / b) ** 2
  const B = cos * sin * (1 / (a * a) - 1 / (b * b))
  const C = (sin / a) ** 2 + (cos / b) ** 2
  let n = 0
  for (let column = first; column <= last; column++) {
    const dx = column + 0.5 - x
    let low: number
    let high: number
    if (kind === 'ellipse') {
      const root = B * B * dx * dx - C * (A * dx * dx - 1)
      if (root < 0) continue
      const half = Math.sqrt(root) / C
      low = (-B * dx) / C - half
      high = (-B * dx) / C + half
    } else {
      // |dx cos + dy sin| <= a and |dy cos - dx sin| <= b, each a range of dy.
      low = Number.NEGATIVE_INFINITY
      high = Number.POSITIVE_INFINITY
      if (Math.abs(sin) > 1e-9) {
        const middle = (-dx * cos) / sin
        const half = a / Math.abs(sin)
        low = middle - half
        high = middle + half
      }
      if (Math.abs(cos) > 1e-9) {
        const middle = (dx * sin) / cos
        const half = b / Math.abs(cos)
        low = Math.max(low, middle - half)
        high = Math.min(high, middle + half)
      }
    }
    const top = Math.max(0, Math.ceil(y + low - 0.5))
    const foot = Math.min(heightPx, Math.floor(y + high - 0.5) + 1)
    if (foot <= top) continue
    const start = column * heightPx + top
    // Runs that touch across the foot of a column are one run.
    if (n > 0 && edges[n - 1] === start) edges[n - 1] = column * heightPx + foot
    else {
      edges[n] = start
      edges[n + 1] = column * heightPx + foot
      n += 2
    }
  }
  return { widthPx, heightPx, edges: edges.subarray(0, n) }
}

/** A mask of its own: edges that no later candidate writes over. */
export function keptMask(mask: Mask): Mask {
  return { ...mask, edges: mask.edges.slice() }
}
