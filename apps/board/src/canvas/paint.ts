// Pixels of "compare", "read" and "codebook" on canvases: a part of the picture, masks and heat maps over it.

import { type Mask, rowMajorBytes } from '@maskwords/mask'
import type { Picture } from '../state/types.ts'
import type { Frame } from './frame.ts'

/** Draws the frame's part of the picture at the frame's size; `dim` 0 to 1 greys it down, so that what lies over it is seen. */
export function paintPicture(canvas: HTMLCanvasElement, picture: Picture, frame: Frame, dim = 0): void {
  canvas.width = frame.widthPx
  canvas.height = frame.heightPx
  const context = canvas.getContext('2d')!
  const { x, y, width, height } = frame.box
  context.imageSmoothingQuality = 'high'
  context.drawImage(picture.bitmap, x, y, width, height, 0, 0, frame.widthPx, frame.heightPx)
  if (dim <= 0) return
  context.fillStyle = `rgb(127 127 127 / ${dim})`
  context.fillRect(0, 0, frame.widthPx, frame.heightPx)
}

/** Lays RGBA bytes of the canvas's own size over what it shows. */
export function layRgba(canvas: HTMLCanvasElement, rgba: Uint8ClampedArray<ArrayBuffer>): void {
  const { width, height } = canvas
  const layer = new OffscreenCanvas(width, height)
  layer.getContext('2d')!.putImageData(new ImageData(rgba, width, height), 0, 0)
  canvas.getContext('2d')!.drawImage(layer, 0, 0)
}

export type MaskPaint = {
  /** `#rrggbb`. */
  readonly colour: string
  /** Of the fill, 0 to 1. */
  readonly opacity: number
  readonly outlinePx?: number
}

/** A mask as RGBA, row-major: a light fill inside, a solid outline of `outlinePx` (default 2) along its inner side. */
export function maskRgba(mask: Mask, paint: MaskPaint): Uint8ClampedArray<ArrayBuffer> {
  const { widthPx, heightPx } = mask
  const { opacity, outlinePx = 2 } = paint
  const inside = rowMajorBytes(mask)
  const [red, green, blue] = rgbOf(paint.colour)
  const rgba = new Uint8ClampedArray(inside.length * 4)
  const fill = Math.round(opacity * 255)
  for (let y = 0, i = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, i++) {
      if (inside[i] === 0) continue
      const edge =
        (x >= outlinePx && inside[i - outlinePx] === 0) ||
        (x < widthPx - outlinePx && inside[i + outlinePx] === 0) ||
        (y >= outlinePx && inside[i - outlinePx * widthPx] === 0) ||
        (y < heightPx - outlinePx && inside[i + outlinePx * widthPx] === 0)
      const at = i * 4
      rgba[at] = red
      rgba[at + 1] = green
      rgba[at + 2] = blue
      rgba[at + 3] = edge && outlinePx > 0 ? 255 : fill
    }
  }
  return rgba
}

/** Red, green and blue, 0 to 255, of `#rrggbb`. */
export function rgbOf(colour: string): readonly [red: number, green: number, blue: number] {
  const value = Number.parseInt(colour.slice(1), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

/** Offers a file to the person. */
export function saveFile(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  // The browser reads the address after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
