// Every gradient against central differences, in double precision where ONNX Runtime's kernels have it.
import { describe, expect, test } from 'vitest'
import type { Feeds, Tensor } from '../src/index.ts'
import * as g from '../src/index.ts'
import { toTensorData } from '../src/index.ts'
import type { Leaf } from './op-table.ts'
import { OP_TABLE } from './op-table.ts'
import { open, seeded } from './run.ts'

/** The largest error of any gradient, relative to the largest gradient of the same leaf. */
async function worstGradient(
  leaves: readonly Leaf[],
  call: (...t: Tensor[]) => Tensor,
  dtype: 'float32' | 'float64',
  seed = 1,
): Promise<number> {
  const random = seeded(seed)
  const inputs = leaves.map((leaf, i) => g.input(`x${i}`, dtype, leaf.shape))
  const y = call(...inputs)
  const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
  // A fixed random direction, so that errors do not cancel in a plain sum.
  const direction = g.constant(
    Array.from({ length: count(y.shape as number[]) }, () => random(0.5, 1.5)),
    { shape: y.shape as number[], dtype },
  )
  const loss = g.sum(g.multiply(y, direction))
  const grads = g.gradients(loss, inputs)
  const session = await open({ loss, ...Object.fromEntries(grads.map((gradient, i) => [`g${i}`, gradient])) })
  const values = leaves.map(({ shape, low, high }) =>
    Array.from({ length: count(shape) }, () => random(low, high)),
  )
  const feeds = (): Feeds =>
    Object.fromEntries(
      values.map((list, i) => [`x${i}`, { data: toTensorData(list, dtype), shape: leaves[i]!.shape }]),
    )
  const fetch = ['loss']
  const step = dtype === 'float64' ? 1e-5 : 4e-3
  const out = await session.run(feeds())
  let worst = 0
  for (const [i, list] of values.entries()) {
    const found = Array.from(out[`g${i}`]!.data as Float64Array)
    const largest = Math.max(1e-3, ...found.map(Math.abs))
    for (let at = 0; at < list.length; at++) {
      const kept = list[at]!
      const near: number[] = []
      for (const side of [1, -1]) {
        list[at] = kept + side * step
        near.push(Number((await session.run(feeds(), { fetch }))['loss']!.data[0]))
      }
      list[at] = kept
      worst = Math.max(worst, Math.abs((near[0]! - near[1]!) / (2 * step) - found[at]!) / largest)
    }
  }
  await session.close()
  return worst
}

describe('gradients agree with central differences', () => {
  for (const { name, leaves, call, dtype } of OP_TABLE) {
    if (!leaves || !call) continue
    test(`${name} (${dtype})`, async () => {
      const worst = await worstGradient(leaves, call, dtype as 'float32')
      expect(worst).toBeLessThan(dtype === 'float64' ? (name === 'cast' ? 1e-2 : 1e-6) : 2e-2)
    })
  }
})

/** A random graph of smooth ops over a few leaves; every value stays of moderate size. */
function randomGraph(seed: number): { leaves: Leaf[]; call: (...t: Tensor[]) => Tensor } {
  const leaves = [3, 4, 5].map((rows): Leaf => ({ shape: [rows, 4], low: -1, high: 1 }))
  const call = (...inputs: Tensor[]): Tensor => {
    const random = seeded(seed)
    const pool: Tensor[] = [...inputs]
    const pick = () => pool[Math.floor(random() * pool.length)]!
    const steps: (() => Tensor)[] = [
      () => g.tanh(pick()),
      () => g.sigmoid(pick()).add(0.5),
      () => g.silu(pick()),
      () => g.sin(pick()),
      () => pick().softmax(Math.floor(random() * 2)),
      () => g.layerNorm(pick()),
      () => pick().mul(pick().mean(0)),
      () => pick().add(pick().sum(0, { keepDims: true })),
      () => pick().div(g.exp(pick().mean(0).mul(0.5))),
      () => {
        const [rows, keys] = [pick(), pick()]
        return g.matmul(g.matmul(rows, keys, { transposeB: true, scale: 0.5 }).softmax(), keys)
      },
      () => g.matmul(g.matmul(pick(), inputs[0]!, { transposeB: true }), inputs[0]!).mul(0.3),
      () => g.concat([pick(), pick()], 0),
      () => g.flip(g.roll(pick(), 1, 1), 0),
      () => g.recompute(() => g.tanh(pick()).mul(1.5)),
      () => pick().reshape([-1, 2, 2]).permute([0, 2, 1]).reshape([-1, 4]),
    ]
    for (let i = 0; i < 14; i++) {
      const next = steps[Math.floor(random() * steps.length)]!()
      pool.push((next.shape[0] as number) > 12 ? next.slice({ axis: 0, end: 6 }) : next)
    }
    return g.sumOf([...inputs, ...pool.slice(-5)].map((tensor) => tensor.mean()))
  }
  return { leaves, call }
}

describe('random compositions', () => {
  test('forty of them agree with central differences in double precision', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { leaves, call } = randomGraph(seed)
      expect(await worstGradient(leaves, call, 'float64', seed), `seed ${seed}`).toBeLessThan(1e-5)
    }
  })
})

describe('a parameter that is made twice', () => {
  test('has one gradient, of both places, in a recomputed segment too', async () => {
    const x = g.input('x', 'float32', [3])
    const made = () => g.parameter('w', [3])
    for (const second of [
      () => g.multiply(g.multiply(made(), made()), x),
      () => g.recompute(() => g.multiply(g.multiply(made(), made()), x)),
    ]) {
      const w = made()
      // d/dw of w x + w² x.
      const loss = g.sum(g.add(g.multiply(w, x), second()))
      const [dw] = g.gradients(loss, [w])
      const session = await g.openSession(
        g.buildModel({ outputs: { dw: dw! }, weights: { w: Float32Array.of(1, 2, 3) } }),
        { worker: false },
      )
      const out = await session.run({ x: Float32Array.of(1, 10, 100) })
      expect(Array.from(out.dw!.data as Float32Array)).toEqual([3, 50, 700])
      await session.close()
    }
  })
})
