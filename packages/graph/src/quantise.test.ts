import { describe, expect, it } from 'vitest'
import { hashWord } from '../../train/src/order.ts'
import { buildModel } from './build/model.ts'
import { conv2d, convTranspose2d } from './ops/conv.ts'
import { embedding } from './ops/gather.ts'
import { linear } from './ops/matmul.ts'
import type { WeightScheme } from './quantise.ts'
import { compareOutputs, quantise } from './quantise.ts'
import { fromBlocks, fromInt8Channels, toBlocks, toInt8Channels } from './quantise-blocks.ts'
import { input, parameter } from './sources.ts'
import type { Target, Tensor } from './tensor.ts'

const noise = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => hashWord(seed, i) / 2 ** 31 - 1)

const weights = (name: string, shape: readonly number[]) =>
  noise(
    shape.reduce((a, b) => a * b, 1),
    name.length,
  )

/** A table, convolutions both ways, two dense layers: everything whose weights are rounded. */
function network(): Record<string, Tensor> {
  const words = input('words', 'int64', ['batch', 3])
  const picture = input('picture', 'float32', ['batch', 8, 6, 6])
  const text = embedding(parameter('table', [50, 80]), words)
  const hidden = linear(text, parameter('first.weight', [64, 80]), parameter('first.bias', [64]))
  const seen = conv2d(picture, parameter('conv', [16, 8, 3, 3]), { padding: 1 })
  return {
    text: linear(hidden, parameter('second.weight', [40, 64])),
    features: convTranspose2d(seen, parameter('up', [16, 20, 2, 2]), { stride: 2 }),
  }
}

const feeds = [
  {
    words: { data: BigInt64Array.from([1n, 49n, 7n, 3n, 0n, 20n]), shape: [2, 3] },
    picture: { data: noise(2 * 8 * 36, 99), shape: [2, 8, 6, 6] },
  },
]

async function rounded(scheme: WeightScheme, target: Target = 'cpu') {
  const outputs = network()
  const result = quantise({ outputs, weights, scheme, target })
  const other = buildModel({ outputs, weights: result.weights, rewrite: result.rewrite, target })
  const exact = buildModel({ outputs, weights })
  const errors = await compareOutputs({ exact, other, feeds, session: { worker: false, threads: 1 } })
  return { ...result, exact, other, errors: Object.fromEntries(errors.map((e) => [e.name, e.relativeError])) }
}

describe('weights of fewer bits', () => {
  it('int8: each channel in steps of its largest value / 127', () => {
    const stored = toInt8Channels(Float32Array.of(1.27, -0.5, 0.004, -254, 2, 100.9), [2, 3], 0)
    expect([...stored.data]).toEqual([127, -50, 0, -127, 1, 50])
    expect(stored.scales[1]).toBe(2)
    expect(fromInt8Channels(stored, [2, 3], 0)[3]).toBe(-254)
    const columns = toInt8Channels(Float32Array.of(1, 10, 2, 20), [2, 2], 1)
    expect([...columns.data]).toEqual([64, 64, 127, 127])
  })

  it('int4: two values a byte, the earlier one low, 8 for zero', () => {
    const stored = toBlocks(Float32Array.of(-8, 7, 0, 3, ...new Array(12).fill(0)), {
      rows: 1,
      columns: 16,
      blockSize: 16,
      bits: 4,
    })
    expect([...stored.data.subarray(0, 2)]).toEqual([0xf0, 0xb8])
    expect([...stored.scales]).toEqual([1])
    expect([...fromBlocks(stored, 1, 16).subarray(0, 4)]).toEqual([-8, 7, 0, 3])
  })

  it('int4: rows that are no whole number of blocks are filled up, and zeros stay zeros', () => {
    const values = noise(3 * 40, 5)
    values.fill(0, 40, 80)
    const back = fromBlocks(toBlocks(values, { rows: 3, columns: 40, blockSize: 32, bits: 4 }), 3, 40)
    expect([...back.subarray(40, 80)]).toEqual(new Array(40).fill(0))
    // Steps of a block are an eighth of its largest value at most, so that no value is off by more than that.
    back.forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThan(0.21)
    })
  })

  it('int8 gives every output to about one part in 150, from a quarter of the bytes, with standard ops alone', async () => {
    const { errors, report, bytesBefore, bytesAfter } = await rounded('int8', 'standard')
    expect(errors['text']).toBeLessThan(1e-2)
    expect(errors['features']).toBeLessThan(1e-2)
    expect(errors['text']).toBeGreaterThan(1e-4)
    expect(report.map(({ name }) => name).sort()).toEqual([
      'conv',
      'first.weight',
      'second.weight',
      'table',
      'up',
    ])
    for (const { relativeError, largestError } of report) {
      expect(relativeError).toBeLessThan(0.006)
      expect(largestError).toBeLessThan(0.5 / 127 + 1e-6)
    }
    expect(bytesAfter / bytesBefore).toBeLessThan(0.28)
  })

  it("int8 in blocks, in ONNX Runtime's kernel, keeps the outputs to one part in 50 with activations rounded too", async () => {
    const { errors, report, other } = await rounded('int8')
    for (const { relativeError } of report) expect(relativeError).toBeLessThan(0.006)
    expect(errors['text']).toBeLessThan(0.02)
    expect(Buffer.from(other.onnx).includes('MatMulNBits')).toBe(true)
    expect(Buffer.from(other.onnx).includes('DequantizeLinear')).toBe(true)
  })

  it('int4 takes the dense layers and leaves int8 to the rest', async () => {
    const { errors, report, other } = await rounded('int4')
    expect(Object.fromEntries(report.map(({ name, scheme }) => [name, scheme]))).toEqual({
      conv: 'int8',
      'first.weight': 'int4',
      'second.weight': 'int4',
      table: 'int8',
      up: 'int8',
    })
    // Uniform weights are the hardest case: a step of 1/8 errs by 1/8 / sqrt(12) over a deviation of 1/sqrt(3), 6 % a layer.
    for (const { scheme, relativeError } of report)
      if (scheme === 'int4') expect(relativeError).toBeLessThan(0.07)
    expect(errors['text']).toBeLessThan(0.12)
    expect(errors['text']).toBeGreaterThan(0.02)
    expect(Buffer.from(other.onnx).includes('MatMulNBits')).toBe(true)
  })

  it('float16 gives every output to one part in 2000 and halves the model', async () => {
    const { errors, exact, other } = await rounded('float16')
    expect(errors['text']).toBeLessThan(1e-3)
    expect(errors['features']).toBeLessThan(1e-3)
    expect(other.onnx.length / exact.onnx.length).toBeLessThan(0.6)
  })

  it('keeps what the caller wants kept, biases and tiny matrices', async () => {
    const outputs = network()
    const scheme = (name: string) => (name.startsWith('first') ? 'float32' : 'int8')
    const { report } = quantise({ outputs, weights, scheme })
    expect(report.map(({ name }) => name)).not.toContain('first.weight')
  })

  it('says what it cannot do', () => {
    const outputs = network()
    expect(() => quantise({ outputs, weights, scheme: 'int4', target: 'standard' })).toThrow(
      'int4 needs ONNX Runtime',
    )
    expect(() => quantise({ outputs, weights, scheme: 'int4', blockSize: 24 })).toThrow('blocks of 24')
    expect(() => quantise({ outputs, weights: () => 'input', scheme: 'int8' })).toThrow('not in memory')
  })
})
