// Boxes as the rewards and labels of GETok need them: IoU and corner distance. Right and bottom are exclusive.

import type { BoxXyxyPx } from '../codec.ts'

/** Area of a box in square pixels; 0 where it is inside out. */
export function boxArea(box: BoxXyxyPx): number {
  return Math.max(box[2] - box[0], 0) * Math.max(box[3] - box[1], 0)
}

/** Intersection over union of two boxes; 0 where either has no area. */
export function boxIouXyxy(a: BoxXyxyPx, b: BoxXyxyPx): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0])
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1])
  const areaA = boxArea(a)
  const areaB = boxArea(b)
  if (width <= 0 || height <= 0 || areaA === 0 || areaB === 0) return 0
  const shared = width * height
  return shared / (areaA + areaB - shared)
}

/** Sum of the absolute differences of the four sides, in pixels. */
export function boxL1(a: BoxXyxyPx, b: BoxXyxyPx): number {
  return Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2]) + Math.abs(a[3] - b[3])
}
