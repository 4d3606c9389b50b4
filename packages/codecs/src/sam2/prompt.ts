// Prompts and pictures in SAM 2's frame, and how sure a mask is of its outline (SAM 2 release: SAM2Transforms,
// SAM2ImagePredictor; Segment Anything: stability score).
import { resizeBilinear } from '@maskwords/mask'
import type { PictureSize, Pixels, SegmentPrompt } from '../codec.ts'
import { CodecError } from '../error.ts'

/** Points of one prompt. People click some ten, GETok writes some tens; each is a token that all others look at. */
export const MAX_PROMPT_POINTS = 1024

/** Labels of a box's corners. */
const TOP_LEFT = 2
const BOTTOM_RIGHT = 3

/** The points of a prompt in pixels of the frame, a box's corners first, with their labels. */
export function framePoints(
  prompt: SegmentPrompt,
  picture: PictureSize,
  { imagePx, at }: { imagePx: number; at: number },
): { pointsXy: number[]; labels: number[] } {
  const { pointsXyPx, labels, boxXyxyPx } = prompt
  const count = labels.length
  const fail = (message: string): never => {
    throw new CodecError('out-of-range', `prompt ${at}: ${message}`, { at })
  }
  if (pointsXyPx.length !== 2 * count) {
    throw new CodecError(
      'size-mismatch',
      `prompt ${at}: ${count} labels want ${2 * count} coordinates, got ${pointsXyPx.length}`,
      { at },
    )
  }
  if (count > MAX_PROMPT_POINTS) fail(`${count} points; at most ${MAX_PROMPT_POINTS} are possible`)
  const xy = [...(boxXyxyPx ?? []), ...Array.from(pointsXyPx)]
  const wrong = xy.find((value) => !Number.isFinite(value))
  if (wrong !== undefined) fail(`a coordinate is ${wrong}`)
  const stray = Array.from(labels).find((label) => label !== 0 && label !== 1)
  if (stray !== undefined) fail(`the label ${stray}; 1 is on the object, 0 off it`)
  return {
    pointsXy: xy.map((value, i) => (value / (i % 2 === 0 ? picture.widthPx : picture.heightPx)) * imagePx),
    labels: [...(boxXyxyPx === undefined ? [] : [TOP_LEFT, BOTTOM_RIGHT]), ...Array.from(labels)],
  }
}

/** The picture squashed to a square by the antialiased bilinear filter: interleaved RGB, 0 to 255, not rounded. */
export function smoothPixels(picture: Pixels, sidePx: number): Float32Array {
  const { widthPx, heightPx, rgb } = picture
  if (widthPx === sidePx && heightPx === sidePx) return Float32Array.from(rgb)
  const pixels = widthPx * heightPx
  const out = new Float32Array(sidePx * sidePx * 3)
  const values = new Float32Array(pixels)
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < pixels; i++) values[i] = rgb[3 * i + channel]!
    const plane = resizeBilinear(
      { widthPx, heightPx, values },
      { widthPx: sidePx, heightPx: sidePx },
      { antialias: true },
    ).values
    for (let i = 0; i < plane.length; i++) out[3 * i + channel] = plane[i]!
  }
  return out
}

/** IoU of the masks above `centre + by` and above `centre - by`; 1 where both are empty. */
export function stabilityOf(logits: Float32Array, { centre, by }: { centre: number; by: number }): number {
  let inside = 0
  let around = 0
  for (let i = 0; i < logits.length; i++) {
    if (logits[i]! > centre - by) around++
    if (logits[i]! > centre + by) inside++
  }
  return around === 0 ? 1 : inside / around
}
