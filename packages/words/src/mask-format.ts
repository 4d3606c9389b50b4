// Codes to text for SAMTok and HiMTok: the canonical spelling, the display form of the SAMTok paper, host token ids.
//
// A code of -1 means "not known". It may only stand at the tail of a SAMTok mask (a first-level mask is a coarse but
// legitimate mask); the words of missing levels are simply not written.

import { WordsError } from './error.ts'
import { MASK_END, MASK_START, requireTokenIds, type SpanVocabulary, spanWordIndices } from './vocabulary.ts'

/**
 * The canonical text of one mask, without spaces: `<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>` for SAMTok codes
 * [11, 91]. `codes`: SAMTok one code per level (0..codesPerLevel-1), -1 allowed at the tail; HiMTok 1..maxLength codes.
 * Throws WordsError on codes that the vocabulary does not have.
 */
export function formatMaskWords(codes: ArrayLike<number>, vocabulary: SpanVocabulary): string {
  let text = MASK_START
  for (const id of globalIds(codes, vocabulary)) text += codeWord(id, vocabulary)
  return text + MASK_END
}

/** The written form of one code by its global id (SAMTok: level * codesPerLevel + code). */
function codeWord(globalId: number, vocabulary: SpanVocabulary): string {
  return vocabulary.kind === 'samtok'
    ? `<|mt_${String(globalId).padStart(vocabulary.digits, '0')}|>`
    : `<|mt_${globalId}|>`
}

/** The display form of the SAMTok paper's figures, with global ids and no padding: `<11-347>` for codes [11, 91]. */
export function formatMaskDisplay(codes: ArrayLike<number>, vocabulary: SpanVocabulary): string {
  return `<${globalIds(codes, vocabulary).join('-')}>`
}

/** Host token ids of one mask: start, codes, end. WordsError 'not-found' where the vocabulary lacks an id. */
export function maskTokenIds(codes: ArrayLike<number>, vocabulary: SpanVocabulary): number[] {
  const { ofWord } = requireTokenIds(vocabulary)
  const { start, end, firstCode } = spanWordIndices(vocabulary)
  const words = [start, ...globalIds(codes, vocabulary).map((id) => firstCode + id), end]
  return words.map((word) => {
    const id = ofWord[word]!
    if (id !== -1) return id
    throw new WordsError('not-found', `the tokenizer has no token for word ${word} of the vocabulary`)
  })
}

/** Checks codes and gives the global ids of those that are known. Throws WordsError naming the first wrong one. */
function globalIds(codes: ArrayLike<number>, vocabulary: SpanVocabulary): number[] {
  const ids: number[] = []
  if (vocabulary.kind === 'himtok') {
    if (codes.length < 1 || codes.length > vocabulary.maxLength) {
      throw new WordsError(
        'out-of-range',
        `a HiMTok mask has 1 to ${vocabulary.maxLength} codes, got ${codes.length}`,
      )
    }
    for (let k = 0; k < codes.length; k++) ids.push(checkCode(codes[k]!, vocabulary.codes, k))
    return ids
  }
  if (codes.length !== vocabulary.levels) {
    throw new WordsError(
      'out-of-range',
      `a SAMTok mask of this vocabulary has ${vocabulary.levels} codes, got ${codes.length}`,
      { hint: 'write -1 for a level that is not known' },
    )
  }
  for (let level = 0; level < codes.length; level++) {
    const code = codes[level]!
    if (code === -1 && level > 0) {
      for (let rest = level; rest < codes.length; rest++) {
        if (codes[rest] !== -1) {
          throw new WordsError(
            'out-of-range',
            `level ${rest} has code ${codes[rest]} below a missing level`,
            {
              at: rest,
              hint: 'a residual code means nothing without the levels above it',
            },
          )
        }
      }
      break
    }
    ids.push(level * vocabulary.codesPerLevel + checkCode(code, vocabulary.codesPerLevel, level))
  }
  return ids
}

function checkCode(code: number, count: number, at: number): number {
  if (Number.isInteger(code) && code >= 0 && code < count) return code
  throw new WordsError(
    'out-of-range',
    `code ${at} must be a whole number from 0 to ${count - 1}, got ${code}`,
    {
      at,
    },
  )
}
