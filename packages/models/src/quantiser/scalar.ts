// Finite scalar quantisation as a graph (Mentzer et al. 2023, arXiv 2309.15505): each of a few numbers is bounded and rounded.
import type { Tensor } from '@maskwords/graph'
import { constant, round, stopGradient, straightThrough, tanh } from '@maskwords/graph'

export type ScalarQuantised = {
  /** int64 [vectors]: the mixed-radix number of the rounded values, the first value counting ones. */
  readonly codes: Tensor
  /** [vectors, numbers], between -1 and 1; gradients pass straight through. */
  readonly vectors: Tensor
}

/** Keeps bounded values off the edge, where rounding would leave the range (the paper's code). */
const EDGE = 1e-3

/** Number of codes of `steps`: their product. */
export function scalarCodes(steps: readonly number[]): number {
  return steps.reduce((a, b) => a * b, 1)
}

/** Quantises vectors [vectors, numbers] to `steps[i]` values of number i. */
export function scalarQuantiser(vectors: Tensor, steps: readonly number[]): ScalarQuantised {
  const numbers = steps.length
  const row = (values: readonly number[], dtype: 'float32' | 'int64' = 'float32'): Tensor =>
    constant(values, { shape: [1, numbers], dtype })
  const half = steps.map((count) => Math.floor(count / 2))
  // Even counts are shifted by half a step, so that rounding gives `count` different values.
  const reach = steps.map((count) => ((count - 1) * (1 - EDGE)) / 2)
  const offset = steps.map((count) => (count % 2 === 0 ? 0.5 : 0))
  const shift = steps.map((_, i) => Math.atanh(offset[i]! / reach[i]!))
  const bounded = tanh(vectors.add(row(shift)))
    .mul(row(reach))
    .sub(row(offset))
  const rounded = straightThrough(bounded, round(stopGradient(bounded)))
  let radix = 1
  const weights = steps.map((count) => {
    const weight = radix
    radix *= count
    return weight
  })
  const digits = stopGradient(rounded).add(row(half)).cast('int64')
  return {
    codes: digits.mul(row(weights, 'int64')).sum(1),
    vectors: rounded.div(row(half.map((value) => Math.max(value, 1)))),
  }
}

/** The values that a code stands for, as `scalarQuantiser` gives them. */
export function scalarVector(code: number, steps: readonly number[]): number[] {
  return steps.map((count) => {
    const half = Math.floor(count / 2)
    const digit = code % count
    code = Math.floor(code / count)
    return (digit - half) / Math.max(half, 1)
  })
}
