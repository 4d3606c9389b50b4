// A model's answer taken apart: the work of POST /v1/text/parse. Mask spans are listed once; phrases, entries and relations
// point at them by index.

import { type ParseAnswer, parseRequestSchema } from '@maskwords/client/schema'
import { type FoundWords, findGetokWords, MAX_MASKS_IN_TEXT, misspelt, readWords } from '@maskwords/files'
import {
  type AnswerOptions,
  type AnswerParts,
  answerOnly,
  answerParts,
  describeRepair,
  type JsonAnswerEntry,
  type MaskSpan,
  maskDialect,
  readAnswer,
  type SpanVocabularies,
  type SpanVocabulary,
  saysNoTarget,
  type Vocabulary,
} from '@maskwords/words'
import { checked } from '../checked.ts'
import { HttpFault } from '../fault.ts'
import type { OpenCodec } from './codecs.ts'
import type { Work } from './work.ts'

export function parseText(value: unknown, { codecs }: Pick<Work, 'codecs'>): ParseAnswer {
  const { text, codec: name, thoughtOpen = false } = checked(parseRequestSchema, value)
  const options = { thoughtOpen }
  if (name !== undefined) {
    const { codec, name: served } = codecs.get(name)
    const { vocabulary } = codec
    return vocabulary.kind === 'getok'
      ? getokAnswer(text, served, vocabulary, options)
      : spanAnswer(text, vocabulary, (kind) => (kind === vocabulary.kind ? served : null), options)
  }
  const open = speaker(text, codecs.all, options)
  if (open === undefined) return withoutCodec(text, options)
  const servedFor = (kind: Kind) => codecs.all.find(({ info }) => info.kind === kind)
  const vocabularyOf = <K extends Kind>(kind: K) =>
    servedFor(kind)?.codec.vocabulary as Extract<Vocabulary, { kind: K }> | undefined
  const [samtok, himtok, getok] = [vocabularyOf('samtok'), vocabularyOf('himtok'), vocabularyOf('getok')]
  if (open.info.kind === 'getok' && getok !== undefined && maskDialect(text) === undefined)
    return getokAnswer(text, open.name, getok, options)
  const spans = { ...(samtok !== undefined && { samtok }), ...(himtok !== undefined && { himtok }) }
  return spanAnswer(text, spans, (kind) => servedFor(kind)?.name ?? null, options, getok?.gridSize)
}

type Kind = Vocabulary['kind']

/** The served codec of a text's words: of the first mask's where it is served, else of the first that is. */
export function speaker(
  text: string,
  all: readonly OpenCodec[],
  options: AnswerOptions = {},
): OpenCodec | undefined {
  const reading = readWords(text, options)
  const spoken =
    reading === undefined ? [] : [reading.codec, ...reading.found.map(({ language }) => language)]
  const kind = spoken.find((one) => all.some(({ info }) => info.kind === one))
  return all.find(({ info }) => info.kind === kind)
}

/** A text that no served codec reads: what can be said without a vocabulary. */
function withoutCodec(text: string, options: AnswerOptions): ParseAnswer {
  const reading = readWords(text, options)
  return {
    ...empty(text, options),
    kind: reading?.codec ?? null,
    masks: reading === undefined ? [] : foundMasks(reading.found, undefined, null),
    ...(reading !== undefined && { problems: plainProblems(reading.problems) }),
  }
}

function empty(text: string, options: AnswerOptions): ParseAnswer {
  const parts = answerParts(text, options)
  return {
    codec: null,
    kind: null,
    masks: [],
    ...framed(parts),
    noTarget: saysNoTarget(text, parts),
    caption: null,
    entries: [],
    triples: [],
    references: [],
    problems: plainProblems(misspelt(answerOnly(text, parts))),
  }
}

/** Where answer and thought lie; several thoughts are one, from the first to the last. */
function framed({ answer, thoughts }: AnswerParts): Pick<ParseAnswer, 'answer' | 'thought'> {
  const last = thoughts.at(-1)
  return {
    answer: { start: answer.start, end: answer.end },
    thought: last === undefined ? null : { start: thoughts[0]!.start, end: last.end },
  }
}

function getokAnswer(
  text: string,
  codec: string,
  vocabulary: Vocabulary & { kind: 'getok' },
  options: AnswerOptions,
): ParseAnswer {
  const { found, problems } = findGetokWords(text, vocabulary.gridSize, options)
  const frame = empty(text, options)
  return {
    ...frame,
    codec,
    kind: 'getok',
    masks: foundMasks(found, frame.thought ?? undefined, codec),
    problems: plainProblems(problems),
  }
}

type Range = { readonly start: number; readonly end: number }

function foundMasks(
  found: readonly FoundWords[],
  thought: Range | undefined,
  codec: string | null,
): ParseAnswer['masks'] {
  return found.map(({ start, end, words, language, codes, status, repairs, label }) => ({
    start,
    end,
    words,
    kind: language,
    codec,
    codes: Array.from(codes),
    status,
    repairs: plainProblems(repairs),
    ...(label !== undefined && { label }),
    inThought: thought !== undefined && start >= thought.start && end <= thought.end,
  }))
}

const plainProblems = (problems: readonly (Range & { readonly kind: string })[]) =>
  problems.map(({ kind, start, end }) => ({ kind, start, end }))

/** `codecOf`: who reads words of a kind. GETok's objects are listed beside the spans where a grid is given. */
function spanAnswer(
  text: string,
  vocabulary: SpanVocabulary | SpanVocabularies,
  codecOf: (kind: Kind) => string | null,
  options: AnswerOptions,
  gridSize?: number,
): ParseAnswer {
  const reading = readAnswer(text, vocabulary, options)
  const inThought = new Set(reading.thoughtSpans)
  const objects = gridSize === undefined ? [] : findGetokWords(text, gridSize, options).found
  const spans = [...reading.thoughtSpans, ...reading.spans]
  const listed = [...spans, ...objects].sort((a, b) => a.start - b.start || a.end - b.end)
  if (listed.length > MAX_MASKS_IN_TEXT) {
    throw new HttpFault(413, {
      code: 'too-large',
      message: `${listed.length} masks in one text, more than ${MAX_MASKS_IN_TEXT}`,
      hint: 'send one answer at a time',
    })
  }
  const at = new Map<unknown, number>(listed.map((one, k) => [one, k]))
  const indices = (list: readonly MaskSpan[]) =>
    list.flatMap((span) => {
      const k = at.get(span)
      return k === undefined ? [] : [k]
    })
  const entry = ({ start, end, label, masks, problems }: JsonAnswerEntry) => ({
    start,
    end,
    ...(label !== undefined && { label: label.text }),
    masks: indices(masks),
    problems: Array.from(problems),
  })
  const placed = ({ start, end, text: words }: Range & { readonly text: string }) => ({
    start,
    end,
    text: words,
  })
  const { parts, caption } = reading
  const kind = 'kind' in vocabulary ? vocabulary.kind : (listed[0]?.language ?? 'samtok')
  return {
    codec: codecOf(kind),
    kind,
    masks: listed.map((one) =>
      'words' in one
        ? foundMasks([one], undefined, codecOf('getok'))[0]!
        : {
            start: one.start,
            end: one.end,
            words: text.slice(one.start, one.end),
            kind: one.language,
            codec: codecOf(one.language),
            codes: Array.from(one.codes),
            status: one.status,
            repairs: one.repairs.map((repair) => ({
              start: repair.start,
              end: repair.end,
              kind: describeRepair(repair),
            })),
            inThought: inThought.has(one),
          },
    ),
    ...framed(parts),
    noTarget: reading.noTarget,
    caption:
      caption === undefined
        ? null
        : {
            plain: caption.caption,
            phrases: caption.phrases.map(({ start, end, phrase, masks, problems }) => ({
              start,
              end,
              phrase: placed(phrase),
              masks: indices(masks),
              problems: Array.from(problems),
            })),
          },
    entries: reading.json?.entries.map(entry) ?? [],
    triples:
      reading.scene?.triples.map(({ start, end, subject, predicate, object, problems }) => ({
        start,
        end,
        subject: entry(subject),
        predicate: predicate === undefined ? null : placed(predicate),
        object: entry(object),
        problems: Array.from(problems),
      })) ?? [],
    references: reading.references.map(({ start, end, phrase, boxes, problems }) => ({
      start,
      end,
      phrase: phrase === undefined ? null : placed(phrase),
      boxes: boxes.map(([x1, y1, x2, y2]) => [x1, y1, x2, y2] as [number, number, number, number]),
      problems: Array.from(problems),
    })),
    problems: plainProblems(misspelt(answerOnly(text, parts), 'spans')),
  }
}
