// Which part of a picture is shown, and at what size: the whole picture, or a region with some room around it.
import { type BoxXywhPx, crop, type Mask, resizeMaskNearest, tightBox } from '@maskwords/mask'

/** A part of the picture and the size at which it is shown, in pixels of the screen's canvas. */
export type Frame = {
  readonly box: BoxXywhPx
  readonly widthPx: number
  readonly heightPx: number
}

type Size = { readonly widthPx: number; readonly heightPx: number }

/** Room around a region, as a share of its longer side, so that what a codec invents beside it is seen. */
const MARGIN = 0.25
const LEAST_MARGIN_PX = 8

/** The frame of the whole picture (`region` undefined) or of a region, with the longer side shown at `longPx`. */
export function frameOf(picture: Size, region: Mask | undefined, longPx: number): Frame {
  let box: BoxXywhPx = { x: 0, y: 0, width: picture.widthPx, height: picture.heightPx }
  if (region !== undefined && region.edges.length > 0) {
    const tight = tightBox(region)
    const margin = Math.round(Math.max(LEAST_MARGIN_PX, MARGIN * Math.max(tight.width, tight.height)))
    const x = Math.max(0, tight.x - margin)
    const y = Math.max(0, tight.y - margin)
    const right = Math.min(picture.widthPx, tight.x + tight.width + margin)
    const foot = Math.min(picture.heightPx, tight.y + tight.height + margin)
    box = { x, y, width: right - x, height: foot - y }
  }
  const scale = longPx / Math.max(box.width, box.height)
  return {
    box,
    widthPx: Math.max(1, Math.round(box.width * scale)),
    heightPx: Math.max(1, Math.round(box.height * scale)),
  }
}

/** The part of a mask in the frame, at the frame's size. */
export function framed(mask: Mask, { box, widthPx, heightPx }: Frame): Mask {
  return resizeMaskNearest(crop(mask, box), { widthPx, heightPx })
}
