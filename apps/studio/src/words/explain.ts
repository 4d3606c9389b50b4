// What the numbers of a card mean, in sentences.
import type { CodecId } from '@maskwords/board/state/types.ts'
import { area, isEmpty, type Mask } from '@maskwords/mask'

/** What a codec's words are and how to change one. */
export const WORDS_MEAN: Readonly<Record<CodecId, string>> = {
  samtok:
    'Two numbers say the whole region: the first code where it lies and how large it is, the second corrects it. A code is the number of a row in the codec’s codebook (256 rows a level): neighbours in number have nothing to do with each other, so − and + go to the codes that are nearest by what they stand for.',
  himtok:
    'Up to 32 numbers say the region, the most important first: the first few are a blob, all of them an outline. Each is the number of one of 1024 rows of the codec’s codebook; − and + go to the codes that are nearest by what they stand for.',
  getok:
    'Words are places on a grid of the picture, as column and row: two corners of a box, then points in the region. Arrows move a point to the next place, ✕ takes it away.',
}

export const IOU_MEANS =
  'Intersection over union: the pixels that the region and the mask drawn from the words share, divided by the pixels of both together. 1 is the same mask, 0.7 is good for words this few, 0 has no pixel in common.'

/** Below this IoU a card says why. */
const EXPLAINED_BELOW = 0.05
/** Regions that cover less of the picture are smaller than what the shipped networks draw well. */
const SMALL_SHARE = 0.01

/** Why words draw a mask that is not the region; undefined where they draw it. `iou` is of both masks. */
export function lowIouText(codec: CodecId, region: Mask, drawn: Mask, iou: number): string | undefined {
  if (iou >= EXPLAINED_BELOW) return undefined
  const share = area(region) / (region.widthPx * region.heightPx)
  const percent = `${(100 * share).toPrecision(2)} %`
  const grid = codec === 'getok' ? 'GETok’s grid has 32 x 32 places' : 'a mask is drawn on 64 x 64 cells'
  if (share < SMALL_SHARE) {
    return `IoU ${iou.toFixed(2)}: the region covers ${percent} of the picture, and ${grid}: words lose what is smaller than about 1 %. Crop the picture around it, and its words say it.`
  }
  if (isEmpty(drawn)) return `IoU ${iou.toFixed(2)}: these words draw nothing on this picture.`
  return `IoU ${iou.toFixed(2)}: what these words draw lies elsewhere. Thin, scattered or hollow regions are hard to say; ${codec === 'himtok' ? 'more words say more' : 'HiMTok with all its words says such regions best'}.`
}
