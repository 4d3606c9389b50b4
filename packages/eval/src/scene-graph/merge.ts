// How the published script tidies predicted triples before it counts them. Definition: the result step of PSG models (OpenPSG, HiLo) as
// SAMTok's evaluation script (arXiv 2601.16093) uses it: double triples go, and ends that seem to be one object share one mask.

import { iou, type Mask, maskFromEdges } from '@maskwords/mask'
import type { PredictedTriple, SceneGraphVocabulary, SceneObject } from './sample.ts'

/** Masks with more than this IoU are one object. */
const SAME_IOU = 0.5
/** A merged mask has the pixels whose mean score over the merged masks is above this. */
const MASK_SCORE = 0.8
/** Every label is given as a logit of 10 among zeros. */
const LABEL_LOGIT = 10

/** Triples without doubles, their ends with merged masks. In the order given. All masks are of one size. */
export function tidiedTriples(
  triples: readonly PredictedTriple[],
  vocabulary: SceneGraphVocabulary,
): PredictedTriple[] {
  const kept = withoutDoubles(triples)
  // All subjects come before all objects.
  const ends = [...kept.map(({ subject }) => subject), ...kept.map(({ object }) => object)]
  const merged = mergedEnds(ends, vocabulary)
  return kept.map((triple, i) => ({ ...triple, subject: merged[i]!, object: merged[kept.length + i]! }))
}

/** Of triples with the same three names, those go whose two masks both overlap those of an earlier one. */
function withoutDoubles(triples: readonly PredictedTriple[]): PredictedTriple[] {
  const isGone = new Uint8Array(triples.length)
  triples.forEach((base, i) => {
    if (isGone[i]) return
    for (let j = i + 1; j < triples.length; j++) {
      const other = triples[j]!
      if (isGone[j] || other.predicate !== base.predicate) continue
      if (isSame(base.subject, other.subject) && isSame(base.object, other.object)) isGone[j] = 1
    }
  })
  return triples.filter((_, i) => !isGone[i])
}

function isSame(a: SceneObject, b: SceneObject): boolean {
  return a.label === b.label && iou(a.mask, b.mask) > SAME_IOU
}

/** Things merge with the first of their label that they overlap, stuff with everything of its label. */
function mergedEnds(ends: readonly SceneObject[], vocabulary: SceneGraphVocabulary): SceneObject[] {
  const things = new Set(vocabulary.things)
  const classes = vocabulary.things.length + vocabulary.stuff.length
  const groupOf = new Int32Array(ends.length).fill(-1)
  const groups: number[][] = []
  ends.forEach((base, i) => {
    if (groupOf[i] !== -1) return
    const group = [i]
    for (let j = i + 1; j < ends.length; j++) {
      const other = ends[j]!
      if (groupOf[j] !== -1 || other.label !== base.label) continue
      if (!things.has(base.label) || isSame(base, other)) group.push(j)
    }
    for (const member of group) groupOf[member] = groups.length
    groups.push(group)
  })
  const labelScore = Math.exp(LABEL_LOGIT) / (Math.exp(LABEL_LOGIT) + classes)
  const masks = groups.map((group) => {
    const members = group.map((i) => ends[i]!.mask)
    // The smallest number of masks that lifts a pixel's mean above the threshold.
    const needed = Math.floor((MASK_SCORE * members.length) / labelScore) + 1
    return pixelsInAtLeast(members, needed)
  })
  return ends.map(({ label }, i) => ({ label, mask: masks[groupOf[i]!]! }))
}

/** The pixels that at least `needed` of the masks have. */
export function pixelsInAtLeast(masks: readonly Mask[], needed: number): Mask {
  const { widthPx, heightPx } = masks[0]!
  const changes = new Map<number, number>()
  for (const { edges } of masks) {
    for (let i = 0; i < edges.length; i++)
      changes.set(edges[i]!, (changes.get(edges[i]!) ?? 0) + (i % 2 ? -1 : 1))
  }
  const at = Float64Array.from(changes.keys()).sort()
  const runs: number[] = []
  let depth = 0
  for (const position of at) {
    const before = depth
    depth += changes.get(position)!
    if (before >= needed !== depth >= needed) runs.push(position)
  }
  return maskFromEdges(widthPx, heightPx, Uint32Array.from(runs))
}
