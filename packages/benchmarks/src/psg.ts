// `maskwords eval psg`: scene graphs of panoptic segments (PSG).
import {
  evaluateSceneGraphs,
  SCENE_GRAPH_LIMITS,
  type SceneGraphSample,
  type SceneGraphVocabulary,
} from '@maskwords/eval'
import { MaskwordsError } from '@maskwords/files'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'
import { namedMasks } from './named-masks.ts'
import type { Truth } from './truth.ts'
import { truthMasks } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'psg',
  summary:
    'Scene graphs (PSG): recall of relations among the first 20, 50, 100 triples, over all and by predicate.',
  details: [
    'An answer is "text" with its words (--codec), or "masks", "labels" and "relations": [[0, "on", 1]] by index of masks.',
    'A relation is found where its three names are right and both masks have IoU of at least 0.5.',
    'Names are compared in lower case, without -merged, -other and -stuff. Classes and predicates come from psg.json; for a',
    'file of truth, from the truth itself. docs/metrics-detection.md says what differs by --mode.',
  ],
  examples: [
    {
      command: 'maskwords eval psg --predictions out.jsonl --truth psg/ --split test --codec samtok-nano',
      note: 'answers as the model wrote them',
    },
  ],
  options: {},
  dataset: 'psg',
  kind: 'relations',
  asking: {
    // The candidates are in words of our own; the published wording of what follows.
    prompts: {
      prompt:
        'Candidate categories: [{labels}].\nCandidate predicates: [{predicates}].\nCreate a scene graph by identifying triplets of <subject, predicate, object>. Focus on the most prominent interactions.',
    },
    maxTokens: 2048,
    needsWords: always,
  },
  settings: () => ({}),
  metrics: () =>
    SCENE_GRAPH_LIMITS.flatMap((k) => [
      {
        name: `recall@${k}`,
        title: `mean over pictures of the share of relations found among the first ${k} (papers: R@${k})`,
        parts: [{ numerator: `recall@${k}`, denominator: 'counted' }],
      },
    ]),
  async score(sample, record, { answers }) {
    const objects = namedMasks(truthMasks(sample), sample.labels, sample.id)
    if (sample.relations === undefined) {
      throw new MaskwordsError('malformed', 'the truth of this sample has no relations', { at: sample.id })
    }
    const item: SceneGraphSample = {
      id: sample.id,
      truth: {
        objects: objects.map(({ name, mask }) => ({ label: plainName(name), mask })),
        relations: sample.relations.map(([subject, predicate, object]) => ({
          subject,
          predicate: plainName(predicate),
          object,
        })),
      },
      prediction:
        record &&
        (await answers.triples(record, sample)).map(({ subject, predicate, object }) => ({
          subject: { ...subject, label: plainName(subject.label) },
          predicate: plainName(predicate),
          object: { ...object, label: plainName(object.label) },
        })),
    }
    return { values: {}, status: record === undefined ? 'missing' : 'scored', item }
  },
  finish({ mode, truth, items }) {
    const vocabulary = vocabularyOf(truth, items)
    const { rows, meanRecall } = evaluateSceneGraphs(items, { mode, vocabulary })
    return {
      rows,
      numbers: Object.fromEntries([...meanRecall].map(([k, value]) => [`meanRecall@${k}`, value])),
    }
  },
})

function plainName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/-(merged|other|stuff)/g, '')
    .replaceAll('-', ' ')
}

/** Names in the dataset's order; without it, sorted, and every class a thing. */
function vocabularyOf(truth: Truth, items: readonly SceneGraphSample[]): SceneGraphVocabulary {
  const known = truth.vocabulary
  if (known !== undefined) {
    return {
      things: known.things.map(plainName),
      stuff: known.stuff.map(plainName),
      predicates: known.predicates.map(plainName),
    }
  }
  const names = (pick: (item: SceneGraphSample) => readonly string[]) =>
    [...new Set(items.flatMap(pick))].sort()
  return {
    things: names(({ truth: { objects } }) => objects.map(({ label }) => label)),
    stuff: [],
    predicates: names(({ truth: { relations } }) => relations.map(({ predicate }) => predicate)),
  }
}
