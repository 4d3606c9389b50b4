// A tiny training run that the resume tests share: noisy points on a curve, a network of two layers with dropout.

import { input, linear, meanSquaredError, parameter, randomSource, tanh } from '@maskwords/graph'
import type { BatchSource, TrainOptions, TrainStep } from '../src/index.ts'
import {
  adamW,
  buildTrainStep,
  cosineSchedule,
  dataOrder,
  shuffledIndices,
  withWarmUp,
} from '../src/index.ts'

export const STEPS = 60
const HIDDEN = 24
const BATCH = 8

export function tinyStep(options: { learningRate?: number } = {}): TrainStep {
  const { learningRate = 0.02 } = options
  const seed = input('seed', 'int64', [])
  const x = input('x', 'float32', [BATCH, 2])
  const target = input('target', 'float32', [BATCH, 1])
  const dense = (t: typeof x, name: string, from: number, to: number) =>
    linear(t, parameter(`${name}.weight`, [to, from]), parameter(`${name}.bias`, [to]))
  const hidden = randomSource(seed).dropout(tanh(dense(x, 'first', 2, HIDDEN)), 0.1)
  const loss = meanSquaredError(dense(hidden, 'second', HIDDEN, 1), target)
  const schedule = withWarmUp(5, cosineSchedule({ peak: learningRate, steps: STEPS }))
  return buildTrainStep({
    loss,
    optimiser: adamW({ learningRate: schedule }),
    clipNorm: 1,
    averageDecay: 0.9,
    accumulate: 2,
    random: { input: seed, seed: 11 },
  })
}

export function tinyWeights(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1)
  const order = shuffledIndices(count, { seed: name.length, epoch: 0 })
  return Float32Array.from(order, (value) => (value / count - 0.5) * 0.8)
}

export function tinyData(): BatchSource {
  const order = dataOrder({ count: 50, batchSize: BATCH, seed: 5 })
  return {
    batch: (index) => {
      const picked = [...order.batch(index)]
      const at = (i: number) => [Math.sin(i * 1.7), Math.cos(i * 0.9)] as const
      return {
        x: Float32Array.from(picked.flatMap((i) => [...at(i)])),
        target: Float32Array.from(picked.map((i) => at(i)[0] - at(i)[1] / 2)),
      }
    },
  }
}

/** Options of a whole run in `folder`. */
export function tinyRun(folder: string | undefined, more: Partial<TrainOptions> = {}): TrainOptions {
  return {
    step: tinyStep(),
    weights: tinyWeights,
    data: tinyData(),
    steps: STEPS,
    session: { worker: false, threads: 1 },
    saveEvery: 7,
    logEvery: 10,
    ...(folder === undefined ? {} : { folder }),
    ...more,
  }
}
