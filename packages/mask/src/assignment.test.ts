import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SCIPY_PAIRS } from '../test/scipy-pairs.ts'
import { leastCostPairs } from './assignment.ts'
import { MaskError } from './error.ts'

/** The least total over all ways to pair min(rows, columns). */
function bruteForce(costs: readonly number[], rows: number, columns: number, row = 0, used = 0): number {
  if (row === rows) return 0
  const freeColumns = columns - used.toString(2).replaceAll('0', '').length
  let best = Number.POSITIVE_INFINITY
  if (rows - row > freeColumns) best = bruteForce(costs, rows, columns, row + 1, used)
  for (let c = 0; c < columns; c++) {
    if ((used >> c) & 1) continue
    best = Math.min(
      best,
      costs[row * columns + c]! + bruteForce(costs, rows, columns, row + 1, used | (1 << c)),
    )
  }
  return best
}

describe('assignment', () => {
  it('has the least cost of all pairings, on any small rectangle', () => {
    const shape = fc.record({ rows: fc.integer({ min: 0, max: 5 }), columns: fc.integer({ min: 0, max: 5 }) })
    const cases = shape.chain(({ rows, columns }) =>
      fc.tuple(
        fc.constant(rows),
        fc.constant(columns),
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: rows * columns, maxLength: rows * columns }),
      ),
    )
    fc.assert(
      fc.property(cases, ([rows, columns, costs]) => {
        const result = [...leastCostPairs(costs, rows, columns)]
        const pairs = result.flatMap((column, row) => (column < 0 ? [] : [[row, column] as const]))
        expect(pairs.length).toBe(Math.min(rows, columns))
        expect(new Set(pairs.map(([, column]) => column)).size).toBe(pairs.length)
        const total = pairs.reduce((sum, [row, column]) => sum + costs[row * columns + column]!, 0)
        expect(total).toBe(bruteForce(costs, rows, columns))
      }),
      { numRuns: 400 },
    )
  })

  it('leaves one of three truths without one of two predictions', () => {
    expect([...leastCostPairs([1, 9, 9, 9, 9, 1], 2, 3)]).toEqual([0, 2])
    expect([...leastCostPairs([1, 9, 9, 9, 9, 1], 3, 2)]).toEqual([0, -1, 1])
  })

  it('pairs equal costs in order', () => {
    expect([...leastCostPairs(new Array(9).fill(1), 3, 3)]).toEqual([0, 1, 2])
  })

  it('refuses costs that are no numbers or too few', () => {
    expect(() => leastCostPairs([1, Number.NaN], 1, 2)).toThrow(MaskError)
    expect(() => leastCostPairs([1], 1, 2)).toThrow(MaskError)
    expect(() => leastCostPairs([], 3000, 0)).toThrow(MaskError)
  })

  it('breaks ties as SciPy does, on recorded matrices full of ties', () => {
    for (const [rows, columns, costs, pairs] of SCIPY_PAIRS) {
      expect({ costs, pairs: [...leastCostPairs(costs, rows, columns)] }).toEqual({ costs, pairs })
    }
  })
})
