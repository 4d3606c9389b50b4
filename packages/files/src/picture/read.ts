// Pictures of any common format as 8-bit RGB. What happens to EXIF orientation, alpha, ICC profiles and 16-bit samples is
// defined here and explained in docs/cli.md; the defaults give the pixels that PIL's `convert('RGB')` gives.
import { flattenAlpha, pictureFromPng, toRgb } from '@maskwords/mask'
import { MaskwordsError, throwIfAborted } from '../error.ts'
import { MAX_PICTURE_FILE_BYTES, readFileCapped } from '../input/bytes.ts'
import {
  DEFAULT_MAX_PIXELS,
  describePicture,
  isTurnedByReader,
  type PictureInfo,
  pictureError,
} from './describe.ts'
import { type FirstFrame, firstGifFrame, paintOutside } from './gif.ts'
import { orientRgb, unturnedRgb } from './orient.ts'
import { findSharp, requireSharp, type Sharp } from './sharp.ts'

export type PictureOptions = {
  /** What errors call the picture. */
  readonly name?: string
  /** Refuse larger pictures before decoding. Default 50 million. */
  readonly maxPixels?: number
  /** EXIF orientation: turn the pixels as viewers do (default), or leave them as stored, as PIL does. */
  readonly exif?: 'apply' | 'ignore'
  /** Transparent pixels: drop the alpha channel (default, as PIL does), or put them on a white or black ground. */
  readonly alpha?: 'drop' | 'white' | 'black'
  /**
   * Embedded colour profiles of RGB and grey pictures: ignore (default, as PIL does) or convert to sRGB as viewers do.
   * CMYK is always converted with its profile, or a generic one where it has none.
   */
  readonly icc?: 'ignore' | 'apply'
  readonly signal?: AbortSignal
}

/** 8-bit RGB, interleaved, rows from top to bottom, and what the file said about itself. */
export type ReadPicture = {
  readonly widthPx: number
  readonly heightPx: number
  readonly rgb: Uint8Array
  readonly info: PictureInfo
  readonly exif: 'apply' | 'ignore'
}

/**
 * Reads a picture (JPEG, PNG, WebP, AVIF, TIFF, first frame of a GIF) from a path or from bytes.
 *
 * @throws MaskwordsError `not-found`, `unsupported` (not a picture), `malformed` (damaged or cut off), `too-large`
 * (more pixels than `maxPixels`; nothing is decoded then), `missing-dependency` (not a PNG, and sharp is missing)
 */
export async function readPicture(
  source: string | Uint8Array,
  options: PictureOptions = {},
): Promise<ReadPicture> {
  const signal = options.signal ?? new AbortController().signal
  const name = options.name ?? (typeof source === 'string' ? source : 'picture')
  const bytes =
    typeof source === 'string' ? await readFileCapped(source, name, MAX_PICTURE_FILE_BYTES, signal) : source
  const { maxPixels = DEFAULT_MAX_PIXELS } = options
  const info = await describePicture(bytes, { name, maxPixels })
  return await decodePicture(bytes, info, { ...options, name, signal })
}

/** Decodes a picture that `describePicture` has accepted. */
export async function decodePicture(
  bytes: Uint8Array,
  info: PictureInfo,
  options: PictureOptions,
): Promise<ReadPicture> {
  const { name = 'picture', exif = 'apply', alpha = 'drop', icc = 'ignore' } = options
  if (options.signal) throwIfAborted(options.signal)
  // 16-bit PNG goes through our own reader even where sharp is there: one rule for scaling samples down.
  const sharp = info.format === 'png' ? await findSharp() : await requireSharp(info.format, name)
  const own = info.format === 'png' && (sharp === undefined || info.bitDepth === 16)
  const stored = own
    ? decodePng(bytes, info, alpha, name)
    : await decodeWithSharp(sharp!, bytes, info, { alpha, icc, name })
  if (stored.length !== info.storedWidthPx * info.storedHeightPx * 3) {
    throw new MaskwordsError(
      'malformed',
      `decoding gave ${stored.length} bytes, the header promised another size`,
      {
        file: name,
      },
    )
  }
  if (isTurnedByReader(info.format)) {
    const { widthPx, heightPx, orientation } = info
    const turned =
      exif === 'apply'
        ? { widthPx, heightPx, rgb: stored }
        : unturnedRgb(stored, widthPx, heightPx, orientation)
    return { ...turned, info, exif }
  }
  const orientation = exif === 'apply' ? info.orientation : 1
  const turned = orientRgb(stored, info.storedWidthPx, info.storedHeightPx, orientation)
  return { ...turned, info, exif }
}

async function decodeWithSharp(
  sharp: Sharp,
  bytes: Uint8Array,
  info: PictureInfo,
  options: { alpha: 'drop' | 'white' | 'black'; icc: 'ignore' | 'apply'; name: string },
): Promise<Uint8Array> {
  try {
    const frame = info.format === 'gif' && options.alpha === 'drop' ? firstGifFrame(bytes) : undefined
    const pipeline = sharp(frame?.opaque ?? bytes, {
      limitInputPixels: info.storedWidthPx * info.storedHeightPx,
      failOn: 'truncated',
      sequentialRead: true,
      page: 0,
      pages: 1,
      ignoreIcc: options.icc === 'ignore' && info.colour !== 'cmyk',
    })
    const opaque =
      options.alpha === 'drop' ? pipeline.removeAlpha() : pipeline.flatten({ background: options.alpha })
    const { data, info: raw } = await opaque.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
    if (raw.channels === 3)
      return painted(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), raw.width, frame)
    const rgb = new Uint8Array((data.length / raw.channels) * 3)
    for (let from = 0, to = 0; to < rgb.length; from += raw.channels, to += 3) {
      rgb.fill(data[from]!, to, to + 3)
    }
    return painted(rgb, raw.width, frame)
  } catch (error) {
    throw pictureError(error, info.format, options.name)
  }
}

function painted(rgb: Uint8Array, widthPx: number, frame: FirstFrame | undefined): Uint8Array {
  if (frame !== undefined) paintOutside(rgb, widthPx, frame)
  return rgb
}

/** Our own reader: palette looked up, small depths stretched, 16 bits cut to the high byte (as libpng strips them). */
function decodePng(
  bytes: Uint8Array,
  info: PictureInfo,
  alpha: 'drop' | 'white' | 'black',
  name: string,
): Uint8Array {
  try {
    const picture = pictureFromPng(bytes, { maxSampleBytes: info.storedWidthPx * info.storedHeightPx * 8 })
    if (alpha === 'drop') return toRgb(picture).bytes
    return flattenAlpha(picture, { over: alpha === 'white' ? [255, 255, 255] : [0, 0, 0] }).bytes
  } catch (error) {
    throw pictureError(error, 'png', name)
  }
}
