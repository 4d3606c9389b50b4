// The truth that answers are compared with, whatever it was read from.
import type { BoxXyxyPx, SceneGraphVocabulary } from '@maskwords/eval'
import type { ErrorReport, Size } from '@maskwords/files'
import type { Mask } from '@maskwords/mask'

/** A text with masks in it. */
export type MaskedText = readonly (string | { readonly mask: Mask })[]

/** A question about an answer, to a judge: with options to choose from, and what each is worth. */
export type AnswerQuestion = {
  /** For example recognition, positive, negative. */
  readonly kind: string
  readonly text: string
  readonly options: readonly string[]
  /** Of each option; a word where the question counts for itself (correct, incorrect). */
  readonly scores: readonly (number | string)[]
}

/** A turn of the dialogue before a question, masks as the truth has them. */
export type EarlierTurn = { readonly role: 'user' | 'assistant'; readonly pieces: MaskedText }

/** One thing to be answered, with its truth. Fields that a benchmark does not need may be missing. */
export type TruthSample = {
  readonly id: string
  readonly picture?: string
  readonly size?: Size
  /** Which pixels of a turned picture masks lie on: as viewers show it, or as stored. Undefined: by the sizes. */
  readonly exif?: 'apply' | 'ignore'
  /** What was asked. */
  readonly phrase?: string
  /** The same where masks stand in it. */
  readonly question?: MaskedText
  readonly history?: readonly EarlierTurn[]
  readonly groups: readonly string[]
  /** Empty where there is no target; undefined where the truth says nothing of masks. */
  readonly masks?: readonly Mask[]
  readonly labels?: readonly string[]
  readonly captions?: readonly string[]
  /** What a judge is asked about the answer. */
  readonly asks?: readonly AnswerQuestion[]
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
  /** A picture that lies inside another file (a table of pictures): its bytes by the name that samples have for it. */
  readonly pictureBytes?: (picture: string) => Promise<Uint8Array>
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
  | 'region-captions'
  | 'region-asks'
  | 'region-questions'
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
