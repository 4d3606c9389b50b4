// The picture that a trainer is given where the file itself will not do: its pixels as the masks lie on them, repaired where
// asked, in a PNG without tags, which nobody turns. Masks and boxes follow the repair. Definition: docs/prepare.md, "Turned pictures".
import type { Pixels } from '@maskwords/codecs'
import type { DataRecord, PictureFile, Region } from '@maskwords/datasets'
import {
  cocoRleFromMask,
  type Mask,
  paste,
  resizeBicubicPillow,
  resizeMaskNearest,
  type SizePx,
} from '@maskwords/mask'
import type { PictureRepair } from './picture-limits.ts'

/** A repair that gives a picture. */
export type Reshape = Exclude<PictureRepair, { as: 'skip' }>

/** A record as its repaired picture has it: masks (those that were made) and boxes moved along, and their regions with them. */
export function reshapedRecord(
  record: DataRecord,
  masks: ReadonlyMap<string, Mask>,
  reshape: Reshape,
): { record: DataRecord; masks: Map<string, Mask> } {
  const from = record.picture
  const moved = new Map([...masks].map(([id, mask]) => [id, reshapedMask(mask, reshape)]))
  const regions = record.regions.map((region): Region => {
    const mask = moved.get(region.id)
    return {
      ...region,
      ...(mask !== undefined && { shape: { kind: 'coco', segmentation: cocoRleFromMask(mask) } }),
      ...(region.boxXywhPx !== undefined && { boxXywhPx: reshapedBox(region.boxXywhPx, from, reshape) }),
    }
  })
  const picture = { ...from, widthPx: reshape.widthPx, heightPx: reshape.heightPx }
  return { record: { ...record, picture, regions }, masks: moved }
}

export function reshapedMask(mask: Mask, { as, widthPx, heightPx }: Reshape): Mask {
  if (as === 'resize') return resizeMaskNearest(mask, { widthPx, heightPx })
  return paste(mask, { x: 0, y: 0, widthPx, heightPx })
}

function reshapedBox(
  [x, y, width, height]: readonly [number, number, number, number],
  from: SizePx,
  { as, widthPx, heightPx }: Reshape,
): readonly [number, number, number, number] {
  if (as === 'pad') return [x, y, width, height]
  const [scaleX, scaleY] = [widthPx / from.widthPx, heightPx / from.heightPx]
  return [x * scaleX, y * scaleY, width * scaleX, height * scaleY]
}

export function reshapedPixels(pixels: Pixels, { as, widthPx, heightPx }: Reshape): Pixels {
  if (as === 'resize') {
    const { bytes } = resizeBicubicPillow(
      { ...pixels, channels: 3, bytes: pixels.rgb },
      { widthPx, heightPx },
    )
    return { widthPx, heightPx, rgb: bytes }
  }
  const rgb = new Uint8Array(widthPx * heightPx * 3)
  for (let y = 0; y < pixels.heightPx; y++) {
    const from = y * pixels.widthPx * 3
    rgb.set(pixels.rgb.subarray(from, from + pixels.widthPx * 3), y * widthPx * 3)
  }
  return { widthPx, heightPx, rgb }
}

/** What distinguishes the copy from the file: the same for equal copies of one picture. Undefined where the file itself will do. */
export function copyKey(
  picture: PictureFile,
  reshape: Reshape | undefined,
  isForeign: boolean,
): string | undefined {
  const { turn } = picture
  if (turn === undefined && reshape === undefined && !isForeign) return undefined
  const made = reshape === undefined ? '' : ` ${reshape.as} ${reshape.widthPx} ${reshape.heightPx}`
  return `${turn === undefined ? 'as is' : `${turn.ground} ${turn.orientation}`}${made}`
}
