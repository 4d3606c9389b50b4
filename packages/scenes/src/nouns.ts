// What people call the categories of COCO: synonyms and plurals. Other categories go by their own name.

/** A thing's names, the category's own first. */
export type Noun = { readonly one: readonly string[]; readonly many: readonly string[] }

const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  person: ['human'],
  bicycle: ['bike'],
  motorcycle: ['motorbike'],
  airplane: ['plane', 'aeroplane'],
  couch: ['sofa'],
  'potted plant': ['plant'],
  'dining table': ['table'],
  tv: ['television', 'screen'],
  laptop: ['computer'],
  mouse: ['computer mouse'],
  'cell phone': ['phone'],
  refrigerator: ['fridge'],
  'teddy bear': ['stuffed bear'],
  donut: ['doughnut'],
  'sports ball': ['ball'],
  'hair drier': ['hair dryer'],
  'wine glass': ['glass'],
  handbag: ['bag'],
}

const PLURALS: Readonly<Record<string, string>> = {
  person: 'people',
  knife: 'knives',
  mouse: 'mice',
  sheep: 'sheep',
  skis: 'skis',
  scissors: 'scissors',
  broccoli: 'broccoli',
}

/** The plural of the last word, by the rules of spelling and the exceptions among COCO's categories. */
export function pluralOf(name: string): string {
  const cut = name.lastIndexOf(' ') + 1
  const [before, word] = [name.slice(0, cut), name.slice(cut)]
  const known = PLURALS[word]
  if (known !== undefined) return before + known
  if (/(?:s|x|z|ch|sh)$/.test(word)) return `${name}es`
  if (/[^aeiou]y$/.test(word)) return `${name.slice(0, -1)}ies`
  return `${name}s`
}

export function nounOf(category: string): Noun {
  const one = [category, ...(SYNONYMS[category] ?? [])]
  return { one, many: one.map(pluralOf) }
}
