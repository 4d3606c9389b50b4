// Several masks an answer, paired with several true ones (MMR, arXiv 2503.13881). Formulas: the evaluation script of SAMTok
// (arXiv 2601.16093): Hungarian on 1 - IoU, truths by answers, missing masks are empty ones, masks too many are not looked at.
import { area, intersectionArea, leastCostPairs, type Mask } from '@maskwords/mask'
import type { EvalMode } from '../stamp.ts'
import type { Metric } from '../statistics/metric.ts'
import { isSameSize } from './overlap.ts'
import { cumulativeIou, type ScoredValues, sampleIou, sizesInWords } from './segmentation.ts'

/** Several masks, predicted and true. */
export type MaskSetSample = {
  /** Undefined where there is no answer. */
  readonly prediction: readonly Mask[] | undefined
  readonly truth: readonly Mask[]
}

/**
 * One sample. Masks are paired for the largest sum of IoU. Correct: a mask too many is a pair with nothing (IoU 0, its
 * pixels in the union). Official: masks too many cost nothing. A pair of two empty masks has IoU 1.
 */
export function scoreMaskSet(sample: MaskSetSample, options: { readonly mode: EvalMode }): ScoredValues {
  const { prediction, truth } = sample
  const { mode } = options
  if (prediction === undefined && mode === 'official') return { values: {}, status: 'missing' }
  const [first] = truth
  const fitting = (prediction ?? []).filter((mask) => first === undefined || isSameSize(mask, first))
  const wrong = prediction?.find((mask) => first !== undefined && !isSameSize(mask, first))
  const pixels = { fitting: fitting.map(area), truth: truth.map(area) }
  const joinedPx = (p: number, t: number, shared: number) =>
    (pixels.fitting[p] ?? 0) + pixels.truth[t]! - shared
  // Masks that an answer lacks are columns too in the script: which of equal pairs is taken depends on it.
  const columns = mode === 'official' ? Math.max(fitting.length, truth.length) : fitting.length
  const costs = new Float64Array(truth.length * columns)
  truth.forEach((wanted, t) => {
    for (let p = 0; p < columns; p++) {
      const mask = fitting[p]
      const shared = mask === undefined ? 0 : intersectionArea(mask, wanted)
      const joined = joinedPx(p, t, shared)
      costs[t * columns + p] = 1 - (joined === 0 ? 1 : shared / joined)
    }
  })
  const values = {
    masks: 0,
    iou: 0,
    intersectionPx: 0,
    unionPx: 0,
    found: 0,
    predicted: prediction?.length ?? 0,
  }
  const partner = leastCostPairs(costs, truth.length, columns)
  for (let t = 0; t < truth.length; t++) {
    const p = partner[t]!
    const mask = fitting[p]
    const shared = mask === undefined ? 0 : intersectionArea(mask, truth[t]!)
    const joined = joinedPx(p, t, shared)
    const iou = sampleIou({ intersectionPx: shared, unionPx: joined }, mode)
    values.masks++
    values.iou += iou
    values.found += iou >= 0.5 ? 1 : 0
    values.intersectionPx += shared
    values.unionPx += joined
  }
  if (mode === 'correct') {
    const extra = fitting.filter((_, p) => !partner.includes(p))
    values.masks += extra.length + (prediction?.length ?? 0) - fitting.length
    values.unionPx += extra.reduce((sum, mask) => sum + area(mask), 0)
  }
  const status = prediction === undefined ? 'missing' : wrong === undefined ? 'scored' : 'failed'
  return {
    values: {
      samples: 1,
      truths: truth.length,
      ...values,
      sampleIou: values.masks === 0 ? 1 : values.iou / values.masks,
    },
    status,
    ...(wrong !== undefined && { reason: sizesInWords(wrong, first!) }),
  }
}

/** The metrics of several masks a sample. */
export function maskSetMetrics(mode: EvalMode): Metric[] {
  return [
    {
      name: 'meanIou',
      title:
        mode === 'correct'
          ? 'mean IoU over true masks and masks too many (papers: gIoU)'
          : 'mean IoU over true masks (papers: gIoU)',
      parts: [{ numerator: 'iou', denominator: 'masks' }],
    },
    cumulativeIou(mode),
    {
      name: 'recall',
      title: 'share of the true masks paired with IoU of at least 0.5',
      parts: [{ numerator: 'found', denominator: 'truths' }],
    },
    {
      name: 'precision',
      title: 'share of the predicted masks paired with IoU of at least 0.5',
      parts: [{ numerator: 'found', denominator: 'predicted' }],
    },
  ]
}
