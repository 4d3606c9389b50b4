// Character classes shared by the scanners. Whitespace is what Python's `\s` matches on str, because published
// patterns were written for it; it differs from JavaScript's `\s` in U+001C..U+001F, U+0085 and U+FEFF.

/** Whether the UTF-16 unit is white space for Python's `\s` and `str.strip`. */
export function isSpace(unit: number): boolean {
  if (unit <= 32) return unit === 32 || (unit >= 9 && unit <= 13) || (unit >= 28 && unit <= 31)
  if (unit < 0x1680) return unit === 0x85 || unit === 0xa0
  return (
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000
  )
}

/**
 * Whether the unit is white space or one that shows nothing: what may stand between two words that belong together. Beside
 * zero-width characters, those that tokens have for blanks (SentencePiece, byte-level) where nobody turned them back.
 */
export function isBlank(unit: number): boolean {
  if (unit < 0xad || isSpace(unit)) return isSpace(unit)
  return (
    unit === 0xad ||
    unit === 0x10a ||
    unit === 0x120 ||
    unit === 0x61c ||
    unit === 0x180e ||
    (unit >= 0x200b && unit <= 0x200f) ||
    (unit >= 0x202a && unit <= 0x202e) ||
    (unit >= 0x2060 && unit <= 0x2064) ||
    unit === 0x2581 ||
    (unit >= 0xfe00 && unit <= 0xfe0f) ||
    unit === 0xfeff
  )
}

/** Whether nothing but blanks (`isBlank`) stands in the range. */
export function isBlankRange(text: string, start: number, end: number): boolean {
  for (let k = start; k < end; k++) if (!isBlank(text.charCodeAt(k))) return false
  return true
}

export function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57
}

/** First index >= `from` (and <= `to`) that is not white space. */
export function skipSpace(text: string, from: number, to: number = text.length): number {
  while (from < to && isSpace(text.charCodeAt(from))) from++
  return from
}

/** The range [start, end) without white space at either side. */
export function trimRange(text: string, start: number, end: number): { start: number; end: number } {
  start = skipSpace(text, start, end)
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return { start, end }
}

/** Length of the longest end of `text` (from `from`) that is a proper beginning of `word`. */
export function heldPrefixLength(text: string, from: number, word: string): number {
  for (let length = Math.min(word.length - 1, text.length - from); length > 0; length--) {
    if (word.startsWith(text.slice(text.length - length))) return length
  }
  return 0
}
