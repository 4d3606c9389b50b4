// Answers with a thought before them: `<think>...</think><answer>...</answer>` (SAMTok cold start, GETok). The thought is
// the dataset's own answer in words where it has one, else a plain account of what the record says. Wording: ours.

import type { DataRecord } from '@maskwords/datasets'
import type { Task, TaskConversation } from '../conversation.ts'
import { thinkingAnswer } from './answers.ts'
import { cleanText } from './clean-text.ts'
import { conversationId, fillTemplate, pieces, setting, singleExchange } from './compose.ts'
import { isWhole } from './coverage.ts'
import {
  answered,
  PHRASE_SETTINGS,
  REASONING_REQUESTS,
  type Request,
  requestsOf,
  SEGMENT_REQUESTS,
} from './referring.ts'
import { nameOf } from './region-text.ts'
import { boxOf } from './regions.ts'
import { pick, seededBy, someOf } from './seeded.ts'

const INSTRUCTIONS: readonly string[] = [
  'Think first, between <think> and </think>; then answer between <answer> and </answer>.',
  'Reason inside <think></think>, and put nothing but the result inside <answer></answer>.',
  'Write your thoughts as <think>...</think> and after them the answer as <answer>...</answer>.',
]

export const thinking: Task = {
  name: 'thinking',
  title: 'Referring segmentation with a thought before the answer',
  needs: ['masks', 'phrases'],
  settings: {
    ...PHRASE_SETTINGS,
    instruct: { default: true, help: 'tell the model the form of its answer' },
  },
  build(record, options) {
    const random = seededBy(options.seed, 'thinking', record.id)
    const all = (['phrase', 'sentence'] as const).flatMap((form) =>
      requestsOf(record, form, { limit: 0, random, noTarget: true }),
    )
    all.sort((a, b) => a.number - b.number)
    return someOf(random, all, setting(options, 'limit', 0)).map((request): TaskConversation => {
      const own = seededBy(options.seed, 'thinking', record.id, request.number)
      const templates = request.phrase.form === 'sentence' ? REASONING_REQUESTS : SEGMENT_REQUESTS
      const asked = fillTemplate(pick(own, templates), { phrase: request.text })
      const instruction = setting(options, 'instruct', true) ? ` ${pick(own, INSTRUCTIONS)}` : ''
      const { answer, truth } = answered(request, options, own)
      return singleExchange({
        id: conversationId(record.id, 'thinking', request.number),
        task: 'thinking',
        request: pieces(asked, instruction),
        answer: thinkingAnswer(thoughtOf(request, record), answer),
        truth: { ...truth, extra: { ...truth.extra, thinking: true } },
      })
    })
  },
}

function thoughtOf(request: Request, record: DataRecord): string {
  const said = cleanText((request.phrase.answer ?? '').replace(/\s*\[SEG\]/g, ''))
  if (said !== '') return said
  const { targets } = request
  const wanted = `The request is about ${JSON.stringify(request.text)}.`
  if (targets.length === 0) return `${wanted} Nothing in the picture fits it.`
  const name = nameOf(targets[0]!)
  const oneKind = name !== '' && targets.every((target) => nameOf(target) === name)
  const alike = isWhole(record, name)
    ? record.regions.filter((region) => nameOf(region) === name).length
    : undefined
  const count = targets.length
  const many = (number: number) => `${number} ${number === 1 ? 'region' : 'regions'}`
  const called = oneKind ? ` called ${JSON.stringify(name)}` : ''
  // How many there are is said only where it is known.
  const kind = ` It means ${oneKind && alike !== undefined ? `${count} of ${many(alike)}` : many(count)}${called}`
  const places = targets.slice(0, MOST_PLACES).flatMap((target) => {
    const box = boxOf(target, record.picture)
    return box === undefined ? [] : [placeOf(box[0] + box[2] / 2, box[1] + box[3] / 2, record.picture)]
  })
  return `${wanted}${kind}${places.length === 0 ? '' : `, to be found at the ${places.join(', the ')}`}.`
}

/** Places told in a thought. */
const MOST_PLACES = 8

const PLACES: readonly string[] = [
  'upper left',
  'top',
  'upper right',
  'left',
  'centre',
  'right',
  'lower left',
  'bottom',
  'lower right',
]

/** One of nine parts of the picture. */
function placeOf(x: number, y: number, size: { widthPx: number; heightPx: number }): string {
  const third = (at: number, side: number) => Math.min(2, Math.max(0, Math.floor((3 * at) / side)))
  return PLACES[3 * third(y, size.heightPx) + third(x, size.widthPx)]!
}
