// Recall of scene graphs: R@K and mR@K. Definition: scene-graph detection of PSG (arXiv 2207.11247; OpenPSG, sgg_metrics.py) as SAMTok's
// script (arXiv 2601.16093) uses it; what is unsound there is in mode `official` only (docs/metrics-detection.md).

import { iou } from '@maskwords/mask'
import { EvalError } from '../error.ts'
import type { SampleRow } from '../row.ts'
import type { EvalMode } from '../stamp.ts'
import { tidiedTriples } from './merge.ts'
import type { PredictedTriple, SceneGraphSample, SceneGraphVocabulary } from './sample.ts'

/** The numbers of triples at which recall is taken. */
export const SCENE_GRAPH_LIMITS: readonly number[] = [20, 50, 100]

/** How scene graphs are matched. */
export type SceneGraphOptions = {
  readonly mode: EvalMode
  readonly vocabulary: SceneGraphVocabulary
  /** How many triples of a picture count. Default 20, 50, 100. */
  readonly limits?: readonly number[]
  /** Both masks of a triple must have at least this IoU. Default 0.5. */
  readonly iouThreshold?: number
}

/** Recall and mean recall at each limit. */
export type SceneGraphResult = {
  /** R@K by its K: mean over counted pictures of found relations / relations; null where none counts. */
  readonly recall: ReadonlyMap<number, number | null>
  /** mR@K by its K: mean over predicates of their mean recall over pictures. */
  readonly meanRecall: ReadonlyMap<number, number | null>
  /** Mean recall of each predicate over the pictures that have it, by K; null where no picture has it. */
  readonly perPredicate: readonly {
    readonly predicate: string
    readonly pictures: number
    readonly recall: ReadonlyMap<number, number | null>
  }[]
  /** Values: `counted` 0 or 1, `relations`, `triples`, and for each K `found@K` and `recall@K`. */
  readonly rows: readonly SampleRow[]
}

type Counted = {
  readonly id: string
  /** For each limit, which true relations are among the first triples. */
  readonly found: readonly ReadonlySet<number>[]
  readonly sample: SceneGraphSample
}

/**
 * Recall of scene graphs and a row for each sample. A triple hits a true relation where the three names are the same and
 * both masks overlap enough; a mask of another size hits nothing and makes its row `failed`. Throws EvalError: `malformed`
 * for a relation without its ends, `not-found` for a true predicate outside the vocabulary, `duplicate` ids,
 * `out-of-range` scores, `bad-option`.
 */
export function evaluateSceneGraphs(
  samples: readonly SceneGraphSample[],
  options: SceneGraphOptions,
): SceneGraphResult {
  const { mode, vocabulary, limits = SCENE_GRAPH_LIMITS } = options
  if (limits.length === 0 || !limits.every((k) => Number.isInteger(k) && k > 0)) {
    throw new EvalError('bad-option', `limits must be whole numbers above 0, got ${limits.join(', ')}`)
  }
  const predicates = new Set(vocabulary.predicates)
  const seen = new Set<string>()
  const counted: Counted[] = []
  const rows = samples.map((sample): SampleRow => {
    checkSample(sample, predicates, seen)
    const { id, truth, prediction } = sample
    const { triples, wrong } = fittingTriples(sample)
    const relations = truth.relations.length
    const isCounted = relations > 0 && (mode === 'correct' || triples.length > 0)
    const values: Record<string, number> = {
      counted: isCounted ? 1 : 0,
      relations: isCounted ? relations : 0,
      triples: prediction?.length ?? 0,
    }
    if (isCounted) {
      const ranked = [...triples].sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
      const used = mode === 'official' ? tidiedTriples(ranked, vocabulary) : ranked
      const hits = used.map((triple) => hitsOf(triple, truth, options.iouThreshold ?? 0.5))
      const found = limits.map((k) => new Set(hits.slice(0, k).flat()))
      limits.forEach((k, i) => {
        values[`found@${k}`] = found[i]!.size
        values[`recall@${k}`] = found[i]!.size / relations
      })
      counted.push({ id, found, sample })
    }
    if (prediction === undefined) return { id, status: 'missing', values }
    return wrong === undefined
      ? { id, status: 'scored', values }
      : { id, status: 'failed', values, reason: wrong }
  })
  const perPredicate = vocabulary.predicates.map((predicate) => predicateRecall(predicate, counted, limits))
  const pictureMean = (i: number) =>
    mean(counted.map(({ found, sample }) => found[i]!.size / sample.truth.relations.length))
  return {
    recall: new Map(limits.map((k, i) => [k, pictureMean(i)])),
    meanRecall: new Map(limits.map((k) => [k, meanRecall(perPredicate, k, mode)])),
    perPredicate,
    rows,
  }
}

/**
 * Correct: the mean over predicates that some picture has. Official: the slot of the first predicate is also that of the
 * totals and is left out, the last slot stays empty, and absent predicates count as 0: the sum of all but the first,
 * divided by the number of predicates.
 */
function meanRecall(
  perPredicate: SceneGraphResult['perPredicate'],
  k: number,
  mode: EvalMode,
): number | null {
  const values = perPredicate.map(({ recall }) => recall.get(k) ?? null)
  if (mode === 'correct') return mean(values.filter((value) => value !== null))
  if (values.length === 0) return null
  return values.slice(1).reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length
}

function predicateRecall(predicate: string, counted: readonly Counted[], limits: readonly number[]) {
  const having = counted
    .map(({ found, sample }) => ({
      found,
      own: sample.truth.relations.flatMap((relation, r) => (relation.predicate === predicate ? [r] : [])),
    }))
    .filter(({ own }) => own.length > 0)
  const recall = new Map(
    limits.map((k, i) => [
      k,
      mean(having.map(({ found, own }) => own.filter((r) => found[i]!.has(r)).length / own.length)),
    ]),
  )
  return { predicate, pictures: having.length, recall }
}

/** True relations, by their place, that a triple hits. */
function hitsOf(triple: PredictedTriple, truth: SceneGraphSample['truth'], iouThreshold: number): number[] {
  return truth.relations.flatMap((relation, r) => {
    const subject = truth.objects[relation.subject]!
    const object = truth.objects[relation.object]!
    const isHit =
      triple.predicate === relation.predicate &&
      triple.subject.label === subject.label &&
      triple.object.label === object.label &&
      iou(triple.subject.mask, subject.mask) >= iouThreshold &&
      iou(triple.object.mask, object.mask) >= iouThreshold
    return isHit ? [r] : []
  })
}

/** Triples whose masks have the size of the true ones. The others could hit nothing. */
function fittingTriples({ truth, prediction = [] }: SceneGraphSample) {
  const [first] = truth.objects
  if (first === undefined) return { triples: [], wrong: undefined }
  const { widthPx, heightPx } = first.mask
  const isFitting = ({ mask }: { mask: { widthPx: number; heightPx: number } }) =>
    mask.widthPx === widthPx && mask.heightPx === heightPx
  const triples = prediction.filter(({ subject, object }) => isFitting(subject) && isFitting(object))
  const left = prediction.length - triples.length
  return {
    triples,
    wrong:
      left === 0
        ? undefined
        : `${left} of ${prediction.length} triples have masks of another size than ${widthPx} x ${heightPx}`,
  }
}

function checkSample(sample: SceneGraphSample, predicates: ReadonlySet<string>, seen: Set<string>): void {
  const { id, truth, prediction } = sample
  const at = { at: id }
  if (seen.has(id)) throw new EvalError('duplicate', `sample ${id} is there twice`, at)
  seen.add(id)
  const [first] = truth.objects
  for (const { mask } of truth.objects) {
    if (mask.widthPx === first!.mask.widthPx && mask.heightPx === first!.mask.heightPx) continue
    throw new EvalError('size-mismatch', `sample ${id}: true masks of different sizes`, at)
  }
  truth.relations.forEach(({ subject, predicate, object }, r) => {
    if (truth.objects[subject] === undefined || truth.objects[object] === undefined) {
      throw new EvalError(
        'malformed',
        `sample ${id}: relation ${r} joins objects ${subject} and ${object} of ${truth.objects.length}`,
        at,
      )
    }
    if (!predicates.has(predicate)) {
      throw new EvalError('not-found', `sample ${id}: predicate "${predicate}" is not in the vocabulary`, at)
    }
  })
  for (const { score = 0 } of prediction ?? []) {
    if (!Number.isFinite(score)) throw new EvalError('out-of-range', `sample ${id}: a score is ${score}`, at)
  }
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length
}
