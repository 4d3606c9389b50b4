// The tokenizer of a Hugging Face folder as its files state it: which token has which id, and where ids may be added.
// Formats: huggingface/tokenizers (`tokenizer.json`), transformers (`tokenizer_config.json`, `added_tokens.json`, `vocab.json`).

import { join } from 'node:path'
import { LearnError } from '../error.ts'
import { baseContradictions } from './base-vocabulary.ts'
import { idOfNode, idsOfObject, malformed, readJsonFile, readSmallFile, textOf } from './folder-files.ts'
import { type Contradiction, contradictionsOf, type StatedToken } from './given-ids.ts'
import { at, type JsonNode, type JsonSource, quoted } from './json-source.ts'
import { sentencePieces } from './sentencepiece.ts'

/** Tokens of one tokenizer. The largest published vocabularies have about 260,000. */
export const MAX_TOKENS = 4_000_000

/** Which file holds the base vocabulary: a fast tokenizer has `tokenizer.json`, slow ones the others. */
export type TokenizerKind = 'tokenizer.json' | 'vocab.json' | 'tokenizer.model'

export type FolderTokenizer = {
  readonly kind: TokenizerKind
  /** `BPE`, `Unigram`, `WordPiece`, ... where the file says so. */
  readonly modelType: string
  /** Every token with its id. */
  readonly idOf: ReadonlyMap<string, number>
  /** Highest id + 1: `len(tokenizer)` where there are no holes. */
  readonly tokenCount: number
  /** Ids below `tokenCount` that no token has: how many, and the first one. */
  readonly holes: { readonly count: number; readonly first: number | undefined }
  readonly addedCount: number
  /** Tokens that the files mark special. */
  readonly special: ReadonlySet<string>
  /** Where the files contradict each other about ids: new words would not get the ids that are written. */
  readonly contradictions: readonly Contradiction[]
  readonly tokenizerJson: JsonSource | undefined
  readonly tokenizerConfig: JsonSource | undefined
  readonly addedTokens: JsonSource | undefined
}

/**
 * Reads the tokenizer files of a folder. Throws LearnError `missing` where there is none, `malformed` for ids that are no whole numbers,
 * two tokens with one id, one token with two ids; `too-large` beyond MAX_TOKENS.
 */
export async function readFolderTokenizer(folder: string): Promise<FolderTokenizer> {
  const tokenizerJson = await readJsonFile(folder, 'tokenizer.json')
  const tokenizerConfig = await readJsonFile(folder, 'tokenizer_config.json')
  const addedTokens = await readJsonFile(folder, 'added_tokens.json')
  const ids = new IdTable()
  let kind: TokenizerKind = 'tokenizer.json'
  let modelType = 'BPE'
  let listed: StatedToken[] | undefined
  let model: ReadonlyMap<string, number>
  const contradictions: Contradiction[] = []
  if (tokenizerJson !== undefined) {
    modelType = textOf(at(tokenizerJson.root, 'model', 'type')) ?? 'unnamed'
    readModelVocabulary(tokenizerJson, ids)
    model = new Map(ids.idOf)
    listed = readListed(tokenizerJson, ids)
    contradictions.push(...(await baseContradictions(folder, tokenizerJson, { model, listed })))
  } else {
    const vocabulary = await readJsonFile(folder, 'vocab.json')
    if (vocabulary !== undefined) {
      kind = 'vocab.json'
      for (const { word, id, place } of idsOfObject(vocabulary)) ids.add(word, id, vocabulary.file, place)
    } else {
      kind = 'tokenizer.model'
      const pieces = await readPieces(folder)
      modelType = 'SentencePiece'
      for (const [id, piece] of pieces.entries()) ids.add(piece, id, 'tokenizer.model', `piece ${id}`)
      // InternLM2 names reserved pieces anew: the id of `[UNUSED_TOKEN_146]` is `<|im_start|>` in the decoder table.
      ids.renames = true
    }
    model = new Map(ids.idOf)
  }
  const decoder = readDecoder(tokenizerConfig, ids)
  const addedFile = addedTokens === undefined ? undefined : idsOfObject(addedTokens)
  for (const { word, id, place } of addedFile ?? []) {
    ids.add(word, id, addedTokens!.file, place)
    ids.added.add(word)
  }
  // Pieces that the tables name anew are the model's under their new names.
  if (ids.renames) {
    const pieces = model.size
    model = new Map([...ids.idOf].filter(([, id]) => id < pieces))
  }
  const named = [
    ...namedTokens(tokenizerConfig, 'tokenizer_config.json'),
    ...namedTokens(await readJsonFile(folder, 'special_tokens_map.json'), 'special_tokens_map.json'),
  ]
  contradictions.push(...contradictionsOf({ model, listed, decoder, addedFile, named }))
  return {
    kind,
    modelType,
    idOf: ids.idOf,
    tokenCount: ids.highest + 1,
    holes: ids.holes(),
    addedCount: ids.added.size,
    special: ids.special,
    contradictions,
    tokenizerJson,
    tokenizerConfig,
    addedTokens,
  }
}

function readListed(source: JsonSource, ids: IdTable): StatedToken[] {
  const added = at(source.root, 'added_tokens')
  if (added !== undefined && added.kind !== 'array')
    throw malformed(source.file, 'added_tokens', 'is no list')
  return (added?.items ?? []).map((token, k) => {
    const place = `added_tokens[${k}]`
    const word = textOf(at(token, 'content'))
    if (word === undefined) throw malformed(source.file, place, 'has no content')
    const id = idOfNode(at(token, 'id'), source.file, place)
    ids.add(word, id, source.file, place)
    if (ids.added.has(word)) throw malformed(source.file, place, `repeats ${quoted(word)}`)
    ids.added.add(word)
    ids.flag(word, at(token, 'special'), source.file, place)
    return { word, id }
  })
}

/** Tokens with a purpose: `pad_token` and its like, and the lists of special ones. */
function namedTokens(
  source: JsonSource | undefined,
  file: string,
): { word: string; key: string; file: string }[] {
  if (source?.root.kind !== 'object') return []
  return [...source.root.entries].flatMap(([key, node]) => {
    const lists = key === 'additional_special_tokens' || key === 'extra_special_tokens'
    if (!lists && !PURPOSES.has(key)) return []
    const nodes =
      node.kind === 'array'
        ? node.items
        : lists && node.kind === 'object'
          ? [...node.entries.values()]
          : [node]
    return nodes.flatMap((one) => {
      const word = textOf(one.kind === 'object' ? at(one, 'content') : one)
      return word === undefined || word === '' ? [] : [{ word, key, file }]
    })
  })
}

/** `PreTrainedTokenizerBase.SPECIAL_TOKENS_ATTRIBUTES`. */
const PURPOSES = new Set(['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map((name) => `${name}_token`))

async function readPieces(folder: string): Promise<string[]> {
  const path = join(folder, 'tokenizer.model')
  const bytes = await readSmallFile(path)
  if (bytes === undefined) {
    throw new LearnError('missing', 'the folder has no tokenizer', {
      file: folder,
      hint: 'it needs tokenizer.json, or vocab.json with merges.txt, or tokenizer.model',
    })
  }
  return sentencePieces(bytes, path)
}

function readModelVocabulary(source: JsonSource, ids: IdTable): void {
  const vocabulary = at(source.root, 'model', 'vocab')
  if (vocabulary?.kind === 'object') {
    for (const { word, id, place } of idsOfObject(source, vocabulary, 'model.vocab')) {
      ids.add(word, id, source.file, place)
    }
    return
  }
  if (vocabulary?.kind !== 'array') throw malformed(source.file, 'model.vocab', 'is neither object nor list')
  for (const [id, pair] of vocabulary.items.entries()) {
    const word = textOf(pair.kind === 'array' ? pair.items[0] : pair)
    const place = `model.vocab[${id}]`
    if (word === undefined) throw malformed(source.file, place, 'has no text')
    ids.add(word, id, source.file, place)
  }
}

function readDecoder(config: JsonSource | undefined, ids: IdTable): StatedToken[] | undefined {
  const decoder = at(config?.root, 'added_tokens_decoder')
  if (config === undefined || decoder === undefined) return undefined
  if (decoder.kind !== 'object') throw malformed(config.file, 'added_tokens_decoder', 'is no object')
  return [...decoder.entries].map(([key, token]) => {
    const place = `added_tokens_decoder["${key.slice(0, 20)}"]`
    const word = textOf(at(token, 'content'))
    if (word === undefined) throw malformed(config.file, place, 'has no content')
    if (!/^\d{1,10}$/.test(key)) throw malformed(config.file, place, 'is no token id')
    ids.added.add(word)
    ids.add(word, Number(key), config.file, place)
    ids.flag(word, at(token, 'special'), config.file, place)
    return { word, id: Number(key) }
  })
}

/** Tokens and ids that must agree wherever they are stated. */
class IdTable {
  readonly idOf = new Map<string, number>()
  readonly special = new Set<string>()
  readonly wordOf = new Map<number, string>()
  readonly added = new Set<string>()
  highest = -1
  /** Whether a later word may take over the id of an earlier one. */
  renames = false

  add(word: string, id: number, file: string, place: string): void {
    const known = this.idOf.get(word)
    if (known === id) return
    if (known !== undefined) {
      throw new LearnError('malformed', `${quoted(word)} has the ids ${known} and ${id}`, {
        file,
        at: place,
        hint: CONTRADICTION_HINT,
      })
    }
    const owner = this.wordOf.get(id)
    if (owner !== undefined && this.renames) this.idOf.delete(owner)
    else if (owner !== undefined) {
      throw new LearnError('malformed', `the id ${id} belongs to ${quoted(owner)} and to ${quoted(word)}`, {
        file,
        at: place,
        hint: CONTRADICTION_HINT,
      })
    }
    if (this.idOf.size >= MAX_TOKENS)
      throw new LearnError('too-large', `more than ${MAX_TOKENS} tokens`, { file })
    this.idOf.set(word, id)
    this.wordOf.set(id, word)
    this.highest = Math.max(this.highest, id)
  }

  flag(word: string, special: JsonNode | undefined, file: string, place: string): void {
    if (special !== undefined && (special.kind !== 'literal' || special.value === null)) {
      throw malformed(file, `${place}.special`, 'is neither true nor false')
    }
    if (special?.kind === 'literal' && special.value === true) this.special.add(word)
  }

  holes(): { count: number; first: number | undefined } {
    const count = this.highest + 1 - this.wordOf.size
    if (count === 0) return { count, first: undefined }
    let first = 0
    while (this.wordOf.has(first)) first++
    return { count, first }
  }
}

const CONTRADICTION_HINT =
  'the files of this tokenizer contradict each other: fetch the published folder again'
