// What there is to reconstruct, as a plan: pictures, and how to read the masks of each.
import { createHash } from 'node:crypto'
import type { ErrorReport } from '@maskwords/files'
import type { Mask } from '@maskwords/mask'

/** A mask as the truth states it, before anything is left out. */
export type StatedTruth = { readonly id: string; readonly read: () => Mask; readonly isCrowd: boolean }

export type PlannedPicture = {
  readonly id: string
  /** The picture's file. */
  readonly path: string
  readonly widthPx: number
  readonly heightPx: number
  /** Which pixels of a picture that EXIF turns the masks lie on: as stored (default), or as shown. */
  readonly exif?: 'apply'
  /** What the truth says of this picture; files of masks are read here. */
  readonly masks: () => Promise<readonly StatedTruth[]>
}

export type TruthPlan = {
  readonly kind: 'coco' | 'label-maps' | 'records'
  readonly pictures: readonly PlannedPicture[]
  /** Entries that say no picture or mask. */
  readonly failures: readonly ErrorReport[]
  /** SHA-256 of the file that lists the truth. */
  readonly sha256: string
}

export type TruthOptions = {
  readonly truth: string
  /** Folder of the pictures; by default `images` beside the truth, or the truth's own folder. */
  readonly pictures: string | undefined
  readonly signal: AbortSignal
}

/** SHA-256 in hexadecimal: what a result's stamp says of its data. */
export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
