// What the scene-graph metrics take: true objects with relations, and predicted triples. Definition: Panoptic Scene Graph (arXiv
// 2207.11247): a relation is a subject, a predicate and an object, the two ends with a label and a mask.

import type { Mask } from '@maskwords/mask'

/** An object of a scene graph: its category and mask. */
export type SceneObject = { readonly label: string; readonly mask: Mask }

/** A predicted relation with its score. */
export type PredictedTriple = {
  readonly subject: SceneObject
  readonly predicate: string
  readonly object: SceneObject
  /** How sure the model is; triples of a higher score count first. Default 0: in the order given. */
  readonly score?: number
}

/** Objects and relations of a picture, predicted and true. */
export type SceneGraphSample = {
  readonly id: string
  readonly truth: {
    readonly objects: readonly SceneObject[]
    /** Ends by their place in `objects`. */
    readonly relations: readonly {
      readonly subject: number
      readonly predicate: string
      readonly object: number
    }[]
  }
  /** Undefined where there is no answer, or none that could be read to its end. */
  readonly prediction: readonly PredictedTriple[] | undefined
}

/** The names of a dataset, in its order. PSG has 80 things, 53 kinds of stuff and 56 predicates. */
export type SceneGraphVocabulary = {
  readonly things: readonly string[]
  readonly stuff: readonly string[]
  readonly predicates: readonly string[]
}
