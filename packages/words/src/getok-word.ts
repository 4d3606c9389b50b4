// GETok words (arXiv 2512.10554): grid cells, offsets, delete; their codes, spellings and the reader of one word.
//
// The paper and its figures spell the words in several ways; the canonical spelling keeps the paper's brackets
// (`<grid_19_1>`, `[OFF_-1_0]`, `<DELETE>`), the reader takes all of them.

import { isDigit } from './characters.ts'
import { WordsError } from './error.ts'
import { type GetokVocabulary, wordAt } from './vocabulary.ts'

/** A grid cell: column i and row j, 0..n-1 from the top left. */
export type GridCell = { readonly kind: 'grid'; readonly i: number; readonly j: number }
/** A move in offset steps: u to the right, v down, each -1, 0 or 1. */
export type OffsetMove = { readonly kind: 'offset'; readonly u: number; readonly v: number }
/** The point is dropped. */
export type DeletePoint = { readonly kind: 'delete' }
export type GetokSymbol = GridCell | OffsetMove | DeletePoint

/** Word index of a symbol: j * n + i for a cell, then the offsets by v then u, then delete. Throws WordsError out of range. */
export function getokCode(symbol: GetokSymbol, vocabulary: GetokVocabulary): number {
  const n = vocabulary.gridSize
  switch (symbol.kind) {
    case 'grid':
      if (isIn(symbol.i, 0, n - 1) && isIn(symbol.j, 0, n - 1)) return symbol.j * n + symbol.i
      throw new WordsError('out-of-range', `cell (${symbol.i}, ${symbol.j}) is outside the ${n} x ${n} grid`)
    case 'offset':
      if (isIn(symbol.u, -1, 1) && isIn(symbol.v, -1, 1)) return n * n + (symbol.v + 1) * 3 + symbol.u + 1
      throw new WordsError('out-of-range', `offset (${symbol.u}, ${symbol.v}) must have steps of -1, 0 or 1`)
    case 'delete':
      return n * n + 9
  }
}

/** The symbol of a word index. Throws WordsError outside the vocabulary. */
export function getokSymbol(code: number, vocabulary: GetokVocabulary): GetokSymbol {
  const n = vocabulary.gridSize
  if (!isIn(code, 0, vocabulary.wordCount - 1)) {
    throw new WordsError(
      'out-of-range',
      `code ${code} is outside the GETok vocabulary of ${vocabulary.wordCount}`,
    )
  }
  if (code < n * n) return { kind: 'grid', i: code % n, j: Math.floor(code / n) }
  const offset = code - n * n
  return offset === 9
    ? { kind: 'delete' }
    : { kind: 'offset', u: (offset % 3) - 1, v: Math.floor(offset / 3) - 1 }
}

/** The canonical spelling of a symbol. Throws WordsError out of range. */
export function getokWord(symbol: GetokSymbol, vocabulary: GetokVocabulary): string {
  return wordAt(vocabulary, getokCode(symbol, vocabulary))
}

function isIn(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

export type GetokTag = 'box' | 'seg' | 'pl' | 'pg' | 'offset' | 'think' | 'answer'

/** One piece of GETok text. Numbers are as written: a cell may lie outside the grid, an offset outside -1..1. */
export type GetokPiece =
  | { kind: 'symbol'; symbol: GetokSymbol; start: number; end: number; alias: boolean }
  | { kind: 'open' | 'close'; tag: GetokTag; start: number; end: number; alias: boolean }

/** Longest spelling of a word or tag that is read: `<grid { 1023 , 1023 }>` and some more. */
export const MAX_GETOK_WORD = 40

/** First characters of everything that is read, so that other brackets cost nothing. */
const HEADS = 'gODbspota/'

const TAGS = new Map<string, GetokTag>([
  ['box', 'box'],
  ['bbox', 'box'],
  ['seg', 'seg'],
  ['pl', 'pl'],
  ['pg', 'pg'],
  ['offset', 'offset'],
  ['think', 'think'],
  ['answer', 'answer'],
])

/** The word or tag that begins at `at` (a `<` or `[`), or undefined. Looks at MAX_GETOK_WORD characters at most. */
export function readGetokPiece(text: string, at: number): GetokPiece | undefined {
  const open = text.charCodeAt(at)
  if (!HEADS.includes(text.charAt(at + 1))) return undefined
  const closer = open === 91 ? ']' : '>'
  const close = text.slice(at + 1, at + MAX_GETOK_WORD).indexOf(closer)
  if (close === -1) return undefined
  const end = at + 1 + close + 1
  const inside = text.slice(at + 1, end - 1)
  if (open === 60) {
    const name = inside.startsWith('/') ? inside.slice(1) : inside
    const tag = TAGS.get(name)
    if (tag !== undefined) {
      const kind = name === inside ? 'open' : 'close'
      return { kind, tag, start: at, end, alias: name !== tag }
    }
    if (inside === 'DELETE')
      return { kind: 'symbol', symbol: { kind: 'delete' }, start: at, end, alias: false }
  }
  const symbol = open === 60 ? (cellOf(inside) ?? offsetOf(inside)) : offsetOf(inside)
  if (symbol === undefined) return undefined
  const canonical = symbol.kind === 'grid' ? `grid_${symbol.i}_${symbol.j}` : `OFF_${symbol.u}_${symbol.v}`
  const alias = inside !== canonical || (symbol.kind === 'offset' && open === 60)
  return { kind: 'symbol', symbol, start: at, end, alias }
}

/** Whether the unfinished text from a `<` or `[` at `at` to its end is the beginning of a word or tag. */
export function mayBecomeGetokPiece(text: string, at: number): boolean {
  const inside = text.slice(at + 1)
  for (const stem of text.charCodeAt(at) === 91 ? ['OFF'] : ['grid', 'gird', 'OFF']) {
    if (stem.startsWith(inside)) return true
    if (inside.startsWith(stem)) return /^[0-9_ ,{}+\-\u2212]*$/.test(inside.slice(stem.length))
  }
  if (text.charCodeAt(at) === 91) return false
  if ('DELETE'.startsWith(inside)) return true
  const name = inside.startsWith('/') ? inside.slice(1) : inside
  for (const tag of TAGS.keys()) if (tag.startsWith(name)) return true
  return false
}

/** "grid" as hands mistype it, what a word begins with (escaped by HTML or JSON, or as other words are), and what stands before a number. */
const NAME = 'g[rid]{1,4}d{1,3}'
const OPENED = String.raw`(?:<\|?|&lt;\|?|\\u003c|\[)\s{0,2}`
const GAP = String.raw`[\s_,:.;(\[{|\\-]{0,3}`
const DIGIT = String.raw`[+\-\u2212]?[\d\uff10-\uff19]`
const REST = String.raw`[^<>[\]\s&]{0,32}`
/** No bracket is needed where an underline stands between name and number. */
const BARE = String.raw`(?<![a-z0-9_])(?:grid|gird|OFF)\\?_\{?`

const MEANT_WORD = [
  `${OPENED}(?:${NAME}|OFF(?:SET)?)${GAP}${DIGIT}${REST}`,
  // A letter in place of a digit.
  String.raw`[<\[](?:grid|OFF)_[a-z]{1,3}[_,][^<>[\]\s]{0,12}\d`,
  `${BARE}${DIGIT}${REST}`,
].join('|')
const MEANT_TAG = String.raw`</?\s{0,2}\|?/?\s{0,2}(?:box|bbox|seg|pl|pg|offset)(?:e?s)?\s{0,2}\|?>`

/** Places that begin like a word or a tag of geometry, well spelled or not: in order, none in another; linear time. */
export function* meantGetokPieces(text: string): Generator<{ start: number; end: number }> {
  for (const { 0: word, index: start } of text.matchAll(new RegExp(`${MEANT_WORD}|${MEANT_TAG}`, 'gi')))
    yield { start, end: start + word.length }
}

/** Words and tags that are meant as GETok's and spelled so that nobody reads them; at most `most`. */
export function misspeltGetokWords(text: string, most = 1000): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  for (const place of meantGetokPieces(text)) {
    if (found.length === most) break
    if (readGetokPiece(text, place.start) === undefined) found.push(place)
  }
  return found
}

/** Whether a text has a grid or offset word, well spelled or not. */
export function saysGetokWords(text: string): boolean {
  return new RegExp(MEANT_WORD, 'i').test(text)
}

function cellOf(inside: string): GridCell | undefined {
  if (!inside.startsWith('grid') && !inside.startsWith('gird')) return undefined
  const pair = numberPair(inside, 4, false)
  return pair && { kind: 'grid', i: pair[0], j: pair[1] }
}

function offsetOf(inside: string): OffsetMove | undefined {
  if (!inside.startsWith('OFF')) return undefined
  const pair = numberPair(inside, 3, true)
  return pair && { kind: 'offset', u: pair[0], v: pair[1] }
}

/** Two numbers with `_`, `,` or a blank between them, after an optional `_` or blank, in optional braces, to the end. */
function numberPair(text: string, from: number, signed: boolean): [number, number] | undefined {
  let k = from
  if (text[k] === '_') k++
  k = skipBlanks(text, k)
  const braced = text[k] === '{'
  if (braced) k = skipBlanks(text, k + 1)
  const firstEnd = numberEnd(text, k, signed)
  if (firstEnd === k) return undefined
  const first = toNumber(text.slice(k, firstEnd))
  k = skipBlanks(text, firstEnd)
  if (text[k] === '_' || text[k] === ',') k = skipBlanks(text, k + 1)
  else if (k === firstEnd) return undefined
  const secondEnd = numberEnd(text, k, signed)
  if (secondEnd === k) return undefined
  const second = toNumber(text.slice(k, secondEnd))
  k = skipBlanks(text, secondEnd)
  if (braced) {
    if (text[k] !== '}') return undefined
    k = skipBlanks(text, k + 1)
  }
  return k === text.length ? [first, second] : undefined
}

/** The minus sign of mathematics, which models copy from papers. */
const MINUS = '\u2212'

function toNumber(text: string): number {
  const value = Number(text.startsWith(MINUS) ? `-${text.slice(1)}` : text)
  return value === 0 ? 0 : value
}

function numberEnd(text: string, from: number, signed: boolean): number {
  let k = from
  if (signed && (text[k] === '-' || text[k] === '+' || text[k] === MINUS)) k++
  const digits = k
  while (k < text.length && k - digits < 9 && isDigit(text.charCodeAt(k))) k++
  return k === digits ? from : k
}

function skipBlanks(text: string, k: number): number {
  while (text[k] === ' ') k++
  return k
}
