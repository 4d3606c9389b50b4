// A tolerant reader of the JSON that models write: unquoted values, quotes of other kinds, raw quotes and line breaks in strings, missing
// commas and brackets, an end cut off anywhere. It never fails; what is not closed says so. Time is linear.

import { isSpace, skipSpace, trimRange } from './characters.ts'

/** A piece of JSON at [start, end) of the text; quotes and brackets are included in the place. */
export type LooseNode =
  | { kind: 'object'; start: number; end: number; closed: boolean; entries: LooseEntry[] }
  | { kind: 'array'; start: number; end: number; closed: boolean; items: LooseNode[] }
  | { kind: 'string'; start: number; end: number; closed: boolean; text: string }
  | { kind: 'bare'; start: number; end: number; closed: true; text: string }
export type LooseEntry = { key: string; value: LooseNode }

/** Nesting that is followed; answers have 3. Deeper brackets are read as bare text. */
export const MAX_JSON_DEPTH = 32

/** Nodes of one value; the list is cut there. An answer of 50,000 masks has fewer. */
export const MAX_JSON_NODES = 200_000

/** Reads one value of text[start, end). */
export function readLooseJson(text: string, start: number, end: number): LooseNode {
  return new LooseReader(text, end).value(start, 0)
}

/** The value of `key` in an object, the first one if it is repeated. */
export function looseField(node: LooseNode | undefined, key: string): LooseNode | undefined {
  return node?.kind === 'object' ? node.entries.find((entry) => entry.key === key)?.value : undefined
}

/** Characters that may follow the quote that closes a value, or a key. */
const AFTER_VALUE = ',}]'
const AFTER_KEY = ':'

/** Quotes that open a string, and what closes it: JSON's, Python's, and those of word processors. */
const CLOSING_QUOTES = new Map([
  [34, 34],
  [39, 39],
  [0x201c, 0x201d],
  [0x2018, 0x2019],
])

function isQuote(unit: number): boolean {
  return CLOSING_QUOTES.has(unit)
}

class LooseReader {
  private readonly text: string
  private readonly limit: number
  private nodes = 0

  constructor(text: string, limit: number) {
    this.text = text
    this.limit = limit
  }

  value(at: number, depth: number): LooseNode {
    this.nodes++
    at = skipSpace(this.text, at, this.limit)
    const unit = at < this.limit ? this.text.charCodeAt(at) : -1
    if (isQuote(unit)) return this.string(at, AFTER_VALUE)
    if (depth < MAX_JSON_DEPTH && this.nodes < MAX_JSON_NODES) {
      if (unit === 123) return this.object(at, depth)
      if (unit === 91) return this.array(at, depth)
    }
    return this.bare(at)
  }

  private object(start: number, depth: number): LooseNode {
    const entries: LooseEntry[] = []
    let at = start + 1
    for (;;) {
      at = this.skipFilling(at)
      if (at >= this.limit || this.text[at] === ']') {
        return { kind: 'object', start, end: Math.min(at, this.limit), closed: false, entries }
      }
      if (this.text[at] === '}') return { kind: 'object', start, end: at + 1, closed: true, entries }
      const key = this.key(at)
      at = skipSpace(this.text, key.end, this.limit)
      if (this.text[at] !== ':' || at >= this.limit) {
        at = Math.max(at, key.start + 1)
        continue
      }
      const value = this.value(at + 1, depth + 1)
      entries.push({ key: key.text, value })
      at = Math.max(value.end, at + 1)
    }
  }

  private array(start: number, depth: number): LooseNode {
    const items: LooseNode[] = []
    let at = start + 1
    for (;;) {
      at = this.skipFilling(at)
      if (at >= this.limit || this.nodes >= MAX_JSON_NODES) {
        return { kind: 'array', start, end: Math.min(at, this.limit), closed: false, items }
      }
      if (this.text[at] === ']') return { kind: 'array', start, end: at + 1, closed: true, items }
      if (this.text[at] === '}') {
        at++
        continue
      }
      const value = this.value(at, depth + 1)
      items.push(value)
      at = Math.max(value.end, at + 1)
    }
  }

  private key(at: number): { text: string; start: number; end: number } {
    if (isQuote(this.text.charCodeAt(at))) {
      const { text, start, end } = this.string(at, AFTER_KEY)
      return { text, start, end }
    }
    let end = at
    while (end < this.limit && !':,}]\n"'.includes(this.text[end]!)) end++
    const range = trimRange(this.text, at, end)
    return { text: this.text.slice(range.start, range.end), start: at, end }
  }

  /**
   * A quoted string. Its closing quote is the first one with a fitting character after it (or a blank and another
   * quote, where the comma was forgotten); other quotes belong to the text.
   */
  private string(start: number, after: string): Extract<LooseNode, { kind: 'string' }> {
    const { text, limit } = this
    const quote = CLOSING_QUOTES.get(text.charCodeAt(start))!
    let decoded = ''
    let plain = start + 1
    let at = start + 1
    while (at < limit) {
      const unit = text.charCodeAt(at)
      if (unit === 92) {
        decoded += text.slice(plain, at)
        const escaped = readEscape(text, at + 1, limit)
        decoded += escaped.text
        at = plain = escaped.end
      } else if (unit === quote) {
        const next = skipSpace(text, at + 1, limit)
        const ends =
          next >= limit ||
          after.includes(text[next]!) ||
          (after === AFTER_VALUE && next > at + 1 && isQuote(text.charCodeAt(next)))
        if (ends) {
          return { kind: 'string', start, end: at + 1, closed: true, text: decoded + text.slice(plain, at) }
        }
        at++
      } else at++
    }
    return { kind: 'string', start, end: limit, closed: false, text: decoded + text.slice(plain, limit) }
  }

  /** An unquoted value: up to a comma or closing bracket, but on through commas between mask words. */
  private bare(start: number): LooseNode {
    let end = start
    while (end < this.limit) {
      const unit = this.text.charCodeAt(end)
      if (unit === 125 || unit === 93) break
      if (unit === 44) {
        const next = skipSpace(this.text, end + 1, this.limit)
        if (!this.text.startsWith('<|mt_', next) || next >= this.limit) break
        end = next
      }
      end++
    }
    const range = trimRange(this.text, start, end)
    return { kind: 'bare', ...range, closed: true, text: this.text.slice(range.start, range.end) }
  }

  private skipFilling(at: number): number {
    while (at < this.limit && (isSpace(this.text.charCodeAt(at)) || this.text[at] === ',')) at++
    return at
  }
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

function readEscape(text: string, at: number, limit: number): { text: string; end: number } {
  const letter = at < limit ? text[at]! : ''
  const hex = text.slice(at + 1, Math.min(at + 5, limit))
  if (letter === 'u' && /^[0-9a-fA-F]{4}$/.test(hex)) {
    return { text: String.fromCharCode(Number.parseInt(hex, 16)), end: at + 5 }
  }
  return { text: ESCAPES[letter] ?? letter, end: at + letter.length }
}
