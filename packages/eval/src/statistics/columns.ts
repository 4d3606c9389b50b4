// Rows as columns of numbers, one entry a sample or one a picture, for resampling. Definition: ours.
import { EvalError } from '../error.ts'
import { columnValue, type SampleRow } from '../row.ts'

/** What is drawn as a whole: samples, or pictures with all of their samples (samples of a picture are not independent). */
export type ResampleUnit = 'sample' | 'picture'

export type Columns = { readonly count: number; readonly of: ReadonlyMap<string, Float64Array> }

/** Sums of the named columns for each unit, units in order of first appearance. Throws EvalError where a picture is not named. */
export function unitColumns(
  rows: readonly SampleRow[],
  names: readonly string[],
  unit: ResampleUnit,
): Columns {
  const units = new Map<string, number>()
  const indices = rows.map((row, k) => {
    if (unit === 'sample') return k
    if (row.picture === undefined) {
      throw new EvalError(
        'not-found',
        'this sample names no picture, so pictures cannot be drawn as a whole',
        {
          at: row.id,
          hint: 'resample by sample',
        },
      )
    }
    const known = units.get(row.picture)
    if (known !== undefined) return known
    units.set(row.picture, units.size)
    return units.size - 1
  })
  const count = unit === 'sample' ? rows.length : units.size
  const of = new Map<string, Float64Array>()
  for (const name of names) {
    const column = new Float64Array(count)
    rows.forEach((row, k) => {
      column[indices[k]!]! += columnValue(row, name)
    })
    of.set(name, column)
  }
  return { count, of }
}
