// The picture around a mask, enlarged, and the mask on it: how SAMTok shows small regions (its evaluation of DLC-Bench and MDVP-Bench).
import type { Pixels } from '@maskwords/codecs'
import { crop, type Mask, resizeBicubicPillow, resizeMaskNearest, tightBox } from '@maskwords/mask'

/** A crop is at least this wide and high where the picture is. */
const LEAST_PX = 140
/** Crops whose longer side is shorter are enlarged until their shorter side is this long. */
const ENLARGED_PX = 280

/** The share of the picture that the box of a mask takes; 0 for an empty mask. */
export function boxShare(mask: Mask): number {
  const { width, height } = tightBox(mask)
  return (width * height) / (mask.widthPx * mask.heightPx)
}

/** The part of a picture around a mask, and the mask on it. The whole picture for an empty mask. */
export function zoomed(picture: Pixels, mask: Mask): { readonly picture: Pixels; readonly mask: Mask } {
  const box = tightBox(mask)
  if (box.width === 0) return { picture, mask }
  const [x, width] = widened(box.x, box.width, picture.widthPx)
  const [y, height] = widened(box.y, box.height, picture.heightPx)
  const rgb = new Uint8Array(width * height * 3)
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * picture.widthPx + x) * 3
    rgb.set(picture.rgb.subarray(from, from + width * 3), row * width * 3)
  }
  const cut = crop(mask, { x, y, width, height })
  const [long, short] = [Math.max(width, height), Math.min(width, height)]
  if (long >= ENLARGED_PX) return { picture: { widthPx: width, heightPx: height, rgb }, mask: cut }
  const scale = ENLARGED_PX / short
  const size = { widthPx: Math.trunc(width * scale), heightPx: Math.trunc(height * scale) }
  const large = resizeBicubicPillow({ widthPx: width, heightPx: height, channels: 3, bytes: rgb }, size)
  return { picture: { ...size, rgb: large.bytes }, mask: resizeMaskNearest(cut, size) }
}

function widened(start: number, length: number, limit: number): readonly [start: number, length: number] {
  if (length >= LEAST_PX) return [start, length]
  const more = Math.floor((LEAST_PX - length) / 2)
  const from = Math.max(0, start - more)
  return [from, Math.min(limit, start + length + more) - from]
}
