// What the COCO evaluation takes: pictures, true regions, detections. Definition: COCO's annotation and result formats
// (cocodataset.org, "Data format", "Results format"), with plain names.

import type { BoxXywhPx, CocoSegmentation, Mask } from '@maskwords/mask'
import type { RecordId } from '@maskwords/words'

/** An id of the dataset, as `recordId` reads it: equal ids are equal values. Whole numbers come before texts where order matters. */
export type CocoId = RecordId

/** A picture: its id and size. */
export type CocoPicture = {
  readonly id: CocoId
  readonly widthPx: number
  readonly heightPx: number
  /** LVIS: categories known to be absent (`neg_category_ids`). */
  readonly absentCategoryIds?: readonly CocoId[]
  /** LVIS: categories of which not every object has its annotation (`not_exhaustive_category_ids`). */
  readonly openCategoryIds?: readonly CocoId[]
}

/** LVIS: rare (in at most 10 training pictures), common (at most 100), frequent. */
export type LvisFrequency = 'r' | 'c' | 'f'

/** A category: its id and name. */
export type CocoCategory = { readonly id: CocoId; readonly name?: string; readonly frequency?: LvisFrequency }

/** A mask value, or what stands in COCO's `segmentation`: polygons, compressed or plain run lengths. */
export type CocoShape = Mask | CocoSegmentation

/** The regions of one category in one picture. */
export type CocoGroup = { readonly pictureId: CocoId; readonly categoryId: CocoId }

/** An object of the truth: picture, category, mask or box, area, crowd. */
export type CocoTruth = {
  /** Only for messages, and for mode `official`, where a truth of id 0 cannot be hit. */
  readonly id?: CocoId
  readonly pictureId: CocoId
  readonly categoryId: CocoId
  /** Needed for masks. */
  readonly mask?: CocoShape
  /** Needed for boxes. */
  readonly boxXywhPx?: BoxXywhPx
  /** The annotation's own `area`, which decides on small, medium and large. Default: of the mask, or of the box. */
  readonly areaPx?: number
  /** A region of many objects: detections in it are neither right nor wrong. */
  readonly isCrowd?: boolean
  /** LVIS's `ignore`: not counted, and a detection that matches it neither; compared by IoU as any other. */
  readonly isIgnored?: boolean
}

/** A detection: picture, category, score, mask or box. */
export type CocoDetection = {
  readonly pictureId: CocoId
  readonly categoryId: CocoId
  readonly score: number
  readonly mask?: CocoShape
  readonly boxXywhPx?: BoxXywhPx
  /** Decides whether an unmatched detection counts in an area range. Default: of the mask, or of the box. */
  readonly areaPx?: number
}

/** One record that could not be used as it is, and what became of it. */
export type CocoProblem = {
  readonly code:
    | 'malformed'
    | 'size-mismatch'
    | 'out-of-range'
    | 'duplicate'
    | 'unknown-picture'
    | 'unknown-category'
  /** What, where, got, wanted, and what was done instead, in one sentence. */
  readonly message: string
  /** For example `annotation 17`, `detection 3` (counted from 0). */
  readonly at: string
}
