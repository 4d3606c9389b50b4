// The pairing of answers with truths against SciPy's, ties included.
import { leastCostPairs } from '@maskwords/mask'
import { expect, it } from 'vitest'
import { randomOf } from '../packages/eval/src/statistics/random.ts'
import { runPython } from './python.ts'

type Matrix = [rows: number, columns: number, costs: number[]]

/** Small whole costs tie often; 1 - IoU of small masks ties after rounding; the rest has no ties. */
function matrices(count: number, seed: number): Matrix[] {
  const random = randomOf(seed)
  return Array.from({ length: count }, (_, i) => {
    const [rows, columns] = [1 + random.below(9), 1 + random.below(9)]
    const cost = [
      () => random.below(3),
      () => random.below(10) - 4,
      () => 1 - random.below(5) / (4 + random.below(4)),
      () => random.below(1 << 24) / (1 << 24),
      () => 1,
    ][i % 5]!
    return [rows, columns, Array.from({ length: rows * columns }, cost)]
  })
}

it('leastCostPairs gives the pairs of scipy.optimize.linear_sum_assignment', async () => {
  const asked = matrices(20_000, 11)
  const theirs = await runPython<number[][]>('assignment_pairs.py', asked)
  const ours = asked.map(([rows, columns, costs]) => [...leastCostPairs(costs, rows, columns)])
  expect(ours.filter((pairs, i) => pairs.join() !== theirs[i]!.join())).toEqual([])
})
