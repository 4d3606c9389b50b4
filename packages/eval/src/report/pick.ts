// Which samples a report shows: the worst, those in the middle, the best.
import { columnValue, type SampleRow } from '../rows.ts'

export type Picked = { readonly title: string; readonly rows: readonly SampleRow[] }

/**
 * The `each` worst, median and best rows by a column, every row at most once; of equal ones the earlier by id. Rows without
 * the column are passed over. Fewer rows than three times `each` are all shown as worst first.
 */
export function pickRows(rows: readonly SampleRow[], column: string, each: number): Picked[] {
  const order = rows
    .filter((row) => Object.hasOwn(row.values, column))
    .sort((a, b) => columnValue(a, column) - columnValue(b, column) || (a.id < b.id ? -1 : 1))
  if (order.length <= 3 * each) return order.length === 0 ? [] : [{ title: 'All, worst first', rows: order }]
  const middle = Math.floor((order.length - each) / 2)
  return [
    { title: 'Worst', rows: order.slice(0, each) },
    { title: 'Median', rows: order.slice(middle, middle + each) },
    { title: 'Best', rows: order.slice(-each).reverse() },
  ]
}
