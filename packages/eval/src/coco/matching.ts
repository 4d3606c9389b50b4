// Which detection hits which truth, in one picture and category. Definition: cocoeval.py, evaluateImg: detections from the highest
// score on take the truth of highest IoU that is still free; truths that do not count come last and only if no other fits.

import type { GroupColumns } from './records.ts'
import type { CocoAreaRange } from './settings.ts'

/** What became of a detection at one threshold and area range. */
export const MISS = 0
export const HIT = 1
/** Matched to a crowd or to a truth outside the area range, or unmatched and itself outside of it, or in an open group. */
export const IGNORED = 2

/** Reused from group to group. */
export type MatchScratch = { order: Uint32Array; taken: Uint8Array; isIgnored: Uint8Array }

export function matchScratch(): MatchScratch {
  return { order: new Uint32Array(0), taken: new Uint8Array(0), isIgnored: new Uint8Array(0) }
}

/** Number of truths that count in the range; fills `scratch` with them first. */
export function orderTruths(group: GroupColumns, range: CocoAreaRange, scratch: MatchScratch): number {
  const { truthAreas, isCrowd, isIgnored: isStated, truths: G } = group
  if (scratch.order.length < G) {
    scratch.order = new Uint32Array(2 * G)
    scratch.taken = new Uint8Array(2 * G)
    scratch.isIgnored = new Uint8Array(2 * G)
  }
  const { order, isIgnored } = scratch
  let counted = 0
  for (let g = 0; g < G; g++) {
    const areaPx = truthAreas[g]!
    isIgnored[g] = isCrowd[g] || isStated[g] || areaPx < range.fromPx || areaPx > range.toPx ? 1 : 0
    if (!isIgnored[g]) order[counted++] = g
  }
  let n = counted
  for (let g = 0; g < G; g++) if (isIgnored[g]) order[n++] = g
  return counted
}

/**
 * Writes the code of each detection at one threshold to `codes[at], codes[at + 1], ...`. `scratch` must hold the order of
 * `orderTruths` for the same range.
 */
export function writeCodes(
  group: GroupColumns,
  range: CocoAreaRange,
  threshold: number,
  scratch: MatchScratch,
  codes: Uint8Array,
  at: number,
): void {
  const { ious, isCrowd, isNameless, detections: D, truths: G } = group
  const { order, taken, isIgnored } = scratch
  // A full match must be found at a threshold of 1 although it was computed in floating point.
  const lowest = Math.min(threshold, 1 - 1e-10)
  // No pair reaches the threshold: the common case at high ones, and of groups without truths.
  if (lowest > group.highest) {
    for (let d = 0; d < D; d++) codes[at + d] = unmatchedCode(group, d, range)
    return
  }
  taken.fill(0, 0, G)
  for (let d = 0; d < D; d++) {
    let best = lowest
    let found = -1
    for (let j = 0; j < G; j++) {
      const g = order[j]!
      if (taken[g] && !isCrowd[g]) continue
      if (found !== -1 && !isIgnored[found] && isIgnored[g]) break
      const iou = ious[d * G + g]!
      // Of two truths with the same IoU the later one is taken.
      if (iou < best) continue
      best = iou
      found = g
    }
    let code = MISS
    if (found !== -1) {
      taken[found] = 1
      code = isIgnored[found] ? IGNORED : HIT
    }
    if (found === -1 || (isNameless[found] && code === HIT)) code = unmatchedCode(group, d, range)
    codes[at + d] = code
  }
}

function unmatchedCode({ detectionAreas, isOpen }: GroupColumns, d: number, range: CocoAreaRange): number {
  const areaPx = detectionAreas[d]!
  return isOpen || areaPx < range.fromPx || areaPx > range.toPx ? IGNORED : MISS
}
