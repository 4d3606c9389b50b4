// A mask from the pixels as they lie in a file to those that viewers show, and back (Exif 2.32, tag 0x0112).

import type { Mask } from '../mask.ts'
import {
  flipHorizontal,
  flipVertical,
  rotate90Clockwise,
  rotate90CounterClockwise,
  rotate180,
} from '../placement.ts'
import { transpose } from '../transpose.ts'

/** A mask of the stored pixels on the shown ones; `orientation` 1 gives the same mask. */
export function shownMask(mask: Mask, orientation: number): Mask {
  switch (orientation) {
    case 2:
      return flipHorizontal(mask)
    case 3:
      return rotate180(mask)
    case 4:
      return flipVertical(mask)
    case 5:
      return transpose(mask)
    case 6:
      return rotate90Clockwise(mask)
    case 7:
      return rotate180(transpose(mask))
    case 8:
      return rotate90CounterClockwise(mask)
    default:
      return mask
  }
}

/** The inverse: a mask of the shown pixels on the stored ones. Only the quarter turns 6 and 8 are each other's. */
export function storedMask(mask: Mask, orientation: number): Mask {
  return shownMask(mask, orientation === 6 ? 8 : orientation === 8 ? 6 : orientation)
}
