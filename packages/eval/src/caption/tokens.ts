// Words of a caption as the caption metrics count them: the tokens of Stanford's Treebank tokeniser, in small letters, without the
// punctuation that the COCO caption evaluation (tylin/coco-caption, pycocoevalcap) leaves out. Brackets are words there (-lrb-).

import { Lexer, type LexerMatch } from './treebank/lexer.ts'
import { LATER_LETTERS } from './treebank/marks.ts'
import { type TokenForm, TREEBANK_RULES } from './treebank/rules.ts'

/** Left out after splitting. The published list names brackets in capitals, which tokens never have: they stay. */
const PUNCTUATION = new Set(["''", "'", '``', '`', '.', '?', '!', ',', ':', '-', '--', '...', ';'])

/** Longest caption that is looked at, in UTF-16 units: far longer than any published one. */
export const MAX_CAPTION_LENGTH = 100_000

/** A character that no rule names. */
const UNKNOWN = '\u0001'
const UNKNOWN_LETTERS = new RegExp(`[${LATER_LETTERS}]`, 'g')

let shared: Lexer<TokenForm> | undefined

/**
 * The tokens of a caption, read as if it stood alone: `it's` is it, 's; `don't` is do, n't; `(red)` is -lrb-, red, -rrb-.
 * A token may hold a hard blank (U+00A0), as in `1 1/2`: `wordsOfTokens` takes it apart where a metric does.
 */
export function captionTokens(text: string): string[] {
  shared ??= new Lexer(TREEBANK_RULES)
  // The published evaluation writes a caption to a line of a file.
  const line = `${text.slice(0, MAX_CAPTION_LENGTH).replaceAll('\n', ' ')}\n`
  const read = line.replaceAll(UNKNOWN_LETTERS, UNKNOWN)
  const tokens: string[] = []
  for (const { kind, start, end } of shared.matches(read, readAgainFrom)) {
    const token = written(kind, line.slice(start, end)).toLowerCase()
    if (token !== '' && !PUNCTUATION.has(token)) tokens.push(token)
  }
  return tokens
}

/** Tokens split at every blank, hard ones too, as metrics do that join tokens to a text and split it. */
export function wordsOfTokens(tokens: readonly string[]): string[] {
  return tokens.flatMap((token) => token.split(/\s+/u)).filter((word) => word !== '')
}

function readAgainFrom({ kind, start, end }: LexerMatch<TokenForm>): number {
  switch (kind) {
    case 'all but three':
      return end - 3
    case 'all but two':
      return end - 2
    case 'initials at an end':
      // One letter and a full stop are two tokens; of longer initials the stop is a token once more, which is left out anyway.
      return end - start === 2 ? end - 1 : end
    default:
      return end
  }
}

function written(form: TokenForm, text: string): string {
  switch (form) {
    case 'dash':
      return '--'
    case 'hyphens':
      return text.length === 3 || text.length === 4 ? '--' : text
    case 'word':
    case 'number':
      return text.replaceAll('\u00ad', '') || '-'
    case 'ampersand':
      return text.replaceAll(/&amp;/gi, '&')
    case 'opening quote':
      return straightened(text, '`', '``')
    case 'closing quote':
      return straightened(text, "'", "''")
    case 'ellipsis':
      return '...'
    case 'fraction sign':
      return FRACTIONS.get(text) ?? text
    case 'currency':
      return CURRENCIES.get(text) ?? text
    case 'with hard blanks':
      return text.replaceAll(' ', '\u00a0')
    case 'with hard blanks and brackets':
      return roundNamed(text.replaceAll(' ', '\u00a0'))
    case 'with brackets':
      return roundNamed(text)
    case 'less':
      return '<'
    case 'greater':
      return '>'
    case 'nothing':
      return ''
    default:
      return BRACKETS.get(form) ?? text
  }
}

const FRACTIONS = new Map([
  ['\u00bc', '1/4'],
  ['\u00bd', '1/2'],
  ['\u00be', '3/4'],
  ['\u2153', '1/3'],
  ['\u2154', '2/3'],
])

const CURRENCIES = new Map([
  ['\u00a2', 'cents'],
  ['\u00a3', '#'],
  ['\u0080', '$'],
  ['\u00a4', '$'],
  ['\u20a0', '$'],
  ['\u20ac', '$'],
])

const BRACKETS = new Map<TokenForm, string>([
  ['round opening', '-LRB-'],
  ['round closing', '-RRB-'],
  ['square opening', '-LSB-'],
  ['square closing', '-RSB-'],
  ['curly opening', '-LCB-'],
  ['curly closing', '-RCB-'],
])

function roundNamed(text: string): string {
  return text.replaceAll('(', '-LRB-').replaceAll(')', '-RRB-')
}

/** Quotes of every kind as the Treebank writes them; `single` and `double` for those that do not say which side they are of. */
function straightened(text: string, single: string, double: string): string {
  return text
    .replaceAll(/&apos;|'/g, single)
    .replaceAll(/"|&quot;/g, double)
    .replaceAll(/[\u0091\u2018\u201b\u2039]/g, '`')
    .replaceAll(/[\u0092\u2019\u203a]/g, "'")
    .replaceAll(/[\u0093\u201c\u00ab]/g, '``')
    .replaceAll(/[\u0094\u201d\u00bb]/g, "''")
}
