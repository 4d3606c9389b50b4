// Masks as answers and truths name them, by their ids alone: what rewards compare. A mask is a start word, ids and an end word
// with nothing but blanks between them (servers put blanks between special words); ids count by value, padded or not, so that
// the words of SAMTok of any depth and of HiMTok are read alike. What has mask words and is no whole mask is told apart.

import type { TextRange } from './answer-part.ts'
import { isBlankRange } from './characters.ts'
import { WordsError } from './error.ts'
import { MASK_WORD_HEAD, MAX_ID_DIGITS, type MaskWordAt, readMaskWord } from './mask-lexer.ts'
import { MAX_GAP } from './mask-machine.ts'
import { saysNoTarget } from './think-answer.ts'

export type SaidMask = TextRange & {
  readonly ids: readonly number[]
  /** Whether every id has four digits or more, as SAMTok writes them. */
  readonly padded: boolean
  /** Equal for masks of equal ids. */
  readonly key: string
}

export type SaidMasks = {
  readonly masks: readonly SaidMask[]
  /** Mask words that are in no whole mask: an id alone, a start word without an end, `<|mt_`, misspelt ones. In order; at most MAX_UNREAD. */
  readonly unread: readonly TextRange[]
}

/** Ids of the longest published mask (HiMTok). */
export const MAX_SAID_IDS = 32

/** Places of unread words that are kept: one is enough to know. */
const MAX_UNREAD = 1000

/** The masks of a text, in order. Never throws; linear time. */
export function saidMasks(text: string): SaidMasks {
  const masks: SaidMask[] = []
  const unread: TextRange[] = []
  const word: MaskWordAt = { kind: 'none', end: 0, id: 0, digits: 0 }
  let open: { start: number; end: number; ids: number[]; padded: boolean } | undefined
  const lose = (start: number, end: number) => {
    if (unread.length < MAX_UNREAD) unread.push({ start, end })
  }
  const drop = () => {
    if (open !== undefined) lose(open.start, open.end)
    open = undefined
  }
  for (let at = text.indexOf(MASK_WORD_HEAD); at !== -1; at = text.indexOf(MASK_WORD_HEAD, word.end)) {
    readMaskWord(text, at, MAX_ID_DIGITS, word)
    if (open !== undefined && !isGap(text, open.end, at)) drop()
    if (word.kind === 'start') {
      drop()
      open = { start: at, end: word.end, ids: [], padded: true }
    } else if (word.kind === 'code' && open !== undefined && open.ids.length < MAX_SAID_IDS) {
      open.ids.push(word.id)
      open.end = word.end
      if (word.digits < 4) open.padded = false
    } else if (word.kind === 'end' && open !== undefined && open.ids.length > 0) {
      const { start, ids, padded } = open
      masks.push({ start, end: word.end, ids, padded, key: ids.join('-') })
      open = undefined
    } else {
      drop()
      lose(at, word.end)
    }
  }
  drop()
  const misspelt = misspeltWords(text)
  if (misspelt.length === 0) return { masks, unread }
  return { masks, unread: [...unread, ...misspelt].sort((a, b) => a.start - b.start).slice(0, MAX_UNREAD) }
}

/** The middle of a mask word in any spelling: other letters, blanks, escapes of HTML, JSON, Markdown and addresses around it. */
const WORD_MIDDLE =
  /(?:(?<![a-z0-9])|(?<=%7c))mt[\\\s]{0,2}_\s{0,2}(?:start|end|[\d\uff10-\uff19]{1,12})(?![a-z])/gi

/**
 * Words that are meant as mask words and spelled so that no reader takes them: `&lt;|mt_0011|&gt;`, `<|MT_0011|>`, `<| mt_0011 |>`,
 * `mt_0011`. They are told, not guessed. At most `most`; linear time.
 */
export function misspeltWords(text: string, most = MAX_UNREAD): TextRange[] {
  const found: TextRange[] = []
  for (const { 0: word, index: start } of text.matchAll(WORD_MIDDLE)) {
    // What has the right head is read, or told, by the reader of words.
    if (text.startsWith(MASK_WORD_HEAD, start - 2)) continue
    if (found.length === most) break
    found.push({ start, end: start + word.length })
  }
  return found
}

function isGap(text: string, start: number, end: number): boolean {
  return end - start <= MAX_GAP && isBlankRange(text, start, end)
}

/**
 * The masks of an answer that count beside those of its truth. A padded mask counts with as many ids as the truth's padded
 * masks have, two where it has none, as in the released rewards; masks written without padding count with any number.
 */
export function countedMasks(said: readonly SaidMask[], truth: readonly SaidMask[] = []): SaidMask[] {
  const lengths = new Set(truth.filter(({ padded }) => padded).map(({ ids }) => ids.length))
  const keys = new Set(truth.map(({ key }) => key))
  if (lengths.size === 0) lengths.add(2)
  return said.filter(({ padded, ids, key }) => !padded || lengths.has(ids.length) || keys.has(key))
}

/** Masks in the form people read, `<11-347>`: the whole text but for blanks and commas; undefined for any other text. */
export function displayedMasks(text: string): SaidMask[] | undefined {
  if (
    text.length > 8192 ||
    !/^\s*<\d{1,9}(?:-\d{1,9})+>(?:[\s,]{1,8}<\d{1,9}(?:-\d{1,9})+>)*\s*$/.test(text)
  ) {
    return undefined
  }
  return [...text.matchAll(/<([\d-]+)>/g)].map((match) => {
    const ids = match[1]!.split('-').map(Number)
    const start = match.index
    return { start, end: start + match[0].length, ids, padded: false, key: ids.join('-') }
  })
}

/**
 * The masks of a truth: its words, or what people read (`<11-347>`); none where it says that nothing is there. Throws
 * WordsError `unreadable` for a truth that has mask words outside of whole masks, or says something else.
 */
export function trueMasks(truth: string): readonly SaidMask[] {
  const displayed = displayedMasks(truth)
  if (displayed !== undefined) return displayed
  const { masks, unread } = saidMasks(truth)
  const [lost] = unread
  if (lost !== undefined) throw unreadableTruth(truth.slice(lost.start, lost.start + 60), 'a whole mask')
  if (masks.length === 0 && !saysNothing(truth)) throw unreadableTruth(truth, 'mask words')
  return masks
}

/** Whether a truth is empty, or says in one of the known ways that nothing is there. */
export function saysNothing(truth: string): boolean {
  return truth.trim() === '' || saysNoTarget(truth)
}

/** The error of a truth in which a reward finds nothing to compare. */
export function unreadableTruth(truth: string, wanted: string): WordsError {
  return new WordsError(
    'unreadable',
    `the truth cannot be read: ${wanted} wanted, got ${JSON.stringify(truth.slice(0, 80))}`,
    {
      hint: 'an empty truth, "No target." or null says that nothing is there',
    },
  )
}
