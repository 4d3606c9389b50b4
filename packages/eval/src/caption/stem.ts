// The stem of an English word. Definition: M. Porter's English stemmer ("Porter2", snowballstem.org/algorithms/english/stemmer.html), in the
// form that METEOR 1.5 uses for English. Capital Y in the working word is a y that stands for a consonant.

const VOWEL = 'aeiouy'

/** Whole words with their own stems. */
const SPECIAL = new Map([
  ['skis', 'ski'],
  ['skies', 'sky'],
  ['dying', 'die'],
  ['lying', 'lie'],
  ['tying', 'tie'],
  ['idly', 'idl'],
  ['gently', 'gentl'],
  ['ugly', 'ugli'],
  ['early', 'earli'],
  ['only', 'onli'],
  ['singly', 'singl'],
  ...['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'].map((word) => [word, word] as const),
])

/** Words that stay as they are once a plural s is gone. */
const FINISHED = new Set([
  'inning',
  'outing',
  'canning',
  'herring',
  'earring',
  'proceed',
  'exceed',
  'succeed',
])

/** Endings of the second step with what replaces them, longest first where one ends another. */
const SECOND: readonly (readonly [string, string])[] = [
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['tional', 'tion'],
  ['biliti', 'ble'],
  ['lessli', 'less'],
  ['entli', 'ent'],
  ['ation', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['ousli', 'ous'],
  ['iviti', 'ive'],
  ['fulli', 'ful'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['izer', 'ize'],
  ['ator', 'ate'],
  ['alli', 'al'],
  ['bli', 'ble'],
  ['ogi', 'og'],
  ['li', ''],
]

const THIRD: readonly (readonly [string, string])[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ative', ''],
  ['ical', 'ic'],
  ['ness', ''],
  ['ful', ''],
]

const FOURTH: readonly string[] = [
  'ement',
  'ance',
  'ence',
  'able',
  'ible',
  'ment',
  'ant',
  'ent',
  'ism',
  'ate',
  'iti',
  'ous',
  'ive',
  'ize',
  'ion',
  'al',
  'er',
  'ic',
]

/** The stem of a lower-case word. Words of other scripts come back as they are. */
export function englishStem(word: string): string {
  if (word.length <= 2) return word
  const special = SPECIAL.get(word)
  if (special !== undefined) return special
  let stem = marked(word.startsWith("'") ? word.slice(1) : word)
  // Regions: what follows the first consonant after a vowel, and the same inside it.
  const first = firstRegion(stem)
  const second = regionAfter(stem, first)
  stem = stem.replace(/'s'?$|'$/, '')
  stem = withoutPlural(stem)
  if (FINISHED.has(stem)) return stem
  stem = withoutPast(stem, first)
  if (stem.length > 2 && /[yY]$/.test(stem) && !isVowel(stem, stem.length - 2)) stem = `${stem.slice(0, -1)}i`
  stem = replaced(stem, SECOND, first, (before, ending) =>
    ending === 'ogi' ? before.endsWith('l') : ending === 'li' ? /[cdeghkmnrt]$/.test(before) : true,
  )
  stem = replaced(stem, THIRD, first, (before, ending) => ending !== 'ative' || before.length >= second)
  const last = FOURTH.find((ending) => stem.endsWith(ending))
  if (last !== undefined && stem.length - last.length >= second) {
    const before = stem.slice(0, -last.length)
    if (last !== 'ion' || /[st]$/.test(before)) stem = before
  }
  const end = stem.length - 1
  if (stem.endsWith('e')) {
    if (end >= second || (end >= first && !endsInShortSyllable(stem.slice(0, -1)))) stem = stem.slice(0, -1)
  } else if (stem.endsWith('ll') && end >= second) stem = stem.slice(0, -1)
  return stem.replaceAll('Y', 'y')
}

/** y at the start and after a vowel is a consonant. */
function marked(word: string): string {
  let out = ''
  for (let i = 0; i < word.length; i++) {
    out += word[i] === 'y' && (i === 0 || isVowel(out, i - 1)) ? 'Y' : word[i]
  }
  return out
}

function isVowel(word: string, at: number): boolean {
  return at >= 0 && at < word.length && VOWEL.includes(word[at]!)
}

function firstRegion(word: string): number {
  for (const start of ['gener', 'commun', 'arsen']) if (word.startsWith(start)) return start.length
  return regionAfter(word, 0)
}

function regionAfter(word: string, from: number): number {
  for (let i = from + 1; i < word.length; i++) {
    if (!isVowel(word, i) && isVowel(word, i - 1)) return i + 1
  }
  return word.length
}

function withoutPlural(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2)
  if (word.endsWith('ied') || word.endsWith('ies'))
    return word.length > 4 ? word.slice(0, -2) : word.slice(0, -1)
  if (!word.endsWith('s') || word.endsWith('us') || word.endsWith('ss')) return word
  return /[aeiouy]/.test(word.slice(0, -2)) ? word.slice(0, -1) : word
}

function withoutPast(word: string, first: number): string {
  const eed = /eed(?:ly)?$/.exec(word)
  if (eed) return eed.index >= first ? `${word.slice(0, eed.index)}ee` : word
  const ending = /(?:ingly|edly|ing|ed)$/.exec(word)
  if (!ending || !/[aeiouy]/.test(word.slice(0, ending.index))) return word
  const stem = word.slice(0, ending.index)
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`
  if (/(bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(stem)) return stem.slice(0, -1)
  return stem.length <= first && endsInShortSyllable(stem) ? `${stem}e` : stem
}

function endsInShortSyllable(word: string): boolean {
  const n = word.length
  if (n === 2) return isVowel(word, 0) && !isVowel(word, 1)
  return (
    n > 2 && !isVowel(word, n - 3) && isVowel(word, n - 2) && !isVowel(word, n - 1) && !/[wxY]$/.test(word)
  )
}

function replaced(
  word: string,
  endings: readonly (readonly [string, string])[],
  first: number,
  allowed: (before: string, ending: string) => boolean,
): string {
  const found = endings.find(([ending]) => word.endsWith(ending))
  if (found === undefined) return word
  const [ending, replacement] = found
  const before = word.slice(0, -ending.length)
  return before.length >= first && allowed(before, ending) ? before + replacement : word
}
