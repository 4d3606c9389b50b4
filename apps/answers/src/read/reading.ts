// A model's answer as the view "read" shows it: pieces of text, the masks that they speak of, triples, and what was
// repaired or dropped where. The grammars are those of @maskwords/words (docs/words.md); nothing here guesses.

import type { CodecId } from '@maskwords/board/state/types.ts'
import {
  type AnswerReading,
  describeRepair,
  getokVocabulary,
  himtokVocabulary,
  type LanguageSpan,
  type MaskSpan,
  maskDialect,
  type PlacedText,
  readAnswer,
  samtokVocabulary,
} from '@maskwords/words'
import { addBoxes } from './boxes.ts'
import type { Draft, Mark, Note, Piece, ReadBox, ReadMask } from './draft.ts'
import { addMask, addNote, MAX_READ_MASKS, MAX_SHOWN_CHARACTERS } from './draft.ts'
import { readGetok } from './getok-reading.ts'

/** What an answer looks like. */
export type Form =
  | 'grounded caption'
  | 'JSON answer'
  | 'scene graph'
  | 'GETok answer'
  | 'mask words'
  | 'boxes'
  | 'no target'
  | 'text without mask words'

/** What the mask or box of that number is called. */
export const labelOf = ({ masks, boxes }: Pick<Reading, 'masks' | 'boxes'>, number: number): string =>
  (masks[number] ?? boxes[number - masks.length])!.label

export type Triple = {
  readonly subject: number | undefined
  readonly subjectLabel: string
  readonly predicate: string
  readonly object: number | undefined
  readonly objectLabel: string
}

export type Reading = {
  /** Which words it was read as. */
  readonly codec: CodecId
  /** Whether the spelling alone says so; `chosen` where a person did. */
  readonly certainty: 'certain' | 'likely' | 'chosen' | 'none'
  readonly form: Form
  readonly masks: readonly ReadMask[]
  /** Box `i` has the number `masks.length + i`. */
  readonly boxes: readonly ReadBox[]
  readonly notes: readonly Note[]
  readonly triples: readonly Triple[]
  /** Of the first `shownTo` characters. */
  readonly pieces: readonly Piece[]
  readonly shownTo: number
  /** What is beyond the limits: counted, not listed. */
  readonly omittedMasks: number
  readonly omittedBoxes: number
  readonly omittedNotes: number
  readonly hasThought: boolean
}
/** The spelling is recognised by the first characters: the rest of 10 MB would not change it. */
const RECOGNISED_BY = 500_000

/** Grid words of GETok. */
const HAS_CELLS = /<(?:grid|gird)[ _]\d/

const SAMTOK = samtokVocabulary()
const HIMTOK = himtokVocabulary()

export type ReadOptions = {
  /** Reads as these words, whatever the spelling says. */
  readonly codec?: CodecId | undefined
  /** Cells a side of GETok's grid. */
  readonly cells?: number | undefined
}

/** Which codec's words a text has, by their spelling; undefined where it has none. */
export function recognise(text: string): { codec: CodecId; certainty: 'certain' | 'likely' } | undefined {
  const head = text.slice(0, RECOGNISED_BY)
  const dialect = maskDialect(head)
  if (dialect !== undefined) return { codec: dialect.kind, certainty: dialect.certainty }
  return HAS_CELLS.test(head) ? { codec: 'getok', certainty: 'certain' } : undefined
}

/** Reads an answer. Never throws on any text; time is linear in its length. */
export function readText(text: string, options: ReadOptions = {}): Reading {
  const recognised = recognise(text)
  const codec = options.codec ?? recognised?.codec ?? 'samtok'
  const certainty = options.codec === undefined ? (recognised?.certainty ?? 'none') : 'chosen'
  const draft: Draft = {
    masks: [],
    boxes: [],
    known: new Map(),
    notes: [],
    marks: [],
    omittedMasks: 0,
    omittedBoxes: 0,
    omittedNotes: 0,
  }
  if (codec === 'getok') {
    const { hasThought } = readGetok(text, getokVocabulary({ gridSize: options.cells ?? 32 }), draft)
    const form: Form = draft.masks.length > 0 ? 'GETok answer' : 'text without mask words'
    return { codec, certainty, form, triples: [], hasThought, ...finished(text, draft) }
  }
  const vocabularies = { samtok: SAMTOK, himtok: HIMTOK }
  const answer = readAnswer(text, options.codec === undefined ? vocabularies : vocabularies[codec])
  const numbers = new Map<number, number>()
  addSpans(text, answer, draft, numbers)
  if (options.codec === undefined && HAS_CELLS.test(text.slice(0, RECOGNISED_BY)))
    readGetok(text, getokVocabulary({ gridSize: options.cells ?? 32 }), draft)
  const triples = addWrappers(answer, draft, numbers)
  addBoxes(text, answer, draft)
  const form = formOf(answer, draft)
  const hasThought = answer.parts.thoughts.length > 0
  return { codec, certainty, form, triples, hasThought, ...finished(text, draft) }
}

function addSpans(
  text: string,
  { spans, thoughtSpans }: AnswerReading,
  draft: Draft,
  numbers: Map<number, number>,
): void {
  const all = [
    ...spans.map((span) => ({ span, thought: false })),
    ...thoughtSpans.map((span) => ({ span, thought: true })),
  ].sort((a, b) => a.span.start - b.span.start)
  for (const { span, thought } of all) {
    const { start, end, status } = span
    const mask = addMask(draft, {
      start,
      end,
      codec: span.language,
      status,
      words: drawable(span),
      thought,
    })
    if (mask === undefined) continue
    numbers.set(span.start, mask)
    draft.marks.push({ start, end, kind: 'words', masks: [mask], faulty: status !== 'complete' })
    for (const repair of span.repairs) {
      const dropped = status === 'rejected'
      addNote(draft, {
        start: repair.start,
        end: repair.end,
        kind: dropped ? 'dropped' : 'repaired',
        text: dropped ? `no mask can be read: ${describeRepair(repair)}` : describeRepair(repair),
        mask,
      })
    }
    if (status === 'rejected' && span.repairs.length === 0) {
      addNote(draft, {
        start,
        end,
        kind: 'dropped',
        text: `no mask can be read from ${text.slice(start, end)}`,
        mask,
      })
    }
  }
}

/** Codes without the missing tail: a decoder takes a SAMTok mask of the first code alone. */
function drawable({ codes, status, language }: LanguageSpan): readonly number[] | undefined {
  if (status === 'rejected') return undefined
  return language === 'samtok' ? codes.filter((code) => code >= 0) : codes
}

const CAPTION_PROBLEMS = {
  'unclosed-phrase': 'the phrase is not closed: it ends where its mask begins',
  'empty-phrase': 'the phrase is empty',
  'no-mask': 'no usable mask follows this phrase',
} as const

const JSON_PROBLEMS = {
  'cut-off': 'the object is cut off',
  'no-mask': 'this entry has no usable mask_2d',
  'several-masks': 'this entry has several masks',
  'no-label': 'this entry has no label',
  'no-predicate': 'this triple has no predicate',
} as const

/** Phrases, labels and triples around the masks. */
function addWrappers(answer: AnswerReading, draft: Draft, numbers: ReadonlyMap<number, number>): Triple[] {
  const masksOf = (spans: readonly MaskSpan[]) =>
    spans.flatMap(({ start }) => {
      const mask = numbers.get(start)
      return mask === undefined ? [] : [mask]
    })
  const label = (place: PlacedText | undefined, masks: number[], faulty: boolean) => {
    if (place === undefined || place.end <= place.start) return
    draft.marks.push({ start: place.start, end: place.end, kind: 'phrase', masks, faulty })
    for (const mask of masks) draft.masks[mask]!.label ??= place.text
  }
  const triples: Triple[] = []
  for (const phrase of answer.caption?.phrases ?? []) {
    label(phrase.phrase, masksOf(phrase.masks), phrase.problems.length > 0)
    for (const problem of phrase.problems) {
      const kind = problem === 'no-mask' ? 'missing' : 'repaired'
      addNote(draft, { start: phrase.start, end: phrase.end, kind, text: CAPTION_PROBLEMS[problem] })
    }
  }
  const entry = ({ masks, label: place, problems, start, end }: Entry) => {
    const found = masksOf(masks)
    label(place, found, problems.length > 0)
    for (const problem of problems) {
      const kind = problem.startsWith('no-') ? 'missing' : 'repaired'
      addNote(draft, { start, end, kind, text: JSON_PROBLEMS[problem] })
    }
    return { mask: found[0], label: place?.text ?? '' }
  }
  for (const triple of answer.scene?.triples ?? []) {
    if (triples.length === MAX_READ_MASKS) break
    const subject = entry(triple.subject)
    const object = entry(triple.object)
    for (const problem of triple.problems) {
      addNote(draft, { start: triple.start, end: triple.end, kind: 'missing', text: JSON_PROBLEMS[problem] })
    }
    triples.push({
      subject: subject.mask,
      subjectLabel: subject.label,
      predicate: triple.predicate?.text ?? '',
      object: object.mask,
      objectLabel: object.label,
    })
  }
  for (const one of answer.json?.entries ?? []) entry(one)
  const block = answer.scene ?? answer.json
  if (block?.fence === 'open') {
    addNote(draft, {
      start: block.start,
      end: block.start + 3,
      kind: 'repaired',
      text: 'the fence is not closed: it ends with the text',
    })
  }
  const thought = answer.parts.thoughts.at(-1)
  if (thought !== undefined && answer.parts.answers.length === 0) {
    const text = answer.parts.cutOff ? 'the thought is cut off, and no answer follows' : 'no answer follows'
    addNote(draft, { ...thought, kind: 'missing', text })
  }
  return triples
}

type Entry = NonNullable<AnswerReading['json']>['entries'][number]

function formOf(answer: AnswerReading, draft: Draft): Form {
  if (answer.scene !== undefined) return 'scene graph'
  if (answer.json !== undefined) return 'JSON answer'
  if (answer.caption !== undefined) return 'grounded caption'
  if (draft.masks.length > 0) return 'mask words'
  if (draft.boxes.length > 0) return 'boxes'
  return answer.noTarget ? 'no target' : 'text without mask words'
}

function finished(
  text: string,
  draft: Draft,
): Omit<Reading, 'codec' | 'certainty' | 'form' | 'triples' | 'hasThought'> {
  const shownTo = Math.min(text.length, MAX_SHOWN_CHARACTERS)
  return {
    masks: draft.masks.map((mask, i) => ({ ...mask, label: shortLabel(mask.label) || `mask ${i + 1}` })),
    boxes: draft.boxes.map((box, i) => ({ ...box, label: shortLabel(box.label) || `box ${i + 1}` })),
    notes: draft.notes.sort((a, b) => a.start - b.start || a.end - b.end),
    pieces: piecesOf(draft.marks, shownTo),
    shownTo,
    omittedMasks: draft.omittedMasks,
    omittedBoxes: draft.omittedBoxes,
    omittedNotes: draft.omittedNotes,
  }
}

const MAX_LABEL = 120

function shortLabel(label = ''): string {
  const trimmed = label.replaceAll(/\s+/g, ' ').trim()
  return trimmed.length > MAX_LABEL ? `${trimmed.slice(0, MAX_LABEL - 1)}…` : trimmed
}

/** Marks and the text between them, up to `shownTo`; of marks that overlap the first is kept. */
export function piecesOf(marks: readonly Mark[], shownTo: number): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  const plain = (end: number) => {
    if (end > at) pieces.push({ start: at, end, kind: 'text', masks: [], faulty: false })
  }
  for (const mark of [...marks].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (mark.start >= shownTo) break
    if (mark.start < at || mark.end <= mark.start) continue
    plain(mark.start)
    const end = Math.min(mark.end, shownTo)
    pieces.push({ ...mark, end })
    at = end
  }
  plain(shownTo)
  return pieces
}
