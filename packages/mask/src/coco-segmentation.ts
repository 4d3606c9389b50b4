// The `segmentation` field of COCO annotations, in any of its three forms.

import { type CocoCounts, type CocoRle, maskFromCocoRle } from './coco-rle.ts'
import { MaskError } from './error.ts'
import { excerpt } from './excerpt.ts'
import type { Mask } from './mask.ts'
import { maskFromCocoPolygons } from './polygon.ts'
import type { FlatRing } from './polygon-fill.ts'

/** A list of polygons, or run lengths as compressed text or as plain counts. */
export type CocoSegmentation = readonly FlatRing[] | CocoRle | CocoCounts

/**
 * The mask of a COCO annotation's `segmentation` in a picture of widthPx x heightPx. Throws MaskError as the readers of
 * the forms do, and (size-mismatch) where run lengths are of another size than the picture.
 */
export function maskFromCocoSegmentation(input: {
  readonly widthPx: number
  readonly heightPx: number
  readonly segmentation: CocoSegmentation
}): Mask {
  const { widthPx, heightPx, segmentation } = input
  if (Array.isArray(segmentation)) return maskFromCocoPolygons({ widthPx, heightPx, polygons: segmentation })
  if (typeof segmentation !== 'object' || segmentation === null) {
    throw new MaskError(
      'malformed',
      `COCO segmentation must be a list of polygons or { size, counts }, got ${excerpt(segmentation)}`,
    )
  }
  const { size } = segmentation as CocoRle
  if (Array.isArray(size) && (size[0] !== heightPx || size[1] !== widthPx)) {
    throw new MaskError(
      'size-mismatch',
      `COCO RLE of size [${excerpt(size[0])}, ${excerpt(size[1])}] in a picture of ${heightPx} x ${widthPx} (height x width)`,
      size[0] === widthPx && size[1] === heightPx
        ? { hint: 'COCO has [height, width]: the two look exchanged' }
        : {},
    )
  }
  return maskFromCocoRle(segmentation as CocoRle | CocoCounts)
}
