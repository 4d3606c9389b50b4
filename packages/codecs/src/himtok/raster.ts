// Masks at the picture's size to the tokenizer's square and back (HiMTok's data preparation and its evaluation code).
import {
  type Mask,
  maskFromRowMajor,
  type PillowVersion,
  resizeBicubicPillow,
  resizeBilinear,
  resizeNearest,
  rowMajorBytes,
} from '@maskwords/mask'

/**
 * A mask as the tokenizer sees it: 0 and 255, squashed to a square by Pillow's bicubic filter (in the order of passes of `as`), divided by 255. Edges
 * are grey. Row-major [sizePx, sizePx], written at `offset` of `out`.
 */
export function writeSquare(
  mask: Mask,
  sizePx: number,
  out: Float32Array,
  offset: number,
  as?: PillowVersion,
): void {
  const { widthPx, heightPx } = mask
  const bytes = rowMajorBytes(mask).slice()
  for (let i = 0; i < bytes.length; i++) bytes[i] = bytes[i] === 0 ? 0 : 255
  const square = resizeBicubicPillow(
    { widthPx, heightPx, channels: 1, bytes },
    { widthPx: sizePx, heightPx: sizePx },
    as === undefined ? {} : { as },
  )
  for (let i = 0; i < square.bytes.length; i++) out[offset + i] = square.bytes[i]! / 255
}

/** The mask of a square of logits at a picture's size: foreground where the resized logit is above `logitThreshold`. */
export function squareToMask(
  logits: Float32Array,
  sizePx: number,
  to: { widthPx: number; heightPx: number },
  options: { resize: 'nearest' | 'bilinear'; logitThreshold: number },
): Mask {
  const from = { widthPx: sizePx, heightPx: sizePx, values: logits }
  const { values } = options.resize === 'nearest' ? resizeNearest(from, to) : resizeBilinear(from, to)
  const { logitThreshold } = options
  const bytes = new Uint8Array(values.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = values[i]! > logitThreshold ? 1 : 0
  return maskFromRowMajor({ widthPx: to.widthPx, heightPx: to.heightPx, bytes })
}
