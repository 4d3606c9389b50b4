// IoU of all detections with all truths of one picture and category, exact where it matters. Definition: COCO API
// (maskApi.c: rleIou, bbIou) with its crowd rule: against a crowd, the part of the detection that lies in it.

import { area, type BoxXywhPx, boxIou, intersectionArea, type Mask, tightBox } from '@maskwords/mask'

/** A mask with what every comparison needs of it. */
export type MeasuredMask = { readonly mask: Mask; readonly areaPx: number; readonly box: BoxXywhPx }

export function measured(mask: Mask): MeasuredMask {
  return { mask, areaPx: area(mask), box: tightBox(mask) }
}

/**
 * Writes the IoU of detections[d] and truths[g] to `values[d * truths.length + g]`. A pair whose boxes and areas already
 * say that it stays below `lowest` gets 0: no threshold can tell the two apart. A pair with an undefined truth or
 * detection (its mask could not be read) gets 0.
 */
export function writeMaskIous(
  values: Float64Array,
  detections: readonly (MeasuredMask | undefined)[],
  truths: readonly (MeasuredMask | undefined)[],
  isCrowd: Uint8Array,
  lowest: number,
): void {
  const G = truths.length
  for (let d = 0; d < detections.length; d++) {
    const detection = detections[d]
    for (let g = 0; g < G; g++) {
      const truth = truths[g]
      values[d * G + g] = 0
      if (detection === undefined || truth === undefined) continue
      const p = detection.box
      const q = truth.box
      const width = Math.min(p.x + p.width, q.x + q.width) - Math.max(p.x, q.x)
      const height = Math.min(p.y + p.height, q.y + q.height) - Math.max(p.y, q.y)
      if (width <= 0 || height <= 0) continue
      const most = Math.min(width * height, detection.areaPx, truth.areaPx)
      const sum = detection.areaPx + truth.areaPx
      if (most / (isCrowd[g] ? detection.areaPx : sum - most) < lowest) continue
      const both = intersectionArea(detection.mask, truth.mask)
      if (both > 0) values[d * G + g] = both / (isCrowd[g] ? detection.areaPx : sum - both)
    }
  }
}

/** The same for boxes, every pair. */
export function writeBoxIous(
  values: Float64Array,
  detections: readonly BoxXywhPx[],
  truths: readonly BoxXywhPx[],
  isCrowd: Uint8Array,
): void {
  const G = truths.length
  for (let d = 0; d < detections.length; d++) {
    for (let g = 0; g < G; g++) values[d * G + g] = boxIou(detections[d]!, truths[g]!, isCrowd[g] === 1)
  }
}
