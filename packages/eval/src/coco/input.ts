// What the COCO evaluation takes: pictures, true regions, detections. Definition: COCO's annotation and result formats
// (cocodataset.org, "Data format", "Results format"), with plain names.

import type { BoxXywhPx, CocoSegmentation, Mask } from '@maskwords/mask'

/** An id of the dataset. Numbers come before texts where order matters. */
export type CocoId = number | string

export type CocoPicture = { readonly id: CocoId; readonly widthPx: number; readonly heightPx: number }

export type CocoCategory = { readonly id: CocoId; readonly name?: string }

/** A mask value, or what stands in COCO's `segmentation`: polygons, compressed or plain run lengths. */
export type CocoShape = Mask | CocoSegmentation

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
}

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

/** Numbers ascending, then texts by code unit: the order of pictures and categories. */
export function compareIds(a: CocoId, b: CocoId): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1
  if (typeof b === 'number') return 1
  return a < b ? -1 : a > b ? 1 : 0
}
