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
