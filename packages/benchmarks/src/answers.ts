// From a prediction to masks, boxes, points and lines: pixels as they are stated, or mask words through a codec.

import {
  cellsToBox,
  cellsToPoints,
  type EncodedImage,
  gridOf,
  type MaskCodec,
  readRegions,
  type WordsInput,
} from '@maskwords/codecs'
import {
  answerBoxes,
  type BoxFormat,
  type BoxSurvey,
  type BoxXyxyPx,
  boxOfMask,
  type ClassMask,
  type EvalMode,
  type GroundedCaptionSample,
  officialGroundedCaption,
  type PredictedTriple,
} from '@maskwords/eval'
import type { Context } from '@maskwords/files'
import { findWords, MaskwordsError, openCodec, readWords } from '@maskwords/files'
import { type Mask, unionAll } from '@maskwords/mask'
import {
  answerOnly,
  answerParts,
  type GetokGeometryKind,
  type MaskSpan,
  parseGetok,
  parseGroundedCaption,
  parseJsonAnswer,
  parseOfficial,
  parseSceneGraph,
  type SpanVocabulary,
  saysOnlyThought,
} from '@maskwords/words'
import { namedMasks } from './named-masks.ts'
import type { SamplePictures } from './pictures.ts'
import type { PredictionRecord } from './record.ts'
import type { TruthSample } from './truth.ts'
import { maskOf, nothing, sizeOfSample } from './truth-samples.ts'

export type AnswerReader = {
  /** What masks are decoded with; `masks` where answers hold pixels. */
  readonly codecName: string
  /** Every mask of the answer, in order; none where it names none. */
  masks(record: PredictionRecord, sample: TruthSample): Promise<readonly Mask[]>
  /** The union of the masks, empty where there is none. */
  union(record: PredictionRecord, sample: TruthSample): Promise<Mask>
  boxes(record: PredictionRecord, sample: TruthSample): Promise<readonly BoxXyxyPx[]>
  /** x, y, x, y, ... */
  points(record: PredictionRecord, sample: TruthSample): readonly number[]
  lines(record: PredictionRecord, sample: TruthSample): readonly (readonly number[])[]
  /** A caption and its phrases with their masks: several masks of one phrase are united. */
  caption(record: PredictionRecord, sample: TruthSample, mode: EvalMode): Promise<CaptionAnswer>
  /** Masks with a name each: labels of the JSON list, of `label: words` lines, or of "labels" beside "masks". */
  named(record: PredictionRecord, sample: TruthSample): Promise<readonly ClassMask[]>
  /** Triples of a scene graph in order; those without two masks and a predicate are left out. */
  triples(record: PredictionRecord, sample: TruthSample): Promise<readonly PredictedTriple[]>
  close(): Promise<void>
}

export type CaptionAnswer = NonNullable<GroundedCaptionSample['prediction']>

export type AnswerOptions = {
  readonly mode: EvalMode
  readonly boxFormat?: BoxFormat
  /** What all answers together say about the unit of their boxes. */
  readonly boxSurvey?: BoxSurvey
  readonly pictures: SamplePictures
  /** What reads the words; the caller's, who closes it. Default: what --codec names, else `usualCodec`. */
  readonly codec?: MaskCodec
  /** What the answers were made with, where --codec does not say otherwise. */
  readonly usualCodec?: string
}

/** Opens the codec that reads the answers; without one they must hold pixels. Close it after use. */
export async function openAnswers(context: Context, options: AnswerOptions): Promise<AnswerReader> {
  const named = (context.options as { codec?: string }).codec ?? options.usualCodec
  const opened =
    options.codec === undefined && named !== undefined
      ? await openCodec(context as Parameters<typeof openCodec>[0], named)
      : undefined
  const codec = options.codec ?? opened
  let shown: { readonly key: string; readonly image: EncodedImage } | undefined

  const imageOf = async (reading: MaskCodec, sample: TruthSample): Promise<EncodedImage> => {
    const size = sizeOfSample(sample)
    const key = `${sample.picture ?? ''} ${size.widthPx} ${size.heightPx}`
    if (shown?.key === key) return shown.image
    const { signal } = context.io
    const pixels = reading.needsImage ? await options.pictures.read(sample) : size
    shown = { key, image: await reading.encodeImage(pixels, { signal }) }
    return shown.image
  }

  const decoded = async (inputs: readonly WordsInput[], sample: TruthSample): Promise<readonly Mask[]> => {
    if (inputs.length === 0) return []
    const reading = requireCodec(codec)
    const results = await reading.decode(await imageOf(reading, sample), inputs, {
      signal: context.io.signal,
    })
    return results.map(({ mask }) => mask)
  }

  const masks: AnswerReader['masks'] = async (record, sample) => {
    if (record.masks !== undefined) return record.masks.map((mask) => maskOf(mask, sample.size))
    if (record.words !== undefined) return await decoded(record.words, sample)
    if (record.text !== undefined)
      return await decoded(wordsIn(record.text, requireCodec(codec).vocabulary, options.mode), sample)
    if (record.boxes?.length === 0) return []
    throw new MaskwordsError('malformed', 'the answer has no masks', { hint: 'give masks, words or text' })
  }

  const union: AnswerReader['union'] = async (record, sample) => {
    const all = await masks(record, sample)
    return all.length === 0 ? nothing(sample) : unionAll(all)
  }

  return {
    codecName: codec?.name ?? 'masks',
    masks,
    union,
    async boxes(record, sample) {
      if (record.boxes !== undefined) return record.boxes
      const { text } = record
      if (text !== undefined && record.masks === undefined && record.words === undefined) {
        answerOf(text)
        const grid = getokGrid(codec, sample)
        if (grid !== undefined) {
          const boxes = readRegionBoxes(text, grid)
          if (boxes.length > 0) return boxes
        }
        const boxes = answerBoxes(text, sizeOfSample(sample), {
          ...(options.boxFormat !== undefined && { format: options.boxFormat }),
          ...(options.boxSurvey !== undefined && { survey: options.boxSurvey }),
        })
        // The published script reads the first four numbers.
        if (boxes.length > 0) return options.mode === 'official' ? boxes.slice(0, 1) : boxes
        if (codec === undefined) {
          const other = readWords(text)
          if (other !== undefined && other.found.length > 0) throw otherWords(other.codec)
          return []
        }
      }
      const boxes = (await masks(record, sample)).map((mask) => boxOfMask(mask, options.mode))
      return boxes.filter((box) => box !== undefined)
    },
    points(record, sample) {
      if (record.points !== undefined) return record.points.flat()
      return geometries(record, sample, codec, ['point', 'seg']).flat()
    },
    lines(record, sample) {
      if (record.lines !== undefined) return record.lines.map((line) => line.flat())
      return geometries(record, sample, codec, ['pl', 'pg'])
    },
    async caption(record, sample, mode) {
      if (record.text !== undefined && record.masks === undefined) {
        const vocabulary = spanVocabulary(codec)
        const answer = answerOf(record.text)
        const said = parseGroundedCaption(answer, vocabulary)
        const phrases = []
        for (const { phrase, masks: spans } of said.phrases) {
          const found = await decoded(usableSpans(spans), sample)
          if (found.length > 0) phrases.push({ phrase: phrase.text, mask: unionAll(found) })
        }
        const caption = mode === 'official' ? officialGroundedCaption(answer) : said.caption
        return { caption, phrases }
      }
      const phrases = namedMasks(record.masks === undefined ? [] : await masks(record, sample), record.labels)
      return {
        caption: record.caption ?? '',
        phrases: phrases.map(({ name, mask }) => ({ phrase: name, mask })),
      }
    },
    async named(record, sample) {
      if (record.text === undefined || record.masks !== undefined) {
        return namedMasks(await masks(record, sample), record.labels)
      }
      const named: ClassMask[] = []
      for (const { words, label } of labelledWords(record.text, requireCodec(codec).vocabulary)) {
        if (label === undefined) {
          throw new MaskwordsError('unreadable', 'the answer has masks without a label', {
            hint: 'labels stand in a JSON list of "mask_2d" and "label", or before the words of a line: `cup: <|mt_start|>...`',
          })
        }
        for (const mask of await decoded([words], sample)) named.push({ name: label, mask })
      }
      return named
    },
    async triples(record, sample) {
      if (record.text !== undefined && record.masks === undefined) {
        const triples: PredictedTriple[] = []
        const graph = parseSceneGraph(answerOf(record.text), spanVocabulary(codec))
        for (const { subject, predicate, object } of graph?.triples ?? []) {
          const [from] = await decoded(usableSpans(subject.masks).slice(0, 1), sample)
          const [to] = await decoded(usableSpans(object.masks).slice(0, 1), sample)
          if (predicate === undefined || from === undefined || to === undefined) continue
          triples.push({
            subject: { label: subject.label?.text ?? '', mask: from },
            predicate: predicate.text,
            object: { label: object.label?.text ?? '', mask: to },
          })
        }
        return triples
      }
      const objects = namedMasks(await masks(record, sample), record.labels)
      return (record.relations ?? []).map(([subject, predicate, object]) => {
        const [from, to] = [objects[subject], objects[object]]
        if (from === undefined || to === undefined) {
          throw new MaskwordsError(
            'malformed',
            `a relation of mask ${Math.max(subject, object)}: there are ${objects.length}`,
            {
              hint: 'masks count from 0',
            },
          )
        }
        return {
          subject: { label: from.name, mask: from.mask },
          predicate,
          object: { label: to.name, mask: to.mask },
        }
      })
    },
    async close() {
      await opened?.close()
    },
  }
}

/**
 * The text with blanks in place of all that is not its answer. Throws MaskwordsError `unreadable` for a thought alone: it was cut
 * off, which is not the answer that nothing is there.
 */
export function answerOf(text: string): string {
  const parts = answerParts(text)
  if (!saysOnlyThought(parts)) return answerOnly(text, parts)
  throw new MaskwordsError(
    'unreadable',
    parts.cutOff ? 'the thought was cut off before an answer' : 'no answer follows the thought',
    { hint: 'let the model write more tokens (max_tokens)' },
  )
}

function usableSpans(spans: readonly MaskSpan[]): WordsInput[] {
  return spans.filter(({ status }) => status !== 'rejected').map(({ codes }) => [...codes])
}

function spanVocabulary(codec: MaskCodec | undefined): SpanVocabulary {
  const { vocabulary } = requireCodec(codec)
  if (vocabulary.kind !== 'getok') return vocabulary
  throw new MaskwordsError(
    'unsupported',
    'captions and scene graphs in text are read with SAMTok or HiMTok words',
    {
      hint: 'give "masks" and "labels" instead of "text"',
    },
  )
}

function requireCodec(codec: MaskCodec | undefined): MaskCodec {
  if (codec !== undefined) return codec
  throw new MaskwordsError('usage', 'the answers hold text: name the codec that reads its mask words', {
    hint: '--codec getok, or a folder with SAMTok or HiMTok weights',
  })
}

/**
 * The words of an answer that say masks; its thoughts are left out in either mode. Official mode reads SAMTok's words as the
 * published scripts do, repairs included. Throws MaskwordsError `unreadable` where words are there and none can be read: that
 * is not the answer that nothing is there.
 */
function wordsIn(text: string, vocabulary: MaskCodec['vocabulary'], mode: EvalMode): WordsInput[] {
  if (mode === 'official' && vocabulary.kind === 'samtok' && vocabulary.levels === 2) {
    return parseOfficial(answerOf(text), vocabulary).masks.map(({ codes }) => [...codes])
  }
  answerOf(text)
  const { found, problems } = findWords(text, vocabulary)
  const usable = found.filter(({ status }) => status !== 'rejected')
  if (usable.length > 0)
    return usable.map(({ words, codes }) => (vocabulary.kind === 'getok' ? words : [...codes]))
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
  const [misspelt] = vocabulary.kind === 'getok' ? [] : problems
  if (misspelt !== undefined) throw misspeltFault(text, misspelt)
  const other = readWords(text)
  if (other !== undefined && other.codec !== vocabulary.kind && other.found.length > 0) {
    throw otherWords(other.codec, vocabulary.kind)
  }
  return []
}

type LabelledWords = { readonly words: WordsInput; readonly label?: string }

/** The masks of an answer with their labels: from its JSON list, else from the beginning of the line that a mask stands in. */
function labelledWords(text: string, vocabulary: MaskCodec['vocabulary']): LabelledWords[] {
  const said = wordsIn(text, vocabulary, 'correct')
  if (said.length === 0) return []
  if (vocabulary.kind === 'getok') {
    const { found } = findWords(text, vocabulary)
    let label: string | undefined
    return found.flatMap(({ words, status, start, label: own }, k) => {
      // Masks of one line share its label.
      const isSameLine = k > 0 && !text.slice(found[k - 1]!.end, start).includes('\n')
      label = own ?? (isSameLine ? label : undefined)
      return status === 'rejected' ? [] : [{ words, ...(label !== undefined && { label }) }]
    })
  }
  const answer = answerOf(text)
  const list = parseJsonAnswer(answer, vocabulary)
  if (list !== undefined) {
    return [
      ...list.entries.flatMap(({ masks, label }) =>
        usableSpans(masks).map((words) => ({ words, ...(label !== undefined && { label: label.text }) })),
      ),
      ...usableSpans(list.strayMasks).map((words) => ({ words })),
    ]
  }
  const { found } = findWords(text, vocabulary)
  return found.flatMap(({ codes, status, start }) => {
    if (status === 'rejected') return []
    const line = answer.slice(answer.lastIndexOf('\n', start - 1) + 1, start)
    const label = /^\s*(?:[-*]\s)?([^:<>]{1,1000}):/.exec(line)?.[1]?.trim()
    return [{ words: [...codes], ...(label !== undefined && label !== '' && { label }) }]
  })
}

function misspeltFault(text: string, { start }: { readonly start: number }): MaskwordsError {
  return new MaskwordsError(
    'unreadable',
    `mask words in a spelling that cannot be read: ${JSON.stringify(text.slice(Math.max(0, start - 5), start + 40))}`,
    {
      hint: 'words look like <|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>; turn escapes of HTML or JSON back',
    },
  )
}

/** An answer in words that nobody reads here. */
function otherWords(written: string, read?: string): MaskwordsError {
  return new MaskwordsError(
    'unreadable',
    `the answer has ${written} words${read === undefined ? '' : `, and the codec reads ${read}`}`,
    { hint: '--codec names what reads the words of answers' },
  )
}

type Grid = ReturnType<typeof gridOf>

function getokGrid(codec: MaskCodec | undefined, sample: TruthSample) {
  if (codec?.vocabulary.kind !== 'getok') return undefined
  const { vocabulary } = codec
  const grid: Grid = gridOf({ ...sizeOfSample(sample), cells: vocabulary.gridSize })
  return { vocabulary, grid }
}

function readRegionBoxes(
  text: string,
  { vocabulary, grid }: NonNullable<ReturnType<typeof getokGrid>>,
): BoxXyxyPx[] {
  const { found } = findWords(text, vocabulary)
  const boxes: BoxXyxyPx[] = []
  for (const { words, status } of found) {
    if (status === 'rejected') continue
    for (const { boxCells } of readRegions(words, vocabulary)) {
      if (boxCells !== undefined) boxes.push(cellsToBox(grid, boxCells[0], boxCells[1]))
    }
  }
  return boxes
}

function geometries(
  record: PredictionRecord,
  sample: TruthSample,
  codec: MaskCodec | undefined,
  kinds: readonly GetokGeometryKind[],
): number[][] {
  const text = record.text ?? record.words?.join('\n')
  if (text === undefined) {
    throw new MaskwordsError('malformed', 'the answer has no points or lines', {
      hint: 'give points, lines, or text with --codec getok',
    })
  }
  const getok = getokGrid(codec, sample)
  if (getok === undefined) {
    throw new MaskwordsError('usage', 'points and lines in text are read with --codec getok')
  }
  return parseGetok(answerOf(text), getok.vocabulary).instances.flatMap((instance) =>
    instance.geometries
      .filter(({ kind, status }) => kinds.includes(kind) && status !== 'rejected')
      .map(({ codes }) => [...cellsToPoints(getok.grid, codes)]),
  )
}
