import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ResidualCodebooks, residualCodes, residualVectors } from './residual.ts'
import { nearestCodeRows } from './search.ts'

const books = (levels: number[][]): ResidualCodebooks => ({
  width: 2,
  codes: levels[0]!.length / 2,
  levels: levels.map((level) => Float32Array.from(level)),
})

describe('code rows near a vector', () => {
  it('come in order of their distance', () => {
    const two = books([
      [0, 0, 4, 0],
      [0, 0, 0, 1],
    ])
    // Sums: (0,0) (0,1) (4,0) (4,1); the vector is nearest to (4,1), then (4,0), (0,1), (0,0).
    expect(nearestCodeRows(two, [3.5, 0.9], 4)).toEqual([
      [1, 1],
      [1, 0],
      [0, 1],
      [0, 0],
    ])
  })

  it('with a beam of one are the codes of residual quantisation', () => {
    const value = fc.float({ min: -4, max: 4, noNaN: true })
    const table = fc.array(value, { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(table, table, value, value, (first, second, x, y) => {
        const two = books([first, second])
        const vector = Float32Array.of(x, y)
        const greedy = [...residualCodes(two, vector)]
        const [row] = nearestCodeRows(two, vector, 1)
        const distance = (codes: readonly number[]): number => {
          const sum = residualVectors(two, codes)
          return Math.hypot(sum[0]! - x, sum[1]! - y)
        }
        // Rows that are equally near may differ in their codes.
        expect(distance(row!)).toBeCloseTo(distance(greedy), 4)
      }),
    )
  })

  it('with a wider beam are never further than the greedy row', () => {
    const value = fc.float({ min: -4, max: 4, noNaN: true })
    const table = fc.array(value, { minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(table, table, value, value, (first, second, x, y) => {
        const two = books([first, second])
        const far = (codes: readonly number[]): number => {
          const sum = residualVectors(two, codes)
          return (sum[0]! - x) ** 2 + (sum[1]! - y) ** 2
        }
        const [one] = nearestCodeRows(two, [x, y], 1)
        const rows = nearestCodeRows(two, [x, y], 8)
        expect(far(rows[0]!)).toBeLessThanOrEqual(far(one!) + 1e-4)
        expect(new Set(rows.map(String)).size).toBe(rows.length)
      }),
    )
  })
})
