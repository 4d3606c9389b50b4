// What a language model's folder says about mask words: which, with which ids and flags, rows against tokens, and what is wrong.
import { CheckpointError } from '@maskwords/checkpoint'
import { type TokenizerReading, type Vocabulary, WordsError, wordAt } from '@maskwords/words'
import { LearnError } from '../error.ts'
import { at, type JsonNode } from './json-source.ts'
import { maskWordsOf, nameOfVocabulary } from './mask-words.ts'
import {
  type FolderProblem,
  type FoundVocabulary,
  generationProblems,
  rowProblems,
  serverProblems,
  specialLists,
  tokenizerProblems,
  weightProblems,
} from './problems.ts'
import { type FolderTokenizer, readFolderTokenizer } from './tokenizer-files.ts'
import { checkWords, openSecondTokenizer, type VocabularyCheck } from './verify.ts'
import { type RowTensor, readFolderConfig, readFolderWeights } from './weights.ts'

export type FolderDescription = {
  readonly folder: string
  readonly architecture: string | undefined
  readonly tokenizer: Pick<FolderTokenizer, 'kind' | 'modelType' | 'tokenCount' | 'addedCount'> | undefined
  readonly vocabularies: readonly FoundVocabulary[]
  /** All words through the second tokenizer; undefined without words or without `tokenizer.json`. */
  readonly check: VocabularyCheck | undefined
  readonly weights:
    | {
        readonly shards: number
        readonly rows: number
        /** Rows that no token has. */
        readonly paddingRows: number
        readonly tied: boolean
        readonly rowTensors: readonly Pick<RowTensor, 'name' | 'role' | 'dtype' | 'rows' | 'columns'>[]
      }
    | undefined
  readonly vocabSizes: readonly { readonly path: string; readonly value: number }[]
  readonly problems: readonly FolderProblem[]
}

/** Describes a folder. What cannot be read becomes a problem of the description; nothing of it is thrown. */
export async function describeModelFolder(folder: string): Promise<FolderDescription> {
  const problems: FolderProblem[] = []
  const config = await attempt(problems, () => readFolderConfig(folder))
  const tokenizer = await attempt(problems, () => readFolderTokenizer(folder))
  const weights = config && (await attempt(problems, () => readFolderWeights(folder, config)))
  const reading = tokenizer && readWords(tokenizer)
  const vocabularies = (reading?.vocabularies ?? []).map((one) => foundVocabulary(one, tokenizer!))
  const check = reading && (await attempt(problems, () => checkFolder(folder, reading)))
  if (tokenizer !== undefined) problems.push(...tokenizerProblems(tokenizer, reading, check))
  if (tokenizer !== undefined) problems.push(...(await specialLists(folder, tokenizer, reading)))
  if (config !== undefined && weights !== undefined) {
    problems.push(...weightProblems(config, weights, tokenizer))
    if (tokenizer !== undefined && reading !== undefined) {
      const rows = await attempt(problems, () => rowProblems(weights, reading))
      problems.push(...(rows ?? []))
    }
  }
  if (reading !== undefined) problems.push(...serverProblems(vocabularies, tokenizer!))
  problems.push(...((await attempt(problems, () => generationProblems(folder))) ?? []))
  return {
    folder,
    architecture: config?.architecture,
    tokenizer: tokenizer && {
      kind: tokenizer.kind,
      modelType: tokenizer.modelType,
      tokenCount: tokenizer.tokenCount,
      addedCount: tokenizer.addedCount,
    },
    vocabularies,
    check,
    weights: weights && {
      shards: weights.shards.length,
      rows: weights.rows,
      paddingRows: Math.max(0, weights.rows - (tokenizer?.tokenCount ?? weights.rows)),
      tied: weights.tied,
      rowTensors: weights.rowTensors.map(({ name, role, dtype, rows, columns }) => ({
        name,
        role,
        dtype,
        rows,
        columns,
      })),
    },
    vocabSizes: (config?.vocabSizes ?? []).map(({ path, value }) => ({ path, value })),
    problems,
  }
}

/**
 * The mask vocabularies among a folder's tokens, by name; none where it has none. Throws LearnError for a folder without a
 * tokenizer, or with one that contradicts itself.
 */
export async function vocabulariesOfFolder(folder: string): Promise<readonly Vocabulary[]> {
  return readWords(await readFolderTokenizer(folder))?.vocabularies ?? []
}

async function attempt<T>(problems: FolderProblem[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    const typed =
      error instanceof LearnError || error instanceof CheckpointError || error instanceof WordsError
    if (!typed) throw error
    const file = error instanceof LearnError && error.file !== undefined ? `${error.file}: ` : ''
    problems.push({
      problem: `${file}${error.message}`,
      ...(error.hint === undefined ? {} : { remedy: error.hint }),
      broken: true,
    })
    return undefined
  }
}

/** The mask words among a folder's tokens, as `readTokenizer` reads them; undefined where there are none. */
function readWords(tokenizer: FolderTokenizer): TokenizerReading | undefined {
  const source = tokenizer.tokenizerJson ?? tokenizer.tokenizerConfig
  const added = new Map(flagsOf(at(source?.root, 'added_tokens')))
  for (const [word, flags] of flagsOf(at(tokenizer.tokenizerConfig?.root, 'added_tokens_decoder'))) {
    if (!added.has(word)) added.set(word, flags)
  }
  const tokens = [...tokenizer.idOf].map(([content, id]) => ({ content, id, ...added.get(content) }))
  return maskWordsOf(tokens)
}

/** Flags by word, of a list (`added_tokens`) or a table (`added_tokens_decoder`). */
function* flagsOf(node: JsonNode | undefined): Generator<[word: string, flags: Record<string, boolean>]> {
  const tokens =
    node?.kind === 'array' ? node.items : node?.kind === 'object' ? [...node.entries.values()] : []
  for (const token of tokens) {
    const content = at(token, 'content')
    if (content?.kind !== 'string' || token.kind !== 'object') continue
    const flags: Record<string, boolean> = {}
    for (const [key, value] of token.entries) if (value.kind === 'literal') flags[key] = value.value === true
    yield [content.value, flags]
  }
}

function foundVocabulary(vocabulary: Vocabulary, tokenizer: FolderTokenizer): FoundVocabulary {
  const ids = [...vocabulary.tokenIds!.ofWord].filter((id) => id >= 0)
  let special = 0
  for (let k = 0; k < vocabulary.wordCount; k++) if (tokenizer.special.has(wordAt(vocabulary, k))) special++
  return {
    kind: vocabulary.kind,
    name: nameOfVocabulary(vocabulary),
    wordCount: vocabulary.wordCount,
    present: ids.length,
    firstId: ids.reduce((least, id) => Math.min(least, id), Number.POSITIVE_INFINITY),
    lastId: ids.reduce((most, id) => Math.max(most, id), -1),
    contiguous: ids.every((id, k) => k === 0 || id === ids[k - 1]! + 1),
    special,
  }
}

async function checkFolder(folder: string, reading: TokenizerReading): Promise<VocabularyCheck | undefined> {
  const second = await openSecondTokenizer(folder)
  if (second === undefined) return undefined
  const idOf = new Map<string, number>()
  for (const vocabulary of reading.vocabularies) {
    vocabulary.tokenIds!.ofWord.forEach((id, k) => {
      const word = wordAt(vocabulary, k)
      // SAMTok and HiMTok share their start and end words.
      if (id >= 0) idOf.set(word, id)
    })
  }
  return checkWords(second, [...idOf.keys()], [...idOf.values()])
}
