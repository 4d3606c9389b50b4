// The assignment problem on a rectangular matrix: which row belongs to which column, one to one, for the least total cost.
// Method: shortest augmenting paths with potentials (Jonker and Volgenant 1987, in the rectangular form of Crouse 2016), and
// ties broken as SciPy's `linear_sum_assignment` breaks them, so that numbers of published scripts come out the same.

import { MaskError } from './error.ts'

/** Largest side of a matrix. A picture of the densest published sets has a few hundred instances. */
export const MAX_ASSIGNMENT = 2048

/**
 * For each row its column, or -1 where there are more rows than columns: min(rows, columns) pairs of least total cost,
 * whatever they cost. `costs` is row-major. Throws MaskError: `too-large` for a side above the limit, `size-mismatch` for a
 * wrong number of costs, `out-of-range` for a cost that is no finite number.
 */
export function leastCostPairs(costs: ArrayLike<number>, rows: number, columns: number): Int32Array {
  if (rows > MAX_ASSIGNMENT || columns > MAX_ASSIGNMENT) {
    throw new MaskError(
      'too-large',
      `an assignment of ${rows} x ${columns}; the limit is ${MAX_ASSIGNMENT} a side`,
    )
  }
  if (costs.length !== rows * columns) {
    throw new MaskError('size-mismatch', `${rows} x ${columns} costs expected, got ${costs.length}`)
  }
  for (let k = 0; k < costs.length; k++) {
    if (!Number.isFinite(costs[k]!)) {
      throw new MaskError('out-of-range', `cost ${k} is ${costs[k]}`, { at: k })
    }
  }
  if (rows <= columns) return columnOfRow(costs, rows, columns)
  const turned = new Float64Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = costs[row * columns + column]!
  }
  const result = new Int32Array(rows).fill(-1)
  columnOfRow(turned, columns, rows).forEach((row, column) => {
    result[row] = column
  })
  return result
}

/** As above for rows <= columns: no row stays alone. */
function columnOfRow(costs: ArrayLike<number>, rows: number, columns: number): Int32Array {
  const rowPotential = new Float64Array(rows)
  const columnPotential = new Float64Array(columns)
  const columnOf = new Int32Array(rows).fill(-1)
  const rowOf = new Int32Array(columns).fill(-1)
  const cameFrom = new Int32Array(columns)
  const distance = new Float64Array(columns)
  const open = new Int32Array(columns)
  const isRowSeen = new Uint8Array(rows)
  const isColumnDone = new Uint8Array(columns)
  for (let start = 0; start < rows; start++) {
    distance.fill(Number.POSITIVE_INFINITY)
    isRowSeen.fill(0)
    isColumnDone.fill(0)
    // From the last column to the first: equal costs then give the pairs in order.
    for (let i = 0; i < columns; i++) open[i] = columns - i - 1
    let left = columns
    let reached = 0
    let row = start
    let sink = -1
    while (sink === -1) {
      isRowSeen[row] = 1
      let at = -1
      let nearest = Number.POSITIVE_INFINITY
      for (let i = 0; i < left; i++) {
        const column = open[i]!
        const through =
          reached + costs[row * columns + column]! - rowPotential[row]! - columnPotential[column]!
        if (through < distance[column]!) {
          cameFrom[column] = row
          distance[column] = through
        }
        // Of equally near columns one that ends the path.
        if (distance[column]! < nearest || (distance[column] === nearest && rowOf[column] === -1)) {
          nearest = distance[column]!
          at = i
        }
      }
      reached = nearest
      const column = open[at]!
      if (rowOf[column] === -1) sink = column
      else row = rowOf[column]!
      isColumnDone[column] = 1
      left--
      open[at] = open[left]!
    }
    rowPotential[start]! += reached
    for (let r = 0; r < rows; r++) {
      if (isRowSeen[r] === 1 && r !== start) rowPotential[r]! += reached - distance[columnOf[r]!]!
    }
    for (let c = 0; c < columns; c++) {
      if (isColumnDone[c] === 1) columnPotential[c]! -= reached - distance[c]!
    }
    for (let column = sink; ; ) {
      const owner = cameFrom[column]!
      rowOf[column] = owner
      const before = columnOf[owner]!
      columnOf[owner] = column
      if (owner === start) break
      column = before
    }
  }
  return columnOf
}
