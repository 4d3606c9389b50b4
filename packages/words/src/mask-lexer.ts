// Finds mask words in text: `<|mt_start|>`, `<|mt_end|>` and `<|mt_` digits `|>`. One pass, no backtracking.

import { heldPrefixLength, isBlankRange, isDigit } from './characters.ts'
import type { MaskMachine } from './mask-machine.ts'
import { MASK_END, MASK_START, SAMTOK_DIGITS, type SpanVocabulary } from './vocabulary.ts'

/** What every mask word begins with. */
export const MASK_WORD_HEAD = '<|mt_'

/** Digits of an id that are still read as a mask word. Vocabularies write 7 at most; more keeps a stream waiting. */
export const MAX_ID_DIGITS = 12

/** A word read by `readMaskWord`. */
export type MaskWordKind = 'start' | 'end' | 'code' | 'none' | 'unfinished'
export type MaskWordAt = { kind: MaskWordKind; end: number; id: number; digits: number }

/**
 * Reads the mask word whose head `<|mt_` stands at `at` into `word` (reused, so that nothing is allocated per word).
 * `unfinished` when the text ends before that can be decided.
 */
export function readMaskWord(text: string, at: number, maxDigits: number, word: MaskWordAt): void {
  const first = at + MASK_WORD_HEAD.length
  let k = first
  let id = 0
  while (k < text.length && k - first <= maxDigits && isDigit(text.charCodeAt(k))) {
    id = id * 10 + text.charCodeAt(k) - 48
    k++
  }
  word.digits = k - first
  word.id = id
  word.end = first
  if (word.digits > maxDigits) word.kind = 'none'
  else if (word.digits > 0) fits(text, at, k, '|>', 'code', word)
  else if (text.charCodeAt(first) === 115) fits(text, at, at, MASK_START, 'start', word)
  else if (text.charCodeAt(first) === 101) fits(text, at, at, MASK_END, 'end', word)
  else word.kind = first >= text.length ? 'unfinished' : 'none'
}

function fits(
  text: string,
  at: number,
  from: number,
  rest: string,
  kind: MaskWordKind,
  word: MaskWordAt,
): void {
  if (text.startsWith(rest, from)) {
    word.kind = kind
    word.end = from + rest.length
  } else {
    const left = text.length - from
    word.kind = left < rest.length && rest.startsWith(text.slice(from)) ? 'unfinished' : 'none'
    word.end = at + MASK_WORD_HEAD.length
  }
}

/**
 * Feeds the machine the words of `text`; places are counted from `base`. Where `final` is false, an end that may be
 * the beginning of a word is left alone. Returns how many characters were used.
 */
export function scanMaskText(
  text: string,
  base: number,
  final: boolean,
  vocabulary: SpanVocabulary,
  machine: MaskMachine,
): number {
  const word: MaskWordAt = { kind: 'none', end: 0, id: 0, digits: 0 }
  const padded = vocabulary.kind === 'samtok' ? vocabulary.digits : 0
  let at = 0
  /** Start of text that is known to hold no word and was not yet handed over. */
  let plain = 0
  while (at < text.length) {
    const head = text.indexOf(MASK_WORD_HEAD, at)
    if (head === -1) break
    readMaskWord(text, head, MAX_ID_DIGITS, word)
    if (word.kind === 'none' || (word.kind === 'unfinished' && final)) {
      at = word.end
      continue
    }
    give(text, plain, head, base, machine)
    plain = head
    if (word.kind === 'unfinished') return head
    if (word.kind === 'code') {
      const zeroLed = word.digits > 1 && text.charCodeAt(head + 5) === 48
      const digitsFit = padded > 0 ? word.digits === padded : !zeroLed
      const isShort = word.digits < (padded || SAMTOK_DIGITS)
      const spelling = zeroLed === isShort ? 'either' : zeroLed ? 'padded' : 'short'
      machine.codeWord(word.id, digitsFit, spelling, base + head, base + word.end)
    } else if (word.kind === 'start') machine.startWord(base + head, base + word.end)
    else machine.endWord(base + head, base + word.end)
    at = word.end
    plain = at
  }
  const end = final ? text.length : text.length - heldPrefixLength(text, at, MASK_WORD_HEAD)
  give(text, plain, end, base, machine)
  if (final) machine.endOfText()
  return end
}

function give(text: string, start: number, end: number, base: number, machine: MaskMachine): void {
  if (end > start) machine.other(base + start, base + end, isBlankRange(text, start, end))
}
