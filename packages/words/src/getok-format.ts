// GETok geometry to text (arXiv 2512.10554, figures and section on the answer format), canonical spelling only.
//
// A code is a word index of the vocabulary (see `getokCode`): cells, then offsets, then delete.

import { WordsError } from './error.ts'
import { getokSymbol, getokWord } from './getok-word.ts'
import { type GetokVocabulary, wordAt } from './vocabulary.ts'

/** box: two corners; seg: a set of points; pl: an open line; pg: a closed one; point: one word without a tag. */
export type GetokGeometryKind = 'box' | 'seg' | 'pl' | 'pg' | 'point'

/** Words of one geometry: grid words in an answer, offset or delete words in a refinement, one for one. */
export type GetokGeometry = { readonly kind: GetokGeometryKind; readonly codes: readonly number[] }

/** One object of the picture: one line of an answer. */
export type GetokInstance = { readonly label?: string; readonly geometries: readonly GetokGeometry[] }

/** How many words a geometry may have. */
export const GETOK_WORD_COUNT: Record<GetokGeometryKind, { least: number; most: number }> = {
  box: { least: 2, most: 2 },
  seg: { least: 1, most: Number.POSITIVE_INFINITY },
  pl: { least: 2, most: Number.POSITIVE_INFINITY },
  pg: { least: 3, most: Number.POSITIVE_INFINITY },
  point: { least: 1, most: 1 },
}

/** `<box><grid_3_4><grid_9_8></box>` and so on. Throws WordsError on a wrong number of words or a code out of range. */
export function formatGetokGeometry(geometry: GetokGeometry, vocabulary: GetokVocabulary): string {
  const { kind, codes } = geometry
  const { least, most } = GETOK_WORD_COUNT[kind]
  if (codes.length < least || codes.length > most) {
    const wanted = most === least ? `${least}` : `at least ${least}`
    throw new WordsError('out-of-range', `<${kind}> takes ${wanted} words, got ${codes.length}`)
  }
  let words = ''
  for (const code of codes) words += wordAt(vocabulary, code)
  return kind === 'point' ? words : `<${kind}>${words}</${kind}>`
}

/** One instance: `label: ` where there is one, its geometries without blanks, points separated by commas. */
export function formatGetokInstance(instance: GetokInstance, vocabulary: GetokVocabulary): string {
  const { label, geometries } = instance
  let text = ''
  if (label !== undefined) {
    if (label.trim() === '' || /[<>[\]\n\r:]/.test(label)) {
      throw new WordsError(
        'malformed',
        `label ${JSON.stringify(label)} is blank or holds one of < > [ ] : or a line break`,
        {
          hint: 'clean it with sanitiseText or replace these characters',
        },
      )
    }
    text = `${label.trim()}: `
  }
  let previous: GetokGeometryKind | undefined
  for (const geometry of geometries) {
    if (previous === 'point' && geometry.kind === 'point') text += ', '
    text += formatGetokGeometry(geometry, vocabulary)
    previous = geometry.kind
  }
  return text
}

/** Instances, one a line, without the `<answer>` tags. */
export function formatGetokInstances(
  instances: readonly GetokInstance[],
  vocabulary: GetokVocabulary,
): string {
  return instances.map((instance) => formatGetokInstance(instance, vocabulary)).join('\n')
}

/** A whole answer: `<think>` where given, then `<answer>`, one instance a line. */
export function formatGetokAnswer(
  answer: { think?: string; instances: readonly GetokInstance[] },
  vocabulary: GetokVocabulary,
): string {
  const think = answer.think === undefined ? '' : `<think>${answer.think}</think>`
  return `${think}<answer>${formatGetokInstances(answer.instances, vocabulary)}</answer>`
}

/**
 * A refinement: `<offset>`, one line a geometry (the published shape), offset or delete words in the order of the grid
 * words they answer, `</offset>`. Throws WordsError where a code is a grid word.
 */
export function formatGetokRefinement(
  geometries: readonly GetokGeometry[],
  vocabulary: GetokVocabulary,
): string {
  for (const { kind, codes } of geometries) {
    for (const code of codes) {
      const symbol = getokSymbol(code, vocabulary)
      if (symbol.kind === 'grid') {
        throw new WordsError(
          'malformed',
          `<${kind}> of a refinement holds ${getokWord(symbol, vocabulary)}`,
          {
            hint: 'a refinement has one offset or delete word for every grid word',
          },
        )
      }
    }
  }
  return `<offset>${geometries.map((geometry) => formatGetokGeometry(geometry, vocabulary)).join('\n')}</offset>`
}
