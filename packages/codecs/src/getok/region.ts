// A mask as a GETok region, and the offsets that refine it best (arXiv 2512.10554: encoding, and the labels of Algorithm 1).

import type { Mask } from '@maskwords/mask'
import { cornerLabel } from './corners.ts'
import { coverMask } from './cover.ts'
import { boxToCells, checkCells, type Grid } from './grid.ts'
import { offsetLabel } from './hit.ts'
import { DELETE, type GridRegion, movedX, movedY, type RegionOffsets, STAY } from './offset.ts'
import { tightBoxXyxy } from './pixel.ts'
import { sampleMask, squaredDepths } from './raster.ts'

/**
 * The box and points that say a mask; `choose` picks the points' cells, which are put in row-major order. A mask
 * without foreground has neither.
 */
export function regionOfMask(
  grid: Grid,
  mask: Mask,
  choose: (mask: Mask) => readonly number[] = (one) => coverMask(grid, one).cells,
): GridRegion {
  const box = tightBoxXyxy(mask)
  if (box === undefined) return { pointCells: [] }
  return { boxCells: boxToCells(grid, box), pointCells: [...choose(mask)].sort((a, b) => a - b) }
}

/** Samples on the longer side when offsets of one mask are weighed by depth. */
const DEPTH_SAMPLES = 256

/**
 * The offsets that a perfect refinement would answer: for points the label of Algorithm 1, for corners the best of the
 * 81 pairs whatever its IoU. A point that no move brings into the mask is deleted only while other points remain.
 */
export function bestOffsets(grid: Grid, mask: Mask, region: GridRegion): RegionOffsets {
  const truth = tightBoxXyxy(mask)
  if (truth === undefined) return { points: region.pointCells.map(() => DELETE) }
  checkCells(grid, region.pointCells)
  // Depth decides only among moves of cells outside the mask, so the raster is made when one turns up.
  let depths: Float64Array | undefined
  const scale = DEPTH_SAMPLES / Math.max(mask.widthPx, mask.heightPx)
  const width = Math.max(Math.round(mask.widthPx * scale), 1)
  const height = Math.max(Math.round(mask.heightPx * scale), 1)
  const depth = (x: number, y: number) => {
    depths ??= squaredDepths(sampleMask(mask, width, height))
    const u = Math.min(Math.floor((x * width) / mask.widthPx), width - 1)
    const v = Math.min(Math.floor((y * height) / mask.heightPx), height - 1)
    return depths[v * width + u]!
  }
  const points: number[] = region.pointCells.map((cell) => offsetLabel(grid, mask, cell, depth))
  if (points.length > 0 && points.every((offset) => offset === DELETE)) {
    points[0] = towards(grid, region.pointCells[0]!, truth)
  }
  if (region.boxCells === undefined) return { points }
  const { offsets } = cornerLabel(grid, region.boxCells[0], region.boxCells[1], truth, 0)
  return { box: offsets, points }
}

/** The move that ends nearest to the middle of a box. */
function towards(grid: Grid, cell: number, box: readonly [number, number, number, number]): number {
  let best = STAY
  let bestDistance = Number.POSITIVE_INFINITY
  for (let offset = 0; offset < DELETE; offset++) {
    const dx = movedX(grid, cell, offset) - (box[0] + box[2]) / 2
    const dy = movedY(grid, cell, offset) - (box[1] + box[3]) / 2
    if (dx * dx + dy * dy < bestDistance) [best, bestDistance] = [offset, dx * dx + dy * dy]
  }
  return best
}
