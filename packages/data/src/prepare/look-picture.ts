// A sample as a person looks at it: its picture with the masks of the dataset, and beside it what the words say. Definition: ours.
import {
  drawMasks,
  iou,
  type Mask,
  maskColour,
  type Picture,
  pictureToPng,
  plainPicture,
  resizeBicubicPillow,
  resizeMaskNearest,
  sideBySide,
} from '@maskwords/mask'
import type { FilledConversation } from '../conversation.ts'
import type { Look } from './engine.ts'

export type SampleLook = {
  readonly conversation: Omit<FilledConversation, 'pictures'>
  readonly file: string
  readonly widthPx: number
  readonly heightPx: number
  readonly masks: number
  /** Mean over the masks of the IoU of the mask and what its words say; absent where nothing was decoded. */
  readonly meanIou?: number
  readonly png: Uint8Array
  readonly pngWidthPx: number
  readonly pngHeightPx: number
}

/** Longer side of each of the two panels. */
const PANEL_PX = 320
const GROUND = [58, 62, 70] as const

export function lookPicture(look: Look): SampleLook {
  const { conversation, record, masks, decoded, pixels } = look
  const { widthPx, heightPx, file } = record.picture
  const scale = PANEL_PX / Math.max(widthPx, heightPx)
  const size = {
    widthPx: Math.max(1, Math.round(widthPx * scale)),
    heightPx: Math.max(1, Math.round(heightPx * scale)),
  }
  const ground: Picture =
    pixels === undefined
      ? plainPicture(size.widthPx, size.heightPx, GROUND)
      : resizeBicubicPillow({ widthPx, heightPx, channels: 3 as const, bytes: pixels.rgb }, size)
  const panel = (list: readonly Mask[]) =>
    drawMasks(
      ground,
      list.map((mask, i) => ({
        mask: resizeMaskNearest(mask, size),
        colour: maskColour(i),
        opacity: 0.42,
        contourPx: 2,
      })),
    )
  const panels = decoded.length > 0 ? [panel(masks), panel(decoded)] : [panel(masks)]
  const both = panels.length === 1 ? panels[0]! : sideBySide(panels, { background: GROUND, gapPx: 6 })
  const ious = decoded.map((mask, i) => iou(masks[i]!, mask))
  const { pictures: _, ...said } = conversation
  return {
    conversation: said,
    file,
    widthPx,
    heightPx,
    masks: masks.length,
    ...(ious.length > 0 && { meanIou: ious.reduce((sum, one) => sum + one, 0) / ious.length }),
    png: pictureToPng(both),
    pngWidthPx: both.widthPx,
    pngHeightPx: both.heightPx,
  }
}
