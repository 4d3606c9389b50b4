// The numbers of one benchmark: of all samples, of their groups, and how many there were.
import type { Interval, RowFile } from '@maskwords/eval'

export type Result = {
  readonly file: RowFile
  readonly metrics: Readonly<Record<string, number | null>>
  readonly intervals: Readonly<Record<string, Interval | null>>
  readonly groups: Readonly<
    Record<string, { readonly samples: number; readonly metrics: Readonly<Record<string, number | null>> }>
  >
  readonly counts: Counts
}

export type Counts = {
  readonly samples: number
  readonly scored: number
  readonly missing: number
  readonly failed: number
  /** Answers to questions that the truth does not have. */
  readonly unknown: number
}
