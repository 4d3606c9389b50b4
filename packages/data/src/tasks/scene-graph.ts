// Scene graphs in four forms (SAMTok 5, PSG data): free; with candidate categories and predicates; for given masks; in two
// rounds, objects first. Triples as `formatSceneGraph` writes them. Wording: ours.

import { randomInt } from '@maskwords/codecs'
import type { DataRecord, Region } from '@maskwords/datasets'
import { formatSceneGraph } from '@maskwords/words'
import type { Piece, RegionPiece, Task, TaskConversation, TaskOptions } from '../conversation.ts'
import { masksAnswer, UNNAMED } from './answers.ts'
import {
  assistantTurn,
  conversationId,
  fillTemplate,
  joinPieces,
  maskPiece,
  PICTURE,
  pieces,
  setting,
  userTurn,
  writtenWith,
} from './compose.ts'
import { absentNames } from './coverage.ts'
import { categoriesOf, LIST_REQUESTS, quotedList } from './open-vocabulary.ts'
import { type MaskRelation, nameOf, relationsOf } from './region-text.ts'
import { inReadingOrder } from './regions.ts'
import { pick, sample, seededBy, shuffled } from './seeded.ts'

const GRAPH_REQUESTS: readonly string[] = [
  'Which relations hold between the objects? List them as subject, predicate and object, with masks.',
  'Build the scene graph of this picture: triples of subject, predicate and object.',
  'Say who does what to whom, as a list of triples with masks.',
  'Give the relations you see, each as a subject, a predicate and an object.',
  'List how the things here relate to each other, the most striking first.',
]

const CANDIDATE_BLOCK = 'Categories: {names}.\nPredicates: {predicates}.\n'
const GIVEN_BLOCK = 'Objects: {masks}.\n'
const SECOND_BLOCK = 'Predicates: {predicates}.\n'

/** Predicates to choose among beside the right ones. */
const COMMON_PREDICATES: readonly string[] = [
  'above',
  'behind',
  'beside',
  'carrying',
  'eating',
  'holding',
  'in front of',
  'inside',
  'leaning on',
  'looking at',
  'next to',
  'on',
  'riding',
  'sitting on',
  'standing on',
  'talking to',
  'touching',
  'under',
  'walking on',
  'wearing',
]

type GraphForm = 'free' | 'candidates' | 'given' | 'rounds'

const CANDIDATE_SETTINGS = {
  distractors: {
    default: 10,
    help: 'names, and predicates, that do not occur: up to so many of each, by chance',
  },
} as const

export const sceneGraph = graphTask('scene-graph', 'Scene graph, free', 'free')
export const sceneGraphCandidates = graphTask(
  'scene-graph-candidates',
  'Scene graph with candidate categories and predicates',
  'candidates',
)
export const sceneGraphGiven = graphTask(
  'scene-graph-given',
  'Scene graph of given masks, with candidates',
  'given',
)
export const sceneGraphRounds = graphTask(
  'scene-graph-rounds',
  'Scene graph in two rounds: objects, then relations',
  'rounds',
)

function graphTask(name: string, title: string, form: GraphForm): Task {
  return {
    name,
    title,
    needs: ['masks', 'relations'],
    settings: {
      mostTriples: { default: 40, help: 'triples of one answer at most, the first in the dataset' },
      ...(form === 'free' ? {} : CANDIDATE_SETTINGS),
    },
    build(record, options) {
      const relations = relationsOf(record).slice(0, Math.max(1, setting(options, 'mostTriples', 40)))
      if (relations.length === 0) return []
      const random = seededBy(options.seed, name, record.id)
      const graph = triples(relations)
      const turns = turnsOf(form, record, relations, graph, options, random)
      if (turns === undefined) return []
      return [
        {
          id: conversationId(record.id, name, 0),
          task: name,
          pictures: [{}],
          turns,
          truth: { kind: 'scene-graph', pieces: graph, extra: { triples: relations.length } },
        },
      ]
    },
  }
}

function turnsOf(
  form: GraphForm,
  record: DataRecord,
  relations: readonly MaskRelation[],
  graph: readonly Piece[],
  options: TaskOptions,
  random: () => number,
): TaskConversation['turns'] | undefined {
  const request = pick(random, GRAPH_REQUESTS)
  if (form === 'free') return [userTurn(PICTURE, request), assistantTurn(graph)]
  const objects = objectsOf(relations)
  const distractors = Math.max(0, setting(options, 'distractors', 10))
  const mixed = (right: readonly string[], others: readonly string[]) => {
    const wrong = sample(random, others, randomInt(random, 0, distractors))
    return quotedList(shuffled(random, [...right, ...wrong]))
  }
  const present = [...new Set(objects.map(labelOf))]
  const names = mixed(present, absentNames(record, options.categories))
  const used = [...new Set(relations.map((relation) => relation.predicate))]
  const predicates = mixed(
    used,
    COMMON_PREDICATES.filter((predicate) => !used.includes(predicate)),
  )
  if (form === 'rounds') {
    // The request is for every object of these kinds, not only for those that relate to another one.
    const byName = categoriesOf(record)
    if (present.some((name) => !byName.has(name))) return undefined
    const list = masksAnswer(
      'json',
      inReadingOrder(
        record,
        present.flatMap((name) => byName.get(name)!),
      ).map((region) => ({
        mask: maskPiece([region.id]),
        label: labelOf(region),
      })),
      random,
    )
    return [
      userTurn(PICTURE, fillTemplate(pick(random, LIST_REQUESTS), { names })),
      assistantTurn(list),
      userTurn(fillTemplate(SECOND_BLOCK, { predicates }), request),
      assistantTurn(graph),
    ]
  }
  const block = fillTemplate(CANDIDATE_BLOCK, { names, predicates })
  if (form === 'candidates') return [userTurn(PICTURE, block, request), assistantTurn(graph)]
  const given = shuffled(random, objects).map((region) => maskPiece([region.id]))
  const masks = fillTemplate(GIVEN_BLOCK, { masks: joinPieces(given, ', ') })
  return [userTurn(PICTURE, pieces(block, masks), request), assistantTurn(graph)]
}

/** The regions of the relations, each once, in order of mention. */
function objectsOf(relations: readonly MaskRelation[]): Region[] {
  return [...new Set(relations.flatMap(({ subject, object }) => [subject, object]))]
}

function labelOf(region: Region): string {
  return nameOf(region) || UNNAMED
}

function triples(relations: readonly MaskRelation[]): Piece[] {
  const masks: RegionPiece[] = []
  const entry = (region: Region) => ({
    codes: [masks.push(maskPiece([region.id])) - 1],
    label: labelOf(region),
  })
  const list = relations.map(({ subject, predicate, object }) => ({
    subject: entry(subject),
    predicate,
    object: entry(object),
  }))
  return writtenWith(masks, (words) => formatSceneGraph(list, words))
}
