// Which offsets of a cell land in a mask, and which of them is its label (arXiv 2512.10554, Algorithm 1, Eqs. 3-5; the
// choice among several landing places is ours).

import type { Mask } from '@maskwords/mask'
import type { Grid } from './grid.ts'
import { DELETE, movedX, movedY, offsetU, offsetV, STAY } from './offset.ts'
import { maskHas } from './pixel.ts'

/** Hit(i, j): true where the centre or one of its eight neighbours on the offset lattice lies in the mask. */
export function canHit(grid: Grid, mask: Mask, cell: number): boolean {
  for (let offset = 0; offset < DELETE; offset++) {
    if (maskHas(mask, movedX(grid, cell, offset), movedY(grid, cell, offset))) return true
  }
  return false
}

/**
 * The label of a cell: STAY where its centre is in the mask, else the move that lands deepest in it, else DELETE.
 * `depth(x, y)` grows with the distance to the background at a point in pixels; ties go to the shorter move, then to the order
 * of offsets (rows first). It is asked only for moves that land in the mask.
 */
export function offsetLabel(
  grid: Grid,
  mask: Mask,
  cell: number,
  depth: (x: number, y: number) => number,
): number {
  if (maskHas(mask, movedX(grid, cell, STAY), movedY(grid, cell, STAY))) return STAY
  let best = DELETE
  let bestDepth = Number.NEGATIVE_INFINITY
  let bestLength = 0
  for (let offset = 0; offset < DELETE; offset++) {
    const x = movedX(grid, cell, offset)
    const y = movedY(grid, cell, offset)
    if (!maskHas(mask, x, y)) continue
    const length = Math.abs(offsetU(offset)) + Math.abs(offsetV(offset))
    const here = depth(x, y)
    if (here > bestDepth || (here === bestDepth && length < bestLength)) {
      best = offset
      bestDepth = here
      bestLength = length
    }
  }
  return best
}
