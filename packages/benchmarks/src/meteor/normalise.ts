// How METEOR splits a line into words (`-norm`), for English. Definition: util/Normalizer of METEOR 1.5: the order of its replacements and
// the letters that it knows.

const ALPHA =
  'A-Za-z\u0160\u017d\u0161\u017e\u0178\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0400-\u04ff\u0500-\u0527\ua640-\ua66e\ua67e-\ua697\u1d00-\u1d7f'
const ALNUM = `0-9${ALPHA}`
const BLANKS = ' \\t\\n\\v\\f\\r'

/** Patterns and what stands for them, one after the other. */
const FIRST: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`([^${ALNUM}${BLANKS}.'\`,\\-\u2018\u2019])`, 'gu'), ' $1 '],
]
const SECOND: readonly (readonly [RegExp, string])[] = [
  [/([^0-9]),([^0-9])/gu, '$1 , $2'],
  [/([0-9]),([^0-9])/gu, '$1 , $2'],
  [/([^0-9]),([0-9])/gu, '$1 , $2'],
  [/[`\u2018\u2019]/gu, "'"],
  [/[\u201c\u201d]|''/gu, ' " '],
  [/\u2013/gu, '-'],
  [/--/gu, '-'],
  [new RegExp(`([${ALNUM}.])-([${ALNUM}])`, 'gu'), '$1 $2'],
  [new RegExp(`([^${ALPHA}])'([^${ALPHA}])`, 'gu'), "$1 ' $2"],
  [new RegExp(`([^${ALPHA}0-9])'([${ALPHA}])`, 'gu'), "$1 ' $2"],
  [new RegExp(`([${ALPHA}])'([^${ALPHA}])`, 'gu'), "$1 ' $2"],
  [new RegExp(`([${ALPHA}])'([${ALPHA}])`, 'gu'), "$1 '$2"],
  [/([0-9])'(s)/gu, "$1 '$2"],
]
const WIDE_BLANKS = /[ \u2000-\u200a\u202f\u205f\u3000\u00a0]+/g
const HAS_LETTER = new RegExp(`[${ALPHA}]`)

/** Abbreviations whose full stop stays: always, or before numbers. */
export type Prefixes = ReadonlyMap<string, 'always' | 'numbers'>

/** The words of a line. */
export function normalisedWords(line: string, prefixes: Prefixes): string[] {
  const replaced = (text: string, list: typeof FIRST) =>
    list.reduce((before, [pattern, by]) => before.replace(pattern, by), text)
  let text = replaced(` ${line} `, FIRST).replace(/\.(\.+)/g, ' DOTMULTI$1')
  while (text.includes('DOTMULTI.')) {
    text = text.replace(/DOTMULTI\.([^.])/g, 'DOTDOTMULTI $1').replaceAll('DOTMULTI.', 'DOTDOTMULTI')
  }
  const words = replaced(text, SECOND)
    .split(/[ \t\n\r\f]+/)
    .filter((word) => word !== '')
  let joined = words.map((word, k) => withStop(word, words[k + 1], prefixes)).join(' ')
  while (joined.includes('DOTDOTMULTI')) joined = joined.replaceAll('DOTDOTMULTI', 'DOTMULTI.')
  joined = joined.replaceAll('DOTMULTI', '.').replace(WIDE_BLANKS, ' ').toLowerCase()
  return joined.split(/[ \t\n\r\f]+/).filter((word) => word !== '')
}

/** A full stop at a word's end is a word of its own, unless it belongs to an abbreviation. */
function withStop(word: string, next: string | undefined, prefixes: Prefixes): string {
  if (word.length < 2 || !word.endsWith('.')) return word
  const before = word.slice(0, -1)
  if (before.includes('.') && HAS_LETTER.test(before)) return word.replaceAll('.', '')
  const known = prefixes.get(before)
  if (known === 'always' || (next !== undefined && /^[a-z]/.test(next))) return word
  if (known === 'numbers' && next !== undefined && /^[0-9]/.test(next)) return word
  return `${before} .`
}
