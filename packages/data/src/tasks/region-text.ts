// Text about a given region: its captions, its name, its relation to another one; small regions are shown enlarged (SAMTok
// 5.2, region captions of DAM and Grasp-Any-Region). Wording: ours.

import type { DataRecord, Region } from '@maskwords/datasets'
import type { Task, TaskConversation } from '../conversation.ts'
import { cleanText, requestPhrase } from './clean-text.ts'
import {
  assistantTurn,
  conversationId,
  fillTemplate,
  maskPiece,
  PICTURE,
  setting,
  singleExchange,
  userTurn,
} from './compose.ts'
import { hasMask, masksOf, regionsById } from './regions.ts'
import { pick, seededBy, someOf } from './seeded.ts'
import { ZOOM_SETTINGS, zoomOn } from './zoom.ts'

const CAPTION_REQUESTS: readonly string[] = [
  'Describe the region {mask} in detail.',
  'What can you say about {mask}?',
  'Write a description of {mask}.',
  'Tell me all you see in {mask}.',
  'What does the marked region {mask} show?',
  'Give a full account of the part {mask}.',
  'Please describe what {mask} covers.',
]

const NAME_REQUESTS: readonly string[] = [
  'What is {mask}?',
  'Which kind of thing is {mask}? Answer with its name.',
  'Name the object {mask}.',
  'What do the pixels of {mask} belong to?',
  'In one or two words, what is {mask}?',
]

const RELATION_REQUESTS: readonly string[] = [
  'How does {subject} relate to {object}?',
  'What is the relation of {subject} to {object}?',
  'What connects {subject} with {object}?',
  'Describe how {subject} stands to {object}.',
]

export const regionCaption: Task = {
  name: 'region-caption',
  title: 'A description of a given region',
  needs: ['masks', 'region-captions'],
  settings: ZOOM_SETTINGS,
  build(record, options) {
    const conversations: TaskConversation[] = []
    for (const region of record.regions) {
      if (!hasMask(region)) continue
      for (const caption of region.captions ?? []) {
        const answer = cleanText(caption)
        if (answer === '') continue
        const number = conversations.length
        const own = seededBy(options.seed, 'region-caption', record.id, number)
        const { pictures, sentence } = zoomOn(record, region, options, own)
        const request = fillTemplate(pick(own, CAPTION_REQUESTS), { mask: [maskPiece([region.id])] })
        conversations.push({
          id: conversationId(record.id, 'region-caption', number),
          task: 'region-caption',
          pictures,
          turns: [userTurn(PICTURE, request, sentence), assistantTurn(answer)],
          truth: { kind: 'region-caption', pieces: [answer] },
        })
      }
    }
    return conversations
  },
}

export const regionQuestion: Task = {
  name: 'region-question',
  title: 'Questions about given regions: what one is, how two relate',
  needs: ['masks'],
  settings: {
    limit: { default: 4, help: 'questions of each kind about one picture at most; 0 for all' },
    ...ZOOM_SETTINGS,
  },
  build(record, options) {
    const limit = setting(options, 'limit', 4)
    const random = seededBy(options.seed, 'region-question', record.id)
    const named = record.regions.filter(
      (region) => hasMask(region) && region.isCrowd !== true && nameOf(region) !== '',
    )
    const names = someOf(random, named, limit)
    const relations = someOf(random, relationsOf(record), limit)
    return [
      ...names.map((region, number): TaskConversation => {
        const own = seededBy(options.seed, 'region-question', record.id, number)
        const { pictures, sentence } = zoomOn(record, region, options, own)
        const request = fillTemplate(pick(own, NAME_REQUESTS), { mask: [maskPiece([region.id])] })
        const answer = nameOf(region)
        return {
          id: conversationId(record.id, 'region-question', number),
          task: 'region-question',
          pictures,
          turns: [userTurn(PICTURE, request, sentence), assistantTurn(answer)],
          truth: { kind: 'name', pieces: [answer] },
        }
      }),
      ...relations.map((relation, at) => {
        const number = names.length + at
        const own = seededBy(options.seed, 'region-question', record.id, number)
        const { subject, predicate, object } = relation
        return singleExchange({
          id: conversationId(record.id, 'region-question', number),
          task: 'region-question',
          request: fillTemplate(pick(own, RELATION_REQUESTS), {
            subject: [maskPiece([subject.id])],
            object: [maskPiece([object.id])],
          }),
          answer: [predicate],
          truth: { kind: 'name', pieces: [predicate] },
        })
      }),
    ]
  },
}

/** A region's category as a name; '' where it has none. */
export function nameOf(region: Region): string {
  return region.category === undefined ? '' : requestPhrase(region.category)
}

/** A relation between two regions with masks, its predicate cleaned. */
export type MaskRelation = { readonly subject: Region; readonly predicate: string; readonly object: Region }

/** The record's relations whose regions both have masks, each once. */
export function relationsOf(record: DataRecord): readonly MaskRelation[] {
  const byId = regionsById(record)
  const seen = new Set<string>()
  const relations: MaskRelation[] = []
  for (const relation of record.relations) {
    const predicate = requestPhrase(relation.predicate)
    const ends = masksOf([relation.subject, relation.object], byId)
    const key = JSON.stringify([relation.subject, predicate, relation.object])
    if (predicate === '' || ends?.length !== 2 || seen.has(key)) continue
    seen.add(key)
    relations.push({ subject: ends[0]!, predicate, object: ends[1]! })
  }
  return relations
}
