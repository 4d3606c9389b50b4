// The twelve numbers of the COCO evaluation from its tables. Definition: cocoeval.py, summarize; cocodataset.org, "Metrics".

import type { CocoSettings } from './settings.ts'

/** -1 where there is no truth to find. Means over thresholds 0.50 to 0.95 unless the name says one. */
export type CocoStats = {
  readonly ap: number
  readonly ap50: number
  readonly ap75: number
  readonly apSmall: number
  readonly apMedium: number
  readonly apLarge: number
  /** Average recall with 1, 10 and 100 detections a picture and category (the three of `maxDetections`). */
  readonly ar1: number
  readonly ar10: number
  readonly ar100: number
  readonly arSmall: number
  readonly arMedium: number
  readonly arLarge: number
}

/** The twelve names in the order in which the published evaluation prints them. */
export const COCO_STAT_NAMES: readonly (keyof CocoStats)[] = [
  'ap',
  'ap50',
  'ap75',
  'apSmall',
  'apMedium',
  'apLarge',
  'ar1',
  'ar10',
  'ar100',
  'arSmall',
  'arMedium',
  'arLarge',
]

/**
 * Everything that the twelve numbers are means of. Row-major; T thresholds, R recall points, K categories, A area ranges,
 * M limits of detections. -1 where a category has no truth.
 */
export type CocoTables = {
  /** [T, R, K, A, M] */
  readonly precision: Float64Array
  /** Score at which the precision is reached: [T, R, K, A, M] */
  readonly scores: Float64Array
  /** [T, K, A, M] */
  readonly recall: Float64Array
  readonly categories: number
  readonly areaRanges: number
  readonly settings: CocoSettings
}

/** The twelve numbers over all categories, or those of one (`category`: its row). */
export function cocoStats(tables: CocoTables, category?: number): CocoStats {
  const ap = (area: number, iou?: number) => meanPrecision(tables, { category, area, iou })
  const ar = (area: number, limit: number) => meanRecall(tables, { category, area, limit })
  return {
    ap: ap(0),
    ap50: ap(0, 0.5),
    ap75: ap(0, 0.75),
    apSmall: ap(1),
    apMedium: ap(2),
    apLarge: ap(3),
    ar1: ar(0, 0),
    ar10: ar(0, 1),
    ar100: ar(0, 2),
    arSmall: ar(1, 2),
    arMedium: ar(2, 2),
    arLarge: ar(3, 2),
  }
}

type Choice = { readonly category: number | undefined; readonly area: number }

function meanPrecision(tables: CocoTables, choice: Choice & { readonly iou: number | undefined }): number {
  const { precision, categories: K, areaRanges: A, settings } = tables
  const { iouThresholds, recallPoints, maxDetections } = settings
  const M = maxDetections.length
  let sum = 0
  let n = 0
  for (let t = 0; t < iouThresholds.length; t++) {
    if (choice.iou !== undefined && Math.abs(iouThresholds[t]! - choice.iou) > 1e-9) continue
    for (let r = 0; r < recallPoints.length; r++) {
      for (let k = choice.category ?? 0; k < (choice.category === undefined ? K : choice.category + 1); k++) {
        const value = precision[(((t * recallPoints.length + r) * K + k) * A + choice.area) * M + M - 1]!
        if (value === -1) continue
        sum += value
        n++
      }
    }
  }
  return n === 0 ? -1 : sum / n
}

function meanRecall(tables: CocoTables, choice: Choice & { readonly limit: number }): number {
  const { recall, categories: K, areaRanges: A, settings } = tables
  const M = settings.maxDetections.length
  let sum = 0
  let n = 0
  for (let t = 0; t < settings.iouThresholds.length; t++) {
    for (let k = choice.category ?? 0; k < (choice.category === undefined ? K : choice.category + 1); k++) {
      const value = recall[((t * K + k) * A + choice.area) * M + choice.limit]!
      if (value === -1) continue
      sum += value
      n++
    }
  }
  return n === 0 ? -1 : sum / n
}
