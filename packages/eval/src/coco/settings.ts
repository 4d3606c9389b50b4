// The numbers of the COCO detection evaluation: thresholds, area ranges, limits (cocodataset.org, "Detection evaluation").

import { EvalError } from '../error.ts'

/** `count` numbers from `first` to `last`, by the formula of numpy's linspace, so that thresholds are the same to the bit. */
export function evenlySpaced(first: number, last: number, count: number): number[] {
  const step = (last - first) / (count - 1)
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : i * step + first))
}

/** 0.50, 0.55, ... 0.95. */
export const COCO_IOU_THRESHOLDS: readonly number[] = evenlySpaced(0.5, 0.95, 10)

/** 0.00, 0.01, ... 1.00. */
export const COCO_RECALL_POINTS: readonly number[] = evenlySpaced(0, 1, 101)

/** How many detections of a picture and category count: the three limits of average recall. */
export const COCO_MAX_DETECTIONS: readonly [number, number, number] = [1, 10, 100]

/** A range of areas, in pixels. */
export type CocoAreaRange = {
  readonly name: 'all' | 'small' | 'medium' | 'large'
  /** In pixels, both ends inclusive: an area of exactly 32 x 32 is small and medium. */
  readonly fromPx: number
  readonly toPx: number
}

/** The area ranges of COCO: all, small, medium, large. */
export const COCO_AREA_RANGES: readonly CocoAreaRange[] = [
  { name: 'all', fromPx: 0, toPx: 1e5 ** 2 },
  { name: 'small', fromPx: 0, toPx: 32 ** 2 },
  { name: 'medium', fromPx: 32 ** 2, toPx: 96 ** 2 },
  { name: 'large', fromPx: 96 ** 2, toPx: 1e5 ** 2 },
]

/** Thresholds, area ranges and numbers of detections of an evaluation. */
export type CocoSettings = {
  readonly iouThresholds: readonly number[]
  readonly recallPoints: readonly number[]
  readonly maxDetections: readonly [number, number, number]
}

/** Checked settings with the published ones for what is left out. Throws EvalError `bad-option`. */
export function cocoSettings(options: Partial<CocoSettings>): CocoSettings {
  const {
    iouThresholds = COCO_IOU_THRESHOLDS,
    recallPoints = COCO_RECALL_POINTS,
    maxDetections = COCO_MAX_DETECTIONS,
  } = options
  checkRising('iouThresholds', iouThresholds, (v) => v > 0 && v <= 1, 'numbers above 0, at most 1')
  checkRising('recallPoints', recallPoints, (v) => v >= 0 && v <= 1, 'numbers from 0 to 1')
  checkRising('maxDetections', maxDetections, (v) => Number.isInteger(v) && v > 0, 'whole numbers above 0')
  if (maxDetections.length !== 3) {
    throw new EvalError('bad-option', `maxDetections must be three numbers, got ${maxDetections.length}`)
  }
  return { iouThresholds, recallPoints, maxDetections }
}

function checkRising(
  name: string,
  values: readonly number[],
  isIn: (value: number) => boolean,
  wanted: string,
): void {
  const good =
    Array.isArray(values) &&
    values.length > 0 &&
    values.every((v, i) => typeof v === 'number' && isIn(v) && (i === 0 || v > values[i - 1]!))
  if (!good) throw new EvalError('bad-option', `${name} must be rising ${wanted}, got ${String(values)}`)
}
