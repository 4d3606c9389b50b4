// Box corners for the offset data: jittered corner words and the pair of offsets that mends them (arXiv 2512.10554,
// Algorithm 1, box branch; jitter law, threshold and ties are ours).

import type { BoxXyxyPx } from '../codec.ts'
import { boxIouXyxy } from './box.ts'
import { boxToCells, type Grid } from './grid.ts'
import { DELETE, movedX, movedY, offsetU, offsetV } from './offset.ts'
import type { Random } from './random.ts'

/** IoU that the best pair of offsets must reach, or both corners are deleted. */
export const CORNER_IOU = 0.7

/** Chance that a jittered coordinate is off by 0, 1 or 2 cells to either side. */
export const JITTER = { same: 0.5, one: 0.2, two: 0.05 } as const

function jitterStep(random: Random): number {
  const { same, one, two } = JITTER
  const drawn = random()
  if (drawn < same) return 0
  if (drawn < same + one) return -1
  if (drawn < same + 2 * one) return 1
  return drawn < same + 2 * one + two ? -2 : 2
}

/** Corner cells of a box, each coordinate jittered by up to two cells, clamped, drawn again while inside out. */
export function jitterCorners(
  grid: Grid,
  box: BoxXyxyPx,
  random: Random,
): [topLeft: number, bottomRight: number] {
  const [tl, br] = boxToCells(grid, box)
  const n = grid.cells
  const near = (index: number) => Math.min(Math.max(index + jitterStep(random), 0), n - 1)
  for (;;) {
    const left = near(tl % n)
    const top = near(Math.floor(tl / n))
    const right = near(br % n)
    const bottom = near(Math.floor(br / n))
    if (left <= right && top <= bottom) return [top * n + left, bottom * n + right]
  }
}

export type CornerLabel = {
  /** Offsets of the top left and bottom right corner; both DELETE where no pair reaches the threshold. */
  readonly offsets: readonly [topLeft: number, bottomRight: number]
  /** IoU of the best of the 81 boxes with the true one. */
  readonly iou: number
}

/**
 * The best of the 9 x 9 pairs of offsets by IoU of the moved box with the true one. Pairs that turn the box inside out
 * or flat have IoU 0. Ties go to fewer moves, then to the order of offsets (top left first).
 */
export function cornerLabel(
  grid: Grid,
  topLeft: number,
  bottomRight: number,
  truth: BoxXyxyPx,
  minimumIou: number = CORNER_IOU,
): CornerLabel {
  let best: [number, number] = [DELETE, DELETE]
  let bestIou = -1
  let bestMoves = 0
  for (let a = 0; a < DELETE; a++) {
    for (let b = 0; b < DELETE; b++) {
      const box: BoxXyxyPx = [
        movedX(grid, topLeft, a),
        movedY(grid, topLeft, a),
        movedX(grid, bottomRight, b),
        movedY(grid, bottomRight, b),
      ]
      const iou = boxIouXyxy(box, truth)
      const moves = Math.abs(offsetU(a)) + Math.abs(offsetV(a)) + Math.abs(offsetU(b)) + Math.abs(offsetV(b))
      if (iou > bestIou || (iou === bestIou && moves < bestMoves)) {
        best = [a, b]
        bestIou = iou
        bestMoves = moves
      }
    }
  }
  return { offsets: bestIou >= minimumIou ? best : [DELETE, DELETE], iou: bestIou }
}
