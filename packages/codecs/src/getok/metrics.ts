// Scores of GETok's evaluations: Acc@t of boxes, gIoU and cIoU of masks, F1 of points and of lines (arXiv 2512.10554,
// experiments; the paper does not say how points and lines are matched, so the rules here are ours and stated).

import { area, intersectionArea, leastCostPairs, type Mask } from '@maskwords/mask'
import type { BoxXyxyPx } from '../codec.ts'
import { CodecError } from '../error.ts'
import { boxIouXyxy } from './box.ts'
import { maskHas } from './pixel.ts'

function checkPairs(a: number, b: number): void {
  if (a !== b)
    throw new CodecError('size-mismatch', `${a} predictions but ${b} truths: one for each is needed`)
}

/** Acc@t: the share of predicted boxes whose IoU with their true one is at least `threshold` (a missing box fails); 0 for none. */
export function boxAccuracy(
  predicted: readonly (BoxXyxyPx | undefined)[],
  truths: readonly BoxXyxyPx[],
  threshold: number,
): number {
  checkPairs(predicted.length, truths.length)
  let right = 0
  predicted.forEach((box, k) => {
    if (box !== undefined && boxIouXyxy(box, truths[k]!) >= threshold) right++
  })
  return right / Math.max(1, truths.length)
}

/**
 * gIoU, the mean of the masks' IoU (1 where both are empty, 0 where one is), and cIoU, all intersections over all unions
 * (1 where all unions are empty). No pairs: both 0.
 */
export function maskScores(
  predicted: readonly Mask[],
  truths: readonly Mask[],
): { gIou: number; cIou: number } {
  checkPairs(predicted.length, truths.length)
  if (truths.length === 0) return { gIou: 0, cIou: 0 }
  let [sum, shared, joined] = [0, 0, 0]
  predicted.forEach((mask, k) => {
    const intersection = intersectionArea(mask, truths[k]!)
    const union = area(mask) + area(truths[k]!) - intersection
    sum += union === 0 ? 1 : intersection / union
    shared += intersection
    joined += union
  })
  return { gIou: sum / truths.length, cIou: joined === 0 ? 1 : shared / joined }
}

export type DetectionScores = { readonly precision: number; readonly recall: number; readonly f1: number }

/** Precision, recall and F1 of counts; all 1 where there is nothing to find and nothing was said. */
function detectionScores(right: number, predicted: number, truths: number): DetectionScores {
  if (predicted === 0 && truths === 0) return { precision: 1, recall: 1, f1: 1 }
  const precision = predicted === 0 ? 0 : right / predicted
  const recall = truths === 0 ? 0 : right / truths
  return { precision, recall, f1: (2 * right) / (predicted + truths) }
}

/**
 * Pointing: a point is right when it lies in a true mask that no other point has taken; the pairing with the most right
 * points counts. Points are x, y, x, y, ... in pixels of the masks.
 */
export function pointingScores(pointsXyPx: ArrayLike<number>, truths: readonly Mask[]): DetectionScores {
  const count = pointsXyPx.length >> 1
  const costs = new Float64Array(count * truths.length)
  for (let p = 0; p < count; p++) {
    for (let g = 0; g < truths.length; g++) {
      costs[p * truths.length + g] = maskHas(truths[g]!, pointsXyPx[2 * p]!, pointsXyPx[2 * p + 1]!) ? 0 : 1
    }
  }
  let right = 0
  leastCostPairs(costs, count, truths.length).forEach((truth, p) => {
    if (truth >= 0 && costs[p * truths.length + truth] === 0) right++
  })
  return detectionScores(right, count, truths.length)
}

/** Samples along a line, at equal steps of arc length, when lines are compared. */
const LINE_SAMPLES = 64

function resample(line: ArrayLike<number>): Float64Array {
  const count = line.length >> 1
  const samples = new Float64Array(2 * LINE_SAMPLES)
  const lengths = new Float64Array(Math.max(count, 1))
  for (let k = 1; k < count; k++) {
    const step = Math.hypot(line[2 * k]! - line[2 * k - 2]!, line[2 * k + 1]! - line[2 * k - 1]!)
    lengths[k] = lengths[k - 1]! + step
  }
  let segment = 0
  for (let s = 0; s < LINE_SAMPLES; s++) {
    const wanted = (lengths[count - 1]! * s) / (LINE_SAMPLES - 1)
    while (segment < count - 2 && lengths[segment + 1]! < wanted) segment++
    const next = Math.min(segment + 1, count - 1)
    const span = lengths[next]! - lengths[segment]!
    const along = span === 0 ? 0 : Math.min((wanted - lengths[segment]!) / span, 1)
    samples[2 * s] = line[2 * segment]! + along * (line[2 * next]! - line[2 * segment]!)
    samples[2 * s + 1] = line[2 * segment + 1]! + along * (line[2 * next + 1]! - line[2 * segment + 1]!)
  }
  return samples
}

/** Share of the samples of `a` that lie within `tolerance` of a sample of `b`. */
function nearShare(a: Float64Array, b: Float64Array, tolerance: number): number {
  let near = 0
  for (let k = 0; k < a.length; k += 2) {
    for (let m = 0; m < b.length; m += 2) {
      if ((a[k]! - b[m]!) ** 2 + (a[k + 1]! - b[m + 1]!) ** 2 <= tolerance * tolerance) {
        near++
        break
      }
    }
  }
  return near / (a.length / 2)
}

/**
 * Lines: two lines agree by the harmonic mean of the shares of each one's 64 samples that lie within `tolerancePx` of a
 * sample of the other. Lines are paired one to one for the largest total; a pair is right from `leastAgreement` on.
 * Each line is x, y, x, y, ... with at least one vertex; direction does not matter.
 */
export function lineScores(
  predicted: readonly ArrayLike<number>[],
  truths: readonly ArrayLike<number>[],
  options: { tolerancePx: number; leastAgreement?: number },
): DetectionScores {
  const { tolerancePx, leastAgreement = 0.5 } = options
  for (const line of [...predicted, ...truths]) {
    if (line.length < 2 || line.length % 2 !== 0) {
      throw new CodecError('size-mismatch', `a line needs pairs x, y; got ${line.length} numbers`)
    }
  }
  const samplesP = predicted.map(resample)
  const samplesT = truths.map(resample)
  const costs = new Float64Array(predicted.length * truths.length)
  samplesP.forEach((p, a) => {
    samplesT.forEach((t, b) => {
      const [precision, recall] = [nearShare(p, t, tolerancePx), nearShare(t, p, tolerancePx)]
      costs[a * truths.length + b] =
        1 - (precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall))
    })
  })
  let right = 0
  leastCostPairs(costs, predicted.length, truths.length).forEach((truth, p) => {
    if (truth >= 0 && 1 - costs[p * truths.length + truth]! >= leastAgreement) right++
  })
  return detectionScores(right, predicted.length, truths.length)
}
