// The assignment problem on a rectangular cost matrix (Kuhn 1955; the O(rows^2 * columns) form with potentials of
// Jonker and Volgenant 1987): which prediction belongs to which instance.

import { CodecError } from '../error.ts'

/** Largest side of a cost matrix. A picture of the densest published sets has a few hundred instances. */
export const MAX_ASSIGNMENT = 2048

/**
 * The pairing of rows and columns with the least total cost: `result[row]` is its column, or -1 where there are more
 * rows than columns. Exactly min(rows, columns) pairs, whatever they cost. `costs` is row-major and finite.
 */
export function assign(costs: ArrayLike<number>, rows: number, columns: number): Int32Array {
  if (rows > MAX_ASSIGNMENT || columns > MAX_ASSIGNMENT) {
    throw new CodecError(
      'too-large',
      `an assignment of ${rows} x ${columns}; the limit is ${MAX_ASSIGNMENT} a side`,
    )
  }
  if (costs.length !== rows * columns) {
    throw new CodecError('size-mismatch', `${rows} x ${columns} costs expected, got ${costs.length}`)
  }
  for (let k = 0; k < costs.length; k++) {
    if (!Number.isFinite(costs[k]!)) {
      throw new CodecError('out-of-range', `cost ${k} is ${costs[k]}`, { at: k })
    }
  }
  const transposed = rows > columns
  const n = transposed ? columns : rows
  const m = transposed ? rows : columns
  const cost = (row: number, column: number) =>
    transposed ? costs[column * columns + row]! : costs[row * columns + column]!

  // Row and column 0 are sentinels: rowOf[0] is the row being placed, column 0 is where its path starts.
  const rowPotential = new Float64Array(n + 1)
  const columnPotential = new Float64Array(m + 1)
  const rowOf = new Int32Array(m + 1)
  const previous = new Int32Array(m + 1)
  const least = new Float64Array(m + 1)
  const visited = new Uint8Array(m + 1)
  for (let row = 1; row <= n; row++) {
    rowOf[0] = row
    least.fill(Number.POSITIVE_INFINITY)
    visited.fill(0)
    let column = 0
    do {
      visited[column] = 1
      const from = rowOf[column]!
      let delta = Number.POSITIVE_INFINITY
      let next = 0
      for (let c = 1; c <= m; c++) {
        if (visited[c] === 1) continue
        const reduced = cost(from - 1, c - 1) - rowPotential[from]! - columnPotential[c]!
        if (reduced < least[c]!) {
          least[c] = reduced
          previous[c] = column
        }
        if (least[c]! < delta) {
          delta = least[c]!
          next = c
        }
      }
      for (let c = 0; c <= m; c++) {
        if (visited[c] === 1) {
          rowPotential[rowOf[c]!]! += delta
          columnPotential[c]! -= delta
        } else {
          least[c]! -= delta
        }
      }
      column = next
    } while (rowOf[column] !== 0)
    while (column !== 0) {
      rowOf[column] = rowOf[previous[column]!]!
      column = previous[column]!
    }
  }

  const result = new Int32Array(rows).fill(-1)
  for (let c = 1; c <= m; c++) {
    if (rowOf[c] === 0) continue
    if (transposed) result[c - 1] = rowOf[c]! - 1
    else result[rowOf[c]! - 1] = c - 1
  }
  return result
}
