// Precision and recall of one category from what became of its detections. Definition: cocoeval.py, accumulate: precision at 101 recall
// points after making it fall monotonically, recall as reached by the last detection.

import { HIT, MISS } from './matching.ts'

export type AccumulateInput = {
  /** Detections of the category from the highest score on; equal scores in the order of pictures, then of their group. */
  readonly order: Uint32Array
  readonly scores: Float64Array
  /** Place of the detection in its picture, from 0: those behind the limit do not count. */
  readonly ranks: Uint32Array
  /** Codes of one threshold and area range; element `codesAt + detection`. */
  readonly codes: Uint8Array
  readonly codesAt: number
  readonly maxDetections: number
  /** Truths that count. At least 1. */
  readonly truths: number
  readonly recallPoints: readonly number[]
  /** Detections of equal score count one after the other, or all at once. */
  readonly ties: 'in-order' | 'together'
}

export type AccumulateScratch = { hits: Float64Array; precision: Float64Array; chosen: Uint32Array }

export function accumulateScratch(detections: number): AccumulateScratch {
  return {
    hits: new Float64Array(detections),
    precision: new Float64Array(detections),
    chosen: new Uint32Array(detections),
  }
}

/**
 * Writes precision and score at each recall point (`precision[at + r * stride]`; 0 where the recall is not reached) and
 * returns the recall.
 */
export function accumulate(
  input: AccumulateInput,
  scratch: AccumulateScratch,
  out: {
    readonly precision: Float64Array
    readonly scores: Float64Array
    readonly at: number
    readonly stride: number
  },
): number {
  const { order, scores, ranks, codes, codesAt, maxDetections, truths, recallPoints, ties } = input
  const { hits, precision, chosen } = scratch
  let n = 0
  let right = 0
  let wrong = 0
  for (let i = 0; i < order.length; i++) {
    const d = order[i]!
    if (ranks[d]! >= maxDetections) continue
    const code = codes[codesAt + d]
    if (code === HIT) right++
    else if (code === MISS) wrong++
    chosen[n] = d
    hits[n] = right
    precision[n++] = right / (wrong + right + Number.EPSILON)
  }
  if (ties === 'together') {
    for (let i = n - 2; i >= 0; i--) {
      if (scores[chosen[i]!] !== scores[chosen[i + 1]!]) continue
      hits[i] = hits[i + 1]!
      precision[i] = precision[i + 1]!
    }
  }
  for (let i = n - 2; i >= 0; i--) {
    if (precision[i + 1]! > precision[i]!) precision[i] = precision[i + 1]!
  }
  let i = 0
  for (let r = 0; r < recallPoints.length; r++) {
    const point = recallPoints[r]!
    while (i < n && hits[i]! / truths < point) i++
    const at = out.at + r * out.stride
    out.precision[at] = i < n ? precision[i]! : 0
    out.scores[at] = i < n ? scores[chosen[i]!]! : 0
  }
  return n === 0 ? 0 : hits[n - 1]! / truths
}
