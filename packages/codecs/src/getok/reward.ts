// Rewards of GETok's two-stage reinforcement learning (arXiv 2512.10554, Eqs. 6-13 and the reward figure), as pure
// functions. Formulas that the paper names but does not print (r_g, mask, box and gain terms) are ours and say so.
//
// Lengths are pixels of the 840 x 840 frame to which the paper squashes every picture: bring masks and boxes there first.

import { leastCostPairs, type Mask } from '@maskwords/mask'
import type { BoxXyxyPx } from '../codec.ts'
import { CodecError } from '../error.ts'
import { boxIouXyxy, boxL1 } from './box.ts'
import type { Grid } from './grid.ts'
import { canHit } from './hit.ts'
import { DELETE, movedX, movedY } from './offset.ts'
import { maskHas } from './pixel.ts'

/** Mean corner error at which the box term of the similarity reaches 0. */
export const CORNER_TOLERANCE_PX = 18
export const HIT_WEIGHT = 0.6
export const SPREAD_WEIGHT = 0.4
export const POINT_COST = 0.02
export const SPREAD_SCALE = 0.3
/** m0 of S(m) = 1 - exp(-m / m0); not in the paper's supplement, 5 by its readers' notes. */
export const COUNT_SCALE = 5

const clip = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high)

/** What a model said of one instance. Points are x, y, x, y, ...; duplicates count. */
export type PredictedRegion = { readonly boxXyxyPx?: BoxXyxyPx; readonly pointsXyPx: ArrayLike<number> }

/** One true instance: its mask and the tight box of it. */
export type TrueRegion = { readonly mask: Mask; readonly boxXyxyPx: BoxXyxyPx }

/** H: the share of points inside the mask; 0 without points. */
export function hitShare(pointsXyPx: ArrayLike<number>, mask: Mask): number {
  let hits = 0
  for (let k = 0; k + 1 < pointsXyPx.length; k += 2)
    if (maskHas(mask, pointsXyPx[k]!, pointsXyPx[k + 1]!)) hits++
  return hits / Math.max(1, pointsXyPx.length >> 1)
}

/** S of Eq. 8: 1 for equal boxes, 0 from a mean side error of 18 px; 0 without a box. */
export function cornerScore(predicted: BoxXyxyPx | undefined, truth: BoxXyxyPx): number {
  if (predicted === undefined) return 0
  return clip(1 - boxL1(predicted, truth) / 4 / CORNER_TOLERANCE_PX, 0, 1)
}

/** IoU + H + S of a prediction and an instance (Eqs. 6-8), 0 to 3. */
export function similarity(predicted: PredictedRegion, truth: TrueRegion): number {
  const iou = predicted.boxXyxyPx === undefined ? 0 : boxIouXyxy(predicted.boxXyxyPx, truth.boxXyxyPx)
  return iou + hitShare(predicted.pointsXyPx, truth.mask) + cornerScore(predicted.boxXyxyPx, truth.boxXyxyPx)
}

/**
 * For each prediction its instance, or -1: the assignment of least 3 - similarity (Eq. 9). min(predictions, truths)
 * pairs are made whatever their similarity.
 */
export function matchRegions(
  predicted: readonly PredictedRegion[],
  truths: readonly TrueRegion[],
): Int32Array {
  const costs = new Float64Array(predicted.length * truths.length)
  for (let p = 0; p < predicted.length; p++) {
    for (let g = 0; g < truths.length; g++)
      costs[p * truths.length + g] = 3 - similarity(predicted[p]!, truths[g]!)
  }
  return leastCostPairs(costs, predicted.length, truths.length)
}

/** S(m) = 1 - exp(-m / m0): what m points can say at most. */
export function countFactor(points: number): number {
  return 1 - Math.exp(-points / COUNT_SCALE)
}

/**
 * Spread of Eq. 11: mean distance of a point to its nearest other point, over 0.3 r_g, clipped to 0..1; 0 for fewer than
 * two points. r_g, which the paper leaves undefined, is the square root of the true box's area.
 */
export function spread(pointsXyPx: ArrayLike<number>, truthBox: BoxXyxyPx): number {
  const count = pointsXyPx.length >> 1
  if (count < 2) return 0
  let sum = 0
  for (let a = 0; a < count; a++) {
    let nearest = Number.POSITIVE_INFINITY
    for (let b = 0; b < count; b++) {
      if (a === b) continue
      const dx = pointsXyPx[2 * a]! - pointsXyPx[2 * b]!
      const dy = pointsXyPx[2 * a + 1]! - pointsXyPx[2 * b + 1]!
      nearest = Math.min(nearest, dx * dx + dy * dy)
    }
    sum += Math.sqrt(nearest)
  }
  const scale = Math.sqrt((truthBox[2] - truthBox[0]) * (truthBox[3] - truthBox[1]))
  return scale > 0 ? clip(sum / count / (SPREAD_SCALE * scale), 0, 1) : 0
}

/** F of Eq. 10 for given count, hit share and spread; 0 without points. Can be negative. */
export function pointQuality(points: number, hit: number, spreadShare: number): number {
  return points === 0
    ? 0
    : countFactor(points) * (HIT_WEIGHT * hit + SPREAD_WEIGHT * spreadShare) - POINT_COST * points
}

/**
 * T of Eq. 12, 0 to 1 (0.67 at most with the paper's constants): F of the matched predictions weighted by their points,
 * over the points of all predictions. A missed instance costs nothing here; the box and mask terms must see it.
 */
export function pointsReward(
  predicted: readonly PredictedRegion[],
  truths: readonly TrueRegion[],
  match: ArrayLike<number> = matchRegions(predicted, truths),
): number {
  let sum = 0
  let weight = 0
  for (let p = 0; p < predicted.length; p++) {
    const points = predicted[p]!.pointsXyPx
    const count = points.length >> 1
    weight += Math.max(1, count)
    const truth = truths[match[p]!]
    if (truth === undefined) continue
    sum += count * pointQuality(count, hitShare(points, truth.mask), spread(points, truth.boxXyxyPx))
  }
  return weight === 0 ? 0 : clip(sum / weight, 0, 1)
}

/** Reward of a mask's IoU, 0 to 2, in pieces at 0.3, 0.5 and 0.8 (the figure shows 0.84 -> 2.0; the pieces are ours). */
export function maskReward(iou: number): number {
  if (iou < 0.3) return 0
  if (iou < 0.5) return iou
  return iou >= 0.8 ? 2 : 1 + (iou - 0.5) / 0.3
}

/** Reward of a predicted box, 0 to 1: half for IoU from 0.5 to 0.8, half for the corner score (our formula). */
export function boxReward(predicted: BoxXyxyPx | undefined, truth: BoxXyxyPx): number {
  if (predicted === undefined) return 0
  return 0.5 * clip((boxIouXyxy(predicted, truth) - 0.5) / 0.3, 0, 1) + 0.5 * cornerScore(predicted, truth)
}

/** Mean over the instances of a picture: the sum of the pairs' rewards over max(predictions, truths) slots; 1 slot at least. */
export function slotMean(rewards: readonly number[], predictions: number, truths: number): number {
  return rewards.reduce((sum, reward) => sum + reward, 0) / Math.max(predictions, truths, 1)
}

/**
 * Eq. 13: the mean over the points of one instance of +1 (inside and still inside; brought inside; rightly deleted), -1
 * (moved outside; deleted although inside) and 0 (left outside; deleted although a neighbour is inside). Offsets that
 * are too few or too many are a format failure and give 0, as does a region without points.
 */
export function refinementReward(
  grid: Grid,
  mask: Mask,
  pointCells: readonly number[],
  offsets: readonly number[],
): number {
  if (pointCells.length === 0 || pointCells.length !== offsets.length) return 0
  let sum = 0
  for (let k = 0; k < pointCells.length; k++) sum += pointStep(grid, mask, pointCells[k]!, offsets[k]!)
  return sum / pointCells.length
}

function pointStep(grid: Grid, mask: Mask, cell: number, offset: number): number {
  const before = maskHas(mask, movedX(grid, cell, 4), movedY(grid, cell, 4))
  if (offset === DELETE) return before ? -1 : canHit(grid, mask, cell) ? 0 : 1
  const after = maskHas(mask, movedX(grid, cell, offset), movedY(grid, cell, offset))
  return after ? 1 : before ? -1 : 0
}

/** Reward of a refined box, -1 to 1: the gain in IoU over 0.05; without a change 0.5 where the IoU was 0.9 already (our formula). */
export function boxGainReward(coarseIou: number, refinedIou: number): number {
  const gain = refinedIou - coarseIou
  if (gain === 0) return coarseIou >= 0.9 ? 0.5 : 0
  return clip(gain / 0.05, -1, 1)
}

/** Reward of a refined mask, -2 to 2: the share of the missing IoU that was gained, 2 from a half (our formula; 0.84 -> 0.96 gives 2). */
export function maskGainReward(coarseIou: number, refinedIou: number): number {
  const relative = (refinedIou - coarseIou) / Math.max(0.05, 1 - coarseIou)
  return 2 * clip(relative / 0.5, -1, 1)
}

export type ProposalRewards = { format: number; nonRepeat: number; mask: number; box: number; points: number }
export type RefinementRewards = { format: number; mask: number; box: number; points: number }

/** The unweighted sum of the terms of a stage, as the reward figure lists them. */
export function totalReward(terms: ProposalRewards | RefinementRewards): number {
  return Object.values(terms).reduce((sum, term) => sum + term, 0)
}

/** Advantages within one group of samples: (r - mean) / (std + 1e-6), std over the group (divided by its size). */
export function groupAdvantages(rewards: ArrayLike<number>, epsilon = 1e-6): Float64Array {
  const count = rewards.length
  const advantages = new Float64Array(count)
  if (count === 0) return advantages
  let mean = 0
  for (let k = 0; k < count; k++) {
    if (!Number.isFinite(rewards[k]!))
      throw new CodecError('out-of-range', `reward ${k} is ${rewards[k]}`, { at: k })
    mean += rewards[k]! / count
  }
  let variance = 0
  for (let k = 0; k < count; k++) variance += (rewards[k]! - mean) ** 2 / count
  const scale = Math.sqrt(variance) + epsilon
  for (let k = 0; k < count; k++) advantages[k] = (rewards[k]! - mean) / scale
  return advantages
}
