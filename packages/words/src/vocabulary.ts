// The three vocabularies as values: SAMTok (arXiv 2601.16093), HiMTok (ICCV 2025), GETok (arXiv 2512.10554).
//
// A vocabulary lists its words in a fixed order; the place in that order is the word index. Host token ids are known
// only when a tokenizer said so (`tokenIds`): they are never assumed.

import { WordsError } from './error.ts'

/** Most codes (levels x codes per level, or grid cells) of a vocabulary. The largest published is VQ-65536. */
export const MAX_VOCABULARY_CODES = 2 ** 20

/** Most residual levels. The largest published is 4; HiMTok's sequence length (32) is a different thing. */
export const MAX_LEVELS = 64

/** Most words of one HiMTok mask. The published models use 32. */
export const MAX_HIMTOK_LENGTH = 1024

/** Digits of SAMTok's ids, zeros in front; larger vocabularies have more. */
export const SAMTOK_DIGITS = 4

export const MASK_START = '<|mt_start|>'
export const MASK_END = '<|mt_end|>'

/** Host token ids of a vocabulary's words. */
export type TokenIds = {
  /** Token id by word index; -1 where the tokenizer lacks the word. */
  readonly ofWord: Int32Array
  /** Word index by token id. */
  readonly toWord: ReadonlyMap<number, number>
}

/** Residual codes: `levels` codes of 0..codesPerLevel-1, written with the global id level * codesPerLevel + code. */
export type SamtokVocabulary = {
  readonly kind: 'samtok'
  readonly codesPerLevel: number
  readonly levels: number
  /** Digits of a written id, zero padded: 4, or more where codesPerLevel * levels > 10,000. */
  readonly digits: number
  /** Number of words: all codes, start and end. */
  readonly wordCount: number
  /** levels * log2(codesPerLevel). */
  readonly bitsPerMask: number
  readonly tokenIds?: TokenIds
}

/** A sequence of 1..maxLength codes from one codebook, coarse to fine; ids are written without zero padding. */
export type HimtokVocabulary = {
  readonly kind: 'himtok'
  readonly codes: number
  readonly maxLength: number
  /** Number of words: all codes, start and end. */
  readonly wordCount: number
  /** maxLength * log2(codes): a mask of full length. */
  readonly bitsPerMask: number
  readonly tokenIds?: TokenIds
}

/** Grid cells (column i, row j of an n x n grid), nine offsets and delete. */
export type GetokVocabulary = {
  readonly kind: 'getok'
  readonly gridSize: number
  /** gridSize^2 + 10. */
  readonly wordCount: number
  /** log2(gridSize^2): one grid word. */
  readonly bitsPerGridWord: number
  /** log2(10): one offset or delete word. */
  readonly bitsPerOffsetWord: number
  /** Tokens of a tag (`<box>`, `</seg>`): 1 where the tokenizer has tags as words of its own, TEXT_TAG_TOKENS as plain text. */
  readonly tagTokens: number
  readonly tokenIds?: TokenIds
}

/** A vocabulary whose masks stand between start and end words. */
export type SpanVocabulary = SamtokVocabulary | HimtokVocabulary
export type Vocabulary = SpanVocabulary | GetokVocabulary

/** The SAMTok vocabulary of K codes x D levels (256 x 2 by default). Throws WordsError on sizes out of range. */
export function samtokVocabulary(
  options: { codesPerLevel?: number; levels?: number } = {},
): SamtokVocabulary {
  const { codesPerLevel = 256, levels = 2 } = options
  checkCount('codesPerLevel', codesPerLevel, MAX_VOCABULARY_CODES)
  checkCount('levels', levels, MAX_LEVELS)
  const codes = codesPerLevel * levels
  checkCount('codesPerLevel x levels', codes, MAX_VOCABULARY_CODES)
  return {
    kind: 'samtok',
    codesPerLevel,
    levels,
    digits: Math.max(SAMTOK_DIGITS, String(codes - 1).length),
    wordCount: codes + 2,
    bitsPerMask: levels * Math.log2(codesPerLevel),
  }
}

/** The HiMTok vocabulary (1024 codes, up to 32 words a mask by default). Throws WordsError on sizes out of range. */
export function himtokVocabulary(options: { codes?: number; maxLength?: number } = {}): HimtokVocabulary {
  const { codes = 1024, maxLength = 32 } = options
  checkCount('codes', codes, MAX_VOCABULARY_CODES)
  checkCount('maxLength', maxLength, MAX_HIMTOK_LENGTH)
  return { kind: 'himtok', codes, maxLength, wordCount: codes + 2, bitsPerMask: maxLength * Math.log2(codes) }
}

/** Tokens of a GETok tag in plain text, as the tokenizers of Qwen and Llama 3 cut it: `<`, `box`, `>`. */
export const TEXT_TAG_TOKENS = 3

/** The GETok vocabulary of an n x n grid (n = 32 by default). Throws WordsError on a size out of range. */
export function getokVocabulary(options: { gridSize?: number; tagTokens?: number } = {}): GetokVocabulary {
  const { gridSize = 32, tagTokens = TEXT_TAG_TOKENS } = options
  checkCount('gridSize', gridSize, 1024)
  return {
    kind: 'getok',
    gridSize,
    wordCount: gridSize * gridSize + 10,
    bitsPerGridWord: Math.log2(gridSize * gridSize),
    bitsPerOffsetWord: Math.log2(10),
    tagTokens,
  }
}

/**
 * The word at `index` of the vocabulary's own order: SAMTok start, codes, end; HiMTok start, end, codes; GETok grid
 * words row by row (index = j * n + i), offsets by v then u from -1 to 1, delete. Throws WordsError outside 0..wordCount-1.
 */
export function wordAt(vocabulary: Vocabulary, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= vocabulary.wordCount) {
    throw new WordsError(
      'out-of-range',
      `word index ${index} is outside the ${vocabulary.kind} vocabulary of ${vocabulary.wordCount} words`,
    )
  }
  switch (vocabulary.kind) {
    case 'samtok':
      if (index === 0) return MASK_START
      if (index === vocabulary.wordCount - 1) return MASK_END
      return `<|mt_${String(index - 1).padStart(vocabulary.digits, '0')}|>`
    case 'himtok':
      if (index === 0) return MASK_START
      if (index === 1) return MASK_END
      return `<|mt_${index - 2}|>`
    case 'getok': {
      const n = vocabulary.gridSize
      if (index < n * n) return `<grid_${index % n}_${Math.floor(index / n)}>`
      const offset = index - n * n
      return offset === 9 ? '<DELETE>' : `[OFF_${(offset % 3) - 1}_${Math.floor(offset / 3) - 1}]`
    }
  }
}

/** The short name of a vocabulary, from which its words follow: `samtok-256x2`, `himtok-1024`, `getok-n32`. */
export function vocabularyName(vocabulary: Vocabulary): string {
  switch (vocabulary.kind) {
    case 'samtok':
      return `samtok-${vocabulary.codesPerLevel}x${vocabulary.levels}`
    case 'himtok':
      return `himtok-${vocabulary.codes}`
    case 'getok':
      return `getok-n${vocabulary.gridSize}`
  }
}

/** All words in index order: what has to be added to a tokenizer, in this order, as normal (not special) tokens. */
export function wordsOf(vocabulary: Vocabulary): string[] {
  return Array.from({ length: vocabulary.wordCount }, (_, index) => wordAt(vocabulary, index))
}

/** Word index of the start word, the end word and code 0 of a span vocabulary. */
export function spanWordIndices(vocabulary: SpanVocabulary): {
  start: number
  end: number
  firstCode: number
} {
  return vocabulary.kind === 'samtok'
    ? { start: 0, end: vocabulary.wordCount - 1, firstCode: 1 }
    : { start: 0, end: 1, firstCode: 2 }
}

/**
 * The same vocabulary with host token ids: either `ofWord` by word index (-1 where missing) or `firstTokenId`, from
 * which the words follow each other. Throws WordsError on a wrong length, a negative id other than -1 or a repeated id.
 */
export function withTokenIds<V extends Vocabulary>(
  vocabulary: V,
  ids: { ofWord: ArrayLike<number> } | { firstTokenId: number },
): V {
  const ofWord = new Int32Array(vocabulary.wordCount)
  if ('firstTokenId' in ids) {
    for (let k = 0; k < ofWord.length; k++) ofWord[k] = checkTokenId(ids.firstTokenId + k, k)
  } else {
    if (ids.ofWord.length !== vocabulary.wordCount) {
      throw new WordsError(
        'out-of-range',
        `the ${vocabulary.kind} vocabulary has ${vocabulary.wordCount} words, got ${ids.ofWord.length} token ids`,
      )
    }
    for (let k = 0; k < ofWord.length; k++) {
      ofWord[k] = ids.ofWord[k] === -1 ? -1 : checkTokenId(ids.ofWord[k]!, k)
    }
  }
  const toWord = new Map<number, number>()
  for (let k = 0; k < ofWord.length; k++) {
    const id = ofWord[k]!
    if (id === -1) continue
    if (toWord.has(id)) {
      throw new WordsError(
        'malformed',
        `token id ${id} is given to ${wordAt(vocabulary, toWord.get(id)!)} and to ${wordAt(vocabulary, k)}`,
      )
    }
    toWord.set(id, k)
  }
  return { ...vocabulary, tokenIds: { ofWord, toWord } }
}

/** The vocabulary's token ids; WordsError 'not-found' where it was built from numbers alone. */
export function requireTokenIds(vocabulary: Vocabulary): TokenIds {
  if (vocabulary.tokenIds !== undefined) return vocabulary.tokenIds
  throw new WordsError('not-found', `this ${vocabulary.kind} vocabulary does not know its token ids`, {
    hint: 'read it from the model folder with readTokenizer, or give the ids with withTokenIds',
  })
}

function checkTokenId(id: number, word: number): number {
  if (Number.isInteger(id) && id >= 0 && id < 2 ** 31) return id
  throw new WordsError(
    'out-of-range',
    `token id of word ${word} must be a whole number below 2^31, got ${id}`,
  )
}

function checkCount(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return
  throw new WordsError('out-of-range', `${name} must be a whole number from 1 to ${most}, got ${value}`)
}
