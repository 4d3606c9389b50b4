// IoU of masks, remembered: masks are values, so that each pair is compared once.
import { iou, type Mask } from '@maskwords/mask'

const known = new WeakMap<Mask, WeakMap<Mask, number>>()

/** IoU of two masks; both are values, so that it is computed once. */
export function iouOf(a: Mask, b: Mask): number {
  const of = known.get(a) ?? new WeakMap<Mask, number>()
  known.set(a, of)
  const there = of.get(b)
  if (there !== undefined) return there
  const value = iou(a, b)
  of.set(b, value)
  return value
}
