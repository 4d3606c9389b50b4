// Pairing of predictions with truths one to one for the largest total gain (the assignment problem: Kuhn 1955, with the
// potentials of Jonker and Volgenant 1987). Ties go to the lowest index.
import { EvalError } from '../error.ts'

/** Largest side. A picture of the densest published sets has a few hundred instances. */
export const MAX_PAIRED = 2048

/**
 * For each prediction the index of its truth, or -1 where there are fewer truths: as many pairs as the shorter side has,
 * whatever they gain. `gains` is row-major, predictions by truths. Throws EvalError for gains that are not finite.
 */
export function pairing(gains: Float64Array, predictions: number, truths: number): Int32Array {
  if (Math.max(predictions, truths) > MAX_PAIRED) {
    throw new EvalError('too-large', `${predictions} x ${truths} to pair; the limit is ${MAX_PAIRED} a side`)
  }
  if (!gains.every(Number.isFinite)) throw new EvalError('out-of-range', 'a gain of a pair is not finite')
  const partner = new Int32Array(predictions).fill(-1)
  const turned = predictions > truths
  const [rows, columns] = turned ? [truths, predictions] : [predictions, truths]
  const cost = (row: number, column: number) =>
    -gains[turned ? column * truths + row : row * truths + column]!
  // Row and column `0` are sentinels: rowOf[0] is the row being placed.
  const rowPotential = new Float64Array(rows + 1)
  const columnPotential = new Float64Array(columns + 1)
  const rowOf = new Int32Array(columns + 1)
  const cameFrom = new Int32Array(columns + 1)
  for (let row = 1; row <= rows; row++) {
    const distance = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY)
    const done = new Uint8Array(columns + 1)
    rowOf[0] = row
    let column = 0
    do {
      done[column] = 1
      const current = rowOf[column]!
      let nearest = 0
      let step = Number.POSITIVE_INFINITY
      for (let c = 1; c <= columns; c++) {
        if (done[c] === 1) continue
        const reduced = cost(current - 1, c - 1) - rowPotential[current]! - columnPotential[c]!
        if (reduced < distance[c]!) {
          distance[c] = reduced
          cameFrom[c] = column
        }
        // Of equal ones a free column, as SciPy's solver, so that published numbers come out the same.
        const isFreer = distance[c] === step && rowOf[c] === 0 && rowOf[nearest] !== 0
        if (distance[c]! < step || isFreer) {
          step = distance[c]!
          nearest = c
        }
      }
      for (let c = 0; c <= columns; c++) {
        if (done[c] === 1) {
          rowPotential[rowOf[c]!]! += step
          columnPotential[c]! -= step
        } else distance[c]! -= step
      }
      column = nearest
    } while (rowOf[column] !== 0)
    for (; column !== 0; column = cameFrom[column]!) rowOf[column] = rowOf[cameFrom[column]!]!
  }
  for (let c = 1; c <= columns; c++) {
    if (rowOf[c] === 0) continue
    if (turned) partner[c - 1] = rowOf[c]! - 1
    else partner[rowOf[c]! - 1] = c - 1
  }
  return partner
}

/** The largest number of pairs that fit, one to one. `fits` is row-major, predictions by truths. */
export function fittingPairs(fits: Uint8Array, predictions: number, truths: number): number {
  const partner = pairing(Float64Array.from(fits), predictions, truths)
  let pairs = 0
  partner.forEach((truth, p) => {
    if (truth >= 0 && fits[p * truths + truth] === 1) pairs++
  })
  return pairs
}
