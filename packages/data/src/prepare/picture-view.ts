// A crop of a picture as a conversation shows it: its pixels, its file, and how masks and boxes are cut with it. Definition: ours.
import { closeSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryBeside } from '@maskwords/checkpoint'
import type { Pixels } from '@maskwords/codecs'
import {
  crop as cropMask,
  type Mask,
  pictureToPng,
  resizeBicubicPillow,
  resizeMaskNearest,
} from '@maskwords/mask'
import type { PictureCrop } from '../conversation.ts'
import { cropOfPicture } from '../tasks/zoom.ts'
import { sha256 } from './canonical.ts'

export type BoxXywhPx = readonly [x: number, y: number, width: number, height: number]

/** Where pictures that the run makes are written, and what stands before their names; undefined where bytes are embedded. */
export type MadePlace = { readonly folder: string; readonly prefix: string } | undefined

export type CropView = {
  /** The same for equal crops of one picture. */
  readonly key: string
  readonly file: string
  readonly widthPx: number
  readonly heightPx: number
  readonly pixels: Pixels
  /** PNG, where pictures are embedded. */
  readonly bytes?: Uint8Array
  /** A mask of the whole picture as it lies in the crop. */
  readonly cut: (mask: Mask) => Mask
  readonly cutBox: (box: BoxXywhPx) => BoxXywhPx
}

/**
 * Cuts a crop out of a picture, and writes it as a PNG where crops have a folder. `name`: what the picture is called in the
 * written files; with the place of the crop it names the crop's file.
 */
export function cropView(options: {
  readonly use: PictureCrop
  readonly boxXywhPx: BoxXywhPx
  readonly name: string
  readonly pixels: Pixels
  readonly place: MadePlace
}): CropView {
  const { use, boxXywhPx, name, pixels, place } = options
  const at = cropOfPicture(use, boxXywhPx, pixels)
  const { xPx, yPx, widthPx, heightPx, scaledWidthPx, scaledHeightPx } = at
  const scaled = { widthPx: scaledWidthPx, heightPx: scaledHeightPx }
  const bytes = new Uint8Array(widthPx * heightPx * 3)
  for (let y = 0; y < heightPx; y++) {
    const from = ((yPx + y) * pixels.widthPx + xPx) * 3
    bytes.set(pixels.rgb.subarray(from, from + widthPx * 3), y * widthPx * 3)
  }
  const cut = { widthPx, heightPx, channels: 3 as const, bytes }
  const isScaled = scaledWidthPx !== widthPx || scaledHeightPx !== heightPx
  const shown = isScaled ? resizeBicubicPillow(cut, scaled) : cut
  const key = [xPx, yPx, widthPx, heightPx, scaledWidthPx, scaledHeightPx].join(' ')
  const [scaleX, scaleY] = [scaledWidthPx / widthPx, scaledHeightPx / heightPx]
  return {
    key,
    ...scaled,
    pixels: { ...scaled, rgb: shown.bytes },
    ...madePicture(`${name} ${key}`, { ...scaled, rgb: shown.bytes }, place),
    cut(mask) {
      const part = cropMask(mask, { x: xPx, y: yPx, width: widthPx, height: heightPx })
      return isScaled ? resizeMaskNearest(part, scaled) : part
    },
    cutBox: ([x, y, width, height]) => [
      (x - xPx) * scaleX,
      (y - yPx) * scaleY,
      width * scaleX,
      height * scaleY,
    ],
  }
}

/** A picture that the run makes, as PNG: written where such pictures have a folder, else its bytes. `name` decides the file's. */
export function madePicture(
  name: string,
  { widthPx, heightPx, rgb }: Pixels,
  place: MadePlace,
): { readonly file: string; readonly bytes?: Uint8Array } {
  const file = `${sha256(name).slice(0, 24)}.png`
  const png = pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb })
  if (place === undefined) return { file, bytes: png }
  writeTogether(join(place.folder, file), png)
  return { file: place.prefix + file }
}

/** Whole or not at all; threads that write the same crop write the same bytes. */
function writeTogether(path: string, bytes: Uint8Array): void {
  const temporary = temporaryBeside(path)
  writeFileSync(temporary, bytes)
  renameSync(temporary, path)
}

/** What a file is by its first bytes; undefined for anything but JPEG and PNG. Throws what opening throws. */
export function pictureKind(path: string): 'jpeg' | 'png' | undefined {
  const start = Buffer.alloc(4)
  const descriptor = openSync(path, 'r')
  try {
    if (readSync(descriptor, start, 0, 4, 0) < 4) return undefined
  } finally {
    closeSync(descriptor)
  }
  if (start[0] === 0xff && start[1] === 0xd8) return 'jpeg'
  return start.readUInt32BE(0) === 0x89504e47 ? 'png' : undefined
}
