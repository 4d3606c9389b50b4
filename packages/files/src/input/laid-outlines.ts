// Shapes on a picture that EXIF turns: drawn on the size that holds them, as `prepare` draws them.
import { laidOutlines, maskFromShapes } from '@maskwords/mask'
import type { Size } from '../options.ts'
import type { StatedMask } from './found-masks.ts'

/** The masks on the size they were drawn on, and what is to be said of that. `size`: of files that state none.
 * `isLaid`: turning exchanges the picture's sides. */
export function onTheirGround(
  stated: readonly StatedMask[],
  size: Size | undefined,
  isLaid: boolean,
): { readonly stated: readonly StatedMask[]; readonly said?: string } {
  const shapes = stated.filter((item) => item.dialect === 'shapes')
  const own = shapes[0]?.size ?? size
  // Run lengths have the size that they state, and so have the shapes beside them.
  if (own === undefined || shapes.length < stated.length) return { stated }
  const found = laidOutlines(
    own,
    shapes.map((item) => (on) => maskFromShapes(item.shapes, on)),
  )
  if (found === undefined) return { stated }
  const { widthPx, heightPx } = own
  const { lost, all, isOther } = found
  const at = `outlines leave the size they state, ${widthPx} x ${heightPx}, in a picture that EXIF turns: ${lost} of ${all} pixels`
  if (!isLaid || !isOther) {
    const turned = isLaid ? 'turned, they do not fit either' : 'its size is the same turned'
    return { stated, said: `${at} lie outside and are lost; ${turned}` }
  }
  const other = { widthPx: heightPx, heightPx: widthPx }
  return {
    stated: shapes.map((item) => ({ ...item, size: other })),
    said: `${at} would be lost; they fit ${heightPx} x ${widthPx} and are taken to lie on that`,
  }
}
