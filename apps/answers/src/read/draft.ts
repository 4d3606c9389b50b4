// A reading while it is put together: masks, boxes, notes and marks, numbered and kept within their limits.
import type { CodecId } from '@maskwords/board/state/types.ts'
import type { GridBox, TextRange } from '@maskwords/words'

/** One mask that the answer speaks of. Its index in the list is its number; words that come again are the same mask. */
export type ReadMask = TextRange & {
  /** The phrase or label; `mask 3` where it has none. Text, never markup. */
  readonly label: string
  /** Whose words these are: an answer may have some of several languages. */
  readonly codec: CodecId
  readonly status: 'complete' | 'repaired' | 'rejected'
  /** What `Backend.draw` takes; undefined where no mask can be read. */
  readonly words: string | readonly number[] | undefined
  /** Said in the thought, not in the answer. */
  readonly thought: boolean
}

/** One box that the answer names in numbers. Boxes are numbered after the masks; ones that come again are the same box. */
export type ReadBox = TextRange & {
  /** The phrase before it; `box 3` where it has none. Text, never markup. */
  readonly label: string
  /** In 0 to 999 of the picture's width and height. */
  readonly box: GridBox
  readonly thought: boolean
}

/** Something that was not as it should be. Places are UTF-16 characters of the whole text. */
export type Note = TextRange & {
  /** `repaired`: read all the same. `dropped`: cannot be read without guessing. `missing`: a part is not there. */
  readonly kind: 'repaired' | 'dropped' | 'missing'
  readonly text: string
  /** The number of the mask or box that it is about. */
  readonly mask?: number
}

/** A stretch of the shown text. Pieces follow each other without gaps. */
export type Piece = TextRange & {
  readonly kind: 'text' | 'phrase' | 'words' | 'boxes'
  /** Numbers of the masks and boxes that light up with it. */
  readonly masks: readonly number[]
  /** Not as it should be: underlined. */
  readonly faulty: boolean
}

/** Characters of an answer that are shown. Published answers have a few thousand. */
export const MAX_SHOWN_CHARACTERS = 20_000

/** Masks, and as many boxes, that are listed and drawn. The busiest pictures of PSG have some sixty objects. */
export const MAX_READ_MASKS = 200

export const MAX_NOTES = 500

/** A part of the text that is more than text. */
export type Mark = TextRange & { kind: Exclude<Piece['kind'], 'text'>; masks: number[]; faulty: boolean }

/** A reading while it is put together. Labels of masks come after the masks, and boxes after both. */
export type Draft = {
  readonly masks: (Omit<ReadMask, 'label'> & { label?: string })[]
  readonly boxes: ReadBox[]
  /** Numbers of masks and boxes by what they are. */
  readonly known: Map<string, number>
  readonly notes: Note[]
  readonly marks: Mark[]
  omittedMasks: number
  omittedBoxes: number
  omittedNotes: number
}

/** The number of a mask: that of an equal one where there is one; undefined, and counted, where there is no more room. */
export function addMask(draft: Draft, mask: Draft['masks'][number]): number | undefined {
  const key = `${mask.codec} ${mask.status} ${mask.thought} ${mask.label ?? ''} ${mask.words}`
  const known = mask.words === undefined ? undefined : draft.known.get(key)
  if (known !== undefined) return known
  if (draft.masks.length === MAX_READ_MASKS) {
    draft.omittedMasks++
    return undefined
  }
  draft.known.set(key, draft.masks.length)
  return draft.masks.push(mask) - 1
}

export function addNote(draft: Draft, note: Note): void {
  if (draft.notes.length < MAX_NOTES) draft.notes.push(note)
  else draft.omittedNotes++
}
