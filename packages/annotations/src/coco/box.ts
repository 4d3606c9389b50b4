// Boxes of COCO-like annotations: read, checked, and compared with the mask they stand beside (cocodataset.org/#format-data).

import type { SizePx } from '@maskwords/mask'
import { readNumbers } from '../fields.ts'
import { bad, type Found, shown } from '../found.ts'

export type Box = readonly [x: number, y: number, width: number, height: number]

/** A box may lie so many pixels beside its mask: published ones are rounded, and half a pixel belongs to the outline's pen. */
const SLACK_PX = 2
/** Boxes of no larger overlap (IoU) with that of the mask speak of something else, unless they hold the mask. */
const LEAST_OVERLAP = 0.5

/** A box x, y, width, height that touches the picture. Parts outside it are left as they are. */
export function checkedBox(value: unknown, size: SizePx): Found<Box> {
  const numbers = readNumbers(value)
  if (numbers === undefined || numbers.length !== 4) {
    return bad('bad-geometry', `its box ${shown(value)} should be four numbers x, y, width, height`)
  }
  const [x, y, width, height] = numbers as unknown as Box
  if (width < 0 || height < 0) return bad('bad-geometry', `its box ${shown(value)} has a negative side`)
  if (width === 0 || height === 0) return bad('empty-mask', `its box ${shown(value)} is empty`)
  if (x >= size.widthPx || y >= size.heightPx || x + width <= 0 || y + height <= 0) {
    return bad('bad-geometry', `its box ${shown(value)} lies outside ${size.widthPx} x ${size.heightPx}`)
  }
  return { value: [x, y, width, height] }
}

/** A box x1, y1, x2, y2 (corners) as x, y, width, height. */
export function boxFromCorners(value: unknown, size: SizePx): Found<Box> {
  const numbers = readNumbers(value)
  if (numbers === undefined || numbers.length !== 4) {
    return bad('bad-geometry', `its box ${shown(value)} should be four numbers x1, y1, x2, y2`)
  }
  const [x1, y1, x2, y2] = numbers as unknown as Box
  return checkedBox([x1, y1, x2 - x1, y2 - y1], size)
}

/** Whether a box reaches out of the picture by more than rounding: as one of two corners does. */
export function reachesOut([x, y, width, height]: Box, size: SizePx): boolean {
  return (
    x < -SLACK_PX ||
    y < -SLACK_PX ||
    x + width > size.widthPx + SLACK_PX ||
    y + height > size.heightPx + SLACK_PX
  )
}

/** Whether an annotation states no box at all. */
export function isNoBox(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** Why a stated box cannot be that of a mask with this one; undefined where it can: it fits, or holds more (what is hidden, say). */
export function boxContradiction(stated: Box, ofMask: Box, size: SizePx): string | undefined {
  const [x0, y0, x1, y1] = cornersOf(stated)
  const [p0, q0, p1, q1] = cornersOf(ofMask)
  const { widthPx, heightPx } = size
  if (x0 < -widthPx || y0 < -heightPx || x1 > 2 * widthPx || y1 > 2 * heightPx) {
    return `its box ${shown(stated)} is far larger than ${widthPx} x ${heightPx}`
  }
  const holds = x0 <= p0 + SLACK_PX && y0 <= q0 + SLACK_PX && x1 >= p1 - SLACK_PX && y1 >= q1 - SLACK_PX
  if (holds) return undefined
  const both =
    Math.max(0, Math.min(x1, p1) - Math.max(x0, p0)) * Math.max(0, Math.min(y1, q1) - Math.max(y0, q0))
  const all = stated[2] * stated[3] + ofMask[2] * ofMask[3] - both
  return both / all >= LEAST_OVERLAP
    ? undefined
    : `its box ${shown(stated)} is not that of its mask, ${shown(ofMask)}`
}

function cornersOf([x, y, width, height]: Box): readonly [number, number, number, number] {
  return [x, y, x + width, y + height]
}
