// The COCO evaluation once more, straight from its description and slow: dense pixels, one setting at a time. For tests only.

import { type Mask, rowMajorBytes } from '@maskwords/mask'
import type { CocoDetection, CocoPicture, CocoTruth } from '../src/coco/input.ts'

export type ReferenceInput = {
  readonly kind: 'mask' | 'box'
  readonly pictures: readonly CocoPicture[]
  readonly categoryIds: readonly number[]
  readonly truths: readonly (CocoTruth & { readonly mask: Mask })[]
  readonly detections: readonly (CocoDetection & { readonly mask: Mask })[]
  readonly useCategories: boolean
}

const RANGES = { all: [0, 1e10], small: [0, 1024], medium: [1024, 9216], large: [9216, 1e10] } as const
type RangeName = keyof typeof RANGES

/** The twelve numbers in the published order. */
export function referenceStats(input: ReferenceInput): number[] {
  const ious = Array.from({ length: 10 }, (_, i) => (i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9)))
  const ap = (range: RangeName, thresholds = ious) =>
    mean(each(input, thresholds, range, 100).flatMap(({ precision }) => precision))
  const ar = (range: RangeName, limit: number) =>
    mean(each(input, ious, range, limit).flatMap(({ recall }) => recall))
  return [
    ap('all'),
    ap('all', [0.5]),
    ap('all', [ious[5]!]),
    ap('small'),
    ap('medium'),
    ap('large'),
    ar('all', 1),
    ar('all', 10),
    ar('all', 100),
    ar('small', 100),
    ar('medium', 100),
    ar('large', 100),
  ]
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? -1 : values.reduce((a, b) => a + b, 0) / values.length
}

type Curve = { readonly precision: readonly number[]; readonly recall: readonly number[] }

/** Curves of every category that has truths, at every threshold. */
function each(
  input: ReferenceInput,
  thresholds: readonly number[],
  range: RangeName,
  limit: number,
): Curve[] {
  const categories = input.useCategories ? input.categoryIds.map((id) => [id]) : [input.categoryIds]
  return categories.flatMap((ids) =>
    thresholds.flatMap((threshold) => {
      const curve = curveOf(input, ids, threshold, RANGES[range], limit)
      return curve === undefined ? [] : [curve]
    }),
  )
}

type Judged = { readonly score: number; readonly verdict: 'hit' | 'miss' | 'ignored' }

function curveOf(
  input: ReferenceInput,
  categoryIds: readonly number[],
  threshold: number,
  [from, to]: readonly [number, number],
  limit: number,
): Curve | undefined {
  const judged: Judged[] = []
  let wanted = 0
  for (const { id } of [...input.pictures].sort((a, b) => Number(a.id) - Number(b.id))) {
    const here = <T extends { pictureId: unknown; categoryId: unknown }>(records: readonly T[]) =>
      categoryIds.flatMap((c) => records.filter((r) => r.pictureId === id && r.categoryId === c))
    const outside = (areaPx: number) => areaPx < from || areaPx > to
    const truths = here(input.truths).map((truth) => ({
      truth,
      ignored: truth.isCrowd === true || outside(truth.areaPx ?? ownArea(truth, input.kind)),
      hit: false,
    }))
    wanted += truths.filter(({ ignored }) => !ignored).length
    // Only the best hundred are ever looked at; the limit cuts afterwards.
    const best = byScore(here(input.detections)).slice(0, 100)
    const verdicts = best.map((detection): Judged => {
      let found: (typeof truths)[number] | undefined
      let most = threshold
      for (const candidate of [...truths.filter((t) => !t.ignored), ...truths.filter((t) => t.ignored)]) {
        if (candidate.hit && candidate.truth.isCrowd !== true) continue
        if (found !== undefined && !found.ignored && candidate.ignored) break
        const iou = overlap(detection, candidate.truth, input.kind)
        if (iou < most) continue
        most = iou
        found = candidate
      }
      const { score } = detection
      if (found !== undefined) {
        found.hit = true
        return { score, verdict: found.ignored ? 'ignored' : 'hit' }
      }
      return {
        score,
        verdict: outside(detection.areaPx ?? ownArea(detection, input.kind)) ? 'ignored' : 'miss',
      }
    })
    judged.push(...verdicts.slice(0, limit))
  }
  if (wanted === 0) return undefined
  const counted = byScore(judged).filter(({ verdict }) => verdict !== 'ignored')
  const hits = counted.map(
    (_, i) => counted.slice(0, i + 1).filter(({ verdict }) => verdict === 'hit').length,
  )
  const recalls = hits.map((h) => h / wanted)
  const precisions = hits.map((h, i) => h / (i + 1))
  const precision = Array.from({ length: 101 }, (_, r) => {
    const reached = precisions.filter((_, i) => recalls[i]! >= (r === 100 ? 1 : r * 0.01))
    return reached.length === 0 ? 0 : Math.max(...reached)
  })
  return { precision, recall: [recalls.at(-1) ?? 0] }
}

/** From the highest score on; equal scores keep their order. */
function byScore<T extends { readonly score: number }>(records: readonly T[]): T[] {
  return [...records].sort((a, b) => b.score - a.score)
}

type Shaped = {
  readonly mask: Mask
  readonly boxXywhPx?: { x: number; y: number; width: number; height: number }
}

function ownArea({ mask, boxXywhPx }: Shaped, kind: 'mask' | 'box'): number {
  return kind === 'mask'
    ? rowMajorBytes(mask).reduce((a, b) => a + b, 0)
    : boxXywhPx!.width * boxXywhPx!.height
}

function overlap(
  detection: Shaped,
  truth: Shaped & { readonly isCrowd?: boolean },
  kind: 'mask' | 'box',
): number {
  let both = 0
  if (kind === 'mask') {
    const p = rowMajorBytes(detection.mask)
    const q = rowMajorBytes(truth.mask)
    for (let i = 0; i < p.length; i++) both += p[i]! & q[i]!
  } else {
    const p = detection.boxXywhPx!
    const q = truth.boxXywhPx!
    const side = (a: number, b: number, c: number, d: number) =>
      Math.max(0, Math.min(a + b, c + d) - Math.max(a, c))
    both = side(p.x, p.width, q.x, q.width) * side(p.y, p.height, q.y, q.height)
  }
  const own = ownArea(detection, kind)
  const whole = truth.isCrowd === true ? own : own + ownArea(truth, kind) - both
  return both === 0 ? 0 : both / whole
}
