import { expect, it } from 'vitest'
import { greedyPairs } from './greedy.ts'

it('the largest value is taken first, even where that leaves less for the others', () => {
  expect(greedyPairs({ values: [0.9, 0.8, 0.7, 0], rows: 2, columns: 2 })).toEqual([
    { row: 0, column: 0, value: 0.9 },
  ])
})

it('of equal values the first in row-major order is taken', () => {
  const pairs = greedyPairs({ values: [0.5, 0.5, 0.5, 0.5], rows: 2, columns: 2 })
  expect(pairs.map(({ row, column }) => [row, column])).toEqual([
    [0, 0],
    [1, 1],
  ])
})

it('nothing to pair gives no pairs; wrong values are refused', () => {
  expect(greedyPairs({ values: [], rows: 0, columns: 3 })).toEqual([])
  expect(() => greedyPairs({ values: [Number.NaN], rows: 1, columns: 1 })).toThrow('no finite number')
  expect(() => greedyPairs({ values: [1, 2], rows: 1, columns: 1 })).toThrow('2 values for 1 rows')
})
