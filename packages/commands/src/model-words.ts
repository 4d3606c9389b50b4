// Whether a language model has the words of a mask language: what prepare, reward and the trainer must agree on.

import { dirname } from 'node:path'
import { MaskwordsError } from '@maskwords/files'
import { nameOfVocabulary, vocabulariesOfFolder, type WordSet } from '@maskwords/learn'

/**
 * Throws MaskwordsError `unsupported` where the model's tokenizer lacks words of the set. `model`: its folder, or the
 * tokenizer.json in it.
 */
export async function refuseOtherVocabulary(
  model: string,
  words: Pick<WordSet, 'name' | 'vocabulary'>,
): Promise<void> {
  const folder = model.endsWith('.json') ? dirname(model) : model
  const found = await vocabulariesOfFolder(folder)
  const { name, vocabulary } = words
  const has = found.some(
    ({ kind, wordCount }) => kind === vocabulary?.kind && wordCount === vocabulary.wordCount,
  )
  if (has || vocabulary === undefined) return
  const said = found.length === 0 ? 'no mask words' : found.map(nameOfVocabulary).join(', ')
  throw new MaskwordsError('unsupported', `the model has ${said}, and the data is in ${name}`, {
    file: folder,
    hint: `maskwords extend-vocab ${folder} --words ${name} -o base gives it these words`,
  })
}
