// Which pixels masks were drawn on, where a picture's file says that viewers turn it (Exif 2.32, tag 0x0112). The one place that decides.

import type { SizePx } from '../resize/taps.ts'

/** The orientation tag: 1 as stored, 2 mirrored, 3 half turn, 4 mirrored half turn, 5 to 8 the same on their side. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** The pixels as they lie in the file, or as a viewer shows them. */
export type Ground = 'stored' | 'shown'

/**
 * Whose pixels a format's masks lie on where sizes cannot tell: 'shown' for what is drawn in a viewer (labelme, CVAT,
 * Label Studio, mask pictures), 'stored' for data sets that are read with Pillow (COCO and its kin, our JSON lines).
 */
export type GroundConvention = Ground

export type GroundChoice = {
  readonly ground: Ground
  /** 'same' where nothing turns, 'size' where only that size fits, 'convention' where both would. */
  readonly by: 'same' | 'size' | 'convention'
}

/** Width and height as a viewer shows them: orientations 5 to 8 lie on their side. */
export function shownSize<T extends SizePx>(stored: T, orientation: number): SizePx {
  const { widthPx, heightPx } = stored
  return orientation >= 5 ? { widthPx: heightPx, heightPx: widthPx } : { widthPx, heightPx }
}

/**
 * The ground of masks that state these sizes (none: only the convention speaks). Undefined where no stated size is
 * that of the picture, stored or shown.
 */
export function chooseGround(options: {
  readonly stored: SizePx
  readonly orientation: number
  readonly stated: readonly SizePx[]
  readonly convention: GroundConvention
}): GroundChoice | undefined {
  const { stored, orientation, stated, convention } = options
  const shown = shownSize(stored, orientation)
  const fits = (size: SizePx) =>
    stated.some(({ widthPx, heightPx }) => widthPx === size.widthPx && heightPx === size.heightPx)
  const [fitsStored, fitsShown] = [fits(stored), fits(shown)]
  if (stated.length > 0 && !fitsStored && !fitsShown) return undefined
  if (orientation === 1) return { ground: 'stored', by: 'same' }
  if (fitsStored !== fitsShown) return { ground: fitsStored ? 'stored' : 'shown', by: 'size' }
  return { ground: convention, by: 'convention' }
}
