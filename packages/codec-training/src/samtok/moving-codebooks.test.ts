import { input, parameter, randomSource } from '@maskwords/graph'
import { residualQuantiser } from '@maskwords/models'
import { adamW, buildTrainStep, openTrainer, type TrainStep } from '@maskwords/train'
import { describe, expect, it } from 'vitest'
import { randomFrom } from '../../../codecs/src/getok/random.ts'
import { trainedCodebook, updateCodebook } from '../../../codecs/src/samtok/codebook.ts'
import { movingCodebooks } from './moving-codebooks.ts'

const CONFIG = { codes: 4, levels: 2, width: 3, paddingRows: 1 }
const COUNT = 8

/** A step whose only trained number is a scale of the vectors; its codebooks follow. */
function step(weights: Record<string, Float32Array>, restartBelow: number): TrainStep {
  const seed = input('seed', 'int64', [])
  const scaled = input('vectors', 'float32', [COUNT, 3]).mul(parameter('scale', [1]))
  const quantised = residualQuantiser(scaled, CONFIG)
  const moving = movingCodebooks(quantised, CONFIG, { decay: 0.9, restartBelow, random: randomSource(seed) })
  return buildTrainStep({
    loss: quantised.commitment,
    optimiser: adamW({ learningRate: 1e-12, weightDecay: 0 }),
    metrics: { restarts: moving.restarted },
    followed: moving.followed,
    random: { input: seed, seed: 5 },
    weights,
  })
}

function start(sizes: number): Record<string, Float32Array> {
  const random = randomFrom(3)
  const weights: Record<string, Float32Array> = { scale: Float32Array.of(1) }
  for (const level of [0, 1]) {
    const table = Float32Array.from({ length: 15 }, (_, i) => (i < 12 ? random() * 2 - 1 : 0))
    weights[`quantizer.codebooks.${level}.weight`] = table
    weights[`quantizer.averages.${level}.sizes`] = new Float32Array(4).fill(sizes)
    weights[`quantizer.averages.${level}.sums`] = table.slice(0, 12).map((value) => value * sizes)
  }
  return weights
}

const vectorsOf = (seed: number): Float32Array => {
  const random = randomFrom(seed)
  return Float32Array.from({ length: COUNT * 3 }, () => random() * 2 - 1)
}

describe('codebooks that move inside the training step', () => {
  it('are those of the update outside of it, step by step', async () => {
    const weights = start(1)
    const trainer = await openTrainer({
      step: step(weights, 0),
      from: { weights },
      worker: false,
      threads: 1,
    })
    const books = [0, 1].map((level) =>
      trainedCodebook(
        weights[`quantizer.codebooks.${level}.weight`]!.slice(0, 12),
        3,
        new Float32Array(4).fill(1),
      ),
    )
    for (let i = 0; i < 4; i++) {
      const vectors = vectorsOf(10 + i)
      await trainer.update({ vectors: { data: vectors, shape: [COUNT, 3] } })
      // Level by level, each with the codebooks from before the step.
      const residual = vectors.slice()
      const updates = books.map((book) => {
        const given = residual.slice()
        const chosen = Int32Array.from({ length: COUNT }, (_, m) =>
          nearest(book.vectors, given.subarray(m * 3, m * 3 + 3)),
        )
        chosen.forEach((code, m) => {
          for (let k = 0; k < 3; k++) residual[m * 3 + k] = residual[m * 3 + k]! - book.vectors[code * 3 + k]!
        })
        return { vectors: given, chosen }
      })
      books.forEach((book, level) => {
        updateCodebook(book, updates[level]!, { decay: 0.9, epsilon: 0 })
      })
      const { tensors } = await trainer.state()
      books.forEach((book, level) => {
        const ours = tensors.get(`weight/quantizer.codebooks.${level}.weight`)!.data
        for (let k = 0; k < 12; k++) expect(ours[k]).toBeCloseTo(book.vectors[k]!, 4)
        expect([...ours.slice(12)]).toEqual([0, 0, 0])
      })
    }
    await trainer.close()
  })

  it('start at vectors of the first batch where their sizes are 0, and say how many restarted', async () => {
    const weights = start(0)
    const trainer = await openTrainer({
      step: step(weights, 0.9),
      from: { weights },
      worker: false,
      threads: 1,
    })
    const vectors = vectorsOf(1)
    const { restarts } = await trainer.update({ vectors: { data: vectors, shape: [COUNT, 3] } })
    const { tensors } = await trainer.state()
    await trainer.close()
    expect(restarts).toBeGreaterThan(0)
    const table = tensors.get('weight/quantizer.codebooks.0.weight')!.data
    const rows = Array.from({ length: COUNT }, (_, m) => [...vectors.slice(m * 3, m * 3 + 3)])
    const restarted = Array.from({ length: 4 }, (_, code) => [...table.slice(code * 3, code * 3 + 3)]).filter(
      (row) => rows.some((vector) => vector.every((value, k) => Math.abs(value - row[k]!) < 1e-4)),
    )
    expect(restarted.length).toBeGreaterThan(0)
  })
})

function nearest(table: Float32Array, vector: ArrayLike<number>): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let code = 0; code < 4; code++) {
    let distance = 0
    for (let k = 0; k < 3; k++) distance += (table[code * 3 + k]! - vector[k]!) ** 2
    if (distance < least) {
      least = distance
      best = code
    }
  }
  return best
}
