// Several rounds with masks on both sides: dialogues of the dataset, and rounds made of phrases and relations where the user
// points back at masks of earlier answers (SegLLM's setting; HiMTok's question whether something is there, 10.2).
// Wording: ours.

import type { DataRecord, DialogueTurn, Region } from '@maskwords/datasets'
import type { Piece, Task, TaskConversation, Turn } from '../conversation.ts'
import { ANSWER_SETTING, answerStyle, masksAnswer } from './answers.ts'
import { cleanStretch } from './clean-text.ts'
import {
  assistantTurn,
  conversationId,
  fillTemplate,
  maskPiece,
  PICTURE,
  pieces,
  setting,
  userTurn,
} from './compose.ts'
import { answered, PHRASE_SETTINGS, requestsOf, SEGMENT_REQUESTS } from './referring.ts'
import { type MaskRelation, nameOf, relationsOf } from './region-text.ts'
import { hasMask, regionsById } from './regions.ts'
import { pick, seededBy, shuffled } from './seeded.ts'

const NEXT_REQUESTS: readonly string[] = [
  'You have marked {mask}. Now segment {phrase}.',
  'Besides {mask}, where do you see {phrase}?',
  'Good. After {mask}, mark {phrase} as well.',
  'Leave {mask} as it is and segment {phrase}.',
]

const SUBJECT_REQUESTS: readonly string[] = [
  'What is {predicate} {mask}? Segment it.',
  'Mark what is {predicate} {mask}.',
  'Something is {predicate} {mask}; which part of the picture?',
]

const OBJECT_REQUESTS: readonly string[] = [
  'What is {mask} {predicate}? Segment that.',
  '{mask} is {predicate} something: mark it.',
  'Show me the mask of what {mask} is {predicate}.',
]

const EXISTENCE_REQUESTS: readonly string[] = [
  'Do you see {phrase} in the picture? Answer yes or no.',
  'Can you see {phrase} here? One word, yes or no.',
  'Yes or no: does the picture show {phrase}?',
  'Just yes or no: can {phrase} be found here?',
]

const FOLLOW_REQUESTS: readonly string[] = [
  'Then give the mask.',
  'Good, now the mask, please.',
  'Mark the pixels.',
  'Now show where, with a mask.',
]

export const dialogue: Task = {
  name: 'dialogue',
  title: 'The dataset\u2019s own dialogues, masks on both sides',
  needs: ['masks', 'dialogues'],
  settings: { most: { default: 10, help: 'rounds of one dialogue at most; later ones are cut off' } },
  build(record, options) {
    const most = Math.max(1, setting(options, 'most', 10))
    return record.dialogues.flatMap((turns, number) => {
      const rounds = roundsOf(turns, record)?.slice(0, 2 * most)
      if (rounds === undefined || rounds.length === 0) return []
      const [first, ...rest] = rounds
      const truth = rounds.at(-1)!.pieces
      const masks = truth.filter((piece) => typeof piece !== 'string').length
      return [
        {
          id: conversationId(record.id, 'dialogue', number),
          task: 'dialogue',
          pictures: [{}],
          turns: [userTurn(PICTURE, first!.pieces), ...rest],
          truth:
            masks > 0 ? { kind: 'masks', pieces: truth, extra: { masks } } : { kind: 'text', pieces: truth },
        },
      ]
    })
  },
}

/**
 * Turns that alternate, beginning with the user and ending with the assistant: neighbours of one role are joined, what
 * stands before and after is dropped. Undefined where a region has no mask.
 */
function roundsOf(dialogue: readonly DialogueTurn[], record: DataRecord): Turn[] | undefined {
  const byId = regionsById(record)
  const turns: Turn[] = []
  for (const { role, pieces: said } of dialogue) {
    const raw: Piece[] = []
    for (const piece of said) {
      if (typeof piece === 'string') raw.push(piece)
      else {
        const region = byId.get(piece.region)
        if (region === undefined || !hasMask(region)) return undefined
        raw.push(maskPiece([region.id]))
      }
    }
    // Strings are joined before they are cleaned: a word may be spread over two of them.
    const joined = pieces(raw)
    const text = trimmed(joined.map((piece) => (typeof piece === 'string' ? cleanSaid(piece) : piece)))
    if (text.length === 0) continue
    const last = turns.at(-1)
    if (last === undefined && role === 'assistant') continue
    if (last?.role === role) turns[turns.length - 1] = { role, pieces: pieces(last.pieces, '\n', text) }
    else turns.push({ role, pieces: text })
  }
  if (turns.at(-1)?.role === 'user') turns.pop()
  return turns
}

/** Without the places of pictures that published dialogues hold: the task puts the picture itself. */
function cleanSaid(text: string): string {
  return cleanStretch(text.replace(/<image>[ \t]*\n?/gi, ''))
}

function trimmed(list: readonly Piece[]): Piece[] {
  const ends = list.map((piece, at) => {
    if (typeof piece !== 'string') return piece
    const left = at === 0 ? piece.trimStart() : piece
    return at === list.length - 1 ? left.trimEnd() : left
  })
  return pieces(ends)
}

export const multiRound: Task = {
  name: 'multi-round',
  title: 'Rounds of referring segmentation that point back at earlier masks',
  needs: ['masks', 'phrases'],
  settings: {
    answer: ANSWER_SETTING,
    rounds: { default: 4, help: 'rounds of one conversation at most' },
  },
  build(record, options) {
    const random = seededBy(options.seed, 'multi-round', record.id)
    const single = requestsOf(record, 'phrase', { limit: 0, random, noTarget: false }).filter(
      ({ targets }) => targets.length === 1,
    )
    const style = answerStyle(options)
    const most = Math.max(2, setting(options, 'rounds', 4))
    const relations = relationsOf(record)
    const waiting = shuffled(random, single)
    const seen: Region[] = []
    const turns: Turn[] = []
    let answer: Piece[] = []
    const round = (request: readonly Piece[], target: Region, label: string) => {
      answer = masksAnswer(style, [{ mask: maskPiece([target.id]), label }], random)
      turns.push(turns.length === 0 ? userTurn(PICTURE, request) : userTurn(request), assistantTurn(answer))
      seen.push(target)
    }
    while (turns.length < 2 * most) {
      const related = relationFrom(relations, seen)
      if (related !== undefined) {
        const { relation, known, target } = related
        const templates = known === relation.object ? SUBJECT_REQUESTS : OBJECT_REQUESTS
        const request = fillTemplate(pick(random, templates), {
          mask: [maskPiece([known.id])],
          predicate: relation.predicate,
        })
        round(request, target, nameOf(target) || relation.predicate)
        continue
      }
      const next = waiting.shift()
      if (next === undefined) break
      const target = next.targets[0]!
      if (seen.includes(target)) continue
      const templates = seen.length === 0 ? SEGMENT_REQUESTS : NEXT_REQUESTS
      const slots = {
        phrase: next.text,
        ...(seen.length === 0 ? {} : { mask: [maskPiece([seen.at(-1)!.id])] }),
      }
      round(fillTemplate(pick(random, templates), slots), target, next.text)
    }
    if (seen.length < 2) return []
    return [
      {
        id: conversationId(record.id, 'multi-round', 0),
        task: 'multi-round',
        pictures: [{}],
        turns,
        truth: { kind: 'masks', pieces: answer, extra: { masks: 1 } },
      },
    ]
  },
}

/** The first relation of which exactly one end was answered, where that end and the predicate say one region alone. */
function relationFrom(
  relations: readonly MaskRelation[],
  seen: readonly Region[],
): { relation: MaskRelation; known: Region; target: Region } | undefined {
  for (const relation of relations) {
    const { subject, predicate, object } = relation
    const known = seen.includes(object) ? object : seen.includes(subject) ? subject : undefined
    if (known === undefined || (seen.includes(subject) && seen.includes(object))) continue
    const alike = relations.filter(
      (other) => other.predicate === predicate && (known === object ? other.object : other.subject) === known,
    )
    if (alike.length === 1) return { relation, known, target: known === object ? subject : object }
  }
  return undefined
}

export const existence: Task = {
  name: 'existence',
  title: 'Whether something is there, and its mask if it is (HiMTok)',
  needs: ['masks', 'phrases'],
  settings: PHRASE_SETTINGS,
  build(record, options) {
    const limit = setting(options, 'limit', 0)
    const random = seededBy(options.seed, 'existence', record.id)
    return requestsOf(record, 'phrase', { limit, random, noTarget: true }).map(
      (request): TaskConversation => {
        const own = seededBy(options.seed, 'existence', record.id, request.number)
        const question = fillTemplate(pick(own, EXISTENCE_REQUESTS), { phrase: request.text })
        const id = conversationId(record.id, 'existence', request.number)
        const start = { id, task: 'existence', pictures: [{}] }
        if (request.targets.length === 0) {
          return {
            ...start,
            turns: [userTurn(PICTURE, question), assistantTurn('No')],
            truth: { kind: 'name', pieces: ['No'] },
          }
        }
        const { answer, truth } = answered(request, options, own)
        return {
          ...start,
          turns: [
            userTurn(PICTURE, question),
            assistantTurn('Yes'),
            userTurn(pick(own, FOLLOW_REQUESTS)),
            assistantTurn(answer),
          ],
          truth,
        }
      },
    )
  },
}
