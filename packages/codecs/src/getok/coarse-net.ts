// A small fixed function from the features of a pixel to the log-odds that it is foreground: two tanh layers whose
// numbers were fitted to public masks (coarse-fit.ts tells how; coarse-weights.ts holds them).

import { CodecError } from '../error.ts'
import { FEATURES } from './prompt-features.ts'

/** Sizes of the layers, input first. */
export const COARSE_LAYERS: readonly number[] = [FEATURES, 24, 12, 1]

/** Numbers of all layers: for each, weights (row by row, one row an input) and then biases. */
export function coarseNumbers(layers: readonly number[] = COARSE_LAYERS): number {
  let count = 0
  for (let k = 0; k + 1 < layers.length; k++) count += (layers[k]! + 1) * layers[k + 1]!
  return count
}

/** Log-odds of `rows` pixels from their features (row by row). */
export function coarseLogits(weights: ArrayLike<number>, features: Float32Array, rows: number): Float32Array {
  if (weights.length !== coarseNumbers()) {
    throw new CodecError('size-mismatch', `${weights.length} weights, expected ${coarseNumbers()}`)
  }
  const logits = new Float32Array(rows)
  let widest = 0
  for (const size of COARSE_LAYERS) widest = Math.max(widest, size)
  let current = new Float32Array(widest)
  let next = new Float32Array(widest)
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < FEATURES; k++) current[k] = features[row * FEATURES + k]!
    let at = 0
    for (let layer = 0; layer + 1 < COARSE_LAYERS.length; layer++) {
      const inputs = COARSE_LAYERS[layer]!
      const outputs = COARSE_LAYERS[layer + 1]!
      for (let o = 0; o < outputs; o++) next[o] = weights[at + inputs * outputs + o]!
      for (let i = 0; i < inputs; i++) {
        const value = current[i]!
        for (let o = 0; o < outputs; o++) next[o]! += value * weights[at + i * outputs + o]!
      }
      if (outputs > 1) for (let o = 0; o < outputs; o++) next[o] = Math.tanh(next[o]!)
      at += (inputs + 1) * outputs
      ;[current, next] = [next, current]
    }
    logits[row] = current[0]!
  }
  return logits
}
