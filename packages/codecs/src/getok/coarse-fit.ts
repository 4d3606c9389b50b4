// Fits the numbers of coarse-net.ts: cross entropy of sampled pixels, Adam (Kingma and Ba 2015) with a cosine schedule,
// seeded. bench/getok-report.ts --fit runs it; nothing at run time needs it.

import { COARSE_LAYERS, coarseNumbers } from './coarse-net.ts'
import { FEATURES } from './prompt-features.ts'
import { randomFrom, randomInt } from './random.ts'

/** Pixels of one mask: features row by row, and 1 for foreground. */
export type CoarseSample = { readonly features: Float32Array; readonly truth: Uint8Array }

export type CoarseFitOptions = {
  samples: readonly CoarseSample[]
  steps: number
  /** Masks a step, and pixels of each. */
  batchMasks?: number
  pixels?: number
  learningRate?: number
  seed?: number
}

/** Fitted numbers, ready for `coarseLogits`: the features' mean and spread are folded into the first layer. */
export function fitCoarse(options: CoarseFitOptions): Float32Array {
  const { samples, steps, batchMasks = 32, pixels = 192, learningRate = 4e-3, seed = 1 } = options
  const random = randomFrom(seed)
  const { mean, spread } = momentsOf(samples)
  const count = coarseNumbers()
  const weights = new Float64Array(count)
  const starts: number[] = []
  let at = 0
  for (let layer = 0; layer + 1 < COARSE_LAYERS.length; layer++) {
    const inputs = COARSE_LAYERS[layer]!
    const outputs = COARSE_LAYERS[layer + 1]!
    starts.push(at)
    // A uniform start of variance 1 / inputs.
    for (let k = 0; k < inputs * outputs; k++) weights[at + k] = (random() * 2 - 1) * Math.sqrt(3 / inputs)
    at += (inputs + 1) * outputs
  }
  const gradient = new Float64Array(count)
  const first = new Float64Array(count)
  const second = new Float64Array(count)
  const values = COARSE_LAYERS.map((size) => new Float64Array(size))
  const slopes = COARSE_LAYERS.map((size) => new Float64Array(size))
  for (let step = 1; step <= steps; step++) {
    gradient.fill(0)
    for (let b = 0; b < batchMasks; b++) {
      const { features, truth } = samples[randomInt(random, 0, samples.length - 1)]!
      for (let p = 0; p < pixels; p++) {
        const row = randomInt(random, 0, truth.length - 1)
        for (let k = 0; k < FEATURES; k++) {
          values[0]![k] = (features[row * FEATURES + k]! - mean[k]!) / spread[k]!
        }
        addGradient(weights, starts, values, slopes, truth[row]!, gradient)
      }
    }
    const rate = learningRate * 0.5 * (1 + Math.cos((Math.PI * step) / steps))
    for (let k = 0; k < count; k++) {
      const slope = gradient[k]! / (batchMasks * pixels)
      first[k] = 0.9 * first[k]! + 0.1 * slope
      second[k] = 0.99 * second[k]! + 0.01 * slope * slope
      const scale = Math.sqrt(second[k]! / (1 - 0.99 ** step)) + 1e-8
      weights[k]! -= (rate * first[k]!) / (1 - 0.9 ** step) / scale
    }
  }
  const outputs = COARSE_LAYERS[1]!
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < FEATURES; i++) {
      weights[i * outputs + o]! /= spread[i]!
      weights[FEATURES * outputs + o]! -= weights[i * outputs + o]! * mean[i]!
    }
  }
  return Float32Array.from(weights)
}

function momentsOf(samples: readonly CoarseSample[]): { mean: Float64Array; spread: Float64Array } {
  const mean = new Float64Array(FEATURES)
  const spread = new Float64Array(FEATURES)
  let rows = 0
  for (const { features, truth } of samples) {
    rows += truth.length
    for (let k = 0; k < features.length; k++) {
      mean[k % FEATURES]! += features[k]!
      spread[k % FEATURES]! += features[k]! ** 2
    }
  }
  for (let k = 0; k < FEATURES; k++) {
    mean[k]! /= rows
    spread[k] = Math.sqrt(Math.max(spread[k]! / rows - mean[k]! ** 2, 0)) + 1e-6
  }
  return { mean, spread }
}

/** One pixel forwards (its features are in values[0]) and back. */
function addGradient(
  weights: Float64Array,
  starts: readonly number[],
  values: readonly Float64Array[],
  slopes: readonly Float64Array[],
  truth: number,
  gradient: Float64Array,
): void {
  const last = COARSE_LAYERS.length - 1
  for (let layer = 0; layer < last; layer++) {
    const [from, to] = [values[layer]!, values[layer + 1]!]
    const at = starts[layer]!
    for (let o = 0; o < to.length; o++) to[o] = weights[at + from.length * to.length + o]!
    for (let i = 0; i < from.length; i++) {
      for (let o = 0; o < to.length; o++) to[o]! += from[i]! * weights[at + i * to.length + o]!
    }
    if (layer + 1 < last) for (let o = 0; o < to.length; o++) to[o] = Math.tanh(to[o]!)
  }
  slopes[last]![0] = 1 / (1 + Math.exp(-values[last]![0]!)) - truth
  for (let layer = last - 1; layer >= 0; layer--) {
    const from = values[layer]!
    const back = slopes[layer + 1]!
    const at = starts[layer]!
    for (let o = 0; o < back.length; o++) gradient[at + from.length * back.length + o]! += back[o]!
    for (let i = 0; i < from.length; i++) {
      let sum = 0
      for (let o = 0; o < back.length; o++) {
        gradient[at + i * back.length + o]! += from[i]! * back[o]!
        sum += back[o]! * weights[at + i * back.length + o]!
      }
      slopes[layer]![i] = sum * (1 - from[i]! ** 2)
    }
  }
}
