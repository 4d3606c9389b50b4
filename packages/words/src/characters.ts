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
