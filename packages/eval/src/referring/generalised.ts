// Generalised referring segmentation (gRefCOCO, arXiv 2306.00968): several targets are one union, and there may be none.
// Formulas: the evaluation script of SAMTok (arXiv 2601.16093).
import { area, type Mask } from '@maskwords/mask'
import type { EvalMode } from '../stamp.ts'
import type { Metric } from '../statistics/metric.ts'
import { isSameSize, maskOverlap } from './overlap.ts'
import { cumulativeIou, precisionValues, type ScoredValues, sampleIou, sizesInWords } from './segmentation.ts'

const SAMPLE_EPSILON = 1e-8

/** The groups of the two kinds of samples. */
export const NO_TARGET_GROUP = 'no-target'
/** The group of samples that have a target. */
export const TARGET_GROUP = 'target'

/** A sample of GRES: an answer that may be empty, and a truth that may be. */
export type GeneralisedSample = {
  /** The union of the masks of the answer, empty where it says that there is none; undefined where there is no answer. */
  readonly prediction: Mask | undefined
  /** The union of the targets; empty where there is no target. */
  readonly truth: Mask
}

/**
 * One sample. No target: an empty mask is right (IoU 1); else IoU 0, and its pixels are in the union of all. With a
 * target: an empty mask is a wrong "there is none". No answer is not "there is none": it is wrong in both cases (correct
 * mode), or the sample is left out (official mode; there an answer of another size still counts for T-acc).
 */
export function scoreGeneralised(
  sample: GeneralisedSample,
  options: { readonly mode: EvalMode },
): ScoredValues {
  const { prediction, truth } = sample
  const truthPx = area(truth)
  const kind = truthPx === 0 ? { noTargets: 1 } : { targets: 1 }
  if (prediction === undefined || !isSameSize(prediction, truth)) {
    const status = prediction === undefined ? 'missing' : 'failed'
    const reason = prediction === undefined ? {} : { reason: sizesInWords(prediction, truth) }
    if (options.mode === 'correct') {
      const values = { samples: 1, ...kind, iou: 0, intersectionPx: 0, unionPx: truthPx }
      return { values: { ...values, ...precisionValues(0) }, status, ...reason }
    }
    const counted = prediction !== undefined && truthPx > 0
    const values = counted ? { ...kind, targetsFound: area(prediction) > 0 ? 1 : 0 } : {}
    return { values: values as Record<string, number>, status, ...reason }
  }
  const predictedPx = area(prediction)
  if (truthPx === 0) {
    const right = predictedPx === 0 ? 1 : 0
    return {
      values: {
        samples: 1,
        ...kind,
        noTargetsSaid: right,
        iou: right,
        intersectionPx: 0,
        unionPx: predictedPx,
        ...precisionValues(right),
      },
      status: 'scored',
    }
  }
  const overlap = maskOverlap(prediction, truth)
  const iou = sampleIou(overlap, options.mode, SAMPLE_EPSILON)
  return {
    values: {
      samples: 1,
      ...kind,
      targetsFound: predictedPx > 0 ? 1 : 0,
      iou,
      intersectionPx: overlap.intersectionPx,
      unionPx: overlap.unionPx,
      ...precisionValues(iou),
    },
    status: 'scored',
  }
}

/** The metrics of GRES: gIoU, cIoU, and how often "nothing" was right. */
export function generalisedMetrics(mode: EvalMode): Metric[] {
  return [
    {
      name: 'meanIou',
      title: 'mean of the IoU of samples, no-target samples included (papers: gIoU)',
      parts: [{ numerator: 'iou', denominator: 'samples' }],
    },
    cumulativeIou(mode),
    {
      name: 'noTargetAccuracy',
      title: 'share of no-target samples answered with no mask (papers: N-acc)',
      parts: [{ numerator: 'noTargetsSaid', denominator: 'noTargets' }],
    },
    {
      name: 'targetAccuracy',
      title: 'share of samples with a target answered with a mask (papers: T-acc)',
      parts: [{ numerator: 'targetsFound', denominator: 'targets' }],
    },
  ]
}
