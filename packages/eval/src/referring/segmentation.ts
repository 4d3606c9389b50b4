// Referring segmentation of one mask a phrase: RES (RefCOCO, RefCOCO+, RefCOCOg), its rounds (MR-RefCOCO, MR-PACO) and
// ReasonSeg. Formulas: the evaluation scripts of SAMTok (arXiv 2601.16093), HiMTok (ICCV 2025) and LISA (CVPR 2024).
import { area, type Mask, subtract, union } from '@maskwords/mask'
import type { RowStatus } from '../row.ts'
import type { EvalMode } from '../stamp.ts'
import type { Metric } from '../statistics/metric.ts'
import { type IgnoreRule, isSameSize, maskOverlap, type Overlap } from './overlap.ts'

/** IoU from which a sample counts as right, for precision@. */
export const PRECISION_THRESHOLDS = [0.5, 0.6, 0.7, 0.8, 0.9] as const

/** Added to a sample's union by the scripts of RES. */
const SAMPLE_EPSILON = 1e-5
/** Added to a sample's union by HiMTok's script of ReasonSeg. */
const REASONING_EPSILON = 1e-10
/** Added to the union of all by every script. */
export const TOTAL_EPSILON = 1e-10

/** A mask, predicted and true. */
export type SegmentationSample = {
  /** Undefined where there is no answer, or none that can be used. An answer that names no mask is an empty mask. */
  readonly prediction: Mask | undefined
  readonly truth: Mask
  readonly ignored?: Mask
}

/** How referring segmentation is scored. */
export type SegmentationOptions = {
  readonly mode: EvalMode
  /** Default `exclude` in correct mode and `background` in official mode. */
  readonly ignore?: IgnoreRule
  /**
   * Whose script official mode is. `res` (default): 1e-5 in the union, answers of another size are left out. `reasonseg`:
   * 1e-10, and answers of another size count 0.
   */
  readonly script?: 'res' | 'reasonseg'
}

/** The numbers of a row, and whether the answer could be used. */
export type ScoredValues = {
  readonly values: Readonly<Record<string, number>>
  readonly status: RowStatus
  readonly reason?: string
}

/**
 * One sample. Correct: IoU is 1 where both masks are empty; no answer is IoU 0 with all of the truth as union, even where
 * nothing was to be found. Official: IoU is I / (U + 1e-5), 1 where U = 0; samples without a usable answer are left out
 * (ReasonSeg: see `script`).
 */
export function scoreSegmentation(sample: SegmentationSample, options: SegmentationOptions): ScoredValues {
  const { prediction, truth, ignored } = sample
  const { mode, ignore = mode === 'official' ? 'background' : 'exclude', script = 'res' } = options
  const region = ignored === undefined ? undefined : { mask: ignored, rule: ignore }
  if (prediction === undefined || !isSameSize(prediction, truth)) {
    const reason = prediction === undefined ? undefined : sizesInWords(prediction, truth)
    const status = prediction === undefined ? 'missing' : 'failed'
    const isLeftOut = mode === 'official' && (prediction === undefined || script === 'res')
    if (isLeftOut) return { values: {}, status, ...(reason !== undefined && { reason }) }
    const values = valuesOf({ intersectionPx: 0, unionPx: truthArea(truth, region) }, 0)
    return { values, status, ...(reason !== undefined && { reason }) }
  }
  const overlap = maskOverlap(prediction, truth, region)
  return {
    values: valuesOf(
      overlap,
      sampleIou(overlap, mode, script === 'res' ? SAMPLE_EPSILON : REASONING_EPSILON),
    ),
    status: 'scored',
  }
}

function truthArea(truth: Mask, region: { mask: Mask; rule: IgnoreRule } | undefined): number {
  if (region === undefined || region.rule === 'background') return area(truth)
  return area(region.rule === 'exclude' ? subtract(truth, region.mask) : union(truth, region.mask))
}

/** IoU of one sample, 1 where there is nothing in either mask. */
export function sampleIou(
  { intersectionPx, unionPx }: Pick<Overlap, 'intersectionPx' | 'unionPx'>,
  mode: EvalMode,
  epsilon: number = SAMPLE_EPSILON,
): number {
  if (unionPx === 0) return 1
  return intersectionPx / (mode === 'official' ? unionPx + epsilon : unionPx)
}

function valuesOf(
  { intersectionPx, unionPx }: Pick<Overlap, 'intersectionPx' | 'unionPx'>,
  iou: number,
): Record<string, number> {
  return { samples: 1, iou, dice: (2 * iou) / (1 + iou), intersectionPx, unionPx, ...precisionValues(iou) }
}

export function sizesInWords(a: Mask, truth: Mask): string {
  return `the mask is ${a.widthPx} x ${a.heightPx}, the truth ${truth.widthPx} x ${truth.heightPx} (width x height)`
}

/** A column `iouAtLeast0.5`, ... for each threshold: 1 or 0. */
export function precisionValues(
  iou: number,
  thresholds: readonly number[] = PRECISION_THRESHOLDS,
): Record<string, number> {
  return Object.fromEntries(
    thresholds.map((threshold) => [`iouAtLeast${threshold}`, iou >= threshold ? 1 : 0]),
  )
}

/** Mean IoU, cumulative IoU, and the share of samples from each IoU on. */
export function segmentationMetrics(mode: EvalMode): Metric[] {
  return [
    {
      name: 'meanIou',
      title: 'mean of the IoU of samples (papers: gIoU)',
      parts: [{ numerator: 'iou', denominator: 'samples' }],
    },
    {
      name: 'meanDice',
      title: 'mean of the Dice coefficient of samples, twice the intersection over both areas',
      parts: [{ numerator: 'dice', denominator: 'samples' }],
    },
    cumulativeIou(mode),
    ...precisionMetrics('precision', 'samples', PRECISION_THRESHOLDS),
  ]
}

export function cumulativeIou(mode: EvalMode): Metric {
  return {
    name: 'cumulativeIou',
    title: 'all intersections over all unions (papers: cIoU, oIoU)',
    parts: [
      {
        numerator: 'intersectionPx',
        denominator: 'unionPx',
        ...(mode === 'official' && { epsilon: TOTAL_EPSILON }),
      },
    ],
  }
}

/** Shares of samples from each threshold on, named `<name>@<threshold>`. */
export function precisionMetrics(name: string, denominator: string, thresholds: readonly number[]): Metric[] {
  return thresholds.map((threshold) => ({
    name: `${name}@${threshold}`,
    title: `share of samples with IoU of at least ${threshold}`,
    parts: [{ numerator: `iouAtLeast${threshold}`, denominator }],
  }))
}
