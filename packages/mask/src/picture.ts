// The picture value: 8-bit samples, interleaved, row by row. What the PNG reader gives, the overlays draw on and the resizers take.

import { MaskError } from './error.ts'
import { checkSize, MAX_DENSE_PIXELS } from './mask.ts'

/** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA (alpha not multiplied in). */
export type PictureChannels = 1 | 2 | 3 | 4

/** A picture in 8-bit samples: bytes[(y * widthPx + x) * channels + channel]. */
export type Picture = {
  readonly widthPx: number
  readonly heightPx: number
  readonly channels: PictureChannels
  readonly bytes: Uint8Array
}

/** A colour as red, green, blue, each 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number]

/** Throws MaskError unless the size is valid and `bytes` has exactly widthPx * heightPx * channels entries. */
export function checkPicture(picture: Picture): void {
  checkSize(picture.widthPx, picture.heightPx, MAX_DENSE_PIXELS)
  if (![1, 2, 3, 4].includes(picture.channels)) {
    throw new MaskError('out-of-range', `a picture has 1 to 4 channels, got ${picture.channels}`)
  }
  const wanted = picture.widthPx * picture.heightPx * picture.channels
  if (picture.bytes.length !== wanted) {
    throw new MaskError(
      'size-mismatch',
      `a picture of ${picture.widthPx} x ${picture.heightPx} with ${picture.channels} channels has ${wanted} bytes, got ${picture.bytes.length}`,
    )
  }
}

/** The picture as RGB: grey is repeated, alpha dropped. Always a fresh copy. */
export function toRgb(picture: Picture): Picture {
  checkPicture(picture)
  const { widthPx, heightPx, channels, bytes } = picture
  const out = new Uint8Array(widthPx * heightPx * 3)
  if (channels === 3) {
    out.set(bytes)
  } else {
    const green = channels >= 3 ? 1 : 0
    const blue = channels >= 3 ? 2 : 0
    for (let from = 0, to = 0; to < out.length; from += channels, to += 3) {
      out[to] = bytes[from]!
      out[to + 1] = bytes[from + green]!
      out[to + 2] = bytes[from + blue]!
    }
  }
  return { widthPx, heightPx, channels: 3, bytes: out }
}
