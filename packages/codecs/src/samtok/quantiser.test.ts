import { openCheckpointFile } from '@maskwords/checkpoint'
import { buildModel, input, openSession } from '@maskwords/graph'
import { residualQuantiser, scalarCodes, scalarQuantiser, scalarVector } from '@maskwords/models'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recorded as recordedFile } from '../../../../scripts/recorded.ts'
import { formulaUnits } from '../../../graph/test/formula-weights.ts'
import { codebookUsage, trainedCodebook, updateCodebook } from './codebook.ts'
import { type ResidualCodebooks, residualCodes, residualVectors } from './residual.ts'

const floats = (key: string, count: number): Float32Array => Float32Array.from(formulaUnits(key, count))
const books: ResidualCodebooks = {
  width: 6,
  codes: 10,
  levels: [floats('a', 60), floats('b', 60), floats('c', 60)],
}

describe('residual codes', () => {
  it('decode to a residual that no other code of the last level could make smaller', () => {
    const vectors = floats('vectors', 50 * 6)
    const codes = residualCodes(books, vectors)
    const first = residualVectors(
      { ...books, levels: books.levels.slice(0, 2) },
      codes.filter((_, i) => i % 3 < 2),
    )
    for (let item = 0; item < 50; item++) {
      const gap = (code: number): number => {
        let sum = 0
        for (let i = 0; i < 6; i++)
          sum += (vectors[item * 6 + i]! - first[item * 6 + i]! - books.levels[2]![code * 6 + i]!) ** 2
        return sum
      }
      const best = Math.min(...Array.from({ length: 10 }, (_, code) => gap(code)))
      expect(gap(codes[item * 3 + 2]!)).toBeCloseTo(best, 6)
    }
  })

  it('of code vectors themselves are those codes, and -1 adds nothing', () => {
    const one: ResidualCodebooks = { ...books, levels: [books.levels[0]!] }
    expect(Array.from(residualCodes(one, books.levels[0]!))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(residualVectors(books, [4, -1, -1])).toEqual(books.levels[0]!.slice(24, 30))
  })

  it('go to the lowest index where two rows are equal', () => {
    const row = Float32Array.of(1, 2)
    const twins: ResidualCodebooks = { width: 2, codes: 3, levels: [Float32Array.of(9, 9, ...row, ...row)] }
    expect(Array.from(residualCodes(twins, row))).toEqual([1])
  })

  it('are the same from the graph that trains, with one or several levels, shared or not', async () => {
    const vectors = floats('vectors', 40 * 6)
    for (const [levels, shared] of [
      [1, false],
      [3, false],
      [3, true],
    ] as const) {
      const z = residualQuantiser(input('z', 'float32', ['n', 6]), {
        codes: 10,
        levels,
        width: 6,
        shared,
        paddingRows: 1,
      })
      const weights = (key: string): Float32Array => {
        const level = Number(key.split('.')[2])
        return Float32Array.from([...books.levels[level]!, ...new Float32Array(6)])
      }
      const session = await openSession(
        buildModel({ outputs: { codes: z.codes, vectors: z.vectors }, weights }),
        { worker: false, threads: 1 },
      )
      const out = await session.run({ z: { data: vectors, shape: [40, 6] } })
      await session.close()
      const own = {
        ...books,
        levels: shared ? [0, 0, 0].map((at) => books.levels[at]!) : books.levels.slice(0, levels),
      }
      const codes = residualCodes(own, vectors)
      expect(Array.from(out['codes']!.data, Number)).toEqual(Array.from(codes))
      const sums = residualVectors(own, codes)
      ;(out['vectors']!.data as Float32Array).forEach((value, i) => {
        expect(value).toBeCloseTo(sums[i]!, 5)
      })
    }
  })
})

describe('finite scalar quantisation', () => {
  it('gives every code, and each code its own vector', async () => {
    const steps = [5, 4, 3]
    const codes = scalarQuantiser(input('z', 'float32', ['n', 3]), steps)
    const session = await openSession(
      buildModel({ outputs: { codes: codes.codes, vectors: codes.vectors } }),
      { worker: false, threads: 1 },
    )
    const data = floats('scalar', 3 * 4000).map((u) => 2 * u)
    const out = await session.run({ z: { data, shape: [4000, 3] } })
    await session.close()
    const found = Array.from(out['codes']!.data, Number)
    expect(new Set(found).size).toBe(scalarCodes(steps))
    expect([Math.min(...found), Math.max(...found)]).toEqual([0, 59])
    found.forEach((code, item) => {
      expect(
        Array.from(
          (out['vectors']!.data as Float32Array).subarray(item * 3, item * 3 + 3),
          (value) => value + 0,
        ),
      ).toEqual(scalarVector(code, steps).map((value) => Math.fround(value)))
    })
  })
})

describe('codebooks in training', () => {
  it('follow one recorded update of the published code to 1e-5', async () => {
    const recorded = await openCheckpointFile(recordedFile('samtok-micro-training.golden.safetensors'))
    const value = (name: string): Promise<Float32Array> => recorded.read(name, { as: 'float32' })
    const golden = await openCheckpointFile(recordedFile('samtok-micro.golden.safetensors'))
    const stored = (await golden.read('quantizer.codebooks.0.weight', { as: 'float32' })).slice(0, 256 * 256)
    const vectors = await value('ema_vectors')
    const book = trainedCodebook(stored, 256, await value('ema_sizes_before'))
    const chosen = residualCodes({ width: 256, codes: 256, levels: [stored] }, vectors)
    // The recorded sizes say that 222 vectors chose code 37 (0.99 x 2.01657 + 0.01 x 222 = 4.21640).
    expect(chosen.filter((code) => code === 37)).toHaveLength(222)
    expect(updateCodebook(book, { vectors, chosen })).toBe(0)
    const near = (a: Float32Array, b: Float32Array): number =>
      a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0)
    expect(near(book.sizes, await value('ema_sizes_after'))).toBeLessThan(1e-5)
    expect(near(book.vectors, (await value('ema_weight_after')).slice(0, 256 * 256))).toBeLessThan(1e-5)
    await recorded.close()
    await golden.close()
  })

  it('move towards the mean of their vectors, and bring dead codes back at vectors of the batch', () => {
    const book = trainedCodebook(Float32Array.of(0, 0, 100, 100, -100, 100), 2)
    const vectors = Float32Array.of(1, 1, 3, 1, 2, 4, 2, 2)
    let calls = 0
    const random = (): number => [0, 0.5][calls++ % 2]!
    let restarted = 0
    for (let step = 0; step < 600; step++)
      restarted += updateCodebook(book, { vectors, chosen: [0, 0, 0, 0] })
    expect(restarted).toBe(0)
    expect(book.vectors[0]).toBeCloseTo(2, 2)
    expect(book.vectors[1]).toBeCloseTo(2, 2)
    expect(updateCodebook(book, { vectors, chosen: [0, 0, 0, 0] }, { restart: { random } })).toBe(2)
    expect(Array.from(book.vectors.subarray(2)).map((x) => Math.round(x))).toEqual([1, 1, 2, 4])
    expect(Array.from(book.sizes.subarray(1))).toEqual([1, 1])
  })

  it('report use: counts that sum up, dead codes, perplexity between 1 and the number of codes', () => {
    expect(codebookUsage([0, 1, 2, 3], 4)).toMatchObject({ total: 4, dead: 0, perplexity: 4 })
    expect(codebookUsage([2, 2, 2], 4)).toMatchObject({ total: 3, dead: 3, perplexity: 1 })
    expect(codebookUsage([], 4)).toMatchObject({ total: 0, dead: 4, perplexity: 0 })
    fc.assert(
      fc.property(fc.array(fc.nat(15), { minLength: 1 }), (chosen) => {
        const usage = codebookUsage(chosen, 16)
        expect(usage.counts.reduce((a, b) => a + b, 0)).toBe(chosen.length)
        expect(usage.perplexity).toBeGreaterThan(1 - 1e-9)
        expect(usage.perplexity).toBeLessThan(16 - usage.dead + 1e-9)
      }),
    )
  })
})
