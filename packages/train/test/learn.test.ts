// Proof that training learns: digits made by code, accuracy on pictures that were never trained on.

import type { Tensor } from '@maskwords/graph'
import { argMax, buildModel, crossEntropy, input, openSession } from '@maskwords/graph'
import { describe, expect, it } from 'vitest'
import type { BatchSource, TrainState } from '../src/index.ts'
import {
  adamW,
  buildTrainStep,
  cosineSchedule,
  dataOrder,
  train,
  weightsOf,
  withWarmUp,
} from '../src/index.ts'
import { convolutionalNetwork, initialWeights, transformerNetwork } from './digit-networks.ts'
import { digit, digitBatch, SIDE_PX } from './digits.ts'

const BATCH = 32
const TRAINING = 3000
const HELD_OUT = 500

const examples = digitBatch(Array.from({ length: TRAINING }, (_, i) => i))
const pixelCount = SIDE_PX * SIDE_PX

function digitData(): BatchSource {
  const order = dataOrder({ count: TRAINING, batchSize: BATCH, seed: 4 })
  return {
    batch: (index) => {
      const data = new Float32Array(BATCH * pixelCount)
      const label = new BigInt64Array(BATCH)
      order.batch(index).forEach((example, i) => {
        data.set(examples.pixels.subarray(example * pixelCount, (example + 1) * pixelCount), i * pixelCount)
        label[i] = examples.labels[example]!
      })
      return { x: { data, shape: [BATCH, 1, SIDE_PX, SIDE_PX] }, label }
    },
  }
}

async function learn(
  network: (x: Tensor) => Tensor,
  steps: number,
  learningRate: number,
): Promise<TrainState> {
  const x = input('x', 'float32', [BATCH, 1, SIDE_PX, SIDE_PX])
  const label = input('label', 'int64', [BATCH])
  const schedule = withWarmUp(20, cosineSchedule({ peak: learningRate, steps: steps - 20 }))
  const step = buildTrainStep({
    loss: crossEntropy(network(x), label),
    optimiser: adamW({ learningRate: schedule }),
    groups: [{ match: '*.bias', weightDecay: 0 }],
    clipNorm: 1,
  })
  const session = { worker: false, threads: 1 }
  const { state } = await train({ step, weights: initialWeights, data: digitData(), steps, session })
  return state
}

/** The share of held-out pictures whose class is found; run with another batch size than training. */
async function accuracy(network: (x: Tensor) => Tensor, state: TrainState): Promise<number> {
  const x = input('x', 'float32', ['batch', 1, SIDE_PX, SIDE_PX])
  const model = buildModel({ outputs: { found: argMax(network(x), -1) }, weights: weightsOf(state) })
  const session = await openSession(model, { worker: false, threads: 1 })
  const { pixels, labels } = digitBatch(Array.from({ length: HELD_OUT }, (_, i) => TRAINING + i))
  const out = await session.run({ x: { data: pixels, shape: [HELD_OUT, 1, SIDE_PX, SIDE_PX] } })
  await session.close()
  return (
    (out['found']!.data as BigInt64Array).reduce((hits, value, i) => hits + Number(value === labels[i]), 0) /
    HELD_OUT
  )
}

describe('a network that trains', () => {
  it('on pictures that differ: ten classes, of which each holds about a tenth', () => {
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 500; i++) counts[digit(i).label]!++
    expect(Math.min(...counts)).toBeGreaterThan(30)
    expect(digit(3).pixels).toEqual(digit(3).pixels)
    expect(digit(3).pixels).not.toEqual(digit(4).pixels)
  })

  it('the convolutional network finds 97 % of 500 held-out digits after 200 steps of 32', async () => {
    const state = await learn(convolutionalNetwork, 200, 4e-3)
    expect(await accuracy(convolutionalNetwork, state)).toBeGreaterThanOrEqual(0.97)
  })

  it('the transformer finds 95 % of 500 held-out digits after 400 steps of 32', async () => {
    const state = await learn(transformerNetwork, 400, 4e-3)
    expect(await accuracy(transformerNetwork, state)).toBeGreaterThanOrEqual(0.95)
  })
})
