// The mask words among a tokenizer's tokens. SAMTok's files do not say how many codes a level has: 256 where that divides
// their number (all published ones), else they are taken for one level.
import {
  readTokenizer,
  type TokenizerReading,
  type Vocabulary,
  vocabularyName,
  WordsError,
} from '@maskwords/words'

/** A token with its id, and its flags where they are known. */
export type Token = { readonly content: string; readonly id: number; readonly [flag: string]: unknown }

/** What `readTokenizer` finds among the tokens; undefined where there are no mask words. Throws WordsError `malformed`. */
export function maskWordsOf(tokens: readonly Token[], file?: string): TokenizerReading | undefined {
  const named = file === undefined ? {} : { file }
  try {
    const reading = readTokenizer({ added_tokens: tokens }, named)
    if (!reading.warnings.some((warning) => warning.code === 'levels')) return reading
    let codes = 0
    for (const { content } of tokens) {
      const match = /^<\|mt_(\d{4,7})\|>$/.exec(content)
      if (match !== null) codes = Math.max(codes, Number(match[1]) + 1)
    }
    return readTokenizer({ added_tokens: tokens }, { ...named, codesPerLevel: codes })
  } catch (error) {
    if (error instanceof WordsError && error.code === 'not-found') return undefined
    throw error
  }
}

/** `samtok-256x2`, `himtok-1024`, `getok-n32`; `samtok with N codes` where their levels are not known. */
export function nameOfVocabulary(vocabulary: Vocabulary): string {
  if (vocabulary.kind !== 'samtok') return vocabularyName(vocabulary)
  const codes = vocabulary.codesPerLevel * vocabulary.levels
  return codes === 512 ? 'samtok-256x2' : `samtok with ${codes} codes`
}
