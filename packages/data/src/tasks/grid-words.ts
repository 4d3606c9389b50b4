// What GETok says beside masks: points at things, lines through them, and the refinement of a prediction (arXiv 2512.10554;
// simulated predictions as in its Algorithm 1). Wording: ours.

import type { DataRecord, Region } from '@maskwords/datasets'
import type { Piece, Task, TaskConversation } from '../conversation.ts'
import { lineHead } from './answers.ts'
import {
  assistantTurn,
  conversationId,
  fillTemplate,
  joinPieces,
  maskPiece,
  PICTURE,
  pieces,
  setting,
  singleExchange,
  userTurn,
} from './compose.ts'
import { categoriesOf } from './open-vocabulary.ts'
import { PHRASE_SETTINGS, requestsOf, SEGMENT_REQUESTS } from './referring.ts'
import { inReadingOrder } from './regions.ts'
import { pick, seededBy, seedOf, someOf } from './seeded.ts'

const POINT_REQUESTS: readonly string[] = [
  'Point at {phrase}.',
  'Put one point on {phrase}.',
  'Where do you see {phrase}? Answer with points.',
  'Show {phrase} by points.',
  'Mark {phrase} by points, one for each object.',
]

const LINE_REQUESTS: readonly string[] = [
  'Trace {phrase} with a line.',
  'Draw a line along {phrase}.',
  'Follow {phrase} from its near end to its far end.',
  'Give the course of {phrase} as a polyline.',
]

const REFINE_REQUESTS: readonly string[] = [
  '{request}\nSo far: {words}\nCorrect it with one offset word for each grid word.',
  '{request}\nA first answer was {words}\nMove or delete each of its words.',
  '{request}\nPredicted: {words}\nRefine this prediction word by word.',
  '{request}\nThe current words are {words}\nPut them right by offsets.',
]

const LIMIT_SETTING = {
  limit: { default: 8, help: 'requests about one picture at most; 0 for all' },
} as const

/** Something to point at: what it is called, how it is asked for, and where it is. */
type Target = { readonly text: string; readonly asked: string; readonly regions: readonly Region[] }

/** Phrases with targets, else the categories of the picture. */
function targetsOf(record: DataRecord, random: () => number): readonly Target[] {
  const requests = requestsOf(record, 'phrase', { limit: 0, random, noTarget: false })
  if (requests.length > 0)
    return requests.map(({ text, targets }) => ({ text, asked: text, regions: targets }))
  return [...categoriesOf(record)].map(([text, regions]) => ({ text, asked: eachOf(text, regions), regions }))
}

/** A name as the object of a request. */
function eachOf(name: string, regions: readonly Region[]): string {
  return `${regions.length === 1 ? 'the' : 'each'} ${name}`
}

export const pointing: Task = {
  name: 'pointing',
  title: 'A point on each object (GETok)',
  needs: ['masks'],
  settings: LIMIT_SETTING,
  build(record, options) {
    const random = seededBy(options.seed, 'pointing', record.id)
    const targets = someOf(random, targetsOf(record, random), setting(options, 'limit', 8))
    return targets.map(({ text, asked, regions }, number) => {
      const own = seededBy(options.seed, 'pointing', record.id, number)
      const points = inReadingOrder(record, regions).map((region) =>
        maskPiece([region.id], { as: 'points', count: 1 }),
      )
      const answer = pieces(lineHead(text), joinPieces(points, ', '))
      return singleExchange({
        id: conversationId(record.id, 'pointing', number),
        task: 'pointing',
        request: fillTemplate(pick(own, POINT_REQUESTS), { phrase: asked }),
        answer,
        truth: { kind: 'points', pieces: answer, extra: { points: points.length } },
      })
    })
  },
}

export const polyline: Task = {
  name: 'polyline',
  title: 'A line along each long thing, such as a lane (GETok)',
  needs: ['masks'],
  settings: {
    ...LIMIT_SETTING,
    only: { default: '', help: 'category names separated by commas; all where empty' },
  },
  build(record, options) {
    const random = seededBy(options.seed, 'polyline', record.id)
    const only = setting(options, 'only', '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
    const named = [...categoriesOf(record)].filter(([name]) => only.length === 0 || only.includes(name))
    const asked = someOf(random, named, setting(options, 'limit', 8))
    return asked.map(([name, regions], number) => {
      const own = seededBy(options.seed, 'polyline', record.id, number)
      const lines = inReadingOrder(record, regions).map((region): Piece[] => [
        lineHead(name),
        maskPiece([region.id], { as: 'polyline' }),
      ])
      const answer = joinPieces(lines, '\n')
      return singleExchange({
        id: conversationId(record.id, 'polyline', number),
        task: 'polyline',
        request: fillTemplate(pick(own, LINE_REQUESTS), { phrase: eachOf(name, regions) }),
        answer,
        truth: { kind: 'polylines', pieces: answer, extra: { lines: lines.length } },
      })
    })
  },
}

export const refinement: Task = {
  name: 'refinement',
  title: 'A simulated prediction put right by offset words (GETok)',
  needs: ['masks', 'phrases'],
  settings: {
    limit: PHRASE_SETTINGS.limit,
    points: { default: 0, help: 'points of the prediction; 0 for 4 to 16 by chance' },
  },
  build(record, options) {
    const random = seededBy(options.seed, 'refinement', record.id)
    const choice = { limit: setting(options, 'limit', 0), random, noTarget: false }
    const points = setting(options, 'points', 0)
    return requestsOf(record, 'phrase', choice)
      .filter(({ targets }) => targets.length === 1)
      .map(({ text, targets, number }): TaskConversation => {
        const own = seededBy(options.seed, 'refinement', record.id, number)
        const form = {
          seed: seedOf(options.seed, 'refinement', record.id, number),
          ...(points > 0 ? { count: points } : {}),
        }
        const ids = [targets[0]!.id]
        const answer = [maskPiece(ids, { as: 'refinement', ...form })]
        const words = [maskPiece(ids, { as: 'proposal', ...form })]
        const request = fillTemplate(pick(own, REFINE_REQUESTS), {
          request: fillTemplate(pick(own, SEGMENT_REQUESTS), { phrase: text }),
          words,
        })
        return {
          id: conversationId(record.id, 'refinement', number),
          task: 'refinement',
          pictures: [{}],
          turns: [userTurn(PICTURE, request), assistantTurn(answer)],
          truth: { kind: 'refinement', pieces: answer, previous: words },
        }
      })
  },
}
