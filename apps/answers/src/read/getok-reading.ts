// GETok answers as the view "read" shows them: one mask an instance, its offsets included where they pair up.
import {
  answerOnly,
  answerParts,
  formatGetokInstance,
  formatGetokRefinement,
  type GetokParse,
  type GetokProblemKind,
  type GetokVocabulary,
  pairGetokOffsets,
  parseGetok,
} from '@maskwords/words'
import { addMask, addNote, type Draft } from './draft.ts'

const PROBLEMS: Readonly<Record<GetokProblemKind, string>> = {
  alias: 'another spelling of a word, read',
  unclosed: 'not closed: it ends where the next part or the text ends',
  'stray-close': 'closes nothing that is open',
  count: 'too few or too many words for this container',
  duplicate: 'the same cell twice: the second is dropped',
  'out-of-range': 'outside of the grid: dropped',
  misplaced: 'an offset where a grid word belongs, or the reverse: dropped',
  'corner-order': 'the first corner is not the upper left one: sorted',
  'text-inside': 'text between the words, skipped',
  misspelt: 'a word in a spelling that cannot be read: lost',
}

/** Problems after which a geometry cannot be used. */
const FATAL: ReadonlySet<GetokProblemKind> = new Set(['count', 'out-of-range', 'misplaced', 'misspelt'])

/** Reads GETok geometry into the draft. Never throws on any text. */
export function readGetok(text: string, vocabulary: GetokVocabulary, draft: Draft): { hasThought: boolean } {
  const parts = answerParts(text)
  const parse = parseGetok(answerOnly(text, parts), vocabulary)
  const moves = pairedMoves(parse, draft)
  let geometry = 0
  for (const instance of parse.instances) {
    const first = geometry
    geometry += instance.geometries.length
    const usable = instance.geometries.filter(({ kind, status }) => status !== 'rejected' && kind !== 'pl')
    const status =
      usable.length === 0
        ? 'rejected'
        : instance.geometries.every((one) => one.status === 'complete')
          ? 'complete'
          : 'repaired'
    const offsets = usable.length === instance.geometries.length ? moves?.slice(first, geometry) : undefined
    const { label } = instance
    const mask = addMask(draft, {
      ...placeOf(instance),
      codec: 'getok',
      status,
      words:
        usable.length === 0
          ? undefined
          : formatGetokInstance({ geometries: usable }, vocabulary) +
            (offsets === undefined ? '' : `\n${formatGetokRefinement(offsets, vocabulary)}`),
      thought: false,
      ...(label === undefined ? {} : { label }),
    })
    if (mask === undefined) continue
    if (usable.length === 0) {
      addNote(draft, { ...placeOf(instance), kind: 'dropped', text: 'no mask can be read here', mask })
    }
    if (label !== undefined) {
      const { start } = instance
      draft.marks.push({ start, end: start + label.length, kind: 'phrase', masks: [mask], faulty: false })
    }
    for (const { start, end, status: how } of instance.geometries) {
      draft.marks.push({ start, end, kind: 'words', masks: [mask], faulty: how !== 'complete' })
    }
  }
  for (const { kind, start, end } of parse.problems) {
    addNote(draft, { start, end, kind: FATAL.has(kind) ? 'dropped' : 'repaired', text: PROBLEMS[kind] })
  }
  draft.omittedNotes += parse.omitted
  return { hasThought: parts.thoughts.length > 0 }
}

function placeOf({ start, end }: { readonly start: number; readonly end: number }) {
  return { start, end }
}

/** Offsets of every geometry of the answer, in order; undefined where there are none, or where they do not mirror it. */
function pairedMoves({ instances, refinements }: GetokParse, draft: Draft) {
  const [first] = refinements
  if (first === undefined || instances.length === 0) return undefined
  const last = refinements[refinements.length - 1]!
  const joined = {
    start: first.start,
    end: last.end,
    instances: refinements.flatMap((block) => block.instances),
  }
  const paired = pairGetokOffsets(instances, joined)
  if (paired.ok) return paired.geometries.map(({ kind, moves }) => ({ kind, codes: moves }))
  addNote(draft, {
    start: paired.at,
    end: paired.at,
    kind: 'dropped',
    text: `the offsets do not mirror the answer and are left out: ${paired.reason}`,
  })
  return undefined
}
