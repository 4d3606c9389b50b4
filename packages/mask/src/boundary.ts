// How well two outlines agree: boundary IoU (Cheng et al., CVPR 2021) and boundary F (Perazzi et al., CVPR 2016; DAVIS).

import { squaredDistances } from './distance.ts'
import { MaskError } from './error.ts'
import { equalMasks, type Mask, maskFromEdges } from './mask.ts'
import { area, tightBox } from './measure.ts'
import { dilateDisk, erode } from './morphology.ts'
import { NumberList } from './number-list.ts'
import { crop } from './placement.ts'
import { checkSameSize, intersect, subtract, union, xor } from './set-operations.ts'
import { transpose } from './transpose.ts'

export type BoundaryIouOptions = {
  /** Width of the band as a share of the picture's diagonal. Default 0.02, the paper's. */
  readonly widthOfDiagonal?: number
}

/**
 * Boundary IoU: the IoU of the bands of d pixels along the inside of both outlines, where d is `widthOfDiagonal`
 * times the diagonal, rounded half to even, at least 1. The band of a mask is the mask without its erosion by a square of 2 d + 1,
 * the border of the picture counting as outline (the authors' code). Two empty masks have 1, an empty and a
 * non-empty one 0. Throws MaskError for different sizes or a share that is not a positive number.
 */
export function boundaryIou(a: Mask, b: Mask, options: BoundaryIouOptions = {}): number {
  checkSameSize(a, b)
  const share = checkedShare(options.widthOfDiagonal ?? 0.02, 'widthOfDiagonal')
  const widthPx = Math.max(1, roundHalfEven(share * Math.hypot(a.widthPx, a.heightPx)))
  const bandA = insideBand(a, widthPx)
  const bandB = insideBand(b, widthPx)
  const all = area(union(bandA, bandB))
  return all === 0 ? 1 : area(intersect(bandA, bandB)) / all
}

/** The pixels of a mask within `widthPx` pixels (chessboard distance) of background or of the picture's border. */
export function insideBand(mask: Mask, widthPx: number): Mask {
  return subtract(mask, erode(mask, { sizePx: 2 * widthPx + 1 }))
}

export type BoundaryFOptions = {
  /** How far contours may lie apart, as a share of the picture's diagonal (rounded up to pixels). Default 0.008, DAVIS's. */
  readonly toleranceOfDiagonal?: number
  /** The same in pixels; wins over the share. */
  readonly tolerancePx?: number
}

export type BoundaryScore = {
  /** Share of the prediction's contour that lies near the truth's. */
  readonly precision: number
  /** Share of the truth's contour that lies near the prediction's. */
  readonly recall: number
  /** Their harmonic mean; 0 where both are 0. */
  readonly f: number
}

/**
 * Boundary precision, recall and F of a prediction: contour pixels count as matched within `tolerance` (Euclidean) of
 * the other contour. Contours as contourPixels gives them. Where one contour is empty, DAVIS's
 * rules hold: no predicted contour has precision 1 and recall 0, no true contour the reverse (F is 0 either way).
 * Where both are empty (empty masks, or masks that cover the picture), all three are 1 for equal masks and 0 for
 * an empty and a full one, which DAVIS's code would score as 1. Throws MaskError for different sizes or a tolerance that is negative or NaN.
 */
export function boundaryF(prediction: Mask, truth: Mask, options: BoundaryFOptions = {}): BoundaryScore {
  checkSameSize(prediction, truth)
  const tolerancePx = options.tolerancePx ?? tolerance(truth, options.toleranceOfDiagonal ?? 0.008)
  if (!(tolerancePx >= 0)) {
    throw new MaskError('out-of-range', `tolerancePx must be 0 or more, got ${tolerancePx}`)
  }
  const predicted = contourPixels(prediction)
  const wanted = contourPixels(truth)
  const predictedPx = area(predicted)
  const wantedPx = area(wanted)
  if (predictedPx === 0 && wantedPx === 0) {
    const same = equalMasks(prediction, truth) ? 1 : 0
    return { precision: same, recall: same, f: same }
  }
  if (predictedPx === 0) return { precision: 1, recall: 0, f: 0 }
  if (wantedPx === 0) return { precision: 0, recall: 1, f: 0 }
  const precision = nearPx(predicted, wanted, tolerancePx) / predictedPx
  const recall = nearPx(wanted, predicted, tolerancePx) / wantedPx
  const f = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)
  return { precision, recall, f }
}

/**
 * The one-pixel contour that DAVIS compares: pixels that differ from their right, lower or lower right neighbour
 * (in the last row from the right one, in the last column from the lower one; the last pixel never counts).
 */
export function contourPixels(mask: Mask): Mask {
  if (mask.edges.length === 0) return mask
  const right = shiftedLeft(mask)
  const below = shiftedUp(mask)
  const diagonal = shiftedUp(right)
  return union(union(xor(mask, right), xor(mask, below)), xor(mask, diagonal))
}

/** Pixel (x, y) takes the value of (x + 1, y); the last column keeps its own. */
function shiftedLeft(mask: Mask): Mask {
  const { widthPx, heightPx, edges } = mask
  const lastColumn = (widthPx - 1) * heightPx
  const out = new NumberList(edges.length + 4)
  const add = (low: number, high: number) => {
    if (low >= high) return
    if (out.length > 0 && out.values[out.length - 1] === low) out.values[out.length - 1] = high
    else {
      out.push(low)
      out.push(high)
    }
  }
  for (let i = 0; i < edges.length; i += 2) add(Math.max(0, edges[i]! - heightPx), edges[i + 1]! - heightPx)
  for (let i = 0; i < edges.length; i += 2) add(Math.max(lastColumn, edges[i]!), edges[i + 1]!)
  return maskFromEdges(widthPx, heightPx, out.view(out.length).slice())
}

/** Pixel (x, y) takes the value of (x, y + 1); the last row keeps its own. */
function shiftedUp(mask: Mask): Mask {
  return transpose(shiftedLeft(transpose(mask)))
}

/** Up to here a disk on runs is cheaper than distances of all pixels. The tolerance for a picture of 4K is 36 pixels. */
const MAX_DISK_REACH_PX = 64

/** How many foreground pixels of `points` lie within `reachPx` (Euclidean) of `targets`, which is not empty. */
function nearPx(points: Mask, targets: Mask, reachPx: number): number {
  if (reachPx <= MAX_DISK_REACH_PX) return area(intersect(points, dilateDisk(targets, { radiusPx: reachPx })))
  const box = tightBox(union(points, targets))
  const { squaredPx } = squaredDistances(crop(targets, box), { of: 'outside' })
  const { edges } = transpose(crop(points, box))
  const limit = reachPx * reachPx
  let near = 0
  for (let i = 0; i < edges.length; i += 2) {
    for (let p = edges[i]!; p < edges[i + 1]!; p++) if (squaredPx[p]! <= limit) near++
  }
  return near
}

function checkedShare(share: number, name: string): number {
  if (share > 0 && share < Number.POSITIVE_INFINITY) return share
  throw new MaskError('out-of-range', `${name} must be a positive number, got ${share}`)
}

function tolerance(mask: Mask, share: number): number {
  return Math.ceil(checkedShare(share, 'toleranceOfDiagonal') * Math.hypot(mask.widthPx, mask.heightPx))
}

/** Python's round, which the authors' code uses: 2.5 becomes 2, 3.5 becomes 4. */
function roundHalfEven(x: number): number {
  const low = Math.floor(x)
  if (x - low !== 0.5) return Math.round(x)
  return low % 2 === 0 ? low : low + 1
}
