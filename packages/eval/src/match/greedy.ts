// One-to-one pairs by the greedy rule of published scripts; for the best pairs see `pairing` in ../referring. Definition: the grounded
// conversation metrics of GLaMM (arXiv 2311.03356) as SAMTok's scripts use them: the largest value left, again and again.

import { EvalError } from '../error.ts'

/** A row and a column that belong together, and what the pair is worth. */
export type Pair = { readonly row: number; readonly column: number; readonly value: number }

/** What every pair of a row and a column is worth. */
export type PairValues = {
  /** Row-major. */
  readonly values: ArrayLike<number>
  readonly rows: number
  readonly columns: number
}

/**
 * Again and again the pair of largest value whose row and column are free, from the largest on, until none has a value
 * above 0. Of equal values the first in row-major order, as numpy's argmax. Throws EvalError `size-mismatch` for a wrong
 * number of values, `out-of-range` for values that are no finite numbers.
 */
export function greedyPairs({ values, rows, columns }: PairValues): Pair[] {
  if (values.length !== rows * columns) {
    throw new EvalError('size-mismatch', `${values.length} values for ${rows} rows x ${columns} columns`)
  }
  const order: number[] = []
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      const at = `row ${Math.floor(i / columns)}, column ${i % columns}`
      throw new EvalError('out-of-range', `${at}: ${values[i]} is no finite number`, { at })
    }
    if (values[i]! > 0) order.push(i)
  }
  order.sort((a, b) => values[b]! - values[a]! || a - b)
  const isRowTaken = new Uint8Array(rows)
  const isColumnTaken = new Uint8Array(columns)
  const pairs: Pair[] = []
  for (const i of order) {
    const row = Math.floor(i / columns)
    const column = i - row * columns
    if (isRowTaken[row] || isColumnTaken[column]) continue
    isRowTaken[row] = 1
    isColumnTaken[column] = 1
    pairs.push({ row, column, value: values[i]! })
  }
  return pairs
}
