// Referring boxes (REC): accuracy of one box a phrase at several IoUs, and sets of boxes (GREC of gRefCOCO, arXiv 2308.16182).
// Boxes are left, top, right, bottom in pixels, right and bottom exclusive; widths have no + 1, as all the scripts have it.
import { type Mask, tightBox } from '@maskwords/mask'
import { EvalError } from '../error.ts'
import type { EvalMode } from '../stamp.ts'
import type { Metric } from '../statistics/metric.ts'
import { fittingPairs } from './pairing.ts'
import { precisionMetrics, precisionValues, type ScoredValues } from './segmentation.ts'

/** Left, top, right and bottom in pixels; right and bottom exclusive. */
export type BoxXyxyPx = readonly [left: number, top: number, right: number, bottom: number]

/** The IoU thresholds at which boxes count as found. */
export const BOX_THRESHOLDS = [0.5, 0.7, 0.8, 0.9] as const

/** IoU of two boxes; 0 where either has no area. */
export function boxIouXyxy(a: BoxXyxyPx, b: BoxXyxyPx): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0])
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1])
  if (!(width > 0 && height > 0)) return 0
  const shared = width * height
  return shared / (boxArea(a) + boxArea(b) - shared)
}

function boxArea([left, top, right, bottom]: BoxXyxyPx): number {
  return Math.max(right - left, 0) * Math.max(bottom - top, 0)
}

/**
 * The box around a mask; undefined for an empty one. Official: the scripts take the last pixel's place as the right edge,
 * so that boxes are one pixel short in both directions.
 */
export function boxOfMask(mask: Mask, mode: EvalMode): BoxXyxyPx | undefined {
  if (mask.edges.length === 0) return undefined
  const { x, y, width, height } = tightBox(mask)
  const short = mode === 'official' ? 1 : 0
  return [x, y, x + width - short, y + height - short]
}

/** A box, predicted and true. */
export type BoxSample = {
  /** Undefined where there is no answer; null where the answer holds no box, which is wrong. */
  readonly prediction: BoxXyxyPx | null | undefined
  readonly truth: BoxXyxyPx
}

/** One sample. No answer is wrong (correct mode) or left out (official mode). Throws EvalError for boxes that are not finite. */
export function scoreBox(sample: BoxSample, options: { readonly mode: EvalMode }): ScoredValues {
  const { prediction, truth } = sample
  checkBox(truth)
  if (prediction === undefined && options.mode === 'official') return { values: {}, status: 'missing' }
  if (prediction) checkBox(prediction)
  const iou = prediction ? boxIouXyxy(prediction, truth) : 0
  return {
    values: { samples: 1, iou, ...precisionValues(iou, BOX_THRESHOLDS) },
    status: prediction === undefined ? 'missing' : 'scored',
  }
}

function checkBox(box: BoxXyxyPx): void {
  if (box.length === 4 && box.every(Number.isFinite)) return
  throw new EvalError('out-of-range', `a box needs four finite numbers, got ${JSON.stringify(box)}`)
}

/** The metrics of one box a sample. */
export function boxMetrics(): Metric[] {
  return [
    ...precisionMetrics('accuracy', 'samples', BOX_THRESHOLDS),
    {
      name: 'meanBoxIou',
      title: 'mean of the IoU of boxes',
      parts: [{ numerator: 'iou', denominator: 'samples' }],
    },
  ]
}

/** Several boxes, predicted and true. */
export type BoxSetSample = {
  readonly prediction: readonly BoxXyxyPx[] | undefined
  /** Empty where there is no target. */
  readonly truth: readonly BoxXyxyPx[]
}

/**
 * One sample with any number of boxes: boxes are paired one to one for the most pairs with IoU of at least
 * `threshold`. `allRight` is F1 = 1: as many boxes as truths, all paired; of a no-target sample, no box.
 */
export function scoreBoxSet(
  sample: BoxSetSample,
  options: { readonly mode: EvalMode; readonly threshold?: number },
): ScoredValues {
  const { prediction, truth } = sample
  const { threshold = 0.5 } = options
  truth.forEach(checkBox)
  prediction?.forEach(checkBox)
  if (prediction === undefined && options.mode === 'official') return { values: {}, status: 'missing' }
  const boxes = prediction ?? []
  const right = pairedBoxes(boxes, truth, threshold)
  const allRight = prediction !== undefined && right === truth.length && right === boxes.length ? 1 : 0
  return {
    values: {
      samples: 1,
      allRight,
      right,
      predicted: boxes.length,
      truths: truth.length,
      twiceRight: 2 * right,
      either: boxes.length + truth.length,
      f1: allRight === 1 ? 1 : (2 * right) / Math.max(1, boxes.length + truth.length),
      ...(truth.length === 0
        ? { noTargets: 1, noTargetsSaid: prediction?.length === 0 ? 1 : 0 }
        : { targets: 1, targetsFound: boxes.length > 0 ? 1 : 0 }),
    },
    status: prediction === undefined ? 'missing' : 'scored',
  }
}

function pairedBoxes(boxes: readonly BoxXyxyPx[], truths: readonly BoxXyxyPx[], threshold: number): number {
  const fits = new Uint8Array(boxes.length * truths.length)
  boxes.forEach((box, p) => {
    truths.forEach((truth, t) => {
      if (boxIouXyxy(box, truth) >= threshold) fits[p * truths.length + t] = 1
    })
  })
  return fittingPairs(fits, boxes.length, truths.length)
}

/** The metrics of several boxes a sample. */
export function boxSetMetrics(): Metric[] {
  return [
    {
      name: 'allRightAccuracy',
      title: 'share of samples with every box found and none too many (papers: Pr@(F1=1, IoU>=0.5))',
      parts: [{ numerator: 'allRight', denominator: 'samples' }],
    },
    ...setMetrics('boxes'),
    {
      name: 'noTargetAccuracy',
      title: 'share of no-target samples answered with no box (papers: N-acc)',
      parts: [{ numerator: 'noTargetsSaid', denominator: 'noTargets' }],
    },
    {
      name: 'targetAccuracy',
      title: 'share of samples with a target answered with a box (papers: T-acc)',
      parts: [{ numerator: 'targetsFound', denominator: 'targets' }],
    },
  ]
}

/** Precision, recall and F1 over the things of all samples together, and the mean of the F1 of samples. */
export function setMetrics(things: string): Metric[] {
  return [
    {
      name: 'precision',
      title: `share of the predicted ${things} that are right`,
      parts: [{ numerator: 'right', denominator: 'predicted' }],
    },
    {
      name: 'recall',
      title: `share of the true ${things} that were found`,
      parts: [{ numerator: 'right', denominator: 'truths' }],
    },
    {
      name: 'f1',
      title: `harmonic mean of precision and recall over all ${things}`,
      parts: [{ numerator: 'twiceRight', denominator: 'either' }],
    },
    {
      name: 'meanSampleF1',
      title: 'mean of the F1 of samples, 1 where there is nothing to find and nothing was said',
      parts: [{ numerator: 'f1', denominator: 'samples' }],
    },
  ]
}
