// What a file of masks gives for the open picture: masks with their names, and what could not be read. Definition: ours.
import type { Mask } from '@maskwords/mask'
import { StudioError } from './error.ts'

/** More regions than this are no list that a person works with. COCO panoptic pictures have up to about 70. */
export const MAX_REGIONS = 200
/** Longer names, classes and phrases are cut: they stand in lists, files and addresses. */
export const MAX_NAME_CHARACTERS = 120

export type NamedMask = {
  readonly mask: Mask
  readonly name: string
  /** Its class, where the file says one. */
  readonly category?: string
  /** A text that means this region, where the file has one. */
  readonly phrase?: string
}

export type LoadedMasks = {
  readonly masks: readonly NamedMask[]
  /** Annotations that could not be read, with the first cause. */
  readonly refused: number
  readonly cause?: string
  readonly readAs: string
}

/** A mask that a file names `label`; `else` is its name where it does not. */
export function labelled(mask: Mask, label: string | undefined, otherwise: string): NamedMask {
  const name = label?.trim().slice(0, MAX_NAME_CHARACTERS) ?? ''
  return name === '' ? { mask, name: otherwise } : { mask, name, category: name }
}

/** Throws StudioError `too-large` for more annotations than a person works with. */
export function checkCount(annotations: number): void {
  if (annotations <= MAX_REGIONS) return
  throw new StudioError(
    'too-large',
    `${annotations.toLocaleString('en')} annotations belong to this picture, the studio loads up to ${MAX_REGIONS} regions`,
    { hint: 'Cut the list down to those you want to see.' },
  )
}
