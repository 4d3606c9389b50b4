// Mask words of SAMTok and HiMTok in one text: each span is read as the language that spells it so. Definition: ours; both
// languages write `<|mt_start|>`, ids and `<|mt_end|>` (mask-dialect.ts says how they differ).

import { maskDialect } from './mask-dialect.ts'
import { MAX_SPANS, type MachineOptions } from './mask-machine.ts'
import { parseMaskWords } from './mask-parse.ts'
import { isOtherLanguage, type MaskSpan } from './mask-span.ts'
import {
  type HimtokVocabulary,
  himtokVocabulary,
  type SamtokVocabulary,
  type SpanVocabulary,
  samtokVocabulary,
} from './vocabulary.ts'

/** A vocabulary of each language; the published one where none is given. */
export type SpanVocabularies = { readonly samtok?: SamtokVocabulary; readonly himtok?: HimtokVocabulary }

/** A span and the language that it was read in. */
export type LanguageSpan = MaskSpan & {
  readonly language: SpanVocabulary['kind']
  /** `likely`: the other language could have written it, too. */
  readonly certainty: 'certain' | 'likely'
}

/** The spans of `parseMaskWords`, with the language of the vocabulary. */
export function parseInLanguage(
  text: string,
  vocabulary: SpanVocabulary,
  options: MachineOptions = {},
): LanguageSpan[] {
  const { spans } = parseMaskWords(text, vocabulary, options)
  return spans.map((span) => ({ ...span, language: vocabulary.kind, certainty: 'certain' }))
}

/**
 * Finds the mask words of both languages, in order of place. A span that either could have written (`<|mt_start|><|mt_11|>
 * <|mt_347|><|mt_end|>`) is of the language of the others in this text, where they are of one, else of the likelier. Never
 * throws; linear time.
 */
export function parseMaskLanguages(
  text: string,
  vocabularies: SpanVocabularies = {},
  options: Pick<MachineOptions, 'maxSpans'> & {
    /** The language of spans that either could have written. Default: as above. */
    readonly prefer?: SpanVocabulary['kind']
  } = {},
): LanguageSpan[] {
  const { samtok = samtokVocabulary(), himtok = himtokVocabulary() } = vocabularies
  const asSamtok = parseMaskWords(text, samtok, options).spans
  const asHimtok = parseMaskWords(text, himtok, options).spans
  const pieces: { himtok: MaskSpan; samtok: MaskSpan[]; sure: SpanVocabulary['kind'] | undefined }[] = []
  let at = 0
  // With a start word both find the same span; words without one may be several spans of SAMTok's shorter masks.
  for (const [k, span] of asHimtok.entries()) {
    const from = at
    const limit = asHimtok[k + 1]?.start ?? text.length
    while (at < asSamtok.length && asSamtok[at]!.start < limit) at++
    const parts = asSamtok.slice(from, at)
    const sure = isOtherLanguage(span) ? 'samtok' : parts.some(isOtherLanguage) ? 'himtok' : undefined
    pieces.push({ himtok: span, samtok: parts, sure })
  }
  const kinds = new Set(pieces.flatMap(({ sure }) => sure ?? []))
  const [only] = kinds.size === 1 ? kinds : []
  const usual = options.prefer ?? only
  const found: LanguageSpan[] = []
  for (const { himtok: whole, samtok: parts, sure } of pieces) {
    const language =
      sure ?? usual ?? maskDialect(text.slice(whole.start, whole.end), samtok)?.kind ?? 'samtok'
    const certainty = sure === undefined && whole.ids.length > 0 ? 'likely' : 'certain'
    for (const span of language === 'himtok' ? [whole] : parts) found.push({ ...span, language, certainty })
  }
  return found.slice(0, options.maxSpans ?? MAX_SPANS)
}
