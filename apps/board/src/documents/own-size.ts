// Pictures that are worked with at a smaller size than their file has: masks of the file's size come in, and go out.
import { type Grounds, groundsOf } from '@maskwords/exchange/ground.ts'
import { type Mask, resizeMaskNearest, type SizePx } from '@maskwords/mask'
import type { Picture } from '../state/types.ts'

/** The pixels of a picture's file, as viewers show them: what masks that come in or go out lie on. */
export function ownGrounds(picture: Picture): Grounds {
  const { widthPx, heightPx } = picture.own ?? picture.pixels
  return { ...groundsOf(picture), widthPx, heightPx }
}

const scaled = (mask: Mask, to: SizePx): Mask =>
  mask.widthPx === to.widthPx && mask.heightPx === to.heightPx
    ? mask
    : resizeMaskNearest(mask, { widthPx: to.widthPx, heightPx: to.heightPx })

/** A mask of the file's size as a region has it, by the command's rule for masks of scaled pictures, which takes the nearest pixel. */
export const workMask = (mask: Mask, picture: Pick<Picture, 'own' | 'pixels'>): Mask =>
  scaled(mask, picture.pixels)

/** A region's mask at the size of the picture's file, by the same rule: what is saved. */
export const ownMask = (mask: Mask, { own, pixels }: Pick<Picture, 'own' | 'pixels'>): Mask =>
  scaled(mask, own ?? pixels)
