// `inspect` of a language model's folder: its mask words, their ids and flags, rows against tokens, and what will go wrong where.
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { describeModelFolder, type FoundVocabulary } from '@maskwords/learn'
import type { FactValue, Report } from './report.ts'

const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'vocab.json', 'tokenizer.model']

/** Whether a folder has a tokenizer: what tells a language model from a codec's folder. */
export async function isModelFolder(path: string): Promise<boolean> {
  for (const name of TOKENIZER_FILES) {
    const there = await access(join(path, name)).then(
      () => true,
      () => false,
    )
    if (there) return true
  }
  return false
}

export async function inspectModelFolder(target: string, path: string): Promise<Report> {
  const { architecture, tokenizer, vocabularies, check, weights, vocabSizes, problems } =
    await describeModelFolder(path)
  const facts: [string, FactValue][] = []
  if (architecture !== undefined) facts.push(['architecture', architecture])
  if (tokenizer !== undefined) {
    facts.push(
      ['tokenizer', `${tokenizer.kind} (${tokenizer.modelType})`],
      ['tokens', tokenizer.tokenCount],
      ['added tokens', tokenizer.addedCount],
    )
  }
  facts.push(['mask words', vocabularies.length === 0 ? 'none' : vocabularies.map((v) => v.name).join(', ')])
  if (weights !== undefined) {
    facts.push(
      ['embedding rows', weights.rows],
      ['rows without token', weights.paddingRows],
      ['head', weights.tied ? 'tied to the embedding' : 'its own'],
      ['shards', weights.shards],
    )
  }
  if (vocabSizes.length > 0) {
    facts.push(['vocab_size', vocabSizes.map(({ path: at, value }) => `${at} ${value}`).join(', ')])
  }
  if (check !== undefined) {
    facts.push([
      'second tokenizer',
      `${check.failureCount === 0 ? 'each word is one token' : `${check.failureCount} failures`} in ${check.contexts} contexts${check.wholeText ? '' : ` (text around them not read: ${check.reason})`}`,
    ])
  }
  if (vocabularies.length > 0) {
    facts.push(['vocabulary, words, first id, last id, contiguous, special', vocabularies.map(row)])
  }
  if (weights !== undefined) {
    facts.push([
      'tensor, type, rows, columns',
      weights.rowTensors.map((tensor) => [tensor.name, tensor.dtype, tensor.rows, tensor.columns]),
    ])
  }
  const words =
    vocabularies.length === 0 ? 'without mask words' : `with ${vocabularies.map((v) => v.name).join(', ')}`
  return {
    target,
    kind: 'language-model',
    what: `language model folder ${words}`,
    facts,
    problems,
  }
}

function row(found: FoundVocabulary): (string | number)[] {
  const { name, present, wordCount, firstId, lastId, contiguous, special } = found
  const words = present === wordCount ? wordCount : `${present} of ${wordCount}`
  return [name, words, firstId, lastId, contiguous ? 'yes' : 'no', special === 0 ? 'no' : special]
}
