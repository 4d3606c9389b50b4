// Pictures and masks as SAMTok sees them, and its logits as masks (SAMTok release: DirectResize, mask and box prompts).
import {
  type Mask,
  maskFromRowMajor,
  type PillowVersion,
  resizeBicubicPillow,
  resizeBilinear,
  rowMajorBytes,
  tightBox,
} from '@maskwords/mask'
import type { PictureSize, Pixels } from '../codec.ts'
import { CodecError } from '../error.ts'

/** The picture squashed to a square by Pillow's bicubic filter, in the order of passes of `as`: RGB bytes, row-major. */
export function squarePixels(picture: Pixels, sidePx: number, as?: PillowVersion): Uint8Array {
  const { widthPx, heightPx, rgb } = picture
  return resizeBicubicPillow(
    { widthPx, heightPx, channels: 3, bytes: rgb },
    { widthPx: sidePx, heightPx: sidePx },
    as === undefined ? {} : { as },
  ).bytes
}

/** Writes a mask, resized to a square by the antialiased bilinear filter with values 0 to 1, at `offset` of `out`. */
export function writeMaskPrompt(mask: Mask, side: number, out: Float32Array, offset: number): void {
  const { widthPx, heightPx } = mask
  const values = Float32Array.from(rowMajorBytes(mask))
  const resized = resizeBilinear(
    { widthPx, heightPx, values },
    { widthPx: side, heightPx: side },
    { antialias: true },
  )
  out.set(resized.values, offset)
}

type Box = readonly [left: number, top: number, right: number, bottom: number]

/** The tight box of a mask as the release takes it: first and last column and row, both inclusive, in pixels. */
export function inclusiveBox(mask: Mask, at: number): Box {
  const box = tightBox(mask)
  if (box.width === 0 || box.height === 0) {
    throw new CodecError('out-of-range', `mask ${at} has no foreground; SAMTok has no words for nothing`, {
      at,
      hint: 'leave empty masks out, or answer "No target."',
    })
  }
  return [box.x, box.y, box.x + box.width - 1, box.y + box.height - 1]
}

/** A box in pixels of the picture as shares of its size, times the side of the frame; float32 at each step, as published. */
export function inFrame(box: Box, { widthPx, heightPx }: PictureSize, framePx: number): number[] {
  return box.map((value, i) => Math.fround(Math.fround(value / (i % 2 === 0 ? widthPx : heightPx)) * framePx))
}

/** Logits of a square as a mask of a picture's size: resized bilinearly, foreground above `threshold`. */
export function logitsToMask(logits: Float32Array, side: number, to: PictureSize, threshold: number): Mask {
  const { values } = resizeBilinear(
    { widthPx: side, heightPx: side, values: logits },
    { widthPx: to.widthPx, heightPx: to.heightPx },
  )
  const bytes = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++) bytes[i] = values[i]! > threshold ? 1 : 0
  return maskFromRowMajor({ widthPx: to.widthPx, heightPx: to.heightPx, bytes })
}
