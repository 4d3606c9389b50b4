// Boxes of a side, in whatever unit the text writes them: pixels, 0..1000, 0..1. The forms are those of `saidBoxes`.

import { saidBoxes } from '@maskwords/words'

/** Left, top, right, bottom, in the unit of the text; right and bottom are exclusive. */
export type Box = readonly [left: number, top: number, right: number, bottom: number]

/** Boxes or masks of one side that are matched: the cost of matching grows with their cube. Dense scenes have some 60. */
export const MAX_MATCHED = 128

/** The boxes of one side of a comparison. */
export type SideBoxes = {
  /** The first 128. */
  readonly boxes: Box[]
  /** How many there are in all. */
  readonly count: number
  /** Whether the text begins a box that cannot be read. */
  readonly unread: boolean
}

/** The boxes of a text in any form of numbers. Linear time on any text. */
export function readBoxes(text: string): SideBoxes {
  const { boxes, unread } = saidBoxes(text)
  const kept = boxes.slice(0, MAX_MATCHED).map(({ box }) => box)
  return { boxes: kept, count: boxes.length, unread: unread.length > 0 }
}
