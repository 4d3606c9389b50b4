// Referring segmentation: a phrase, a reasoning question or a request with a token budget, answered with one mask,
// several, or the sentence that nothing fits (SAMTok 5, HiMTok 8.2, generalised referring of gRefCOCO). Wording: ours.

import type { DataRecord, Phrase, Region } from '@maskwords/datasets'
import { NO_TARGET } from '@maskwords/words'
import type { Piece, RegionForm, Task, TaskConversation, TaskOptions } from '../conversation.ts'
import { ANSWER_SETTING, type AnswerEntry, answerStyle, masksAnswer } from './answers.ts'
import { cleanStretch, cleanText, requestPhrase } from './clean-text.ts'
import {
  conversationId,
  fillTemplate,
  joinPieces,
  maskPiece,
  pieces,
  setting,
  singleExchange,
  WORDS,
} from './compose.ts'
import { nameOf } from './region-text.ts'
import { masksOf, regionsById } from './regions.ts'
import { pick, seededBy, someOf } from './seeded.ts'

export const SEGMENT_REQUESTS: readonly string[] = [
  'Please mark {phrase} in this picture.',
  'Segment {phrase}.',
  'Where do you see {phrase}? Answer with a mask.',
  'Give me the mask of {phrase}.',
  'Can you outline {phrase} for me?',
  'I need a segmentation of {phrase}.',
  'Look for {phrase} in the picture and answer with masks.',
  'Show me which pixels belong to {phrase}.',
  'Cut out {phrase}, please.',
  'Which part of the picture shows {phrase}? Segment that part.',
]

/** What published models are asked in evaluations (SAMTok, arXiv 2601.16093). */
const PUBLISHED_REQUEST = 'Please segment {phrase} in this image.'

/** Requests by the name of the setting: in many words, in the published ones, or in any of them and as the phrase alone. */
const REQUESTS: Readonly<Record<string, readonly string[]>> = {
  varied: SEGMENT_REQUESTS,
  published: [PUBLISHED_REQUEST],
  // A third each.
  any: [
    ...SEGMENT_REQUESTS,
    ...SEGMENT_REQUESTS.map(() => PUBLISHED_REQUEST),
    ...SEGMENT_REQUESTS.map(() => '{phrase}'),
  ],
}

export const REASONING_REQUESTS: readonly string[] = [
  '{phrase} Answer with a mask.',
  '{phrase} Please segment what you mean.',
  '{phrase} Mark it in the picture.',
  'Look closely. {phrase} Give the segmentation.',
  '{phrase} Show the mask of your answer.',
]

const BUDGET_REQUESTS: readonly string[] = [
  'Segment {phrase} with {count} tokens.',
  'Mark {phrase}; use {count} tokens for the mask.',
  'Give me the mask of {phrase}, {count} tokens long.',
  'Outline {phrase} in {count} tokens.',
  'Find {phrase} and describe its shape by {count} tokens.',
  'A mask of {count} tokens for {phrase}, please.',
]

/** A phrase that can be asked for: its text, what it means (none for no target), its place in the record. */
export type Request = {
  readonly phrase: Phrase
  readonly text: string
  readonly targets: readonly Region[]
  readonly number: number
}

/** The record's phrases of one form whose regions are all there, at most `limit` of them (0: all), in the record's order. */
export function requestsOf(
  record: DataRecord,
  form: NonNullable<Phrase['form']>,
  choice: { readonly limit: number; readonly random: () => number; readonly noTarget: boolean },
): readonly Request[] {
  const byId = regionsById(record)
  const requests: Request[] = []
  record.phrases.forEach((phrase, number) => {
    if ((phrase.form ?? 'phrase') !== form) return
    const text = form === 'phrase' ? requestPhrase(phrase.text) : cleanText(phrase.text)
    const targets = masksOf(phrase.regions, byId)
    if (text === '' || targets === undefined) return
    if (targets.length === 0 && !choice.noTarget) return
    requests.push({ phrase, text, targets, number })
  })
  return someOf(choice.random, requests, choice.limit)
}

/**
 * One entry for each target, or one for all of them together. They are called by the phrase; the answers to a question by
 * their categories.
 */
export function entriesOf(request: Request, union: boolean, form: RegionForm = WORDS): AnswerEntry[] {
  const { targets, phrase, text } = request
  const label = (region: Region) => (phrase.form === 'sentence' ? nameOf(region) : requestPhrase(text))
  if (union) {
    return [
      {
        mask: maskPiece(
          targets.map(({ id }) => id),
          form,
        ),
        label: label(targets[0]!),
      },
    ]
  }
  return targets.map((region) => ({ mask: maskPiece([region.id], form), label: label(region) }))
}

/** The answer to a request and the truth it is compared with: masks, or that there are none. */
export function answered(
  request: Request,
  options: TaskOptions,
  random: () => number,
  form: RegionForm = WORDS,
): { readonly answer: readonly Piece[]; readonly truth: NonNullable<TaskConversation['truth']> } {
  if (request.targets.length === 0) {
    return { answer: [NO_TARGET], truth: { kind: 'no-target', pieces: [NO_TARGET], extra: { masks: 0 } } }
  }
  const entries = entriesOf(request, setting(options, 'union', false), form)
  const style = answerStyle(options, request.phrase.form === 'sentence' ? 'sentence' : 'json')
  const answer = masksAnswer(style, entries, random)
  return { answer, truth: { kind: 'masks', pieces: answer, extra: { masks: entries.length } } }
}

export const PHRASE_SETTINGS = {
  answer: ANSWER_SETTING,
  union: { default: false, help: 'one mask for all that a phrase means, in place of one each' },
  limit: { default: 0, help: 'phrases of one picture at most; 0 for all' },
} as const

export const referring: Task = {
  name: 'referring',
  title: 'Referring segmentation: one target, several, none',
  needs: ['masks', 'phrases'],
  settings: {
    ...PHRASE_SETTINGS,
    noTarget: { default: true, help: 'ask for phrases without a target as well' },
    requests: {
      default: 'varied',
      help: 'varied (in many words), published (as evaluations ask), or any (both, and the phrase alone)',
    },
  },
  build(record, options) {
    const limit = setting(options, 'limit', 0)
    const noTarget = setting(options, 'noTarget', true)
    const requests = REQUESTS[setting(options, 'requests', 'varied')] ?? SEGMENT_REQUESTS
    const random = seededBy(options.seed, 'referring', record.id)
    return requestsOf(record, 'phrase', { limit, random, noTarget }).map((request) => {
      const own = seededBy(options.seed, 'referring', record.id, request.number)
      return singleExchange({
        id: conversationId(record.id, 'referring', request.number),
        task: 'referring',
        request: fillTemplate(pick(own, requests), { phrase: request.text }),
        ...answered(request, options, own),
      })
    })
  },
}

export const reasoning: Task = {
  name: 'reasoning',
  title: 'Reasoning segmentation: a question answered in words and masks',
  needs: ['masks', 'phrases'],
  settings: PHRASE_SETTINGS,
  build(record, options) {
    const limit = setting(options, 'limit', 0)
    const random = seededBy(options.seed, 'reasoning', record.id)
    return requestsOf(record, 'sentence', { limit, random, noTarget: true }).map((request) => {
      const own = seededBy(options.seed, 'reasoning', record.id, request.number)
      const { answer, truth } = answered(request, options, own)
      const said = request.phrase.answer ?? ''
      return singleExchange({
        id: conversationId(record.id, 'reasoning', request.number),
        task: 'reasoning',
        request: fillTemplate(pick(own, REASONING_REQUESTS), { phrase: request.text }),
        answer: request.targets.length > 0 && said.trim() !== '' ? spoken(said, request, options) : answer,
        truth,
      })
    })
  },
}

/** `[SEG]` of published answers: a mask each where there are as many as targets, all masks where there is one. */
const MARKER = /\s*\[SEG\]/

/** An answer in words with its masks: where the words have markers for them, else behind the words. */
function spoken(said: string, request: Request, options: TaskOptions): Piece[] {
  const stretches = said.split(MARKER)
  const masks = entriesOf(request, setting(options, 'union', false)).map(({ mask }) => mask)
  const markers = stretches.length - 1
  if (markers === masks.length || markers === 1) {
    const groups = markers === 1 ? [joinPieces(masks, ', ')] : masks
    return pieces(
      ...stretches.flatMap((stretch, at): (Piece | readonly Piece[])[] => {
        const text = at === 0 ? cleanStretch(stretch).trimStart() : cleanStretch(stretch)
        if (at === markers) return [text.trimEnd()]
        return [text, text === '' ? '' : ' ', groups[at]!]
      }),
    )
  }
  return pieces(cleanText(stretches.join('')), ' ', joinPieces(masks, ', '))
}

export const tokenBudget: Task = {
  name: 'token-budget',
  title: 'Referring segmentation with a number of tokens to use (HiMTok)',
  needs: ['masks', 'phrases'],
  settings: {
    ...PHRASE_SETTINGS,
    lengths: { default: '4,8,16,32', help: 'numbers of tokens to ask for, separated by commas' },
  },
  build(record, options) {
    const lengths = wholeNumbers(setting(options, 'lengths', '4,8,16,32'))
    if (lengths.length === 0) return []
    const limit = setting(options, 'limit', 0)
    const random = seededBy(options.seed, 'token-budget', record.id)
    return requestsOf(record, 'phrase', { limit, random, noTarget: false }).map((request) => {
      const own = seededBy(options.seed, 'token-budget', record.id, request.number)
      const length = pick(own, lengths)
      const { answer, truth } = answered(request, options, own, { as: 'words', length })
      return singleExchange({
        id: conversationId(record.id, 'token-budget', request.number),
        task: 'token-budget',
        request: fillTemplate(pick(own, BUDGET_REQUESTS), { phrase: request.text, count: String(length) }),
        answer,
        truth: { ...truth, extra: { ...truth.extra, length } },
      })
    })
  },
}

function wholeNumbers(list: string): number[] {
  return list
    .split(',')
    .map((part) => Number(part.trim()))
    .filter((value) => Number.isInteger(value) && value > 0)
}
