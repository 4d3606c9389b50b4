// Outlines on a picture that EXIF lays on its side: whether the size they state is the one they were drawn on.

import type { Mask } from '../mask.ts'
import { area, tightBox } from '../measure.ts'
import type { SizePx } from '../resize/taps.ts'

/** Pixels beyond the edge that rounding explains. */
const EDGE_PX = 1

export type LaidOutlines = {
  /** Only the size with its sides exchanged holds them all. */
  readonly isOther: boolean
  /** Pixels that the stated size cuts off, of all that the outlines have. */
  readonly lost: number
  readonly all: number
}

/**
 * What outlines say against their stated size; undefined where it holds all of them. Each draws itself on a picture of
 * any size: on a square that holds both ways round, then on the stated one. Outlines that cannot be drawn do not count.
 */
export function laidOutlines(
  size: SizePx,
  outlines: readonly ((size: SizePx) => Mask)[],
): LaidOutlines | undefined {
  const { widthPx, heightPx } = size
  const side = Math.max(widthPx, heightPx)
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
