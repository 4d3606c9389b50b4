// Words of a caption as the caption metrics count them. Definition: the rules of the Penn Treebank tokeniser that English captions meet,
// lower-cased, with the punctuation left out that the COCO caption evaluation leaves out (tylin/coco-caption). The published
// evaluation runs Stanford's tokeniser in Java; ours is written from the rules and differs on rare text (docs/metrics-detection.md).

/** Left out after splitting. */
const PUNCTUATION = new Set([
  "''",
  "'",
  '``',
  '`',
  '"',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '.',
  '?',
  '!',
  ',',
  ':',
  '-',
  '--',
  '---',
  '...',
  ';',
])

/** Abbreviations that keep their full stop. */
const ABBREVIATIONS = new Set([
  'mr.',
  'mrs.',
  'ms.',
  'dr.',
  'prof.',
  'st.',
  'jr.',
  'sr.',
  'co.',
  'corp.',
  'inc.',
  'ltd.',
  'vs.',
  'etc.',
  'e.g.',
  'i.e.',
  'a.m.',
  'p.m.',
  'u.s.',
  'u.k.',
  'no.',
  'ave.',
  'mt.',
])

/** Words that are two tokens without an apostrophe. */
const JOINED = new Map([
  ['cannot', ['can', 'not']],
  ['gonna', ['gon', 'na']],
  ['gotta', ['got', 'ta']],
  ['wanna', ['wan', 'na']],
  ['gimme', ['gim', 'me']],
  ['lemme', ['lem', 'me']],
])

/** A number with separators, a word with inner hyphens, apostrophes or full stops, or one other character. */
const PIECE =
  /\d+(?:[.,:/]\d+)*(?:st|nd|rd|th|s)?(?:-[\p{L}\d]+)*|[\p{L}\p{M}\d]+(?:[-'’._@&][\p{L}\p{M}\d]+)*(?:['’](?![\p{L}\d]))?\.?|\.\.\.|--+|[^\s]/gu

/** Longest caption that is looked at, in UTF-16 units: far longer than any published one. */
export const MAX_CAPTION_LENGTH = 100_000

/** The tokens of a caption: lower-cased, contractions split (`it's`: it, 's; `don't`: do, n't), punctuation left out. */
export function captionTokens(text: string): string[] {
  const tokens: string[] = []
  const plain = text.slice(0, MAX_CAPTION_LENGTH).toLowerCase().replaceAll('’', "'")
  for (const [found] of plain.matchAll(PIECE)) {
    for (const token of pieces(found)) if (!PUNCTUATION.has(token)) tokens.push(token)
  }
  return tokens
}

function pieces(word: string): readonly string[] {
  if (word.endsWith('.') && word.length > 1 && word !== '...') {
    const isInitials = /^(?:\p{L}\.)+$/u.test(word)
    return isInitials || ABBREVIATIONS.has(word) ? [word] : pieces(word.slice(0, -1))
  }
  const joined = JOINED.get(word)
  if (joined !== undefined) return joined
  if (!word.includes("'") || word.length === 1) return [word]
  if (word.endsWith("'")) return [word.slice(0, -1), "'"]
  const negated = /^(.+)n't$/u.exec(word)
  if (negated) return [negated[1]!, "n't"]
  const ending = /^(.+)('(?:s|m|d|ll|re|ve))$/u.exec(word)
  return ending ? [ending[1]!, ending[2]!] : [word]
}
