// Sets of synonyms by word: WordNet as METEOR 1.5 has it, with the forms of words that it knows. Definition: aligner/SynonymDictionary of METEOR 1.5
// and WordNet's rules of detachment (morph).

/** Endings and what stands for them in the word that a form is of, in the order in which they are tried. */
const ENDINGS: readonly (readonly [string, string])[] = [
  ['s', ''],
  ['ses', 's'],
  ['xes', 'x'],
  ['zes', 'z'],
  ['ches', 'ch'],
  ['shes', 'sh'],
  ['men', 'man'],
  ['ies', 'y'],
  ['s', ''],
  ['ies', 'y'],
  ['es', 'e'],
  ['es', ''],
  ['ed', 'e'],
  ['ed', ''],
  ['ing', 'e'],
  ['ing', ''],
  ['er', ''],
  ['est', ''],
  ['er', 'e'],
  ['est', 'e'],
]

const pairsOf = function* (text: string): Generator<readonly [string, readonly string[]]> {
  const lines = text.split(/\r?\n/)
  for (let k = 0; k + 1 < lines.length; k += 2) {
    yield [lines[k]!, lines[k + 1]!.split(/\s+/).filter((one) => one !== '')]
  }
}

/**
 * Looks words up. `synsets`: a word, then a line of numbers of its sets; `exceptions`: a word, then a line of its irregular forms.
 */
export function synonymSets(synsets: string, exceptions: string): (word: string) => ReadonlySet<number> {
  const sets = new Map<string, readonly string[]>(pairsOf(synsets))
  const bases = new Map<string, string[]>()
  for (const [base, forms] of pairsOf(exceptions)) {
    for (const form of forms) bases.set(form, [...(bases.get(form) ?? []), base])
  }
  const regularBase = (word: string): string | undefined => {
    if (word.endsWith('ss') || word.length <= 2) return word
    for (const [ending, by] of ENDINGS) {
      if (!word.endsWith(ending)) continue
      const base = `${word.slice(0, -ending.length)}${by}`
      if (sets.has(base)) return base
    }
    return undefined
  }
  const known = new Map<string, ReadonlySet<number>>()
  return (word) => {
    let found = known.get(word)
    if (found === undefined) {
      const words = [word, ...(bases.get(word) ?? [regularBase(word) ?? ''])]
      found = new Set(words.flatMap((one) => sets.get(one) ?? []).map(Number))
      known.set(word, found)
    }
    return found
  }
}
