// Masks out of COCO RLE, kept: the samples of a group share their truth, and squashing a mask costs more than a reward.

import { type CodecError, squashMask, type TrueRegion } from '@maskwords/codecs'
import { type CocoCounts, type CocoRle, type Mask, maskFromCocoRle, tightBox } from '@maskwords/mask'

/** Side of the frame in which GETok's rewards measure lengths. */
export const GETOK_FRAME_PX = 840

/** Masks kept, and the longest RLE that is: together at most some ten megabytes. */
const KEPT_MASKS = 512
const KEPT_RLE_CHARS = 16_384

const masks = new Map<string, Mask>()
const regions = new WeakMap<Mask, TrueRegion>()

/** The mask of an RLE; the same object for the same RLE as long as it is kept. Throws MaskError. */
export function maskOfRle(rle: CocoRle | CocoCounts): Mask {
  const counts = (rle as { counts?: unknown } | null)?.counts
  const size = (rle as { size?: unknown } | null)?.size
  if (typeof counts !== 'string' || counts.length > KEPT_RLE_CHARS || !Array.isArray(size)) {
    return maskFromCocoRle(rle)
  }
  const key = `${size[0]}x${size[1]}x${size.length}:${counts}`
  const known = masks.get(key)
  if (known !== undefined) return known
  const mask = maskFromCocoRle(rle)
  if (masks.size >= KEPT_MASKS) masks.delete(masks.keys().next().value!)
  masks.set(key, mask)
  return mask
}

/** A true mask in GETok's 840 x 840 frame with its tight box. */
export function trueRegion(mask: Mask): TrueRegion {
  const known = regions.get(mask)
  if (known !== undefined) return known
  const squashed = squashMask(mask, GETOK_FRAME_PX)
  const { x, y, width, height } = tightBox(squashed)
  const region: TrueRegion = { mask: squashed, boxXyxyPx: [x, y, x + width, y + height] }
  regions.set(mask, region)
  return region
}

/** Whether an error says that words name no mask (a bad answer), not that a call was wrong. */
export function saysNoMask(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'CodecError') return false
  const { code } = error as CodecError
  return code === 'malformed-words' || code === 'out-of-range' || code === 'too-large'
}
