// What the text of an answer says: its mask words, labels, boxes and points, and why none can be read where something was meant.

import {
  cellsToBox,
  cellsToPoints,
  gridOf,
  type MaskCodec,
  readRegions,
  type WordsInput,
} from '@maskwords/codecs'
import type { BoxXyxyPx, EvalMode } from '@maskwords/eval'
import { findWords, MaskwordsError, MISSPELT, readWords } from '@maskwords/files'
import {
  type AnswerOptions,
  answerOnly,
  answerParts,
  type GetokGeometryKind,
  type MaskSpan,
  parseGetok,
  parseJsonAnswer,
  parseOfficial,
  saysNoTarget,
  saysOnlyThought,
} from '@maskwords/words'
import type { PredictionRecord } from './record.ts'
import type { TruthSample } from './truth.ts'
import { sizeOfSample } from './truth-samples.ts'

/** How the texts of a run are read. */
export type TextRules = AnswerOptions & { readonly mode: EvalMode }

type Vocabulary = MaskCodec['vocabulary']

/**
 * The text with blanks in place of all that is not its answer. Throws MaskwordsError `unreadable` for a thought alone: it was cut
 * off, which is not the answer that nothing is there.
 */
export function answerOf(text: string, rules: AnswerOptions): string {
  const parts = answerParts(text, rules)
  if (!saysOnlyThought(parts)) return answerOnly(text, parts)
  throw new MaskwordsError(
    'unreadable',
    parts.cutOff ? 'the thought was cut off before an answer' : 'no answer follows the thought',
    { hint: 'let the model write more tokens (max_tokens)' },
  )
}

/** Words of masks, and tags around phrases. */
const TAGS = /<\|[^<>|]*\|>|<\/?[a-z]\w*>/gi

/**
 * What an answer says of a region: its "caption", or its "text" without words of masks and tags. Throws MaskwordsError `malformed` for
 * an answer that has neither, `unreadable` as `answerOf`.
 */
export function descriptionOf(record: PredictionRecord, rules: AnswerOptions): string {
  if (record.caption !== undefined) return record.caption
  if (record.text === undefined) {
    throw new MaskwordsError('malformed', 'the answer has neither text nor caption')
  }
  return answerOf(record.text, rules)
    .replaceAll(TAGS, ' ')
    .replaceAll(/[ \t]{2,}/g, ' ')
    .trim()
}

/**
 * Refuses an answer in which nothing was found, where it says something else than that nothing is there and the truth has
 * something: prose is no answer of a wrong mask. Throws MaskwordsError `unreadable`. In official mode it counts as nothing, as
 * in the published scripts, and so it does where there is nothing to be found.
 */
export function refuseProse(text: string, sample: TruthSample, what: string, rules: TextRules): void {
  if (rules.mode === 'official' || !hasTarget(sample)) return
  const parts = answerParts(text, rules)
  const said = answerOnly(text, parts).trim()
  if (said === '' || saysNoTarget(text, parts)) return
  throw new MaskwordsError(
    'unreadable',
    `the answer names no ${what}: ${JSON.stringify(said.slice(0, 60))}`,
    {
      hint: 'an answer that nothing is there is empty, "No target." or null',
    },
  )
}

function hasTarget({ masks, boxes, lines, relations }: TruthSample): boolean {
  return (
    masks?.some(({ edges }) => edges.length > 0) === true ||
    [boxes, lines, relations].some((list) => (list?.length ?? 0) > 0)
  )
}

export function usableSpans(spans: readonly MaskSpan[]): WordsInput[] {
  return spans.filter(({ status }) => status !== 'rejected').map(({ codes }) => [...codes])
}

export type SaidWords = {
  readonly words: readonly WordsInput[]
  /** Whether other words of the answer could not be read. */
  readonly isPartly: boolean
}

/**
 * The words of an answer that say masks; its thoughts are left out in either mode. Official mode reads SAMTok's words as the
 * published scripts do, repairs included. Throws MaskwordsError `unreadable` where words are there and none can be read: that
 * is not the answer that nothing is there.
 */
export function wordsIn(text: string, vocabulary: Vocabulary, rules: TextRules): SaidWords {
  const answer = answerOf(text, rules)
  if (rules.mode === 'official' && vocabulary.kind === 'samtok' && vocabulary.levels === 2) {
    return {
      words: parseOfficial(answer, vocabulary).masks.map(({ codes }) => [...codes]),
      isPartly: false,
    }
  }
  const { found, problems } = findWords(text, vocabulary, rules)
  const [misspelt] = problems.filter(({ kind }) => kind === MISSPELT)
  const usable = found.filter(({ status }) => status !== 'rejected')
  if (usable.length > 0) {
    return {
      words: usable.map(({ words, codes }) => (vocabulary.kind === 'getok' ? words : [...codes])),
      isPartly: usable.length < found.length || misspelt !== undefined,
    }
  }
  const [lost] = found
  if (lost !== undefined) {
    const kinds = [...new Set(lost.repairs.map(({ kind }) => kind))].join(', ')
    throw new MaskwordsError(
      'unreadable',
      `no mask can be read from ${JSON.stringify(text.slice(lost.start, lost.end).slice(0, 60))}`,
      {
        ...(kinds !== '' && { hint: kinds }),
      },
    )
  }
  if (misspelt !== undefined) throw misspeltFault(text, misspelt, vocabulary.kind)
  refuseOtherWords(text, rules, vocabulary.kind)
  return { words: [], isPartly: false }
}

function misspeltFault(
  text: string,
  { start }: { readonly start: number },
  kind: Vocabulary['kind'],
): MaskwordsError {
  const example =
    kind === 'getok' ? '<grid_19_1> and [OFF_-1_0]' : '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
  return new MaskwordsError(
    'unreadable',
    `mask words in a spelling that cannot be read: ${JSON.stringify(text.slice(Math.max(0, start - 5), start + 40))}`,
    { hint: `words look like ${example}; turn escapes of HTML or JSON back` },
  )
}

/** Throws MaskwordsError `unreadable` for an answer in words that nobody reads here: those of another language than `read`. */
export function refuseOtherWords(text: string, rules: TextRules, read?: Vocabulary['kind']): void {
  const other = readWords(text, rules)
  if (other === undefined || other.codec === read || other.found.length === 0) return
  throw new MaskwordsError(
    'unreadable',
    `the answer has ${other.codec} words${read === undefined ? '' : `, and the codec reads ${read}`}`,
    { hint: '--codec names what reads the words of answers' },
  )
}

type LabelledWords = { readonly words: WordsInput; readonly label?: string }

/** The masks of an answer with their labels: from its JSON list, else from the beginning of the line that a mask stands in. */
export function labelledWords(
  text: string,
  vocabulary: Vocabulary,
  rules: TextRules,
): { readonly said: readonly LabelledWords[]; readonly isPartly: boolean } {
  const { words, isPartly } = wordsIn(text, vocabulary, { ...rules, mode: 'correct' })
  return { said: words.length === 0 ? [] : withLabels(text, vocabulary, rules), isPartly }
}

function withLabels(text: string, vocabulary: Vocabulary, rules: TextRules): LabelledWords[] {
  const { found } = findWords(text, vocabulary, rules)
  if (vocabulary.kind === 'getok') {
    let label: string | undefined
    return found.flatMap(({ words, status, start, label: own }, k) => {
      // Masks of one line share its label.
      const isSameLine = k > 0 && !text.slice(found[k - 1]!.end, start).includes('\n')
      label = own ?? (isSameLine ? label : undefined)
      return status === 'rejected' ? [] : [{ words, ...(label !== undefined && { label }) }]
    })
  }
  const answer = answerOf(text, rules)
  const list = parseJsonAnswer(answer, vocabulary)
  if (list !== undefined) {
    return [
      ...list.entries.flatMap(({ masks, label }) =>
        usableSpans(masks).map((words) => ({ words, ...(label !== undefined && { label: label.text }) })),
      ),
      ...usableSpans(list.strayMasks).map((words) => ({ words })),
    ]
  }
  return found.flatMap(({ codes, status, start }) => {
    if (status === 'rejected') return []
    const line = answer.slice(answer.lastIndexOf('\n', start - 1) + 1, start)
    const label = /^\s*(?:[-*]\s)?([^:<>]{1,1000}):/.exec(line)?.[1]?.trim()
    return [{ words: [...codes], ...(label !== undefined && label !== '' && { label }) }]
  })
}

type Grid = {
  readonly vocabulary: Extract<Vocabulary, { kind: 'getok' }>
  readonly grid: ReturnType<typeof gridOf>
}

/** GETok's grid over the picture of a sample; undefined for other codecs. */
export function getokGrid(codec: MaskCodec | undefined, sample: TruthSample): Grid | undefined {
  if (codec?.vocabulary.kind !== 'getok') return undefined
  const { vocabulary } = codec
  return { vocabulary, grid: gridOf({ ...sizeOfSample(sample), cells: vocabulary.gridSize }) }
}

/** The boxes of GETok words, in pixels of the picture. */
export function regionBoxes(text: string, { vocabulary, grid }: Grid, rules: TextRules): BoxXyxyPx[] {
  const { found } = findWords(text, vocabulary, rules)
  const boxes: BoxXyxyPx[] = []
  for (const { words, status } of found) {
    if (status === 'rejected') continue
    for (const { boxCells } of readRegions(words, vocabulary)) {
      if (boxCells !== undefined) boxes.push(cellsToBox(grid, boxCells[0], boxCells[1]))
    }
  }
  return boxes
}

/**
 * Points or lines of GETok words, each x, y, x, y, ... in pixels. Throws MaskwordsError `unreadable` where words of these kinds are
 * there and none can be read.
 */
export function geometriesIn(
  text: string,
  { vocabulary, grid }: Grid,
  kinds: readonly GetokGeometryKind[],
  rules: TextRules,
): number[][] {
  const { instances, problems } = parseGetok(answerOf(text, rules), vocabulary)
  const said = instances.flatMap(({ geometries }) => geometries.filter(({ kind }) => kinds.includes(kind)))
  const usable = said.filter(({ status }) => status !== 'rejected')
  const lost = said[0] ?? problems.find(({ kind }) => kind === 'misspelt')
  if (usable.length === 0 && lost !== undefined) throw misspeltFault(text, lost, 'getok')
  return usable.map(({ codes }) => [...cellsToPoints(grid, codes)])
}
