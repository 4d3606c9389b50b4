// Pointing and polylines: F1 of points in masks and of lines along lines (tasks of GETok, arXiv 2512.10554, which does not say
// how they are matched; the rules here are ours: docs/evaluation.md).
import type { Mask } from '@maskwords/mask'
import { EvalError } from '../error.ts'
import { fittingPairs, pairing } from '../referring/pairing.ts'
import type { ScoredValues } from '../referring/segmentation.ts'
import type { EvalMode } from '../stamp.ts'

type SetCounts = { readonly right: number; readonly predicted: number; readonly truths: number }

function setValues({ right, predicted, truths }: SetCounts): Record<string, number> {
  const either = predicted + truths
  const f1 = either === 0 ? 1 : (2 * right) / either
  return { samples: 1, right, predicted, truths, twiceRight: 2 * right, either, f1 }
}

/** True where the pixel under the point is foreground; a point outside of the picture never is. */
export function maskHasPoint(mask: Mask, xPx: number, yPx: number): boolean {
  const { widthPx, heightPx, edges } = mask
  if (!(xPx >= 0 && xPx <= widthPx && yPx >= 0 && yPx <= heightPx) || edges.length === 0) return false
  // The right and lower border belong to the last pixel.
  const column = Math.min(Math.floor(xPx), widthPx - 1)
  const row = Math.min(Math.floor(yPx), heightPx - 1)
  const index = column * heightPx + row
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (edges[middle]! <= index) low = middle + 1
    else high = middle
  }
  return low % 2 === 1
}

/**
 * One sample of points: a point is right when it lies in a true mask that no other point has; the pairing with the most
 * right points counts. `prediction` is x, y, x, y, ... in pixels; undefined where there is no answer.
 */
export function scorePoints(
  sample: { readonly prediction: ArrayLike<number> | undefined; readonly truth: readonly Mask[] },
  options: { readonly mode: EvalMode },
): ScoredValues {
  const { prediction, truth } = sample
  if (prediction === undefined && options.mode === 'official') return { values: {}, status: 'missing' }
  const points = prediction ?? []
  checkPairs(points, 'points')
  const count = points.length / 2
  const fits = new Uint8Array(count * truth.length)
  for (let p = 0; p < count; p++) {
    truth.forEach((mask, t) => {
      if (maskHasPoint(mask, points[2 * p]!, points[2 * p + 1]!)) fits[p * truth.length + t] = 1
    })
  }
  const right = fittingPairs(fits, count, truth.length)
  const values = setValues({ right, predicted: count, truths: truth.length })
  return unansweredIsWrong(values, prediction === undefined)
}

/** Points along a line, at equal steps of its length, when lines are compared. */
const LINE_SAMPLES = 64

/** How near a line must come. */
export type LineOptions = {
  readonly mode: EvalMode
  /** How far a point of a line may be from the other line. */
  readonly tolerancePx: number
  /** Agreement from which a pair of lines is right. Default 0.5. */
  readonly leastAgreement?: number
}

/**
 * One sample of lines. Two lines agree by the harmonic mean of the shares of each one's 64 samples within `tolerancePx`
 * of a sample of the other; lines are paired one to one for the largest total; a pair is right from `leastAgreement` on.
 * Each line is x, y, x, y, ... with a vertex or more; direction does not matter.
 */
export function scoreLines(
  sample: {
    readonly prediction: readonly ArrayLike<number>[] | undefined
    readonly truth: readonly ArrayLike<number>[]
  },
  options: LineOptions,
): ScoredValues {
  const { mode, tolerancePx, leastAgreement = 0.5 } = options
  const { prediction, truth } = sample
  if (!(tolerancePx >= 0 && tolerancePx < Number.POSITIVE_INFINITY)) {
    throw new EvalError('out-of-range', `tolerancePx of 0 or more, got ${tolerancePx}`)
  }
  if (prediction === undefined && mode === 'official') return { values: {}, status: 'missing' }
  const lines = (prediction ?? []).map(resample)
  const wanted = truth.map(resample)
  const gains = new Float64Array(lines.length * wanted.length)
  lines.forEach((line, p) => {
    wanted.forEach((other, t) => {
      const [there, back] = [nearShare(line, other, tolerancePx), nearShare(other, line, tolerancePx)]
      gains[p * wanted.length + t] = there + back === 0 ? 0 : (2 * there * back) / (there + back)
    })
  })
  let right = 0
  pairing(gains, lines.length, wanted.length).forEach((t, p) => {
    if (t >= 0 && gains[p * wanted.length + t]! >= leastAgreement) right++
  })
  const values = setValues({ right, predicted: lines.length, truths: wanted.length })
  return unansweredIsWrong(values, prediction === undefined)
}

/** No answer is not "there is nothing": F1 0 even where nothing was to be found. */
function unansweredIsWrong(values: Record<string, number>, isMissing: boolean): ScoredValues {
  return isMissing ? { values: { ...values, f1: 0 }, status: 'missing' } : { values, status: 'scored' }
}

function checkPairs(numbers: ArrayLike<number>, what: string): void {
  for (let k = 0; k < numbers.length; k++) {
    if (!Number.isFinite(numbers[k]))
      throw new EvalError('out-of-range', `${what}: number ${k} is not finite`)
  }
  if (numbers.length % 2 !== 0) {
    throw new EvalError('size-mismatch', `${what} need pairs x, y; got ${numbers.length} numbers`)
  }
}

function resample(line: ArrayLike<number>): Float64Array {
  checkPairs(line, 'a line')
  const count = line.length / 2
  if (count === 0) throw new EvalError('size-mismatch', 'a line without a vertex')
  const lengths = new Float64Array(count)
  for (let k = 1; k < count; k++) {
    const step = Math.hypot(line[2 * k]! - line[2 * k - 2]!, line[2 * k + 1]! - line[2 * k - 1]!)
    lengths[k] = lengths[k - 1]! + step
  }
  const samples = new Float64Array(2 * LINE_SAMPLES)
  let segment = 0
  for (let s = 0; s < LINE_SAMPLES; s++) {
    const reached = (lengths[count - 1]! * s) / (LINE_SAMPLES - 1)
    while (segment < count - 2 && lengths[segment + 1]! < reached) segment++
    const end = Math.min(segment + 1, count - 1)
    const span = lengths[end]! - lengths[segment]!
    const along = span === 0 ? 0 : Math.min((reached - lengths[segment]!) / span, 1)
    for (const axis of [0, 1]) {
      const from = line[2 * segment + axis]!
      samples[2 * s + axis] = from + along * (line[2 * end + axis]! - from)
    }
  }
  return samples
}

function nearShare(a: Float64Array, b: Float64Array, tolerancePx: number): number {
  const most = tolerancePx ** 2
  let near = 0
  for (let k = 0; k < a.length; k += 2) {
    for (let m = 0; m < b.length; m += 2) {
      if ((a[k]! - b[m]!) ** 2 + (a[k + 1]! - b[m + 1]!) ** 2 > most) continue
      near++
      break
    }
  }
  return near / LINE_SAMPLES
}
