// One row a sample: what every number is made of.

/** `missing`: no answer was given. `failed`: an answer that cannot be used (of another size, words that say nothing). */
export type RowStatus = 'scored' | 'missing' | 'failed'

/** What one sample scored: values by name, and how it ended. */
export type SampleRow = {
  readonly id: string
  readonly status: RowStatus
  /** The picture's file, where it is known. */
  readonly picture?: string
  /** Parts of the benchmark that the sample belongs to (a class, a round, `no-target`). */
  readonly groups?: readonly string[]
  /** Columns that metrics sum; a column that is not there is 0. */
  readonly values: Readonly<Record<string, number>>
  /** Why an answer could not be used. */
  readonly reason?: string
}

/** A row's number in a column; 0 where the row does not have it. */
export function columnValue(row: SampleRow, column: string): number {
  return Object.hasOwn(row.values, column) ? row.values[column]! : 0
}
