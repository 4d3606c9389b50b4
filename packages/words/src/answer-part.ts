// Pieces that the readers of answers share: places in the text, and which mask spans lie inside them.

import { WordsError } from './error.ts'
import type { MaskSpan } from './mask-span.ts'

/** Half-open range of UTF-16 characters. */
export type TextRange = { readonly start: number; readonly end: number }

/** Phrases, references or objects read from one text; reading stops there. Answers have fewer than a thousand. */
export const MAX_ANSWER_PARTS = 100_000

/** A piece of text with its place. `text` may differ from the characters at the place where those hold escapes. */
export type PlacedText = TextRange & { readonly text: string }

/** Index of the first span that starts at or after `place`. */
export function firstSpanFrom(spans: readonly MaskSpan[], place: number): number {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (spans[middle]!.start < place) low = middle + 1
    else high = middle
  }
  return low
}

/** Spans that lie inside the range. */
export function spansInside(spans: readonly MaskSpan[], range: TextRange): MaskSpan[] {
  const inside: MaskSpan[] = []
  for (let k = firstSpanFrom(spans, range.start); k < spans.length && spans[k]!.end <= range.end; k++) {
    inside.push(spans[k]!)
  }
  return inside
}

/** Spans of the list that are in none of the groups; all sorted by place. */
export function spansOutside(spans: readonly MaskSpan[], groups: Iterable<readonly MaskSpan[]>): MaskSpan[] {
  const taken = new Set<MaskSpan>()
  for (const group of groups) for (const span of group) taken.add(span)
  return spans.filter((span) => !taken.has(span))
}

/** Throws WordsError unless the text can stand between words: not blank, without `<` and `>`, which readers strip. */
export function checkPhrase(what: string, text: string): string {
  if (text.trim() !== '' && !/[<>]/.test(text)) return text
  throw new WordsError('malformed', `${what} ${JSON.stringify(text)} is blank or holds < or >`, {
    hint: 'readers of captions remove everything between < and >; clean it with sanitiseText',
  })
}
