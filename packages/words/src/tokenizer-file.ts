// Vocabularies out of a tokenizer's files (Hugging Face `tokenizer.json`, `tokenizer_config.json`, `added_tokens.json`).
//
// Ids are read, never assumed: released models differ in base size, padding and in whether words are marked special.

import { isRecord } from '@maskwords/base'
import { WordsError } from './error.ts'
import {
  type GetokVocabulary,
  getokVocabulary,
  type HimtokVocabulary,
  himtokVocabulary,
  type SamtokVocabulary,
  samtokVocabulary,
  type Vocabulary,
  withTokenIds,
  wordAt,
} from './vocabulary.ts'

export type TokenizerWarningCode =
  /** Words marked special: servers and trainers that skip special tokens delete them from the answer. */
  | 'special'
  /** Words of the vocabulary that the file does not have. */
  | 'missing'
  /** Ids that do not follow each other in the vocabulary's order. */
  | 'not-contiguous'
  /** lstrip or rstrip is set: text around the words is eaten. */
  | 'strip'
  /** normalized or single_word is set: the words are not always found in text. */
  | 'normalized'
  /** One word with two ids, or in two places that disagree: the added token's id is taken. */
  | 'conflict'
  /** More than one mask vocabulary in the file. */
  | 'several'
  /** The number of codes does not fit the given codes per level. */
  | 'levels'

export type TokenizerWarning = {
  readonly code: TokenizerWarningCode
  readonly message: string
  /** Some of the words concerned, at most 5. */
  readonly words: readonly string[]
}

export type TokenizerReading = {
  /** What the file has, SAMTok, HiMTok, GETok in this order; each with token ids. At least one. */
  readonly vocabularies: readonly Vocabulary[]
  readonly samtok?: SamtokVocabulary
  readonly himtok?: HimtokVocabulary
  readonly getok?: GetokVocabulary
  readonly warnings: readonly TokenizerWarning[]
}

/** Entries looked at in one file. The largest published vocabularies have about 260,000. */
export const MAX_TOKENIZER_ENTRIES = 4_000_000

type Entry = { id: number; flags: readonly string[] }

/**
 * Reads the mask vocabularies of a parsed tokenizer file: a `tokenizer.json` (added_tokens and model.vocab), a
 * `tokenizer_config.json` (added_tokens_decoder) or an `added_tokens.json` (word to id). `codesPerLevel` (256) tells how
 * SAMTok's ids divide into levels; the file does not. Throws WordsError 'malformed' for anything that is no tokenizer
 * file and 'not-found' when it has no mask words.
 */
export function readTokenizer(
  json: unknown,
  options: { codesPerLevel?: number; file?: string } = {},
): TokenizerReading {
  const { codesPerLevel = 256, file = 'tokenizer.json' } = options
  const warnings: TokenizerWarning[] = []
  const entries = collectEntries(json, file, warnings)
  const found = {
    ...(readSamtok(entries, codesPerLevel, file, warnings) ?? {}),
    ...(readHimtok(entries, warnings) ?? {}),
    ...(readGetok(entries, warnings) ?? {}),
  } as { samtok?: SamtokVocabulary; himtok?: HimtokVocabulary; getok?: GetokVocabulary }
  const vocabularies = [found.samtok, found.himtok, found.getok].filter((v) => v !== undefined)
  if (vocabularies.length === 0) {
    throw new WordsError('not-found', `${file}: no SAMTok, HiMTok or GETok words among its tokens`, {
      hint: 'is this the folder of a base model, without mask words?',
    })
  }
  if (vocabularies.length > 1) {
    const kinds = vocabularies.map((v) => v.kind).join(', ')
    warnings.push({ code: 'several', message: `the file has words of ${kinds}`, words: [] })
  }
  return { ...found, vocabularies, warnings }
}

function collectEntries(json: unknown, file: string, warnings: TokenizerWarning[]): Map<string, Entry> {
  const root = asRecord(json)
  if (root === undefined) throw malformed(file, 'the top level is no object')
  const entries = new Map<string, Entry>()
  const conflicts: string[] = []
  let seen = 0
  const add = (word: unknown, id: unknown, flags: readonly string[], what: string) => {
    if (++seen > MAX_TOKENIZER_ENTRIES) {
      throw new WordsError('too-large', `${file}: more than ${MAX_TOKENIZER_ENTRIES} entries`)
    }
    if (typeof word !== 'string' || !isMaskWord(word)) return
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= 2 ** 31) {
      throw malformed(file, `${what}: the id of ${word} is ${JSON.stringify(id)}`)
    }
    const before = entries.get(word)
    if (before !== undefined && before.id !== id) conflicts.push(word)
    if (before === undefined) entries.set(word, { id, flags })
  }
  const decoder = asRecord(root.added_tokens_decoder)
  if (Array.isArray(root.added_tokens)) {
    root.added_tokens.forEach((token: unknown, k: number) => {
      const record = asRecord(token)
      if (record === undefined) throw malformed(file, `added_tokens[${k}] is no object`)
      add(record.content, record.id, flagsOf(record), `added_tokens[${k}]`)
    })
  }
  if (decoder !== undefined) {
    for (const [id, token] of Object.entries(decoder)) {
      const record = asRecord(token)
      if (record === undefined) throw malformed(file, `added_tokens_decoder["${id}"] is no object`)
      add(record.content, Number(id), flagsOf(record), `added_tokens_decoder["${id}"]`)
    }
  }
  const vocabulary = asRecord(root.model)?.vocab
  if (Array.isArray(vocabulary)) {
    vocabulary.forEach((pair: unknown, id: number) => {
      add(Array.isArray(pair) ? pair[0] : pair, id, [], `model.vocab[${id}]`)
    })
  } else if (asRecord(vocabulary) !== undefined) {
    for (const [word, id] of Object.entries(vocabulary as object)) add(word, id, [], 'model.vocab')
  }
  if (root.added_tokens === undefined && decoder === undefined && vocabulary === undefined) {
    for (const [word, id] of Object.entries(root)) add(word, id, [], 'top level')
  }
  warn(warnings, 'conflict', 'have two different ids; the added token is taken', conflicts)
  return entries
}

/** Whether a token may be a word of one of the vocabularies; cheap, because files have 150,000 others. */
function isMaskWord(token: string): boolean {
  return (
    token.length <= 32 &&
    (token.startsWith('<|mt_') ||
      token.startsWith('<grid_') ||
      token.startsWith('[OFF_') ||
      token === '<DELETE>' ||
      GETOK_TAGS.includes(token))
  )
}

/** Tags of a GETok mask: in the models that ship them as words they cost one token each. */
const GETOK_TAGS = ['<box>', '</box>', '<seg>', '</seg>']

function readSamtok(
  entries: Map<string, Entry>,
  codesPerLevel: number,
  file: string,
  warnings: TokenizerWarning[],
): { samtok: SamtokVocabulary } | undefined {
  const besideHimtok = entries.has('<|mt_0|>')
  let most = -1
  let digits = 0
  for (const word of entries.keys()) {
    const match = /^<\|mt_(\d{4,7})\|>$/.exec(word)
    if (match === null) continue
    // Four digits without a leading zero may be HiMTok's, where the file has those as well.
    if (besideHimtok && !match[1]!.startsWith('0')) continue
    if (match[1]!.startsWith('0')) digits = match[1]!.length
    most = Math.max(most, Number(match[1]))
  }
  if (digits === 0) return undefined
  const codes = most + 1
  if (codes % codesPerLevel !== 0) {
    const message = `${codes} codes do not divide into levels of ${codesPerLevel}; the last level is incomplete`
    warnings.push({ code: 'levels', message, words: [] })
  }
  const levels = Math.ceil(codes / codesPerLevel)
  const vocabulary = samtokVocabulary({ codesPerLevel, levels })
  if (vocabulary.digits !== digits) {
    throw malformed(file, `ids have ${digits} digits, ${codes} codes are written with ${vocabulary.digits}`)
  }
  return { samtok: withEntries(vocabulary, entries, warnings) }
}

function readHimtok(
  entries: Map<string, Entry>,
  warnings: TokenizerWarning[],
): { himtok: HimtokVocabulary } | undefined {
  if (!entries.has('<|mt_0|>')) return undefined
  let most = 0
  for (const word of entries.keys()) {
    const match = /^<\|mt_(0|[1-9]\d{0,6})\|>$/.exec(word)
    if (match !== null) most = Math.max(most, Number(match[1]))
  }
  return { himtok: withEntries(himtokVocabulary({ codes: most + 1 }), entries, warnings) }
}

function readGetok(
  entries: Map<string, Entry>,
  warnings: TokenizerWarning[],
): { getok: GetokVocabulary } | undefined {
  let most = -1
  for (const word of entries.keys()) {
    const match = /^<grid_(\d{1,4})_(\d{1,4})>$/.exec(word)
    if (match !== null) most = Math.max(most, Number(match[1]), Number(match[2]))
  }
  if (most === -1) return undefined
  return {
    getok: withEntries(
      getokVocabulary({
        gridSize: most + 1,
        ...(GETOK_TAGS.every((tag) => entries.has(tag)) && { tagTokens: 1 }),
      }),
      entries,
      warnings,
    ),
  }
}

function withEntries<V extends Vocabulary>(
  vocabulary: V,
  entries: Map<string, Entry>,
  warnings: TokenizerWarning[],
): V {
  const ofWord = new Int32Array(vocabulary.wordCount).fill(-1)
  const missing: string[] = []
  const flagged = new Map<string, string[]>()
  const jumps: string[] = []
  let expected = -1
  const repeated: string[] = []
  const owner = new Set<number>()
  for (let k = 0; k < vocabulary.wordCount; k++) {
    const word = wordAt(vocabulary, k)
    const entry = entries.get(word)
    if (entry === undefined) {
      missing.push(word)
      expected = expected === -1 ? -1 : expected + 1
      continue
    }
    if (owner.has(entry.id)) {
      repeated.push(word)
      continue
    }
    owner.add(entry.id)
    ofWord[k] = entry.id
    if (expected !== -1 && entry.id !== expected) jumps.push(word)
    expected = entry.id + 1
    for (const flag of entry.flags) {
      const words = flagged.get(flag)
      if (words === undefined) flagged.set(flag, [word])
      else words.push(word)
    }
  }
  const name = vocabulary.kind
  warn(warnings, 'missing', `of the ${name} vocabulary are missing`, missing)
  warn(warnings, 'conflict', `of the ${name} vocabulary share their id with another word`, repeated)
  warn(warnings, 'not-contiguous', `of the ${name} vocabulary do not follow the id before them`, jumps)
  warn(
    warnings,
    'special',
    'are marked special: engines that skip special tokens delete them from answers',
    flagged.get('special') ?? [],
  )
  const strip = [...(flagged.get('lstrip') ?? []), ...(flagged.get('rstrip') ?? [])]
  warn(warnings, 'strip', 'have lstrip or rstrip set: blanks beside them are eaten', strip)
  const normal = [...(flagged.get('normalized') ?? []), ...(flagged.get('single_word') ?? [])]
  warn(warnings, 'normalized', 'have normalized or single_word set: they are not always found', normal)
  return withTokenIds(vocabulary, { ofWord })
}

function warn(
  warnings: TokenizerWarning[],
  code: TokenizerWarningCode,
  message: string,
  words: readonly string[],
): void {
  if (words.length === 0) return
  const shown = words.slice(0, 5)
  const list = shown.join(' ') + (words.length > shown.length ? ' ...' : '')
  warnings.push({ code, message: `${words.length} words ${message}: ${list}`, words: shown })
}

function flagsOf(token: Record<string, unknown>): string[] {
  return ['special', 'lstrip', 'rstrip', 'normalized', 'single_word'].filter((flag) => token[flag] === true)
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return isRecord(value) ? value : undefined
}

function malformed(file: string, what: string): WordsError {
  return new WordsError('malformed', `${file}: ${what}`, {
    hint: 'give the parsed content of tokenizer.json, tokenizer_config.json or added_tokens.json',
  })
}
