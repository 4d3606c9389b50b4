// The truth that answers are compared with, whatever it was read from.
import type { BoxXyxyPx, SceneGraphVocabulary } from '@maskwords/eval'
import type { ErrorReport, Size } from '@maskwords/files'
import type { Mask } from '@maskwords/mask'

/** One thing to be answered, with its truth. Fields that a benchmark does not need may be missing. */
export type TruthSample = {
  readonly id: string
  readonly picture?: string
  readonly size?: Size
  /** What was asked. */
  readonly phrase?: string
  readonly groups: readonly string[]
  /** Empty where there is no target; undefined where the truth says nothing of masks. */
  readonly masks?: readonly Mask[]
  readonly labels?: readonly string[]
  readonly captions?: readonly string[]
  /** Index of the subject's mask, predicate, index of the object's mask. */
  readonly relations?: readonly (readonly [number, string, number])[]
  readonly ignored?: Mask
  readonly boxes?: readonly BoxXyxyPx[]
  /** Each x, y, x, y, ... */
  readonly lines?: readonly (readonly number[])[]
  readonly options?: readonly string[]
  /** Index of the right option. */
  readonly right?: number
}

export type Truth = {
  readonly samples: readonly TruthSample[]
  /** Samples that the file lost, and why. */
  readonly failures: ErrorReport[]
  /** Folder of the truth: pictures may be named from there. */
  readonly root: string
  /** Names of classes and predicates in the dataset's order, where it has them. */
  readonly vocabulary?: SceneGraphVocabulary
}

/** How samples are made of the records of a published dataset. */
export type SampleKind =
  | 'phrases'
  | 'first-phrase'
  | 'boxes'
  | 'rounds'
  | 'classes'
  | 'choices'
  | 'lines'
  | 'captions'
  | 'relations'

export type TruthOptions = {
  readonly path: string
  /** The reader that the user named. */
  readonly dataset?: string | undefined
  /** The reader that the benchmark usually has. */
  readonly usual: string
  readonly split?: string | undefined
  readonly kind: SampleKind
}
