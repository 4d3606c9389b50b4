// What is said of something unsound in a file. Definition: ours.
import type { LossKind } from '@maskwords/annotations'

/** Something that cost one sample, or part of one, unless `isKept`: said, counted, and never the end of a run. */
export type DataProblem = {
  /** What reading loses, and what `prepare` leaves out: masks that are too small, and labels whose words say another mask. */
  readonly kind: LossKind | 'small-mask' | 'weak-words'
  /** What, where, got, wanted, in one sentence. */
  readonly message: string
  readonly file: string
  /** Where in the file: a record's id, a line, a byte. */
  readonly at?: string
  /** Nothing was lost: something was wrong or doubtful, and what was kept is said. */
  readonly isKept?: true
}
