// Boxes and ellipses in a few bits: five numbers on grids, and the grid point whose shape overlaps the mask most. Definition: our own.
import type { Mask } from '@maskwords/mask'
import { bestShape, momentShape, overlap } from './fit.ts'
import type { Scratch, ShapeKind, TurnedShape } from './shape.ts'

/** Bits of each number of a shape; their sum is what a mask costs. */
export type BitSplit = {
  readonly x: number
  readonly y: number
  /** Root of the product of the half axes, on a logarithmic scale. */
  readonly size: number
  /** Longer by shorter half axis, on a logarithmic scale. */
  readonly aspect: number
  /** The turn, over half a circle. */
  readonly turn: number
}

export function bitsOf({ x, y, size, aspect, turn }: BitSplit): number {
  return x + y + size + aspect + turn
}

/** Sizes as shares of the root of the picture's area: what regions of 1 % to 100 % of a picture need. */
const SMALLEST_SIZE = 0.05
const LARGEST_SIZE = 0.7
/** Regions longer than this are rare, and their overlap with an ellipse is poor at any aspect. */
const LARGEST_ASPECT = 8

type Grid = { readonly counts: readonly number[]; readonly widthPx: number; readonly heightPx: number }

/** The shape at a grid point. Values stand at the middle of their cells, so that no bit is spent on an end. */
function shapeOf(at: readonly number[], { counts, widthPx, heightPx }: Grid): TurnedShape {
  const share = (i: number) => (at[i]! + 0.5) / counts[i]!
  const size = SMALLEST_SIZE * (LARGEST_SIZE / SMALLEST_SIZE) ** share(2) * Math.sqrt(widthPx * heightPx)
  const aspect = LARGEST_ASPECT ** share(3)
  return {
    x: share(0) * widthPx,
    y: share(1) * heightPx,
    halfLengthPx: size * Math.sqrt(aspect),
    halfWidthPx: size / Math.sqrt(aspect),
    turn: (at[4]! / counts[4]!) * Math.PI,
  }
}

function nearestPoint(shape: TurnedShape, { counts, widthPx, heightPx }: Grid): number[] {
  const long = Math.max(shape.halfLengthPx, shape.halfWidthPx)
  const short = Math.min(shape.halfLengthPx, shape.halfWidthPx)
  const turn = shape.halfLengthPx >= shape.halfWidthPx ? shape.turn : shape.turn + Math.PI / 2
  const size = Math.sqrt(long * short) / Math.sqrt(widthPx * heightPx)
  const cell = (share: number, i: number) =>
    Math.max(0, Math.min(counts[i]! - 1, Math.floor(share * counts[i]!)))
  const turns = counts[4]!
  return [
    cell(shape.x / widthPx, 0),
    cell(shape.y / heightPx, 1),
    cell(Math.log(size / SMALLEST_SIZE) / Math.log(LARGEST_SIZE / SMALLEST_SIZE), 2),
    cell(Math.log(long / short) / Math.log(LARGEST_ASPECT), 3),
    ((Math.round((turn / Math.PI) * turns) % turns) + turns) % turns,
  ]
}

/** The moves that the search tries: one number by one step, and two numbers by one step each. */
const MOVES: readonly (readonly number[])[] = (() => {
  const moves: number[][] = []
  for (let i = 0; i < 5; i++) {
    for (const a of [1, -1]) {
      moves.push([0, 1, 2, 3, 4].map((k) => (k === i ? a : 0)))
      for (let j = i + 1; j < 5; j++) {
        for (const b of [1, -1]) moves.push([0, 1, 2, 3, 4].map((k) => (k === i ? a : k === j ? b : 0)))
      }
    }
  }
  return moves
})()

/**
 * The shape of `split` bits that overlaps the mask most, as far as a search finds it: the grid points nearest to the
 * exact best shape and to the moments, improved by moves of one or two numbers until none helps. This is the encoder's
 * best rounding: plain rounding of the exact shape loses several points of IoU at 16 bits.
 */
export function quantisedShape(
  kind: ShapeKind,
  mask: Mask,
  split: BitSplit,
  scratch: Scratch,
  exact: TurnedShape = bestShape(kind, mask, scratch).shape,
): { readonly shape: TurnedShape; readonly rounded: number; readonly iou: number } {
  const counts = [split.x, split.y, split.size, split.aspect, split.turn].map((bits) => 2 ** bits)
  const grid: Grid = { counts, widthPx: mask.widthPx, heightPx: mask.heightPx }
  const value = (at: readonly number[]) => overlap(kind, shapeOf(at, grid), mask, scratch)
  let best: { at: number[]; iou: number } | undefined
  let rounded = 0
  for (const start of [exact, momentShape(kind, mask)]) {
    let at = nearestPoint(start, grid)
    let iou = value(at)
    if (start === exact) rounded = iou
    for (let moved = true; moved; ) {
      moved = false
      let next: number[] | undefined
      for (const move of MOVES) {
        const to = at.map((v, i) => v + move[i]!)
        to[4] = (to[4]! + counts[4]!) % counts[4]!
        if (to.some((v, i) => v < 0 || v >= counts[i]!)) continue
        const there = value(to)
        if (there <= iou + 1e-9) continue
        iou = there
        next = to
      }
      if (next !== undefined) {
        at = next
        moved = true
      }
    }
    if (best === undefined || iou > best.iou) best = { at, iou }
  }
  return { shape: shapeOf(best!.at, grid), rounded, iou: best!.iou }
}

/** Bits of the plain ellipse: centre, half axes, turn. */
const PLAIN_BITS = { x: 4, y: 4, long: 3, short: 3, turn: 2 }

/**
 * The shape in 16 bits by plain rounding: each number to the middle of its cell, half axes linearly up to half the
 * picture's longer side. What a careless encoder would do; a fair comparison is `quantisedShape`.
 */
export function plainRounding(
  shape: TurnedShape,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): TurnedShape {
  const half = Math.max(widthPx, heightPx) / 2
  return {
    x: cellMiddle(shape.x, widthPx, PLAIN_BITS.x),
    y: cellMiddle(shape.y, heightPx, PLAIN_BITS.y),
    halfLengthPx: cellMiddle(shape.halfLengthPx, half, PLAIN_BITS.long),
    halfWidthPx: cellMiddle(shape.halfWidthPx, half, PLAIN_BITS.short),
    turn: cellMiddle(((shape.turn % Math.PI) + Math.PI) % Math.PI, Math.PI, PLAIN_BITS.turn),
  }
}

function cellMiddle(value: number, range: number, bits: number): number {
  const cells = 2 ** bits
  return ((Math.max(0, Math.min(cells - 1, Math.floor((value / range) * cells))) + 0.5) / cells) * range
}
