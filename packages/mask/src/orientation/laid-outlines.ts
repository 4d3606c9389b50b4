// Outlines on a picture that EXIF turns: whether the size they state is the one they were drawn on.

import { MAX_MASK_PIXELS, type Mask } from '../mask.ts'
import { area, tightBox } from '../measure.ts'
import type { SizePx } from '../resize/taps.ts'

/** Pixels beyond the edge that rounding explains. */
const EDGE_PX = 1

/** Side of the largest square that a mask can have. */
const LARGEST_SQUARE_PX = Math.floor(Math.sqrt(MAX_MASK_PIXELS))

export type LaidOutlines = {
  /** Only the size with its sides exchanged holds them all. */
  readonly isOther: boolean
  /** Pixels that the stated size cuts off, of all that the outlines have. */
  readonly lost: number
  readonly all: number
}

/**
 * What outlines say against their stated size; undefined where it holds all of them. Each draws itself on a picture of
 * any size: on a square twice as large as both ways round (what lies beyond that is not counted), then on the stated one. Outlines that cannot be drawn do not count.
 */
export function laidOutlines(
  size: SizePx,
  outlines: readonly ((size: SizePx) => Mask)[],
): LaidOutlines | undefined {
  const { widthPx, heightPx } = size
  const longest = Math.max(widthPx, heightPx)
  const side = Math.max(longest, Math.min(2 * longest, LARGEST_SQUARE_PX))
  let [lost, all, isBeyond, fitsOther] = [0, 0, false, true]
  for (const draw of outlines) {
    try {
      const whole = draw({ widthPx: side, heightPx: side })
      const box = tightBox(whole)
      const [right, bottom] = [box.x + box.width, box.y + box.height]
      isBeyond ||= right > widthPx + EDGE_PX || bottom > heightPx + EDGE_PX
      fitsOther &&= right <= heightPx + EDGE_PX && bottom <= widthPx + EDGE_PX
      all += area(whole)
      lost += area(whole) - area(draw({ widthPx, heightPx }))
    } catch {
      // Its reader says what is wrong with it.
    }
  }
  return isBeyond ? { isOther: fitsOther, lost, all } : undefined
}
