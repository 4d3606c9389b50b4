// Intersection over union of masks and of boxes, with the COCO evaluation's crowd rule (common/maskApi.h: rleIou, bbIou).
//
// Against a crowd region a detection is not blamed for what the region has beside it: the union is replaced by the
// detection's own area, so the value says which part of the detection lies in the crowd.

import { MaskError } from './error.ts'
import type { BoxXywhPx, Mask } from './mask.ts'
import { area, tightBox } from './measure.ts'
import { checkSameSize } from './set-operations.ts'

/** Number of pixels in both masks. Throws MaskError where the sizes differ. */
export function intersectionArea(a: Mask, b: Mask): number {
  checkSameSize(a, b)
  return sharedPixels(a.edges, b.edges)
}

/**
 * Pixels in both masks divided by pixels in either: 0 to 1. 0 where the masks share no pixel, two empty masks
 * included, as in the COCO API. Throws MaskError where the sizes differ.
 */
export function iou(a: Mask, b: Mask): number {
  const both = intersectionArea(a, b)
  return both === 0 ? 0 : both / (area(a) + area(b) - both)
}

/**
 * IoU of every detection with every truth: element [d * truths.length + g] (row-major, detections by truths) is the
 * IoU of detections[d] and truths[g], or where `isCrowd[g]` is set, their common pixels divided by the detection's.
 * Throws MaskError where sizes differ or `isCrowd` has another length than `truths`.
 */
export function pairwiseIou(options: {
  readonly detections: readonly Mask[]
  readonly truths: readonly Mask[]
  readonly isCrowd?: ArrayLike<boolean | number> | undefined
}): Float64Array {
  const { detections, truths, isCrowd } = options
  checkCrowd(isCrowd, truths.length)
  const values = new Float64Array(detections.length * truths.length)
  const truthAreas = Float64Array.from(truths, area)
  const truthBoxes = boxColumns(truths)
  const detectionBoxes = boxColumns(detections)
  for (let d = 0; d < detections.length; d++) {
    const detection = detections[d]!
    const detectionArea = area(detection)
    for (let g = 0; g < truths.length; g++) {
      checkSameSize(detection, truths[g]!)
      if (
        detectionBoxes[4 * d]! >= truthBoxes[4 * g + 2]! ||
        truthBoxes[4 * g]! >= detectionBoxes[4 * d + 2]! ||
        detectionBoxes[4 * d + 1]! >= truthBoxes[4 * g + 3]! ||
        truthBoxes[4 * g + 1]! >= detectionBoxes[4 * d + 3]!
      ) {
        continue
      }
      const both = sharedPixels(detection.edges, truths[g]!.edges)
      if (both === 0) continue
      values[d * truths.length + g] =
        both / (isCrowd?.[g] ? detectionArea : detectionArea + truthAreas[g]! - both)
    }
  }
  return values
}

/** IoU of two boxes, 0 to 1, or with `isCrowd` the part of `a` that lies in `b`. Boxes without a common area give 0. */
export function boxIou(a: BoxXywhPx, b: BoxXywhPx, isCrowd = false): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  if (!(width > 0 && height > 0)) return 0
  const both = width * height
  return both / (isCrowd ? a.width * a.height : a.width * a.height + b.width * b.height - both)
}

/** IoU of every detection's box with every truth's, in the order and with the crowd rule of `pairwiseIou`. */
export function pairwiseBoxIou(options: {
  readonly detections: readonly BoxXywhPx[]
  readonly truths: readonly BoxXywhPx[]
  readonly isCrowd?: ArrayLike<boolean | number> | undefined
}): Float64Array {
  const { detections, truths, isCrowd } = options
  checkCrowd(isCrowd, truths.length)
  const values = new Float64Array(detections.length * truths.length)
  for (let d = 0; d < detections.length; d++) {
    for (let g = 0; g < truths.length; g++) {
      values[d * truths.length + g] = boxIou(detections[d]!, truths[g]!, Boolean(isCrowd?.[g]))
    }
  }
  return values
}

function checkCrowd(isCrowd: ArrayLike<unknown> | undefined, truths: number): void {
  if (isCrowd !== undefined && isCrowd.length !== truths) {
    throw new MaskError('size-mismatch', `isCrowd has ${isCrowd.length} entries for ${truths} truths`)
  }
}

/** Tight boxes as x0, y0, x1, y1 (ends exclusive), four numbers a mask. */
function boxColumns(masks: readonly Mask[]): Float64Array {
  const boxes = new Float64Array(masks.length * 4)
  for (let i = 0; i < masks.length; i++) {
    const box = tightBox(masks[i]!)
    boxes[4 * i] = box.x
    boxes[4 * i + 1] = box.y
    boxes[4 * i + 2] = box.x + box.width
    boxes[4 * i + 3] = box.y + box.height
  }
  return boxes
}

function sharedPixels(p: Uint32Array, q: Uint32Array): number {
  if (p.length === 0 || q.length === 0) return 0
  let i = firstRunEndingAfter(p, q[0]!)
  let j = firstRunEndingAfter(q, p[0]!)
  if (i === p.length || j === q.length) return 0
  let pixels = 0
  // Positions fit 31 bits; saying so keeps the arithmetic in machine integers.
  let pStart = p[i]! | 0
  let pEnd = p[i + 1]! | 0
  let qStart = q[j]! | 0
  let qEnd = q[j + 1]! | 0
  for (;;) {
    const start = Math.max(pStart, qStart)
    if (pEnd <= qEnd) {
      if (pEnd > start) pixels = (pixels + pEnd - start) | 0
      i += 2
      if (i === p.length) return pixels
      pStart = p[i]! | 0
      pEnd = p[i + 1]! | 0
    } else {
      if (qEnd > start) pixels = (pixels + qEnd - start) | 0
      j += 2
      if (j === q.length) return pixels
      qStart = q[j]! | 0
      qEnd = q[j + 1]! | 0
    }
  }
}

/** Index of the start of the first run that ends behind `position`; edges.length if none does. */
function firstRunEndingAfter(edges: Uint32Array, position: number): number {
  let low = 0
  let high = edges.length / 2
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[2 * middle + 1]! > position) high = middle
    else low = middle + 1
  }
  return 2 * low
}
