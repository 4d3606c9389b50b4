// COCO's average precision and recall of masks and boxes, all twelve numbers. Definition: the published evaluation (cocodataset/cocoapi,
// cocoeval.py with maskApi.c), to the last digit of its tables; where a sound definition differs, mode `correct` says so.
//
// Work goes group by group (one category in one picture): only groups with detections read masks, and a pair of masks is
// compared only where boxes and areas leave room for the lowest threshold. That is most of the speed; nothing is approximate.

import { EvalError } from '../error.ts'
import type { EvalMode } from '../stamp.ts'
import { accumulate, accumulateScratch } from './accumulate.ts'
import { type Grouped, type Groups, groupsOf } from './groups.ts'
import type {
  CocoCategory,
  CocoDetection,
  CocoGroup,
  CocoId,
  CocoPicture,
  CocoProblem,
  CocoTruth,
} from './input.ts'
import { HIT, MISS, matchScratch, orderTruths, writeCodes } from './matching.ts'
import { groupColumns, readGroup } from './records.ts'
import { COCO_AREA_RANGES, type CocoSettings, cocoSettings } from './settings.ts'
import { type CocoStats, type CocoTables, cocoStats } from './summary.ts'

/** Truth and detections of a COCO evaluation, and by which rules. */
export type EvaluateCocoOptions = Partial<CocoSettings> & {
  readonly kind: 'mask' | 'box'
  /** All pictures of the evaluation, those without truth or detections too. */
  readonly pictures: readonly CocoPicture[]
  /** The categories to evaluate; records of others are left out and counted. */
  readonly categories: readonly CocoCategory[]
  readonly truths: readonly CocoTruth[]
  readonly detections: readonly CocoDetection[]
  /** False: all categories are one (proposals). Default true. */
  readonly useCategories?: boolean
  /**
   * `official`: a truth of id 0 can never be hit, as in the published code, which takes 0 for "no match". `correct`
   * (default): ids are only names. Nothing else differs.
   */
  readonly mode?: EvalMode
  /** `in-order` (default, published): of equal scores the earlier counts first. `together`: order says nothing. */
  readonly ties?: 'in-order' | 'together'
  /** Where there may be more true regions than truths: a detection there that matches nothing is neither right nor wrong. */
  readonly open?: readonly CocoGroup[]
  /** LVIS's rules for crowds and ignored truths; `evaluateLvis` sets it. */
  readonly federated?: boolean
  /**
   * Told of masks that cannot be read or have another size than their picture; such a truth cannot be hit, such a
   * detection is a false alarm. Without it they throw.
   */
  readonly onProblem?: (problem: CocoProblem) => void
}

/** AP and AR of one category. */
export type CocoCategoryResult = CocoStats & {
  readonly id: CocoId | undefined
  readonly name: string | undefined
  /** Truths that count (no crowds), and detections within the largest limit. */
  readonly truths: number
  readonly detections: number
}

/** One picture: counts at all areas and the largest limit of detections. */
export type CocoPictureRow = {
  readonly pictureId: CocoId
  readonly truths: number
  readonly crowds: number
  readonly detections: number
  readonly hits50: number
  readonly falseAlarms50: number
  readonly hits75: number
  readonly falseAlarms75: number
}

/** The twelve numbers of COCO, of all and of each category, and the rows behind them. */
export type CocoResult = {
  readonly kind: 'mask' | 'box'
  readonly stats: CocoStats
  readonly perCategory: readonly CocoCategoryResult[]
  readonly rows: readonly CocoPictureRow[]
  /** Truths (no crowds), crowds, and detections that were given in evaluated categories. */
  readonly truths: number
  readonly crowds: number
  readonly detections: number
  /** Detections of categories that were not evaluated. */
  readonly otherCategory: number
  readonly tables: CocoTables
}

/**
 * The COCO evaluation. Throws EvalError: `not-found` for a picture that is not listed, `duplicate` for two pictures or
 * categories of one id, `malformed` for a missing mask or box, `out-of-range` for a score or area that is no finite
 * number, `size-mismatch` for a mask of another size than its picture (see `onProblem`), `bad-option`.
 */
export function evaluateCoco(options: EvaluateCocoOptions): CocoResult {
  const settings = cocoSettings(options)
  const { kind, useCategories = true, ties = 'in-order' } = options
  if (kind !== 'mask' && kind !== 'box') {
    throw new EvalError('bad-option', `kind must be mask or box, got ${String(kind)}`)
  }
  const groups = groupsOf({ ...options, useCategories })
  const matched = matchAll(options, groups, settings)
  const tables = tablesOf(matched, groups.rows.length, settings, ties)
  return {
    kind,
    stats: cocoStats(tables),
    perCategory: groups.rows.map((category, k) => ({
      id: category?.id,
      name: category?.name,
      truths: matched.counted[k * COCO_AREA_RANGES.length]!,
      detections: matched.rowStart[k + 1]! - matched.rowStart[k]!,
      ...cocoStats(tables, k),
    })),
    rows: pictureRows(options, groups, matched, settings),
    truths: groups.truths.order.reduce((n, i) => n + (options.truths[i]!.isCrowd ? 0 : 1), 0),
    crowds: groups.truths.order.reduce((n, i) => n + (options.truths[i]!.isCrowd ? 1 : 0), 0),
    detections: groups.detections.order.length,
    otherCategory: groups.otherCategory,
    tables,
  }
}

/** Detections within the largest limit, as columns: by row, then picture, then score. */
type Matched = {
  readonly scores: Float64Array
  readonly ranks: Uint32Array
  readonly picture: Uint32Array
  /** Detections of row k are rowStart[k] ... rowStart[k + 1] - 1. */
  readonly rowStart: Uint32Array
  /** [A, T, detections] */
  readonly codes: Uint8Array
  /** Truths that count: [K, A] */
  readonly counted: Uint32Array
}

function matchAll(options: EvaluateCocoOptions, groups: Groups, settings: CocoSettings): Matched {
  const { detections } = options
  const P = groups.pictures.length
  const K = groups.rows.length
  const A = COCO_AREA_RANGES.length
  const T = settings.iouThresholds.length
  const limit = settings.maxDetections[2]
  const total = keptDetections(groups.detections, limit)
  const matched: Matched = {
    scores: new Float64Array(total),
    ranks: new Uint32Array(total),
    picture: new Uint32Array(total),
    rowStart: new Uint32Array(K + 1),
    codes: new Uint8Array(A * T * total),
    counted: new Uint32Array(K * A),
  }
  const lowest = Math.min(settings.iouThresholds[0]!, 1 - 1e-10)
  const open = openGroups(options, groups)
  const columns = groupColumns()
  const scratch = matchScratch()
  let n = 0
  let row = 0
  walkGroups(groups, (group, truthIds, allDetectionIds) => {
    const k = Math.floor(group / P)
    const p = group - k * P
    while (row < k) matched.rowStart[++row] = n
    const detectionIds = bestScores(detections, allDetectionIds, limit)
    readGroup(options, { picture: groups.pictures[p]!, truthIds, detectionIds }, lowest, columns)
    columns.isOpen = open.has(group)
    const D = detectionIds.length
    for (let a = 0; a < A; a++) {
      const range = COCO_AREA_RANGES[a]!
      matched.counted[k * A + a]! += orderTruths(columns, range, scratch)
      if (D === 0) continue
      for (let t = 0; t < T; t++) {
        const at = (a * T + t) * total + n
        writeCodes(columns, range, settings.iouThresholds[t]!, scratch, matched.codes, at)
      }
    }
    for (let d = 0; d < D; d++) {
      matched.scores[n] = detections[detectionIds[d]!]!.score
      matched.ranks[n] = d
      matched.picture[n++] = p
    }
  })
  while (row < K) matched.rowStart[++row] = n
  return matched
}

/** Numbers of the groups that are open. */
function openGroups(
  { open = [], useCategories = true }: EvaluateCocoOptions,
  groups: Groups,
): ReadonlySet<number> {
  const places = new Map(groups.pictures.map(({ id }, p) => [id, p]))
  const rows = new Map(groups.rows.map((row, k) => [row?.id, k]))
  return new Set(
    open.flatMap(({ pictureId, categoryId }) => {
      const p = places.get(pictureId)
      const k = rows.get(useCategories ? categoryId : undefined)
      return p === undefined || k === undefined ? [] : [k * groups.pictures.length + p]
    }),
  )
}

function keptDetections({ start }: Grouped, limit: number): number {
  let n = 0
  for (let i = 0; i + 1 < start.length; i++) n += Math.min(limit, start[i + 1]! - start[i]!)
  return n
}

/** Calls `visit` for every group that has truths or detections, in ascending order. */
function walkGroups(
  groups: Groups,
  visit: (group: number, truths: Uint32Array, detections: Uint32Array) => void,
): void {
  const { truths, detections } = groups
  const none = new Uint32Array(0)
  const members = ({ order, start }: Grouped, i: number) => order.subarray(start[i]!, start[i + 1]!)
  let i = 0
  let j = 0
  while (i < truths.group.length || j < detections.group.length) {
    const g = truths.group[i] ?? Number.POSITIVE_INFINITY
    const d = detections.group[j] ?? Number.POSITIVE_INFINITY
    visit(Math.min(g, d), g <= d ? members(truths, i++) : none, d <= g ? members(detections, j++) : none)
  }
}

/** Indices of the group's detections from the highest score on, equal scores in the order of the group, at most `limit`. */
function bestScores(detections: readonly CocoDetection[], ids: Uint32Array, limit: number): Uint32Array {
  let isSorted = true
  for (let i = 0; i < ids.length; i++) {
    const { score } = detections[ids[i]!]!
    if (typeof score !== 'number' || !Number.isFinite(score)) {
      const at = `detection ${ids[i]}`
      throw new EvalError('out-of-range', `${at} has the score ${String(score)}, must be a finite number`, {
        at,
      })
    }
    if (i > 0 && detections[ids[i - 1]!]!.score < score) isSorted = false
  }
  // Stable: without categories the order of the group is not that of the list.
  const sorted = isSorted
    ? ids
    : Uint32Array.from(Array.from(ids).sort((a, b) => detections[b]!.score - detections[a]!.score))
  return sorted.length > limit ? sorted.subarray(0, limit) : sorted
}

function tablesOf(
  matched: Matched,
  K: number,
  settings: CocoSettings,
  ties: 'in-order' | 'together',
): CocoTables {
  const { iouThresholds, recallPoints, maxDetections } = settings
  const [T, R, A, M] = [
    iouThresholds.length,
    recallPoints.length,
    COCO_AREA_RANGES.length,
    maxDetections.length,
  ]
  const { scores, ranks, codes, counted, rowStart } = matched
  const total = scores.length
  const precision = new Float64Array(T * R * K * A * M).fill(-1)
  const scoreAt = new Float64Array(T * R * K * A * M).fill(-1)
  const recall = new Float64Array(T * K * A * M).fill(-1)
  const scratch = accumulateScratch(total)
  for (let k = 0; k < K; k++) {
    const order = new Uint32Array(rowStart[k + 1]! - rowStart[k]!)
    for (let i = 0; i < order.length; i++) order[i] = rowStart[k]! + i
    order.sort((a, b) => scores[b]! - scores[a]! || a - b)
    for (let a = 0; a < A; a++) {
      const truths = counted[k * A + a]!
      if (truths === 0) continue
      for (let m = 0; m < M; m++) {
        for (let t = 0; t < T; t++) {
          const codesAt = (a * T + t) * total
          const maxLimit = maxDetections[m]!
          recall[((t * K + k) * A + a) * M + m] = accumulate(
            { order, scores, ranks, codes, codesAt, maxDetections: maxLimit, truths, recallPoints, ties },
            scratch,
            { precision, scores: scoreAt, at: ((t * R * K + k) * A + a) * M + m, stride: K * A * M },
          )
        }
      }
    }
  }
  return { precision, scores: scoreAt, recall, categories: K, areaRanges: A, settings }
}

function pictureRows(
  options: EvaluateCocoOptions,
  groups: Groups,
  matched: Matched,
  settings: CocoSettings,
): CocoPictureRow[] {
  const rows = groups.pictures.map(({ id }) => ({
    pictureId: id,
    truths: 0,
    crowds: 0,
    detections: 0,
    hits50: 0,
    falseAlarms50: 0,
    hits75: 0,
    falseAlarms75: 0,
  }))
  const P = groups.pictures.length
  const { order, group, start } = groups.truths
  for (let i = 0; i < group.length; i++) {
    const row = rows[group[i]! % P]!
    for (const g of order.subarray(start[i]!, start[i + 1]!)) {
      if (options.truths[g]!.isCrowd) row.crowds++
      else row.truths++
    }
  }
  const total = matched.scores.length
  const t50 = settings.iouThresholds.findIndex((t) => Math.abs(t - 0.5) < 1e-9)
  const t75 = settings.iouThresholds.findIndex((t) => Math.abs(t - 0.75) < 1e-9)
  for (let d = 0; d < total; d++) {
    const row = rows[matched.picture[d]!]!
    row.detections++
    // The first area range holds every area.
    const at50 = t50 === -1 ? undefined : matched.codes[t50 * total + d]
    const at75 = t75 === -1 ? undefined : matched.codes[t75 * total + d]
    if (at50 === HIT) row.hits50++
    if (at50 === MISS) row.falseAlarms50++
    if (at75 === HIT) row.hits75++
    if (at75 === MISS) row.falseAlarms75++
  }
  return rows
}
