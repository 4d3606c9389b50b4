// Words of the codecs whose mask is a row of codes (SAMTok, HiMTok): from what a caller gives to codes, and from codes to words.
import { codesFromText, formatMaskWords, type SpanVocabulary } from '@maskwords/words'
import type { MaskWords, WordsInput } from './codec.ts'
import { CodecError } from './error.ts'

/** The codes that `words` name or are. Throws CodecError `malformed-words` unless they are 1 to `most`; `wanted` ends that sentence. */
export function codesGiven(
  words: WordsInput,
  vocabulary: SpanVocabulary,
  { at, most, wanted, hint }: { at: number; most: number; wanted: string; hint?: string },
): number[] {
  const codes =
    typeof words === 'string'
      ? codesFromText(words, vocabulary)
      : Array.from('codes' in words ? words.codes : words)
  if (codes.length >= 1 && codes.length <= most) return codes
  throw new CodecError('malformed-words', `mask ${at}: ${codes.length} ${wanted}`, { at, hint })
}

/** Throws CodecError `malformed-words` for a code that is no whole number from `least` to `count` - 1. */
export function checkCodes(
  codes: readonly number[],
  { at, count, least = 0, hint }: { at: number; count: number; least?: number; hint?: string },
): void {
  const wrong = codes.find((code) => !Number.isInteger(code) || code < least || code >= count)
  if (wrong === undefined) return
  throw new CodecError('malformed-words', `mask ${at}: code ${wrong} is not one of 0 to ${count - 1}`, {
    at,
    hint,
  })
}

/** Words of `masks` rows that stand `stride` codes apart; the first `length` codes of each are said, `bits` is what they tell. */
export function wordsOfRows(
  codes: Int32Array,
  vocabulary: SpanVocabulary,
  { masks, stride, length, bits }: { masks: number; stride: number; length: number; bits: number },
): MaskWords[] {
  return Array.from({ length: masks }, (_, m) => {
    const row = Array.from(codes.subarray(m * stride, m * stride + length))
    return { codes: row, text: formatMaskWords(row, vocabulary), tokens: length + 2, bits }
  })
}
