// What strict parsing says about one mask span: codes, status and repairs. The policy is ours; docs/words.md has an
// example of every repair. Cases that models produce are listed in the SAMTok evaluation scripts (their repair patterns).

import type { HimtokVocabulary, SamtokVocabulary } from './vocabulary.ts'

/** What was wrong with a span, and therefore what was done about it. */
export type RepairKind =
  /** Codes without a start word: read as a mask only if no code is missing. */
  | 'missing-start'
  /** Other text, a new start or the end of the text came before the end word: the span ends with its last word. */
  | 'missing-end'
  /** `count` codes are not there: they are -1 (SAMTok) or the mask is a coarse prefix (HiMTok). */
  | 'missing-code'
  /** `count` codes too many: dropped. */
  | 'extra-code'
  /** All levels are there in another order: sorted by level. */
  | 'swapped-levels'
  /** A code of a level that is taken, or below a missing level: dropped. */
  | 'wrong-level'
  /** An id that the vocabulary does not have: dropped (SAMTok), span rejected (HiMTok). */
  | 'unknown-id'
  /** An id written with fewer or more digits than the vocabulary writes: read by its value. */
  | 'digits'
  /** White space between the words of the span: skipped. */
  | 'whitespace'
  /** A start word inside the span: the span ends before it. */
  | 'nested-start'
  /** An end word without a span. */
  | 'stray-end'
  /** A start word without any code. */
  | 'empty'
  /** The span is spelled as the other language spells it: rejected, because its codes mean other masks here. */
  | 'other-language'

/** One repair; [start, end) is the place in characters (or tokens, when ids were parsed), empty for what is missing. */
export type Repair = { readonly kind: RepairKind; start: number; end: number; count: number }

/** `complete`: exactly canonical. `repaired`: usable, see `repairs`. `rejected`: no mask can be read without guessing. */
export type SpanStatus = 'complete' | 'repaired' | 'rejected'

/** Mask words at [start, end) of the text (characters) or of the ids (tokens). */
export type MaskSpan = {
  readonly start: number
  readonly end: number
  readonly status: SpanStatus
  /**
   * SAMTok: one code per level, 0..codesPerLevel-1, or -1 for a level that is missing (only at the tail). HiMTok: 1 to
   * maxLength codes. Empty when rejected.
   */
  readonly codes: readonly number[]
  /** Ids as written (SAMTok: level * codesPerLevel + code), unknown ones included; at most MAX_SPAN_IDS. */
  readonly ids: readonly number[]
  /** Sorted by place; at most MAX_SPAN_REPAIRS. */
  readonly repairs: readonly Repair[]
}

/** Ids kept of one span. The longest legitimate span has 32; the rest of a longer one is counted as extra codes. */
export const MAX_SPAN_IDS = 2048

/** Repairs listed for one span. Neighbours of one kind share an entry, so only hostile text has more than a handful. */
export const MAX_SPAN_REPAIRS = 64

/** How a span came to its end. */
export type SpanEnd = 'end-word' | 'start-word' | 'text' | 'end-of-text'

/** Who writes a number so: SAMTok pads it, HiMTok does not, and numbers of four digits look alike in both. */
export type CodeSpelling = 'padded' | 'short' | 'either'

/** A span as collected by the machine, before its codes are resolved. */
export type OpenSpan = {
  start: number
  end: number
  hasStart: boolean
  ids: number[]
  /** Place of each id: start and end, flattened. */
  places: number[]
  /** Codes beyond MAX_SPAN_IDS. */
  overflow: number
  overflowStart: number
  /** Codes with SAMTok's leading zeros, and codes without them where SAMTok has them. */
  padded: number
  short: number
  repairs: Repair[]
}

/** Adds a repair, extending the last one when it is of the same kind and ends where this one starts. */
export function addRepair(repairs: Repair[], kind: RepairKind, start: number, end: number, count = 1): void {
  const last = repairs[repairs.length - 1]
  if (last !== undefined && last.kind === kind && last.end === start && end > start) {
    last.end = end
    last.count += count
  } else if (repairs.length < MAX_SPAN_REPAIRS) {
    repairs.push({ kind, start, end, count })
  }
}

/** Closes a SAMTok span: sorts codes into levels, drops what does not fit, names what is missing. */
export function resolveSamtokSpan(open: OpenSpan, vocabulary: SamtokVocabulary, how: SpanEnd): MaskSpan {
  if (isHimtokSpelling(open, vocabulary)) return otherLanguage(open)
  const { codesPerLevel, levels } = vocabulary
  const { repairs } = open
  const codes = new Array<number>(levels).fill(-1)
  const place = new Array<number>(levels).fill(0)
  let filled = 0
  let deepest = -1
  let swapped = false
  for (let k = 0; k < open.ids.length; k++) {
    const id = open.ids[k]!
    const start = open.places[2 * k]!
    const end = open.places[2 * k + 1]!
    const level = Math.floor(id / codesPerLevel)
    if (level >= levels) addRepair(repairs, 'unknown-id', start, end)
    else if (filled === levels) addRepair(repairs, 'extra-code', start, end)
    else if (codes[level] !== -1) addRepair(repairs, 'wrong-level', start, end)
    else {
      codes[level] = id - level * codesPerLevel
      place[level] = k
      filled++
      if (level < deepest) swapped = true
      else deepest = level
    }
  }
  addOverflow(open)
  let known = 0
  while (known < levels && codes[known] !== -1) known++
  for (let level = known; level < levels; level++) {
    if (codes[level] === -1) continue
    const k = place[level]!
    addRepair(repairs, 'wrong-level', open.places[2 * k]!, open.places[2 * k + 1]!)
    codes[level] = -1
  }
  if (swapped && known === levels) {
    addRepair(repairs, 'swapped-levels', open.places[0]!, open.places[open.places.length - 1]!, levels)
  }
  const missing = levels - known
  finish(open, how, missing)
  const rejected = known === 0 || (missing > 0 && !open.hasStart)
  return close(open, rejected, codes)
}

/**
 * Closes a HiMTok span. Any prefix decodes, so a short span is usable when the text ended inside it (cut off) or it
 * has its end word; a short span interrupted by other text or a new start, and any unknown id, rejects it.
 */
export function resolveHimtokSpan(
  open: OpenSpan,
  vocabulary: HimtokVocabulary,
  how: SpanEnd,
  expectedLength: number = vocabulary.maxLength,
): MaskSpan {
  if (open.padded > 0 && open.short === 0) return otherLanguage(open)
  const { repairs } = open
  const codes: number[] = []
  let unknown = false
  for (let k = 0; k < open.ids.length; k++) {
    const id = open.ids[k]!
    const start = open.places[2 * k]!
    const end = open.places[2 * k + 1]!
    if (id >= vocabulary.codes) {
      unknown = true
      addRepair(repairs, 'unknown-id', start, end)
    } else if (codes.length === expectedLength) addRepair(repairs, 'extra-code', start, end)
    else codes.push(id)
  }
  addOverflow(open)
  const missing = expectedLength - codes.length
  finish(open, how, missing)
  const interrupted = missing > 0 && (how === 'text' || how === 'start-word')
  const rejected = codes.length === 0 || unknown || interrupted || (missing > 0 && !open.hasStart)
  return close(open, rejected, codes)
}

/**
 * Whether only HiMTok writes a span so: no code is padded, and there are more codes than levels, or they do not rise through
 * the levels as those of a SAMTok mask do whose zeros were dropped.
 */
function isHimtokSpelling(
  { padded, short, ids, overflow }: OpenSpan,
  { levels, codesPerLevel }: SamtokVocabulary,
): boolean {
  if (padded > 0 || short === 0) return false
  if (ids.length + overflow > levels) return true
  const levelsOfIds = ids.map((id) => Math.floor(id / codesPerLevel))
  return levelsOfIds.some((level, k) => level >= levels || (k > 0 && level <= levelsOfIds[k - 1]!))
}

function otherLanguage({ start, end, ids }: OpenSpan): MaskSpan {
  const repairs: Repair[] = [{ kind: 'other-language', start, end, count: 1 }]
  return { start, end, status: 'rejected', codes: [], ids, repairs }
}

function addOverflow(open: OpenSpan): void {
  if (open.overflow > 0) {
    addRepair(open.repairs, 'extra-code', open.overflowStart, lastPlace(open), open.overflow)
  }
}

/** End of the last code word, or of the start word where there is none. */
function lastPlace(open: OpenSpan): number {
  return open.places[open.places.length - 1] ?? open.end
}

function finish(open: OpenSpan, how: SpanEnd, missing: number): void {
  const { repairs } = open
  if (!open.hasStart) addRepair(repairs, 'missing-start', open.start, open.start)
  const noCodes = open.ids.length === 0
  if (noCodes) addRepair(repairs, 'empty', open.start, open.end)
  else if (missing > 0) addRepair(repairs, 'missing-code', lastPlace(open), lastPlace(open), missing)
  if (how !== 'end-word') addRepair(repairs, 'missing-end', open.end, open.end)
}

function close(open: OpenSpan, rejected: boolean, codes: number[]): MaskSpan {
  const { start, end, ids, repairs } = open
  if (repairs.length > 1) repairs.sort((a, b) => a.start - b.start || a.end - b.end)
  const status = rejected ? 'rejected' : repairs.length > 0 ? 'repaired' : 'complete'
  return { start, end, status, codes: rejected ? [] : codes, ids, repairs }
}

/** True for a span that is spelled as another language than that of the vocabulary spells it. */
export function isOtherLanguage({ repairs }: Pick<MaskSpan, 'repairs'>): boolean {
  return repairs.some(({ kind }) => kind === 'other-language')
}

const SENTENCES: Record<RepairKind, string> = {
  'missing-start': 'the start word is missing',
  'missing-end': 'the end word is missing',
  'missing-code': 'codes are missing',
  'extra-code': 'codes too many, dropped',
  'swapped-levels': 'the codes came in another order, sorted by level',
  'wrong-level': 'a code of a level that was not expected, dropped',
  'unknown-id': 'an id that the vocabulary does not have',
  digits: 'an id with another number of digits, read by its value',
  whitespace: 'white space between the words, skipped',
  'nested-start': 'a new start word before the end word',
  'stray-end': 'an end word without a start word',
  empty: 'a start word without codes',
  'other-language': 'spelled as another language spells its words',
}

/** One plain sentence about a repair, for people: "codes are missing (1) at 24". */
export function describeRepair(repair: Repair): string {
  return `${SENTENCES[repair.kind]} (${repair.count}) at ${repair.start}`
}
