// The ellipse or box that overlaps a mask most: from its moments, then by a search that only ever raises the IoU. Definition: our own.
import { area, iou, type Mask, tightBox } from '@maskwords/mask'
import { type Scratch, type ShapeKind, shapeMask, type TurnedShape } from './shape.ts'

/** A shape as five numbers that a search can move one by one. Logarithms, so that a step is a share. */
export type Place = readonly [x: number, y: number, logLength: number, logWidth: number, turn: number]

export function shapeAt([x, y, logLength, logWidth, turn]: Place): TurnedShape {
  return { x, y, halfLengthPx: Math.exp(logLength), halfWidthPx: Math.exp(logWidth), turn }
}

/** IoU of the shape and the mask. */
export function overlap(kind: ShapeKind, shape: TurnedShape, mask: Mask, scratch: Scratch): number {
  return iou(shapeMask(kind, shape, scratch), mask)
}

/** The shape with the mask's centre of mass and second moments. The mask is not empty. */
export function momentShape(kind: ShapeKind, mask: Mask): TurnedShape {
  const { heightPx, edges } = mask
  const pixels = area(mask)
  let sx = 0
  let sy = 0
  let sxx = 0
  let syy = 0
  let sxy = 0
  for (let i = 0; i < edges.length; i += 2) {
    for (let at = edges[i]!; at < edges[i + 1]!; ) {
      const column = Math.floor(at / heightPx)
      const end = Math.min(edges[i + 1]!, (column + 1) * heightPx)
      const n = end - at
      const top = at - column * heightPx
      const x = column + 0.5
      // Sums of (top + 0.5) ... (top + n - 0.5) and of their squares.
      const ys = n * (top + n / 2)
      const ysq = n * (top + n / 2) ** 2 + (n * (n * n - 1)) / 12
      sx += n * x
      sy += ys
      sxx += n * x * x
      syy += ysq
      sxy += x * ys
      at = end
    }
  }
  const x = sx / pixels
  const y = sy / pixels
  // A pixel is a square, not a point: 1/12 is its own second moment.
  const xx = Math.max(0, sxx / pixels - x * x) + 1 / 12
  const yy = Math.max(0, syy / pixels - y * y) + 1 / 12
  const xy = sxy / pixels - x * y
  const middle = (xx + yy) / 2
  const spread = Math.hypot((xx - yy) / 2, xy)
  // Second moments of an ellipse are a^2 / 4, of a box a^2 / 3.
  const factor = kind === 'ellipse' ? 4 : 3
  return {
    x,
    y,
    halfLengthPx: Math.sqrt(factor * (middle + spread)),
    halfWidthPx: Math.sqrt(factor * Math.max(1 / 12, middle - spread)),
    turn: 0.5 * Math.atan2(2 * xy, xx - yy),
  }
}

/** Moves of a first round, as shares of the shape's size, and for the turn in radians; halved until they are pixels. */
const FIRST_STEP = 0.16
const ROUNDS = 5

/** The best shape that the search finds; from the moments and from the tight box, whichever ends higher. */
export function bestShape(
  kind: ShapeKind,
  mask: Mask,
  scratch: Scratch,
): { shape: TurnedShape; iou: number } {
  const box = tightBox(mask)
  const inBox: TurnedShape = {
    x: box.x + box.width / 2,
    y: box.y + box.height / 2,
    halfLengthPx: box.width / 2,
    halfWidthPx: box.height / 2,
    turn: 0,
  }
  const fromMoments = climb(kind, momentShape(kind, mask), mask, scratch)
  const fromBox = climb(kind, inBox, mask, scratch)
  return fromBox.iou > fromMoments.iou ? fromBox : fromMoments
}

function climb(kind: ShapeKind, start: TurnedShape, mask: Mask, scratch: Scratch) {
  const place = [start.x, start.y, Math.log(start.halfLengthPx), Math.log(start.halfWidthPx), start.turn]
  const at = () => shapeAt(place as unknown as Place)
  let best = overlap(kind, at(), mask, scratch)
  let step = FIRST_STEP
  for (let round = 0; round < ROUNDS; round++, step /= 2) {
    for (let moved = true; moved; ) {
      moved = false
      const sizePx = Math.exp((place[2]! + place[3]!) / 2)
      for (let i = 0; i < 5; i++) {
        const by = i < 2 ? step * sizePx : step
        for (const sign of [1, -1]) {
          const before = place[i]!
          place[i] = before + sign * by
          const value = overlap(kind, at(), mask, scratch)
          // A gain that rounding could undo is none: the search must end.
          if (value > best + 1e-9) {
            best = value
            moved = true
            break
          }
          place[i] = before
        }
      }
    }
  }
  return { shape: at(), iou: best }
}
