// Boxes of an answer, `<ref>phrase</ref><box>[[x1, y1, x2, y2]]</box>` (HiMTok and InternVL; packages/words/src/reference-box.ts
// has the grammar), put into a reading. GETok's `<box>` of grid words is none of these.
import {
  type AnswerReading,
  type GridBox,
  parseReferences,
  type Reference,
  type ReferenceProblem,
} from '@maskwords/words'
import { addNote, type Draft, MAX_READ_MASKS, MAX_SHOWN_CHARACTERS } from './draft.ts'

const PROBLEMS: Readonly<Record<ReferenceProblem, string>> = {
  unclosed: 'a <ref> or <box> is not closed: it ends where the next tag or the text ends',
  count: 'a box without exactly four numbers, left, top, right, bottom: dropped',
  'out-of-range': 'a box with a number above 999, the right or lower edge of the picture: dropped',
  'corner-order': 'the first corner of a box is not the upper left one: sorted',
}
const NO_BRACKETS = 'no box can be read here: one is written [[left, top, right, bottom]], from 0 to 999'

/** Problems after which a box is not there. */
const FATAL: ReadonlySet<ReferenceProblem> = new Set(['count', 'out-of-range'])

/** Reads the boxes of answer and thought into the draft, which has its masks already. Never throws; linear time. */
export function addBoxes(text: string, { parts }: AnswerReading, draft: Draft): void {
  const references = parseReferences(text)
  const ranges = [
    ...parts.thoughts.map((range) => ({ range, thought: true })),
    ...parts.answers.map((range) => ({ range, thought: false })),
  ].sort((a, b) => a.range.start - b.range.start)
  let next = 0
  let read = 0
  for (const { range, thought } of ranges) {
    read = Math.max(read, range.start)
    for (; next < references.length && references[next]!.start < range.end; next++) {
      const reference = references[next]!
      if (reference.start < read) continue
      addUnread(text, read, reference.start, draft)
      addReference(text, reference, thought, draft)
      read = reference.end
    }
    addUnread(text, read, range.end, draft)
    read = Math.max(read, range.end)
  }
}

function addReference(text: string, reference: Reference, thought: boolean, draft: Draft): void {
  const { phrase, boxes, problems, start, end } = reference
  const afterPhrase = phrase?.end ?? start
  const open = text.slice(afterPhrase, end).indexOf('<box>')
  const place = { start: open === -1 ? start : afterPhrase + open, end }
  const numbers = boxes.flatMap((box) => addBox(draft, { ...place, box, thought, label: phrase?.text ?? '' }))
  const faulty = problems.length > 0
  for (const problem of problems) {
    const kind = FATAL.has(problem) ? 'dropped' : 'repaired'
    const [first] = numbers
    addNote(draft, {
      ...place,
      kind,
      text: PROBLEMS[problem],
      ...(first === undefined ? {} : { mask: first }),
    })
  }
  if (numbers.length === 0 && !faulty) return
  if (phrase !== undefined) {
    draft.marks.push({ start: phrase.start, end: phrase.end, kind: 'phrase', masks: numbers, faulty })
  }
  if (place.start > start || phrase === undefined) {
    draft.marks.push({ ...place, kind: 'boxes', masks: numbers, faulty })
  }
}

/** The number of a box, that of an equal one where there is one; none, and counted, where there is no more room. */
function addBox(draft: Draft, one: Draft['boxes'][number] & { readonly box: GridBox }): number[] {
  const key = `box ${one.thought} ${one.box} ${one.label}`
  const known = draft.known.get(key)
  if (known !== undefined) return [known]
  if (draft.boxes.length === MAX_READ_MASKS) {
    draft.omittedBoxes++
    return []
  }
  const number = draft.masks.length + draft.boxes.push(one) - 1
  draft.known.set(key, number)
  return [number]
}

/** Tells of every `<box>` between two places that is neither read nor GETok's. */
function addUnread(text: string, from: number, to: number, draft: Draft): void {
  const part = text.slice(from, to)
  for (let at = part.indexOf('<box>'); at !== -1; at = part.indexOf('<box>', at + 5)) {
    if (/^\s{0,8}<(?:grid|gird)/.test(part.slice(at + 5, at + 20))) continue
    const close = part.indexOf('<', at + 5)
    const length = close === -1 ? part.length - at : close - at + (part.startsWith('</box>', close) ? 6 : 0)
    const start = from + at
    const end = start + length
    addNote(draft, { start, end, kind: 'dropped', text: NO_BRACKETS })
    if (start < MAX_SHOWN_CHARACTERS) draft.marks.push({ start, end, kind: 'boxes', masks: [], faulty: true })
  }
}
