import { describe, expect, it } from 'vitest'
import { sqrt } from '../../graph/src/ops/arithmetic.ts'
import { linear } from '../../graph/src/ops/matmul.ts'
import { input, parameter } from '../../graph/src/sources.ts'
import type { Tensor } from '../../graph/src/tensor.ts'
import type { Optimiser } from './optimiser.ts'
import { adamW, sgd } from './optimiser.ts'
import type { TrainState } from './state.ts'
import { weightsOf } from './state.ts'
import type { TrainStepOptions } from './step.ts'
import { buildTrainStep } from './step.ts'
import { openTrainer } from './trainer.ts'

// y = x · weight + bias against targets, mean of squares: two examples, four numbers to learn.
const START = { weight: Float32Array.of(0.5, -1.25, 2), bias: Float32Array.of(0.1) }
const BATCH = {
  x: { data: Float32Array.of(1, 2, -1, 0.5, -0.5, 3), shape: [2, 3] },
  target: { data: Float32Array.of(1, -2), shape: [2, 1] },
}

function squares(): Tensor {
  const x = input('x', 'float32', ['batch', 3])
  const target = input('target', 'float32', ['batch', 1])
  const weight = parameter('weight', [3]).reshape([1, 3])
  const error = linear(x, weight, parameter('bias', [1])).sub(target)
  return error.mul(error).mean()
}

type Run = { weights: number[]; loss: number; norm: number | undefined; state: TrainState }

async function train(
  steps: number,
  options: Omit<TrainStepOptions, 'loss'> & { halves?: boolean; threads?: number },
): Promise<Run> {
  const { halves: inHalves, threads = 1, ...more } = options
  const step = buildTrainStep({ loss: squares(), weights: START, ...more })
  const trainer = await openTrainer({ step, from: { weights: START }, worker: false, threads })
  try {
    let metrics: Readonly<Record<string, number>> = {}
    for (let i = 0; i < steps; i++) metrics = await trainer.update(inHalves ? halves : BATCH)
    const state = await trainer.state()
    const weights = weightsOf(state)
    return {
      weights: ['weight', 'bias'].flatMap((name) => [...(weights.get(name) ?? [])]),
      loss: metrics['loss']!,
      norm: metrics['gradientNorm'],
      state,
    }
  } finally {
    await trainer.close()
  }
}

const halves = [0, 1].map((i) => ({
  x: { data: BATCH.x.data.slice(i * 3, i * 3 + 3), shape: [1, 3] },
  target: { data: BATCH.target.data.slice(i, i + 1), shape: [1, 1] },
}))

const adam = (weightDecay = 0.05): Optimiser => adamW({ learningRate: 0.1, weightDecay })

describe('a training step', () => {
  // Recorded from torch 1.13: weight, bias and the loss before the last update.
  const RECORDED: [string, number, Omit<TrainStepOptions, 'loss'>, number[], number][] = [
    ['AdamW', 3, { optimiser: adam() }, [0.78385377, -0.93362248, 1.6722847, -0.19967759], 41.958229],
    [
      'AdamW with a group of its own for the bias',
      5,
      {
        optimiser: adamW({ learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.05 }),
        groups: [{ match: 'b*', weightDecay: 0, learningRateScale: 0.2 }],
      },
      [0.73080742, -0.7302773, 1.4594671, -1.7331913e-5],
      34.157597,
    ],
    [
      'AdamW with the gradient clipped to norm 1',
      4,
      { optimiser: adam(), clipNorm: 1 },
      [0.87133515, -0.82838285, 1.5632601, -0.29950568],
      37.254368,
    ],
    [
      'SGD',
      3,
      { optimiser: sgd({ learningRate: 0.01 }) },
      [0.51136023, -0.86943394, 1.1536667, -0.0079215765],
      31.639671,
    ],
    [
      'SGD with momentum and decay',
      4,
      { optimiser: sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 0.1 }) },
      [0.5280906, -0.16675331, -0.39972994, -0.20387404],
      8.3599186,
    ],
    [
      'SGD with Nesterov momentum',
      4,
      { optimiser: sgd({ learningRate: 0.01, momentum: 0.9, nesterov: true }) },
      [0.53926754, -0.019246548, -0.72777694, -0.24480522],
      2.8324313,
    ],
  ]
  for (const [name, steps, options, weights, loss] of RECORDED) {
    it(`${name}: ${steps} steps end where PyTorch's end`, async () => {
      const run = await train(steps, options)
      weights.forEach((value, i) => {
        expect(run.weights[i]).toBeCloseTo(value, 5)
      })
      expect(run.loss / loss).toBeCloseTo(1, 5)
    })
  }

  it('reports the norm of the gradient before it is clipped', async () => {
    const run = await train(4, { optimiser: adam(), clipNorm: 1 })
    expect(run.norm! / 29.65326690673828).toBeCloseTo(1, 5)
  })

  it('gathered over two halves of a batch is the step of the whole batch', async () => {
    const options = { optimiser: adam(), clipNorm: 1, averageDecay: 0.5 }
    const whole = await train(3, options)
    const gathered = await train(3, { ...options, accumulate: 2, halves: true })
    gathered.weights.forEach((value, i) => {
      expect(value).toBeCloseTo(whole.weights[i]!, 5)
    })
    expect(gathered.loss / whole.loss).toBeCloseTo(1, 5)
    expect(gathered.norm! / whole.norm!).toBeCloseTo(1, 5)
    const average = weightsOf(whole.state, { average: true }).get('weight')!
    weightsOf(gathered.state, { average: true })
      .get('weight')!
      .forEach((value, i) => {
        expect(value).toBeCloseTo(average[i]!, 5)
      })
  })

  it('halves side by side give the bits of one after the other', async () => {
    const options = { optimiser: adam(), clipNorm: 1, averageDecay: 0.5, accumulate: 2, halves: true }
    const [apart, beside] = [await train(3, options), await train(3, { ...options, threads: 2 })]
    expect([...beside.state.tensors]).toEqual([...apart.state.tensors])
    expect(beside.loss).toBe(apart.loss)
  })

  it('the moving average follows the weights: after one step with decay 0.75 it is 3/4 old and 1/4 new', async () => {
    const run = await train(1, { optimiser: adam(), averageDecay: 0.75 })
    const now = weightsOf(run.state).get('weight')!
    const average = weightsOf(run.state, { average: true }).get('weight')!
    START.weight.forEach((old, i) => {
      expect(average[i]).toBeCloseTo(0.75 * old + 0.25 * now[i]!, 6)
    })
  })

  it('leaves frozen parameters out of the state and trains the others', async () => {
    const run = await train(2, { optimiser: adam(), frozen: ['weight'] })
    expect([...weightsOf(run.state).keys()]).toEqual(['bias'])
    expect(run.weights).toHaveLength(1)
    expect(run.weights[0]).not.toBe(START.bias[0])
  })

  it('twice from the same start gives the same bits', async () => {
    const [a, b] = [
      await train(5, { optimiser: adam(), clipNorm: 3 }),
      await train(5, { optimiser: adam(), clipNorm: 3 }),
    ]
    expect([...a.state.tensors]).toEqual([...b.state.tensors])
  })

  it('goes on exactly from a saved state', async () => {
    const step = buildTrainStep({ loss: squares(), optimiser: adam(), averageDecay: 0.9 })
    const whole = await train(6, { optimiser: adam(), averageDecay: 0.9 })
    const half = await train(3, { optimiser: adam(), averageDecay: 0.9 })
    const trainer = await openTrainer({ step, from: { state: half.state }, worker: false, threads: 1 })
    for (let i = 0; i < 3; i++) await trainer.update(BATCH)
    expect([...(await trainer.state()).tensors]).toEqual([...whole.state.tensors])
    await trainer.close()
  })

  it('says at which step the loss stopped being a number', async () => {
    await expect(train(60, { optimiser: sgd({ learningRate: 100 }) })).rejects.toThrow(
      /training step \d+: the loss is (NaN|Infinity)/,
    )
  })

  it.each([1, 2])(
    'a gradient that is no number, of a loss that is one, moves nothing (%d batches an update)',
    async (accumulate) => {
      // The root of a square has no slope at nought.
      const root = parameter('root', [1])
      const loss = sqrt(root.mul(root)).mean().add(squares())
      const weights = { ...START, root: Float32Array.of(0) }
      const step = buildTrainStep({ loss, weights, accumulate, gradientNorm: true, optimiser: adam() })
      const trainer = await openTrainer({ step, from: { weights }, worker: false, threads: 1 })
      const batches = Array.from({ length: accumulate }, () => BATCH)
      await expect(trainer.update(batches)).rejects.toThrow("training step 1: the gradient's norm is NaN")
      const after = weightsOf(await trainer.state())
      expect(Object.fromEntries(after)).toEqual(weights)
      await trainer.close()
    },
  )

  it('refuses patterns that fit nothing, and names what there is', () => {
    const optimiser = adam()
    expect(() => buildTrainStep({ loss: squares(), optimiser, frozen: ['encoder.*'] })).toThrow(
      'no parameter fits the pattern encoder.*',
    )
    expect(() => buildTrainStep({ loss: squares(), optimiser, frozen: ['*'] })).toThrow(
      'there is nothing to train',
    )
    expect(() => buildTrainStep({ loss: squares(), optimiser, accumulate: 0 })).toThrow('accumulate is 0')
    expect(() => buildTrainStep({ loss: squares(), optimiser, frozen: ['bias'] })).toThrow(
      'no values for "bias"',
    )
  })

  it('takes exactly as many batches as it gathers', async () => {
    await expect(train(1, { optimiser: adam(), accumulate: 2 })).rejects.toThrow(
      '1 batches; one update takes 2',
    )
  })

  it('averages that warm up forget the start: after one step they are 0.9 of the new weight', async () => {
    const plain = await train(1, { optimiser: adam(), averageDecay: 0.999 })
    const warm = await train(1, { optimiser: adam(), averageDecay: 0.999, averageWarmUp: true })
    const average = (state: TrainState) => weightsOf(state, { average: true }).get('bias')![0]!
    const next = warm.weights[3]!
    expect(average(warm.state)).toBeCloseTo(0.1 * START.bias[0]! + 0.9 * next, 5)
    expect(average(plain.state)).toBeCloseTo(0.999 * START.bias[0]! + 0.001 * next, 5)
  })

  describe('with parameters that follow a rule of their own', () => {
    const counted = () => {
      const count = parameter('count', [1])
      const loss = squares().add(count.sum().mul(0))
      return { loss, followed: [{ parameter: count, next: count.mul(0.5).add(1) }] }
    }
    const weights = { ...START, count: Float32Array.of(4) }

    it('changes them by that rule, keeps them in its state, and gives them no optimiser', async () => {
      const step = buildTrainStep({ ...counted(), optimiser: adam(), averageDecay: 0.9 })
      const trainer = await openTrainer({ step, from: { weights }, worker: false, threads: 1 })
      for (let i = 0; i < 2; i++) await trainer.update(BATCH)
      const state = await trainer.state()
      await trainer.close()
      // 4 -> 3 -> 2.5
      expect([...weightsOf(state, { average: true }).get('count')!]).toEqual([2.5])
      expect([...state.tensors.keys()].filter((key) => key.endsWith('/count'))).toEqual(['weight/count'])
      expect(step.parameters.map(({ name }) => name)).toEqual(['weight', 'bias'])
      const again = await openTrainer({ step, from: { state }, worker: false, threads: 1 })
      await again.update(BATCH)
      expect([...weightsOf(await again.state()).get('count')!]).toEqual([2.25])
      await again.close()
    })

    it('refuses them together with gathered gradients', () => {
      expect(() => buildTrainStep({ ...counted(), optimiser: adam(), accumulate: 2 })).toThrow('followed')
    })
  })
})
