// Words as text: what a person types or pastes as codes, with the place of what is wrong (@maskwords/words).

import type { CodecFacts } from '@maskwords/board/engine/backend.ts'
import { readRegions, regionToWords } from '@maskwords/codecs'
import {
  describeRepair,
  formatMaskWords,
  type GetokVocabulary,
  getokVocabulary,
  himtokVocabulary,
  parseMaskDisplay,
  parseMaskWords,
  type SpanVocabulary,
  samtokVocabulary,
  type Vocabulary,
} from '@maskwords/words'

/** The vocabulary of a codec's words. */
export function vocabularyOf({ id, sizes, cells }: Pick<CodecFacts, 'id' | 'sizes' | 'cells'>): Vocabulary {
  if (id === 'getok') return getokVocabulary(cells === undefined ? {} : { gridSize: cells })
  if (id === 'samtok') return samtokVocabulary({ codesPerLevel: sizes[0]!, levels: sizes.length })
  return himtokVocabulary({ codes: sizes[0]!, maxLength: sizes.length })
}

/** The text that a language model reads and writes for codes; empty where they say nothing. */
export function textOf(codes: readonly number[], vocabulary: Vocabulary): string {
  if (codes.length === 0) return ''
  if (vocabulary.kind !== 'getok') return formatMaskWords(codes, vocabulary)
  const [region] = readRegions(codes, vocabulary)
  return region === undefined ? '' : regionToWords(region, vocabulary, region.offsets).text
}

export type TextReading =
  | {
      readonly codes: readonly number[]
      /** What was not canonical and how it was read. */
      readonly notes: readonly string[]
    }
  /** `at`: character of the text, from 0. */
  | { readonly problem: string; readonly at?: number }

/** Codes of one mask from a text. Never throws. */
export function readText(text: string, vocabulary: Vocabulary): TextReading {
  if (text.trim() === '') return { problem: 'there are no words' }
  try {
    return vocabulary.kind === 'getok' ? readCells(text, vocabulary) : readSpan(text, vocabulary)
  } catch (error) {
    const { message, hint, at } = error as { message: string; hint?: string; at?: number }
    const problem = hint === undefined ? message : `${message}; ${hint}`
    return { problem, ...(at === undefined ? {} : { at }) }
  }
}

function readSpan(text: string, vocabulary: SpanVocabulary): TextReading {
  const display = parseMaskDisplay(text, vocabulary)
  if (display !== undefined) return { codes: display, notes: [] }
  const { spans } = parseMaskWords(text, vocabulary)
  const usable = spans.filter(({ status }) => status !== 'rejected')
  const [first, second] = usable
  if (second !== undefined) {
    return {
      problem: 'one mask at a time: here a second one starts',
      at: second.start,
    }
  }
  if (first !== undefined) {
    // A shorter row of HiMTok is a coarser mask, not a mistake.
    const repairs =
      vocabulary.kind === 'himtok'
        ? first.repairs.filter(({ kind }) => kind !== 'missing-code')
        : first.repairs
    return { codes: first.codes, notes: repairs.map(describeRepair) }
  }
  const [rejected] = spans
  if (rejected === undefined) {
    const example = formatMaskWords(
      vocabulary.kind === 'samtok' ? Array(vocabulary.levels).fill(0) : [0],
      vocabulary,
    )
    return { problem: `no words of this codec are in the text; they look like ${example}` }
  }
  const why = rejected.repairs.map(describeRepair).join('; ')
  return { problem: `cannot be read as one mask: ${why}`, at: rejected.start }
}

function readCells(text: string, vocabulary: GetokVocabulary): TextReading {
  const [region, second] = readRegions(text, vocabulary)
  if (region === undefined) return { problem: 'no words of this codec are in the text' }
  if (second !== undefined || region.polygonCells !== undefined)
    return { problem: 'one object at a time, as a box and points' }
  const { boxCells = [], pointCells, offsets } = region
  // Codes alone tell a box from points by their number: a box and nothing else is two, a lone point is one.
  if (boxCells.length === 0 && pointCells.length > 1)
    return { problem: 'points without a box: put <box>...</box> before them' }
  const first = vocabulary.gridSize ** 2
  const moves =
    offsets === undefined ? [] : [...(offsets.box ?? []), ...offsets.points].map((move) => first + move)
  return { codes: [...boxCells, ...pointCells, ...moves], notes: [] }
}
