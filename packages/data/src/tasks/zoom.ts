// The zoom-in recipe for small regions (SAMTok 5.2, data and evaluation): a second picture, cut around the region's box and
// enlarged, with the region's mask in it.

import type { DataRecord, Region } from '@maskwords/datasets'
import { DataError } from '@maskwords/datasets'
import type { PictureCrop, PictureUse, Piece, TaskOptions } from '../conversation.ts'
import { fillTemplate, maskPiece, setting } from './compose.ts'
import { type BoxXywhPx, boxOf } from './regions.ts'
import { pick } from './seeded.ts'

/** A crop's sides are padded to this many pixels, and its shorter side enlarged to this many. */
export const ZOOM_LEAST_SIDE_PX = 140
export const ZOOM_GROW_TO_PX = 280

/** The longer side of an enlarged crop at most: trainers shrink larger pictures. */
export const MAX_CROP_SIDE_PX = 4096

/** Where an enlarged crop lies in its picture. */
export type CropPlace = {
  /** Whole pixels of the picture. */
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
  readonly heightPx: number
  /** Size after enlarging. */
  readonly scaledWidthPx: number
  readonly scaledHeightPx: number
}

/**
 * Where a crop lies in its picture and how large it becomes. The box grows by `margin` of its sides on each side and
 * outwards to whole pixels, then shorter sides to `leastSidePx` about its middle; what is outside the picture is cut off.
 * Throws DataError 'bad-file' for a box outside the picture.
 */
export function cropOfPicture(
  crop: Omit<PictureCrop, 'regions'>,
  boxXywhPx: BoxXywhPx,
  picture: { readonly widthPx: number; readonly heightPx: number },
): CropPlace {
  const [x, y, width, height] = boxXywhPx
  const { margin, leastSidePx = 0, growToPx = 0 } = crop
  const [left, right] = span(x, width, margin, leastSidePx, picture.widthPx)
  const [top, bottom] = span(y, height, margin, leastSidePx, picture.heightPx)
  if (!(right > left && bottom > top)) {
    throw new DataError(
      'bad-file',
      `The box ${boxXywhPx.join(', ')} (x, y, width, height) lies outside a picture of ${picture.widthPx} x ${picture.heightPx}.`,
    )
  }
  const [widthPx, heightPx] = [right - left, bottom - top]
  const wanted = growToPx / Math.min(widthPx, heightPx)
  const scale = Math.max(1, Math.min(wanted, MAX_CROP_SIDE_PX / Math.max(widthPx, heightPx)))
  return {
    xPx: left,
    yPx: top,
    widthPx,
    heightPx,
    scaledWidthPx: Math.round(widthPx * scale),
    scaledHeightPx: Math.round(heightPx * scale),
  }
}

function span(start: number, length: number, margin: number, least: number, side: number): [number, number] {
  let from = Math.floor(start - margin * length)
  let to = Math.ceil(start + length + margin * length)
  const missing = Math.max(0, least - (to - from))
  from -= Math.floor(missing / 2)
  to += missing - Math.floor(missing / 2)
  return [Math.max(0, from), Math.min(side, to)]
}

export const ZOOM_SETTINGS = {
  zoomBelow: {
    default: 0.2,
    help: 'a second, enlarged picture where the region\u2019s box covers at most this share of the picture; 0 for never',
  },
  zoomMargin: { default: 0, help: 'of the box\u2019s sides, added on each side of the crop' },
} as const

const ZOOM_SENTENCES: readonly string[] = [
  ' Enlarged: {picture}, {mask}.',
  ' The same from close by: {picture}, {mask}.',
  ' Here is a closer view {picture}, where it is {mask}.',
  ' Seen larger, {picture}, it is {mask}.',
]

/** The pictures of a conversation about one region, and the words that show the second one; none where it is large. */
export function zoomOn(
  record: DataRecord,
  region: Region,
  options: TaskOptions,
  random: () => number,
): { readonly pictures: readonly PictureUse[]; readonly sentence: readonly Piece[] } {
  const box = boxOf(region, record.picture)
  const share = box === undefined ? 1 : (box[2] * box[3]) / (record.picture.widthPx * record.picture.heightPx)
  if (share > setting(options, 'zoomBelow', 0.2)) return { pictures: [{}], sentence: [] }
  const crop: PictureCrop = {
    regions: [region.id],
    margin: Math.max(0, setting(options, 'zoomMargin', 0)),
    leastSidePx: ZOOM_LEAST_SIDE_PX,
    growToPx: ZOOM_GROW_TO_PX,
  }
  return {
    pictures: [{}, { crop }],
    sentence: fillTemplate(pick(random, ZOOM_SENTENCES), {
      picture: [{ picture: 1 }],
      mask: [maskPiece([region.id], { as: 'words' }, 1)],
    }),
  }
}
