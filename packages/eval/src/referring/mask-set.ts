// Several masks an answer, paired with several true ones (MMR, arXiv 2503.13881). Formulas: the evaluation script of SAMTok
// (arXiv 2601.16093): Hungarian on 1 - IoU, missing masks are empty ones, masks too many are not looked at.
import { area, intersectionArea, type Mask } from '@maskwords/mask'
import type { EvalMode } from '../stamp.ts'
import type { Metric } from '../statistics/metric.ts'
import { isSameSize } from './overlap.ts'
import { pairing } from './pairing.ts'
import { cumulativeIou, type ScoredValues, sampleIou, sizesInWords } from './segmentation.ts'

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
  const ious = new Float64Array(fitting.length * truth.length)
  const pixels = { fitting: fitting.map(area), truth: truth.map(area) }
  const joinedPx = (p: number, t: number, shared: number) =>
    (pixels.fitting[p] ?? 0) + pixels.truth[t]! - shared
  fitting.forEach((mask, p) => {
    truth.forEach((wanted, t) => {
      const shared = intersectionArea(mask, wanted)
      ious[p * truth.length + t] =
        shared === 0 && joinedPx(p, t, 0) === 0 ? 1 : shared / joinedPx(p, t, shared)
    })
  })
  const values = {
    masks: 0,
    iou: 0,
    intersectionPx: 0,
    unionPx: 0,
    found: 0,
    predicted: prediction?.length ?? 0,
  }
  const truthOf = pairing(ious, fitting.length, truth.length)
  const paired = new Map<number, number>()
  truthOf.forEach((t, p) => {
    if (t >= 0) paired.set(t, p)
  })
  for (let t = 0; t < truth.length; t++) {
    const p = paired.get(t)
    const shared = p === undefined ? 0 : intersectionArea(fitting[p]!, truth[t]!)
    const joined = joinedPx(p ?? -1, t, shared)
    const iou = sampleIou({ intersectionPx: shared, unionPx: joined }, mode)
    values.masks++
    values.iou += iou
    values.found += iou >= 0.5 ? 1 : 0
    values.intersectionPx += shared
    values.unionPx += joined
  }
  if (mode === 'correct') {
    const extra = fitting.filter((_, p) => truthOf[p] === -1)
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
