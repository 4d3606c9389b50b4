// The parsers of the published SAMTok evaluation, with their behaviour on malformed text (SAMTok evaluation scripts:
// GRES, RefCOCO, GroundingSuite, ReasonSeg, GCG and MMR). Written for two levels; use strict parsing for new work.
//
// The published code finds ids with patterns over the whole text; the same result comes here from one list of words.
// Digits are ASCII digits.

import { WordsError } from './error.ts'
import { MASK_WORD_HEAD, type MaskWordAt, readMaskWord } from './mask-lexer.ts'
import { MASK_END, MASK_START, type SamtokVocabulary, type SpanVocabulary } from './vocabulary.ts'

export type OfficialMask = {
  /** [first, second] code; -1 for a second code outside its codebook. The published model decodes -1 as entry 0. */
  codes: [number, number]
  /** The two ids as written; 9999 is the filler of the published repair. */
  ids: [number, number]
  /** Place in the text, from the first to the last word used. */
  start: number
  end: number
  repaired: boolean
}

export type OfficialParse = {
  /** `zero-mask`: no id at all, the scripts write an empty mask. `masks`: the list, which may be empty (the scripts then stop with an error). */
  outcome: 'zero-mask' | 'masks'
  masks: OfficialMask[]
}

/**
 * - `positional` (GRES, RES with Qwen3, GroundingSuite of the first release, ReasonSeg): an odd count of ids repairs the
 *   text, then only whole spans count; ids pair up by position; a first id outside the first codebook drops the pair.
 * - `gcg` (GCG, MMR): after the repair all ids pair up again; ids above a codebook become -1.
 * - `no-repair` (GroundingSuite of the later release): an odd count is a zero mask.
 */
export type OfficialVariant = 'positional' | 'gcg' | 'no-repair'

/** The filler id that the published repair writes where a second code is missing. */
export const REPAIR_FILLER = 9999

/**
 * The masks that the published scripts read from `text`. Throws WordsError 'unsupported' unless the vocabulary is SAMTok
 * with two levels, and (variant `gcg` only) 'official-failure' where the published code stops with an exception: an odd
 * count after repair, or a second id so low that its code is a negative index.
 */
export function parseOfficial(
  text: string,
  vocabulary: SpanVocabulary,
  options: { variant?: OfficialVariant } = {},
): OfficialParse {
  const { variant = 'positional' } = options
  const { codesPerLevel, digits } = twoLevels(vocabulary)
  const words = listWords(text, digits)
  let ids = words.filter((word) => word.kind === 'code' && word.exact)
  if (ids.length === 0) return { outcome: 'zero-mask', masks: [] }
  const odd = ids.length % 2 === 1
  if (odd && variant === 'no-repair') return { outcome: 'zero-mask', masks: [] }
  if (odd) {
    const repaired = repairWords(text, words)
    ids =
      variant === 'gcg'
        ? repaired.filter((word) => word.kind === 'code' && word.exact)
        : wholeSpans(repaired).flat()
    if (ids.length % 2 === 1) {
      throw new WordsError(
        'official-failure',
        `the published GCG parser stops: ${ids.length} ids after repair`,
        {
          at: ids[ids.length - 1]!.start,
          hint: 'parse with mode strict',
        },
      )
    }
  }
  const masks: OfficialMask[] = []
  for (let k = 0; k < ids.length; k += 2) {
    const first = ids[k]!
    const second = ids[k + 1]!
    let c1 = first.id
    let c2 = second.id - codesPerLevel
    if (variant === 'gcg') {
      if (c1 >= codesPerLevel) c1 = -1
      if (c2 >= codesPerLevel) c2 = -1
      if (c2 < -1) {
        throw new WordsError(
          'official-failure',
          `the published GCG parser stops: id ${second.id} as a second code is the negative index ${c2}`,
          { at: second.start, hint: 'parse with mode strict' },
        )
      }
    } else {
      if (c1 >= codesPerLevel) continue
      if (c2 < 0 || c2 >= codesPerLevel) c2 = -1
    }
    const ids2: [number, number] = [first.id, second.id]
    masks.push({ codes: [c1, c2], ids: ids2, start: first.start, end: second.end, repaired: odd })
  }
  return { outcome: 'masks', masks }
}

/**
 * The bucket parser (RES with Qwen2.5, PaDT style, multi-round, PSG): every id goes to the level it belongs to, the last
 * one wins, so all masks of the text become one. Gives its codes (the first -1 and everything after it is -1), or
 * undefined for a zero mask. Any number of levels. Throws WordsError 'official-failure' for an id of no level, where the
 * published code raises IndexError, and 'unsupported' for a vocabulary other than SAMTok.
 */
export function parseOfficialBucket(text: string, vocabulary: SpanVocabulary): number[] | undefined {
  if (vocabulary.kind !== 'samtok') throw unsupported('SAMTok')
  const { codesPerLevel, levels, digits } = vocabulary
  const codes = new Array<number>(levels).fill(-1)
  for (const word of listWords(text, digits)) {
    if (word.kind !== 'code' || !word.exact) continue
    const level = Math.floor(word.id / codesPerLevel)
    if (level >= levels) {
      throw new WordsError(
        'official-failure',
        `the published bucket parser stops: id ${word.id} would belong to level ${level} of ${levels}`,
        { at: word.start, hint: 'parse with mode strict' },
      )
    }
    codes[level] = word.id % codesPerLevel
  }
  const missing = codes.indexOf(-1)
  if (missing === 0) return undefined
  return missing === -1 ? codes : codes.fill(-1, missing)
}

/** A whole span of exactly two four-digit ids, as the published patterns for answers and rewards find it. */
export type WholeMask = {
  readonly c1: number
  readonly c2: number
  readonly start: number
  readonly end: number
}

/** All `<|mt_start|><|mt_dddd|><|mt_dddd|><|mt_end|>` of the text, in order; ids are as written (0..9999). */
export function wholeMasks(text: string): WholeMask[] {
  return wholeSpans(listWords(text, 4)).map(([first, second]) => ({
    c1: first.id,
    c2: second.id,
    start: first.start - MASK_START.length,
    end: second.end + MASK_END.length,
  }))
}

type Word = {
  kind: 'start' | 'end' | 'code'
  id: number
  /** Written with the vocabulary's number of digits: only these count as ids. */
  exact: boolean
  start: number
  end: number
}

function listWords(text: string, digits: number): Word[] {
  const words: Word[] = []
  const word: MaskWordAt = { kind: 'none', end: 0, id: 0, digits: 0 }
  for (let at = text.indexOf(MASK_WORD_HEAD); at !== -1; at = text.indexOf(MASK_WORD_HEAD, word.end)) {
    readMaskWord(text, at, text.length, word)
    if (word.kind === 'none' || word.kind === 'unfinished') continue
    const exact = word.digits === digits
    words.push({ kind: word.kind, id: word.id, exact, start: at, end: word.end })
  }
  return words
}

/** The published repair: spans of three or more codes keep two, spans of one code get the filler. */
function repairWords(text: string, words: Word[]): Word[] {
  const repaired: Word[] = []
  for (let k = 0; k < words.length; k++) {
    const start = words[k]!
    repaired.push(start)
    if (start.kind !== 'start') continue
    let last = k
    while (isNext(words, last, 'code')) last++
    const codes = last - k
    const ended = isNext(words, last, 'end')
    if (codes >= 3 && ended) {
      repaired.push(words[k + 1]!, { ...words[k + 2]!, end: words[last]!.end })
      k = last
    } else if (codes === 1 && (ended || !text.startsWith(MASK_WORD_HEAD, words[last]!.end))) {
      const { end } = words[last]!
      repaired.push(words[last]!, { kind: 'code', id: REPAIR_FILLER, exact: true, start: end, end })
      if (!ended) repaired.push({ kind: 'end', id: 0, exact: false, start: end, end })
      k = last
    }
  }
  return repaired
}

function isNext(words: Word[], k: number, kind: Word['kind']): boolean {
  const next = words[k + 1]
  return next !== undefined && next.kind === kind && next.start === words[k]!.end
}

function wholeSpans(words: Word[]): [Word, Word][] {
  const pairs: [Word, Word][] = []
  for (let k = 0; k + 3 < words.length; k++) {
    if (words[k]!.kind !== 'start') continue
    const first = words[k + 1]!
    const second = words[k + 2]!
    if (!first.exact || !second.exact) continue
    if (isNext(words, k, 'code') && isNext(words, k + 1, 'code') && isNext(words, k + 2, 'end')) {
      pairs.push([first, second])
    }
  }
  return pairs
}

function twoLevels(vocabulary: SpanVocabulary): SamtokVocabulary {
  if (vocabulary.kind === 'samtok' && vocabulary.levels === 2) return vocabulary
  throw unsupported('SAMTok with two levels')
}

function unsupported(what: string): WordsError {
  return new WordsError('unsupported', `the published parsers are defined for ${what} only`, {
    hint: 'parse with mode strict',
  })
}
