// Which samples a report shows: the worst, those in the middle, the best.
import { columnValue, type SampleRow } from '../row.ts'

/** Samples that a report shows under one title. */
export type Picked = { readonly title: string; readonly rows: readonly SampleRow[] }

/**
 * The `each` worst, median and best rows by a column, every row at most once. Of equal ones those that show more pixels come
 * first, then the earlier by id: a right "there is nothing" is no picture. Rows without the column are passed over. Fewer rows than three times `each` are all shown as worst first.
 */
export function pickRows(rows: readonly SampleRow[], column: string, each: number): Picked[] {
  const order = rows
    .filter((row) => Object.hasOwn(row.values, column))
    .sort((a, b) => {
      const value = columnValue(a, column)
      const more = columnValue(b, 'unionPx') - columnValue(a, 'unionPx') || (a.id < b.id ? -1 : 1)
      // The best are taken from the end.
      return value - columnValue(b, column) || (value < 0.5 ? more : -more)
    })
  if (order.length <= 3 * each) return order.length === 0 ? [] : [{ title: 'All, worst first', rows: order }]
  const middle = Math.floor((order.length - each) / 2)
  return [
    { title: 'Worst', rows: order.slice(0, each) },
    { title: 'Median', rows: order.slice(middle, middle + each) },
    { title: 'Best', rows: order.slice(-each).reverse() },
  ]
}
