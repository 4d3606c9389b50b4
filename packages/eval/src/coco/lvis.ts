// The LVIS evaluation: COCO's, but a detector answers only for categories that were looked for in a picture. Definition:
// lvis-api 0.5.3 (lvis/eval.py, results.py): 300 detections a picture, those of categories that the picture neither shows nor is
// known to lack are left out, unmatched ones of categories that are not exhaustively labelled do not count, crowds are truths.

import { type CocoRle, isEmpty, MaskError, maskFromCocoRle } from '@maskwords/mask'
import { type CocoResult, type EvaluateCocoOptions, evaluateCoco } from './evaluate.ts'
import type { CocoDetection, CocoGroup, CocoId, LvisFrequency } from './input.ts'
import { type CocoTables, cocoStats } from './summary.ts'

/** Detections of a picture that count, of all categories together. */
export const LVIS_MAX_DETECTIONS = 300

/** -1 where there is no truth to find. */
export type LvisStats = {
  readonly ap: number
  readonly ap50: number
  readonly ap75: number
  readonly apSmall: number
  readonly apMedium: number
  readonly apLarge: number
  /** Over rare, common and frequent categories. */
  readonly apRare: number
  readonly apCommon: number
  readonly apFrequent: number
  /** Average recall with 300 detections a picture. */
  readonly ar300: number
  readonly arSmall: number
  readonly arMedium: number
  readonly arLarge: number
}

/** The names in the order in which the published evaluation prints them. */
export const LVIS_STAT_NAMES: readonly (keyof LvisStats)[] = [
  'ap',
  'ap50',
  'ap75',
  'apSmall',
  'apMedium',
  'apLarge',
  'apRare',
  'apCommon',
  'apFrequent',
  'ar300',
  'arSmall',
  'arMedium',
  'arLarge',
]

/** The numbers of LVIS: AP of all, of rare, common and frequent categories, and by size. */
export type LvisResult = Omit<CocoResult, 'stats'> & {
  readonly stats: LvisStats
  /** Detections behind the best 300 of their picture. */
  readonly beyondLimit: number
  /** Detections of categories of which nobody knows whether the picture shows them. */
  readonly notLookedFor: number
}

/** The LVIS evaluation of records as `readCocoTruth` and `readCocoDetections` give them. Throws as `evaluateCoco` does. */
export function evaluateLvis(options: Omit<EvaluateCocoOptions, 'maxDetections' | 'federated'>): LvisResult {
  // An area of nothing takes part in nothing there: `get_ann_ids` asks for more than 0.
  const truths = options.truths.filter(({ areaPx }) => areaPx !== 0)
  const looked = new Set(truths.map(groupKey))
  const open: CocoGroup[] = [...(options.open ?? [])]
  for (const { id: pictureId, absentCategoryIds = [], openCategoryIds = [] } of options.pictures) {
    for (const categoryId of absentCategoryIds) looked.add(groupKey({ pictureId, categoryId }))
    for (const categoryId of openCategoryIds) open.push({ pictureId, categoryId })
  }
  const frequencies = new Map<CocoId | undefined, LvisFrequency | undefined>(
    options.categories.map(({ id, frequency }) => [id, frequency]),
  )
  const best = bestOfPictures(options.detections)
  const detections = best.filter((detection) => looked.has(groupKey(detection)) && !isNothing(detection))
  const result = evaluateCoco({
    ...options,
    truths,
    detections,
    open,
    federated: true,
    maxDetections: [1, 10, LVIS_MAX_DETECTIONS],
  })
  return {
    ...result,
    stats: lvisStats(result.tables, (frequency) =>
      result.perCategory.flatMap(({ id }, k) => (frequencies.get(id) === frequency ? [k] : [])),
    ),
    beyondLimit: options.detections.length - best.length,
    notLookedFor: best.filter((detection) => !looked.has(groupKey(detection))).length,
  }
}

function groupKey({ pictureId, categoryId }: CocoGroup): string {
  return JSON.stringify([pictureId, categoryId])
}

/** Whether a detection's area is 0: of its box where that decides, else of its mask. */
function isNothing({ areaPx, boxXywhPx, mask }: CocoDetection): boolean {
  if (areaPx !== undefined) return areaPx === 0
  if (mask === undefined) return boxXywhPx !== undefined && boxXywhPx.width * boxXywhPx.height === 0
  if ('edges' in mask) return isEmpty(mask)
  // Run lengths of an empty mask are one number: longer ones hold pixels, and need no look.
  if (Array.isArray(mask)) return false
  const { counts } = mask as CocoRle
  if (counts.length > LONGEST_NUMBER) return false
  try {
    return isEmpty(maskFromCocoRle(mask as CocoRle))
  } catch (error) {
    if (error instanceof MaskError) return false
    throw error
  }
}

/** Characters of one number in compressed run lengths: five bits each, of 35. */
const LONGEST_NUMBER = 7

/** The best 300 detections of each picture, equal scores in the order of the list; all in the order of the list. */
function bestOfPictures(detections: readonly CocoDetection[]): readonly CocoDetection[] {
  const byPicture = new Map<CocoId, number[]>()
  detections.forEach(({ pictureId }, i) => {
    const list = byPicture.get(pictureId)
    if (list === undefined) byPicture.set(pictureId, [i])
    else list.push(i)
  })
  const kept: number[] = []
  for (const list of byPicture.values()) {
    const sorted =
      list.length <= LVIS_MAX_DETECTIONS
        ? list
        : list.sort((a, b) => detections[b]!.score - detections[a]!.score)
    kept.push(...sorted.slice(0, LVIS_MAX_DETECTIONS))
  }
  return kept.sort((a, b) => a - b).map((i) => detections[i]!)
}

function lvisStats(tables: CocoTables, rowsOf: (frequency: LvisFrequency) => readonly number[]): LvisStats {
  const { ap, ap50, ap75, apSmall, apMedium, apLarge, ar100, arSmall, arMedium, arLarge } = cocoStats(tables)
  const of = (frequency: LvisFrequency): number => {
    // Every category has as many thresholds and recall points: the mean of means is the mean.
    const values = rowsOf(frequency)
      .map((row) => cocoStats(tables, row).ap)
      .filter((value) => value !== -1)
    return values.length === 0 ? -1 : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  return {
    ap,
    ap50,
    ap75,
    apSmall,
    apMedium,
    apLarge,
    apRare: of('r'),
    apCommon: of('c'),
    apFrequent: of('f'),
    ar300: ar100,
    arSmall,
    arMedium,
    arLarge,
  }
}
