// Texts with regions in them: spans of captions, markers of dialogues, and offsets as Python counts them. Definition: ours.
import type { DialogueTurn, GroundedCaptionRecord } from '../record.ts'

export type Piece = DialogueTurn['pieces'][number]
type Span = GroundedCaptionRecord['spans'][number]

/**
 * A caption with its spans in order: spans of equal place become one, spans that overlap are cut short at the end of the
 * one before, empty ones are left out. `cut` counts spans that were shortened or left out.
 */
export function groundedCaption(
  text: string,
  spans: readonly Span[],
): { readonly caption: GroundedCaptionRecord; readonly cut: number } {
  const sorted = spans
    .map((span, order) => ({ ...span, order }))
    .sort((a, b) => a.start - b.start || a.end - b.end || a.order - b.order)
  const kept: { start: number; end: number; regions: string[] }[] = []
  let cut = 0
  for (const span of sorted) {
    const last = kept.at(-1)
    if (last !== undefined && last.start === span.start && last.end === span.end) {
      for (const id of span.regions) if (!last.regions.includes(id)) last.regions.push(id)
      continue
    }
    const start = Math.max(span.start, last?.end ?? 0)
    const end = Math.min(span.end, text.length)
    if (start !== span.start || end !== span.end) cut++
    if (start < end && span.regions.length > 0) kept.push({ start, end, regions: [...span.regions] })
  }
  return { caption: { text, spans: kept }, cut }
}

/** The UTF-16 offset of each code point of a text, and of its end: Python counts code points. */
export function codePointOffsets(text: string): (codePoints: number) => number {
  let isPlain = true
  for (let i = 0; i < text.length && isPlain; i++) isPlain = (text.charCodeAt(i) & 0xf800) !== 0xd800
  if (isPlain) return (codePoints) => codePoints
  const offsets: number[] = []
  let at = 0
  for (const character of text) {
    offsets.push(at)
    at += character.length
  }
  offsets.push(at)
  return (codePoints) => offsets[codePoints] ?? text.length
}

/**
 * Cuts a text at its markers. `regionOf` gives the region of a match, or undefined where the marker's text stays as it is,
 * or '' where it is left out.
 */
export function piecesAtMarkers(
  text: string,
  marker: RegExp,
  regionOf: (match: RegExpMatchArray) => string | undefined,
): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  let pending = ''
  const flush = () => {
    if (pending !== '') pieces.push(pending)
    pending = ''
  }
  for (const match of text.matchAll(marker)) {
    pending += text.slice(from, match.index)
    from = match.index + match[0].length
    const region = regionOf(match)
    if (region === undefined) pending += match[0]
    else if (region !== '') {
      flush()
      pieces.push({ region })
    }
  }
  pending += text.slice(from)
  flush()
  return pieces
}

/** The text of pieces, regions left out and white space made single. */
export function plainText(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : ' '))
    .join('')
    .replace(/\s+/g, ' ')
    .replace(/ ([,.;:!?])/g, '$1')
    .trim()
}
