// Captions with masks behind their phrases (SAMTok, grounded conversation):
// `<|object_ref_start|> phrase <|object_ref_end|> <|mt_start|>...<|mt_end|>`.

import {
  checkPhrase,
  firstSpanFrom,
  MAX_ANSWER_PARTS,
  type PlacedText,
  spansOutside,
  type TextRange,
} from './answer-part.ts'
import { isBlank, trimRange } from './characters.ts'
import { formatMaskWords } from './mask-format.ts'
import { parseMaskWords } from './mask-parse.ts'
import type { MaskSpan } from './mask-span.ts'
import type { SpanVocabulary } from './vocabulary.ts'

export const OBJECT_REF_START = '<|object_ref_start|>'
export const OBJECT_REF_END = '<|object_ref_end|>'

export type CaptionProblem =
  /** `<|object_ref_start|>` without its end before the next one or the end of the text. */
  | 'unclosed-phrase'
  /** The phrase is empty. */
  | 'empty-phrase'
  /** No usable mask follows the phrase. */
  | 'no-mask'

/** A phrase and the masks right behind it (blanks and commas between them). */
export type GroundedPhrase = TextRange & {
  readonly phrase: PlacedText
  readonly masks: readonly MaskSpan[]
  readonly problems: readonly CaptionProblem[]
}

export type GroundedCaption = {
  readonly phrases: readonly GroundedPhrase[]
  /** Mask spans behind no phrase. */
  readonly strayMasks: readonly MaskSpan[]
  /** The caption for people: see `plainCaption`. */
  readonly caption: string
}

/** Reads a grounded caption from model output, complete or cut off. Never throws on any text; linear time. */
export function parseGroundedCaption(
  text: string,
  vocabulary: SpanVocabulary,
  spans: readonly MaskSpan[] = parseMaskWords(text, vocabulary).spans,
): GroundedCaption {
  const phrases: GroundedPhrase[] = []
  let start = text.indexOf(OBJECT_REF_START)
  while (start !== -1 && phrases.length < MAX_ANSWER_PARTS) {
    const inside = start + OBJECT_REF_START.length
    const next = text.indexOf(OBJECT_REF_START, inside)
    const limit = next === -1 ? text.length : next
    const close = indexBefore(text, OBJECT_REF_END, inside, limit)
    const problems: CaptionProblem[] = []
    const masks: MaskSpan[] = []
    let end = close === -1 ? inside : close + OBJECT_REF_END.length
    let phraseEnd = close
    if (close === -1) {
      problems.push('unclosed-phrase')
      const span = spans[firstSpanFrom(spans, inside)]
      phraseEnd = Math.min(limit, span?.start ?? limit)
      end = phraseEnd
    }
    for (let k = firstSpanFrom(spans, end); k < spans.length; k++) {
      const span = spans[k]!
      if (span.start >= limit || !isFilling(text, end, span.start)) break
      masks.push(span)
      end = span.end
    }
    const place = trimRange(text, inside, phraseEnd)
    if (place.start === place.end) problems.push('empty-phrase')
    if (!masks.some((mask) => mask.status !== 'rejected')) problems.push('no-mask')
    const phrase = { ...place, text: text.slice(place.start, place.end) }
    phrases.push({ start, end, phrase, masks, problems })
    start = next
  }
  const strayMasks = spansOutside(
    spans,
    phrases.map((phrase) => phrase.masks),
  )
  return { phrases, strayMasks, caption: plainCaption(text) }
}

/**
 * The caption as the published evaluation scores it: everything between `<` and `>` removed, line breaks deleted, blanks
 * joined, blanks and surrounding apostrophes trimmed. Phrases must not hold `<` or `>` for this reason.
 */
export function plainCaption(text: string): string {
  let plain = ''
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('<', at)
    const close = open === -1 ? -1 : text.indexOf('>', open)
    if (close === -1) break
    plain += text.slice(at, open)
    at = close + 1
  }
  plain += text.slice(at)
  plain = plain
    .replaceAll('\n', '')
    .split(/[ \t\r]+/)
    .join(' ')
    .trim()
  let start = 0
  let end = plain.length
  while (start < end && plain[start] === "'") start++
  while (end > start && plain[end - 1] === "'") end--
  return plain.slice(start, end).trim()
}

/** A piece of a caption to write: plain text, or a phrase with the codes of its masks. */
export type CaptionPiece = string | { readonly phrase: string; readonly masks: readonly ArrayLike<number>[] }

/** Writes a grounded caption with the published blanks. Throws WordsError on phrases or text with `<` or `>` and on wrong codes. */
export function formatGroundedCaption(pieces: readonly CaptionPiece[], vocabulary: SpanVocabulary): string {
  return pieces
    .map((piece) => {
      if (typeof piece === 'string') return piece.trim() === '' ? piece : checkPhrase('caption text', piece)
      const phrase = checkPhrase('phrase', piece.phrase).trim()
      const words = piece.masks.map((codes) => formatMaskWords(codes, vocabulary)).join(' ')
      return `${OBJECT_REF_START} ${phrase} ${OBJECT_REF_END} ${words}`
    })
    .join('')
}

function indexBefore(text: string, word: string, from: number, limit: number): number {
  const found = text.slice(from, limit).indexOf(word)
  return found === -1 ? -1 : from + found
}

function isFilling(text: string, start: number, end: number): boolean {
  for (let k = start; k < end; k++) {
    const unit = text.charCodeAt(k)
    if (!isBlank(unit) && unit !== 44) return false
  }
  return true
}
