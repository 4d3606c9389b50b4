// From a prediction to masks, boxes, points and lines: pixels as they are stated, or mask words through a codec.

import type { EncodedImage, MaskCodec, WordsInput } from '@maskwords/codecs'
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
import { MaskwordsError, openCodec } from '@maskwords/files'
import { type Mask, unionAll } from '@maskwords/mask'
import {
  type AnswerOptions as AnswerTextOptions,
  type GetokGeometryKind,
  parseGroundedCaption,
  parseSceneGraph,
  type SpanVocabulary,
  saidBoxes,
} from '@maskwords/words'
import {
  answerOf,
  geometriesIn,
  getokGrid,
  labelledWords,
  refuseOtherWords,
  refuseProse,
  regionBoxes,
  type TextRules,
  usableSpans,
  wordsIn,
} from './answer-text.ts'
import { namedMasks } from './named-masks.ts'
import type { SamplePictures } from './pictures.ts'
import { type PredictionRecord, readingOf } from './record.ts'
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
  /** Samples whose answers have words or boxes that could not be read, beside others that could. */
  readonly partly: ReadonlySet<string>
  close(): Promise<void>
}

export type CaptionAnswer = NonNullable<GroundedCaptionSample['prediction']>

export type AnswerOptions = AnswerTextOptions & {
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
  const partly = new Set<string>()
  const rulesOf = (record: PredictionRecord): TextRules => ({ ...options, ...readingOf(record) })
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
    if (record.text !== undefined) {
      const { words, isPartly } = wordsIn(record.text, requireCodec(codec).vocabulary, rulesOf(record))
      if (isPartly) partly.add(sample.id)
      if (words.length === 0) refuseProse(record.text, sample, 'mask', rulesOf(record))
      return await decoded(words, sample)
    }
    if (record.boxes?.length === 0) return []
    throw new MaskwordsError('malformed', 'the answer has no masks', { hint: 'give masks, words or text' })
  }

  const union: AnswerReader['union'] = async (record, sample) => {
    const all = await masks(record, sample)
    return all.length === 0 ? nothing(sample) : unionAll(all)
  }

  const geometries = (
    record: PredictionRecord,
    sample: TruthSample,
    kinds: readonly GetokGeometryKind[],
    what: 'point' | 'line',
  ): number[][] => {
    const text = record.text ?? record.words?.join('\n')
    if (text === undefined) {
      throw new MaskwordsError('malformed', 'the answer has no points or lines', {
        hint: 'give points, lines, or text with --codec getok',
      })
    }
    const grid = getokGrid(codec, sample)
    if (grid === undefined) {
      throw new MaskwordsError('usage', 'points and lines in text are read with --codec getok')
    }
    const found = geometriesIn(text, grid, kinds, rulesOf(record))
    if (found.length === 0) refuseProse(text, sample, what, rulesOf(record))
    return found
  }

  return {
    codecName: codec?.name ?? 'masks',
    partly,
    masks,
    union,
    async boxes(record, sample) {
      if (record.boxes !== undefined) return record.boxes
      const { text } = record
      if (text !== undefined && record.masks === undefined && record.words === undefined) {
        const rules = rulesOf(record)
        const answer = answerOf(text, rules)
        const grid = getokGrid(codec, sample)
        if (grid !== undefined) {
          const boxes = regionBoxes(text, grid, rules)
          if (boxes.length > 0) return boxes
        }
        const boxes = answerBoxes(text, sizeOfSample(sample), {
          ...(rules.thoughtOpen !== undefined && { thoughtOpen: rules.thoughtOpen }),
          ...(options.boxFormat !== undefined && { format: options.boxFormat }),
          ...(options.boxSurvey !== undefined && { survey: options.boxSurvey }),
        })
        if (boxes.length > 0 && saidBoxes(answer).unread.length > 0) partly.add(sample.id)
        // The published script reads the first four numbers.
        if (boxes.length > 0) return options.mode === 'official' ? boxes.slice(0, 1) : boxes
        if (codec === undefined) {
          refuseOtherWords(text, rules)
          refuseProse(text, sample, 'box', rules)
          return []
        }
      }
      const boxes = (await masks(record, sample)).map((mask) => boxOfMask(mask, options.mode))
      return boxes.filter((box) => box !== undefined)
    },
    points(record, sample) {
      if (record.points !== undefined) return record.points.flat()
      return geometries(record, sample, ['point', 'seg'], 'point').flat()
    },
    lines(record, sample) {
      if (record.lines !== undefined) return record.lines.map((line) => line.flat())
      return geometries(record, sample, ['pl', 'pg'], 'line')
    },
    async caption(record, sample, mode) {
      if (record.text !== undefined && record.masks === undefined) {
        const vocabulary = spanVocabulary(codec)
        const answer = answerOf(record.text, rulesOf(record))
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
      const { said, isPartly } = labelledWords(record.text, requireCodec(codec).vocabulary, rulesOf(record))
      if (isPartly) partly.add(sample.id)
      if (said.length === 0) refuseProse(record.text, sample, 'mask', rulesOf(record))
      for (const { words, label } of said) {
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
        const graph = parseSceneGraph(answerOf(record.text, rulesOf(record)), spanVocabulary(codec))
        if (graph === undefined) refuseProse(record.text, sample, 'relation', rulesOf(record))
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
