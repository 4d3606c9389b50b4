// Offset words of GETok: the 3 x 3 neighbourhood of a cell centre, DELETE, and what a list of them does to a box and
// points (arXiv 2512.10554, Eqs. 3-5; y grows downwards, as in the published renderings).
//
// An offset is a number 0..9: (v + 1) * 3 + (u + 1) for a move of u, v in {-1, 0, 1} steps, and 9 for DELETE. It is also
// its distance from the first offset word in the vocabulary.

import type { BoxXyxyPx } from '../codec.ts'
import { CodecError } from '../error.ts'
import { boxFromCorners, centreX, centreY, checkCells, type Grid } from './grid.ts'

export const STAY: number = 4
export const DELETE: number = 9
export const OFFSET_WORDS = 10

/** Steps to the right (u) of an offset other than DELETE. */
export function offsetU(offset: number): number {
  return (offset % 3) - 1
}

/** Steps down (v) of an offset other than DELETE. */
export function offsetV(offset: number): number {
  return Math.floor(offset / 3) - 1
}

/** x of a cell's centre after an offset, in pixels. */
export function movedX(grid: Grid, cell: number, offset: number): number {
  return centreX(grid, cell) + (offsetU(offset) * grid.widthPx) / grid.offsetSteps
}

/** y of a cell's centre after an offset, in pixels. */
export function movedY(grid: Grid, cell: number, offset: number): number {
  return centreY(grid, cell) + (offsetV(offset) * grid.heightPx) / grid.offsetSteps
}

/** A region as GETok says it: a box by two corner cells, and a set of points by their cells. Either may be missing. */
export type GridRegion = {
  readonly boxCells?: readonly [topLeft: number, bottomRight: number]
  readonly pointCells: readonly number[]
}

/** One offset for each word of a region, in its order. */
export type RegionOffsets = {
  readonly box?: readonly [topLeft: number, bottomRight: number]
  readonly points: readonly number[]
}

/** A region in pixels: what a segmenter is prompted with. */
export type RegionPrompt = {
  readonly boxXyxyPx?: BoxXyxyPx
  /** x, y, x, y, ... */
  readonly pointsXyPx: Float64Array
}

function checkOffsets(region: GridRegion, offsets: RegionOffsets): void {
  const all = [...(offsets.box ?? []), ...offsets.points]
  for (let k = 0; k < all.length; k++) {
    if (!Number.isInteger(all[k]!) || all[k]! < 0 || all[k]! > DELETE) {
      throw new CodecError('out-of-range', `offset ${all[k]} at position ${k}: offsets are 0 to ${DELETE}`, {
        at: k,
      })
    }
  }
  if ((region.boxCells === undefined) !== (offsets.box === undefined)) {
    const [has, lacks] = region.boxCells === undefined ? ['offsets', 'words'] : ['words', 'offsets']
    throw new CodecError('size-mismatch', `the ${has} have a box and the ${lacks} have none`, {
      hint: 'offsets mirror the words: the same containers, one offset per word',
    })
  }
  if (region.pointCells.length !== offsets.points.length) {
    throw new CodecError(
      'size-mismatch',
      `${region.pointCells.length} points but ${offsets.points.length} offsets for them`,
      { hint: 'offsets mirror the words: the same containers, one offset per word' },
    )
  }
}

/**
 * The box and points of a region in pixels, moved by its offsets where given. DELETE drops a point. The box goes only
 * when both corners are deleted; a single deleted corner stays where it was. Throws CodecError where the offsets do
 * not mirror the region.
 */
export function regionPrompt(grid: Grid, region: GridRegion, offsets?: RegionOffsets): RegionPrompt {
  checkCells(grid, [...(region.boxCells ?? []), ...region.pointCells])
  if (offsets !== undefined) checkOffsets(region, offsets)
  const points: number[] = []
  for (let k = 0; k < region.pointCells.length; k++) {
    const offset = offsets?.points[k] ?? STAY
    if (offset === DELETE) continue
    points.push(movedX(grid, region.pointCells[k]!, offset), movedY(grid, region.pointCells[k]!, offset))
  }
  const pointsXyPx = Float64Array.from(points)
  if (region.boxCells === undefined) return { pointsXyPx }
  const [tl, br] = region.boxCells
  const [tlOffset, brOffset] = offsets?.box ?? [STAY, STAY]
  if (tlOffset === DELETE && brOffset === DELETE) return { pointsXyPx }
  const a = tlOffset === DELETE ? STAY : tlOffset
  const b = brOffset === DELETE ? STAY : brOffset
  const boxXyxyPx = boxFromCorners(
    grid,
    movedX(grid, tl, a),
    movedY(grid, tl, a),
    movedX(grid, br, b),
    movedY(grid, br, b),
  )
  return { boxXyxyPx, pointsXyPx }
}

/** The cell nearest to a moved centre on one axis; between two cells, the one in the direction of the move. */
function requantise(cells: number, offsetSteps: number, index: number, steps: number): number {
  const position = index + 0.5 + (steps * cells) / offsetSteps
  const cell = steps < 0 ? Math.ceil(position) - 1 : Math.floor(position)
  return Math.min(Math.max(cell, 0), cells - 1)
}

/** The cell from which a further round starts after an offset other than DELETE. */
export function movedCell(grid: Grid, cell: number, offset: number): number {
  const i = requantise(grid.cells, grid.offsetSteps, cell % grid.cells, offsetU(offset))
  const j = requantise(grid.cells, grid.offsetSteps, Math.floor(cell / grid.cells), offsetV(offset))
  return j * grid.cells + i
}

/**
 * The region after a round of offsets, as cells again, for another round: points that end in one cell become one
 * (the first stays). The paper plays one round only; this rule for more is ours.
 */
export function nextRound(grid: Grid, region: GridRegion, offsets: RegionOffsets): GridRegion {
  checkCells(grid, [...(region.boxCells ?? []), ...region.pointCells])
  checkOffsets(region, offsets)
  const pointCells = new Set<number>()
  for (let k = 0; k < region.pointCells.length; k++) {
    if (offsets.points[k] !== DELETE)
      pointCells.add(movedCell(grid, region.pointCells[k]!, offsets.points[k]!))
  }
  if (region.boxCells === undefined || offsets.box === undefined) return { pointCells: [...pointCells] }
  const [a, b] = offsets.box
  if (a === DELETE && b === DELETE) return { pointCells: [...pointCells] }
  return {
    boxCells: [
      a === DELETE ? region.boxCells[0] : movedCell(grid, region.boxCells[0], a),
      b === DELETE ? region.boxCells[1] : movedCell(grid, region.boxCells[1], b),
    ],
    pointCells: [...pointCells],
  }
}
