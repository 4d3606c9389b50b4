// Mask words in a whole text or in a list of token ids, by our strict policy or by the published one.

import { answerOnly } from './answer-parts.ts'
import { WordsError } from './error.ts'
import { scanMaskText } from './mask-lexer.ts'
import { type MachineOptions, MaskMachine } from './mask-machine.ts'
import { parseOfficial } from './mask-official.ts'
import { isOtherLanguage, type MaskSpan } from './mask-span.ts'
import { requireTokenIds, type SpanVocabulary, spanWordIndices } from './vocabulary.ts'

export type ParseMaskOptions = MachineOptions & {
  /** `strict` (default): our policy, nothing is guessed silently. `official`: the masks that the published SAMTok evaluation decodes. */
  mode?: 'strict' | 'official'
}

/** Spans in order of place; they never overlap. */
export type MaskParse = {
  readonly spans: readonly MaskSpan[]
  /** Spans beyond `maxSpans`, counted but not kept. */
  readonly omittedSpans: number
}

/**
 * Finds mask words in arbitrary model output, complete or cut off. Never throws on any text and takes time linear in
 * its length. In strict mode every mask word of the text belongs to exactly one span and `text.slice(start, end)` is
 * that span's text. `official` mode (SAMTok with two levels only) gives the positional parser of the SAMTok evaluation
 * scripts as spans: only pairs that it decodes are listed, with -1 for a second code that it could not read.
 * Throws WordsError for options that do not fit the vocabulary.
 */
export function parseMaskWords(
  text: string,
  vocabulary: SpanVocabulary,
  options: ParseMaskOptions = {},
): MaskParse {
  if (options.mode === 'official') {
    const { masks } = parseOfficial(text, vocabulary)
    return {
      spans: masks.map(({ codes, ids, start, end, repaired }) => {
        const status = repaired || codes[1] === -1 ? 'repaired' : 'complete'
        return { start, end, status, codes, ids, repairs: [] }
      }),
      omittedSpans: 0,
    }
  }
  const machine = new MaskMachine(vocabulary, options)
  scanMaskText(text, 0, true, vocabulary, machine)
  return { spans: machine.spans, omittedSpans: machine.omittedSpans }
}

/**
 * The same from host token ids: places are token indices. Needs a vocabulary that knows its token ids. Ids outside the
 * vocabulary (padded output rows included) count as other text. Throws WordsError 'not-found' without token ids.
 */
export function parseMaskTokenIds(
  ids: ArrayLike<number>,
  vocabulary: SpanVocabulary,
  options: MachineOptions = {},
): MaskParse {
  const machine = new MaskMachine(vocabulary, options)
  feedTokenIds(ids, 0, vocabulary, machine)
  machine.endOfText()
  return { spans: machine.spans, omittedSpans: machine.omittedSpans }
}

/** Feeds token ids to a machine; the first has index `base`. */
export function feedTokenIds(
  ids: ArrayLike<number>,
  base: number,
  vocabulary: SpanVocabulary,
  machine: MaskMachine,
): void {
  const { toWord } = requireTokenIds(vocabulary)
  const { start, end, firstCode } = spanWordIndices(vocabulary)
  for (let k = 0; k < ids.length; k++) {
    const word = toWord.get(ids[k]!)
    const at = base + k
    if (word === undefined) machine.other(at, at + 1, false)
    else if (word === start) machine.startWord(at, at + 1)
    else if (word === end) machine.endWord(at, at + 1)
    else machine.codeWord(word - firstCode, true, 'either', at, at + 1)
  }
}

/** Codes of all usable spans (complete and repaired), in order. */
export function usableCodes(parse: MaskParse): number[][] {
  return parse.spans.filter((span) => span.status !== 'rejected').map((span) => [...span.codes])
}

/**
 * Codes of one mask from what a person typed: canonical words, or the display form `<11-347>`. Throws WordsError
 * 'malformed' unless the answer in the text (`answerParts`) names exactly one usable mask; repairs are accepted.
 */
export function codesFromText(text: string, vocabulary: SpanVocabulary): number[] {
  const display = parseMaskDisplay(text, vocabulary)
  if (display !== undefined) return display
  const parse = parseMaskWords(answerOnly(text), vocabulary)
  const found = usableCodes(parse)
  if (found.length === 1) return found[0]!
  const foreign = parse.spans.find(isOtherLanguage)
  if (foreign !== undefined) {
    const [is, wanted] = vocabulary.kind === 'samtok' ? ['HiMTok', 'SAMTok'] : ['SAMTok', 'HiMTok']
    throw new WordsError(
      'malformed',
      `the words are spelled as ${is} spells them; those of ${wanted} are wanted`,
      {
        at: foreign.start,
        hint: `read them with a codec of ${is}`,
      },
    )
  }
  throw new WordsError('malformed', `expected the words of one mask, found ${found.length} masks`, {
    hint: 'for example <|mt_start|><|mt_0011|><|mt_0347|><|mt_end|> or <11-347>',
  })
}

/** Codes of a display form `<11-347>` (global ids) that is the whole text but for white space, else undefined. */
export function parseMaskDisplay(text: string, vocabulary: SpanVocabulary): number[] | undefined {
  const trimmed = text.trim()
  if (trimmed.length > 8192 || !/^<\d{1,9}(-\d{1,9})*>$/.test(trimmed)) return undefined
  const ids = trimmed.slice(1, -1).split('-').map(Number)
  if (vocabulary.kind === 'himtok') {
    return ids.length <= vocabulary.maxLength && ids.every((id) => id < vocabulary.codes) ? ids : undefined
  }
  const { codesPerLevel, levels } = vocabulary
  if (ids.length > levels) return undefined
  const codes = new Array<number>(levels).fill(-1)
  for (let level = 0; level < ids.length; level++) {
    const code = ids[level]! - level * codesPerLevel
    if (code < 0 || code >= codesPerLevel) return undefined
    codes[level] = code
  }
  return codes
}
