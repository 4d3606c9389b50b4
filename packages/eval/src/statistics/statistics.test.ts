import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SampleRow } from '../row.ts'
import { formatRowFile, mergeRowFiles, parseRowFile, type RowFile } from '../rows.ts'
import { checkSameStamp, type Stamp, stampDifferences } from '../stamp.ts'
import { bootstrapIntervals, percentile } from './bootstrap.ts'
import { compareRuns } from './compare.ts'
import { evaluateMetrics, type Metric } from './metric.ts'
import { randomOf } from './random.ts'

const mean: Metric = { name: 'mean', title: 'a mean', parts: [{ numerator: 'x', denominator: 'samples' }] }
const ratio: Metric = { name: 'ratio', title: 'a ratio', parts: [{ numerator: 'i', denominator: 'u' }] }
const rowsOf = (values: readonly number[], picture?: (k: number) => string): SampleRow[] =>
  values.map((x, k) => ({
    id: `s${k}`,
    status: 'scored',
    values: { x, samples: 1, i: x, u: 2 },
    ...(picture && { picture: picture(k) }),
  }))

describe('metrics', () => {
  it('a mean of ratios leaves out parts that count nothing; without any part there is no value', () => {
    const classes: Metric = {
      name: 'classes',
      title: '',
      parts: [
        { numerator: 'x', denominator: 'samples' },
        { numerator: 'i', denominator: 'u' },
        { numerator: 'never', denominator: 'nowhere' },
      ],
    }
    expect(evaluateMetrics(rowsOf([1, 0]), [classes])).toEqual({ classes: (1 / 2 + 1 / 4) / 2 })
    expect(evaluateMetrics([], [classes])).toEqual({ classes: null })
  })

  it('names of the language are no columns', () => {
    const odd: Metric = {
      name: 'odd',
      title: '',
      parts: [{ numerator: 'constructor', denominator: 'samples' }],
    }
    expect(evaluateMetrics(rowsOf([1]), [odd])).toEqual({ odd: 0 })
  })
})

describe('bootstrap', () => {
  it('equal samples have an interval without width; the same seed gives the same interval', () => {
    expect(bootstrapIntervals(rowsOf([0.3, 0.3, 0.3]), [mean])['mean']).toEqual([
      expect.closeTo(0.3, 12),
      expect.closeTo(0.3, 12),
    ])
    const rows = rowsOf(Array.from({ length: 50 }, (_, k) => (k % 7) / 7))
    expect(bootstrapIntervals(rows, [mean], { seed: 5 })).toEqual(
      bootstrapIntervals(rows, [mean], { seed: 5 }),
    )
    expect(bootstrapIntervals(rows, [mean], { seed: 6 })).not.toEqual(
      bootstrapIntervals(rows, [mean], { seed: 5 }),
    )
  })

  it('of 400 coin flips the interval is near 0.5 +- 1.96 * 0.5 / 20', () => {
    const rows = rowsOf(Array.from({ length: 400 }, (_, k) => k % 2))
    const [low, high] = bootstrapIntervals(rows, [mean], { resamples: 2000 })['mean']!
    expect(low).toBeCloseTo(0.5 - 0.049, 2)
    expect(high).toBeCloseTo(0.5 + 0.049, 2)
  })

  it('samples of a picture that agree widen the interval when pictures are drawn', () => {
    const rows = rowsOf(
      Array.from({ length: 200 }, (_, k) => Math.floor(k / 10) % 2),
      (k) => `p${Math.floor(k / 10)}`,
    )
    const width = (unit: 'sample' | 'picture') => {
      const [low, high] = bootstrapIntervals(rows, [mean], { unit })['mean']!
      return high - low
    }
    expect(width('picture')).toBeGreaterThan(2 * width('sample'))
    expect(() => bootstrapIntervals(rowsOf([1]), [mean], { unit: 'picture' })).toThrow('names no picture')
  })

  it('percentiles are linear between neighbours: 0.1 of 0, 10, 20 is 2', () => {
    expect(percentile(Float64Array.of(0, 10, 20), 0.1)).toBeCloseTo(2, 12)
  })

  it('random numbers below 6 are spread evenly', () => {
    const random = randomOf(1)
    const counts = new Array<number>(6).fill(0)
    for (let k = 0; k < 60_000; k++) counts[random.below(6)]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400)
  })
})

describe('comparison of two runs', () => {
  it('four samples that all gain: 2 of 16 sign flips are as far, so p = 0.125 exactly', () => {
    const [result] = compareRuns(rowsOf([0, 0.1, 0.2, 0.3]), rowsOf([0.5, 0.6, 0.7, 0.9]), [mean])
    expect(result).toMatchObject({ isExact: true, permutationP: 2 / 16 })
    expect(result!.difference).toBeCloseTo(0.525, 12)
    expect(result!.interval![0]).toBeGreaterThan(0)
  })

  it('a ratio of sums is exchanged by sample, too', () => {
    const a: SampleRow[] = [
      { id: 's0', status: 'scored', values: { i: 1, u: 2 } },
      { id: 's1', status: 'scored', values: { i: 0, u: 6 } },
    ]
    const b: SampleRow[] = [
      { id: 's1', status: 'scored', values: { i: 6, u: 6 } },
      { id: 's0', status: 'scored', values: { i: 2, u: 2 } },
    ]
    const [result] = compareRuns(a, b, [ratio])
    expect(result).toMatchObject({ a: 1 / 8, b: 1, difference: 7 / 8, permutationP: 0.5 })
  })

  it('a run compared with itself has difference 0 and p 1', () => {
    const rows = rowsOf(Array.from({ length: 30 }, (_, k) => k / 30))
    expect(compareRuns(rows, [...rows].reverse(), [mean], { resamples: 200 })[0]).toMatchObject({
      difference: 0,
      interval: [0, 0],
      bootstrapP: 1,
      permutationP: 1,
      isExact: false,
    })
  })

  it('the order of the two runs turns the sign and nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 8 }),
        (values) => {
          const [a, b] = [rowsOf(values), rowsOf(values.map((value) => value ** 2))]
          const [there] = compareRuns(a, b, [mean], { resamples: 300 })
          const [back] = compareRuns(b, a, [mean], { resamples: 300 })
          expect(there!.difference).toBeCloseTo(-back!.difference!, 12)
          expect(there!.permutationP).toBe(back!.permutationP)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('a sample that one run lacks is named', () => {
    expect(() => compareRuns(rowsOf([1, 2]), rowsOf([1]), [mean])).toThrow(
      'this sample is in the first run only',
    )
    expect(() => compareRuns(rowsOf([1]), rowsOf([1, 2]), [mean])).toThrow(
      'this sample is in the second run only',
    )
  })
})

const stamp: Stamp = {
  benchmark: 'gres',
  mode: 'correct',
  dataset: 'abc',
  codec: 'getok',
  version: '0.1.0',
  settings: { b: 2, a: 1 },
}
const fileOf = (rows: readonly SampleRow[], over: Partial<Stamp> = {}): RowFile => ({
  stamp: { ...stamp, ...over },
  metrics: [mean],
  rows,
})

describe('stamps', () => {
  it('the order of settings does not matter, every other difference does', () => {
    expect(stampDifferences(stamp, { ...stamp, settings: { a: 1, b: 2 } })).toEqual([])
    expect(stampDifferences(stamp, { ...stamp, mode: 'official', dataset: 'x' })).toEqual(['mode', 'dataset'])
  })

  it('a mismatch is refused unless it is meant', () => {
    const other = { ...stamp, codec: 'samtok' }
    expect(() => checkSameStamp(stamp, other, 'compared')).toThrow(
      'cannot be compared: codec getok and samtok',
    )
    checkSameStamp(stamp, other, 'compared', ['codec'])
  })

  it('answers that were asked for otherwise are other results', () => {
    const asked = { model: 'a', temperature: 0 }
    expect(
      stampDifferences({ ...stamp, asked }, { ...stamp, asked: { temperature: 0, model: 'a' } }),
    ).toEqual([])
    expect(stampDifferences({ ...stamp, asked }, { ...stamp, asked: { ...asked, model: 'b' } })).toEqual([
      'asked',
    ])
    expect(stampDifferences(stamp, { ...stamp, asked })).toEqual(['asked'])
  })
})

describe('rows', () => {
  const rows: SampleRow[] = [
    { id: 'a', status: 'scored', picture: 'p.jpg', groups: ['x'], values: { x: 0.25, samples: 1 } },
    { id: 'b', status: 'failed', values: {}, reason: 'of another size' },
  ]

  it('a file of rows reads back as it was', () => {
    expect(parseRowFile(formatRowFile(fileOf(rows)), 'rows.jsonl')).toEqual(fileOf(rows))
  })

  it('errors name file and line', () => {
    const read = (text: string) => () => parseRowFile(text, 'r.jsonl')
    const good = formatRowFile(fileOf(rows))
    expect(read('')).toThrow('no file of rows')
    expect(read('{"id":"a"}')).toThrow('no file of rows')
    for (const [bad, message] of [
      ['{"id":"a","status":"scored","values":{}}', 'is on line 2'],
      ['{"id":"c","status":"good","values":{}}', 'needs "status"'],
      ['{"id":"c","status":"scored","values":{"x":null}}', 'finite numbers'],
      ['{', 'not JSON'],
    ] as const) {
      expect(read(`${good}${bad}\n`)).toThrow(message)
      try {
        read(`${good}${bad}\n`)()
      } catch (error) {
        expect(error).toMatchObject({ file: 'r.jsonl', at: 'line 4' })
      }
    }
  })

  it('any bytes are rows or an EvalError', () => {
    const good = formatRowFile(fileOf(rows))
    fc.assert(
      fc.property(fc.nat(good.length), fc.string({ maxLength: 6 }), fc.nat(8), (at, put, cut) => {
        try {
          parseRowFile(good.slice(0, at) + put + good.slice(at + cut), 'r')
        } catch (error) {
          expect((error as Error).name).toBe('EvalError')
        }
      }),
      { numRuns: 500 },
    )
  })

  it('parts merge to one: an answer takes the place of none, two different answers are refused', () => {
    const missing = (id: string): SampleRow => ({ id, status: 'missing', values: { samples: 1 } })
    const one = fileOf([rows[0]!, missing('c')])
    const two = fileOf([missing('a'), { id: 'c', status: 'scored', values: { x: 1, samples: 1 } }])
    expect(mergeRowFiles([one, two]).rows.map(({ id, status }) => [id, status])).toEqual([
      ['a', 'scored'],
      ['c', 'scored'],
    ])
    const different = fileOf([{ ...rows[0]!, values: { x: 1, samples: 1 } }])
    expect(() => mergeRowFiles([one, different])).toThrow('two parts answer this sample')
    expect(() => mergeRowFiles([one, fileOf([], { dataset: 'other' })])).toThrow('cannot be merged')
  })
})
