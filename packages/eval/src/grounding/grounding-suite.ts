// GroundingSuite (arXiv 2503.10596): masks by mean IoU, boxes by accuracy at 0.5, each overall and by class. Formulas: its
// evaluation as SAMTok runs it (arXiv 2601.16093).
import type { Mask } from '@maskwords/mask'
import { type BoxXyxyPx, scoreBox } from '../referring/box.ts'
import { type ScoredValues, scoreSegmentation } from '../referring/segmentation.ts'
import type { EvalMode } from '../stamp.ts'
import type { Metric } from '../statistics/metric.ts'

/** What `class_id` of gseval.jsonl stands for is not said in the file; classes keep their number. */
export function classGroup(classId: number | string): string {
  return `class ${classId}`
}

/** One sample's masks: IoU without an epsilon. Official: samples without an answer are left out. */
export function scoreGroundingMask(
  sample: { readonly prediction: Mask | undefined; readonly truth: Mask },
  options: { readonly mode: EvalMode },
): ScoredValues {
  const scored = scoreSegmentation(sample, { mode: 'correct' })
  return options.mode === 'official' && scored.status !== 'scored' ? { ...scored, values: {} } : scored
}

/** One sample's boxes. Official: samples without an answer are left out. */
export function scoreGroundingBox(
  sample: { readonly prediction: BoxXyxyPx | null | undefined; readonly truth: BoxXyxyPx },
  options: { readonly mode: EvalMode },
): ScoredValues {
  return scoreBox(sample, options)
}

/** The metrics of GroundingSuite for masks. */
export function groundingMaskMetrics(): Metric[] {
  return [
    {
      name: 'meanIou',
      title: 'mean of the IoU of samples (papers: gIoU)',
      parts: [{ numerator: 'iou', denominator: 'samples' }],
    },
    {
      name: 'precision@0.5',
      title: 'share of samples with IoU of at least 0.5',
      parts: [{ numerator: 'iouAtLeast0.5', denominator: 'samples' }],
    },
  ]
}

/** The metrics of GroundingSuite for boxes. */
export function groundingBoxMetrics(): Metric[] {
  return [
    {
      name: 'accuracy@0.5',
      title: 'share of samples with box IoU of at least 0.5',
      parts: [{ numerator: 'iouAtLeast0.5', denominator: 'samples' }],
    },
    {
      name: 'meanBoxIou',
      title: 'mean of the IoU of boxes',
      parts: [{ numerator: 'iou', denominator: 'samples' }],
    },
  ]
}
