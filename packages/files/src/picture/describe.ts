// What a picture file says about itself, without decoding its pixels; the pixel cap is enforced here.
import { messageOf } from '@maskwords/base'
import { pictureHeader, shownSize } from '@maskwords/mask'
import { MaskwordsError } from '../error.ts'
import { type FileKind, kindInWords, PICTURE_KINDS, sniff } from '../input/sniff.ts'
import { readPngHeader } from './png-header.ts'
import { requireSharp } from './sharp.ts'

/**
 * Largest picture that is decoded unless asked for more: 50 million pixels are 150 MB of RGB. Phones make up to 200
 * million (most 12 to 50); the pictures of COCO and of SA-1B as published have at most 3.4 million.
 */
export const DEFAULT_MAX_PIXELS = 50_000_000

/**
 * Longest side, whatever the product: decoders work row by row, and 95 kB of PNG can claim 49 million rows of a pixel,
 * half a minute in libvips. JPEG ends at 65,535; the longest scans and strips have about 10^5.
 */
export const MAX_PICTURE_SIDE_PX = 2 ** 20

/** Never more than this, whatever the option says: a dense mask of this size is 256 MB. */
export const MAX_PICTURE_PIXELS = 2 ** 28

export type PictureInfo = {
  readonly format: FileKind
  /** Size of the stored pixels. */
  readonly storedWidthPx: number
  readonly storedHeightPx: number
  /** EXIF orientation (HEIF and AVIF: their irot and imir), 1 to 8; 5 to 8 swap width and height. */
  readonly orientation: number
  /** Size as a viewer shows it, orientation applied. */
  readonly widthPx: number
  readonly heightPx: number
  readonly colour: string
  readonly bitDepth: number
  readonly hasAlpha: boolean
  readonly hasProfile: boolean
  /** Frames of an animation, pages of a TIFF; only the first is read. */
  readonly pages: number
}

export type DescribeOptions = { readonly name?: string; readonly maxPixels?: number }

/**
 * Format, size, orientation, colour, depth and alpha of a picture, from its header.
 *
 * @throws MaskwordsError `unsupported` (not a picture), `malformed` (a broken header), `too-large` (more than
 * `maxPixels`, or a side above MAX_PICTURE_SIDE_PX), `missing-dependency` (not a PNG, and sharp is not installed)
 */
export async function describePicture(
  bytes: Uint8Array,
  options: DescribeOptions = {},
): Promise<PictureInfo> {
  const { name = 'picture', maxPixels = DEFAULT_MAX_PIXELS } = options
  const format = sniff(bytes)
  if (!PICTURE_KINDS.includes(format)) throw notAPicture(format, name)
  const info = format === 'png' ? pngInfo(bytes, name) : await sharpInfo(bytes, format, name)
  const pixels = info.storedWidthPx * info.storedHeightPx
  if (pixels === 0) {
    throw new MaskwordsError(
      'malformed',
      `a picture of ${info.storedWidthPx} x ${info.storedHeightPx} pixels`,
      {
        file: name,
      },
    )
  }
  const limit = Math.min(maxPixels, MAX_PICTURE_PIXELS)
  if (pixels > limit) {
    const shown = `${info.storedWidthPx} x ${info.storedHeightPx} is ${pixels.toLocaleString('en-US')} pixels`
    throw new MaskwordsError(
      'too-large',
      `${shown}, more than the limit of ${limit.toLocaleString('en-US')}`,
      {
        file: name,
        hint:
          pixels <= MAX_PICTURE_PIXELS
            ? `make the picture smaller, or allow it: --max-pixels ${pixels}`
            : 'make the picture smaller',
      },
    )
  }
  if (Math.max(info.storedWidthPx, info.storedHeightPx) > MAX_PICTURE_SIDE_PX) {
    throw new MaskwordsError(
      'too-large',
      `a picture of ${info.storedWidthPx} x ${info.storedHeightPx}, a side above the limit of ${MAX_PICTURE_SIDE_PX.toLocaleString('en-US')} pixels`,
      { file: name, hint: 'cut it into pieces' },
    )
  }
  return info
}

function pngInfo(bytes: Uint8Array, name: string): PictureInfo {
  const header = readPngHeader(bytes, name)
  return {
    format: 'png',
    storedWidthPx: header.widthPx,
    storedHeightPx: header.heightPx,
    ...turned(bytes, header),
    colour: header.colour,
    bitDepth: header.bitDepth,
    hasAlpha: header.hasAlpha,
    hasProfile: header.hasProfile,
    pages: 1,
  }
}

const BIT_DEPTHS: Readonly<Record<string, number>> = {
  uchar: 8,
  char: 8,
  ushort: 16,
  short: 16,
  uint: 32,
  int: 32,
  float: 32,
  double: 64,
}
const COLOUR_NAMES: Readonly<Record<string, string>> = {
  'b-w': 'grey',
  grey16: 'grey',
  srgb: 'rgb',
  rgb16: 'rgb',
  rgb: 'rgb',
}

async function sharpInfo(bytes: Uint8Array, format: FileKind, name: string): Promise<PictureInfo> {
  const sharp = await requireSharp(format, name)
  const metadata = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw pictureError(error, format, name)
    })
  const { width, height } = metadata
  const size = turned(bytes, { widthPx: width, heightPx: height })
  // libvips turns HEIF and AVIF as it reads them, and says the size it gives: the stored one is behind that.
  const isLaid = isTurnedByReader(format) && size.orientation >= 5
  return {
    format,
    storedWidthPx: isLaid ? height : width,
    storedHeightPx: isLaid ? width : height,
    ...size,
    ...(isLaid && { widthPx: width, heightPx: height }),
    colour: COLOUR_NAMES[metadata.space ?? ''] ?? metadata.space ?? 'unknown',
    bitDepth: metadata.bitsPerSample ?? BIT_DEPTHS[metadata.depth ?? ''] ?? 8,
    hasAlpha: metadata.hasAlpha,
    hasProfile: metadata.hasProfile,
    pages: metadata.pages ?? 1,
  }
}

/** Whether decoding gives the picture as it is shown, whatever one wants. */
export function isTurnedByReader(format: FileKind): boolean {
  return format === 'avif' || format === 'heic'
}

/** Orientation, and the size as a viewer shows it. */
function turned(bytes: Uint8Array, stored: { widthPx: number; heightPx: number }) {
  const orientation = pictureHeader(bytes)?.orientation ?? 1
  return { orientation, ...shownSize(stored, orientation) }
}

function notAPicture(kind: FileKind, name: string): MaskwordsError {
  const hints: Partial<Record<FileKind, string>> = {
    svg: 'SVG is a drawing without pixels: export it as PNG first',
    bmp: 'convert it to PNG first',
    html: 'the download gave a web page instead of the picture: fetch it again',
    'lfs-pointer': 'git lfs pull',
    json: 'masks come after the picture: maskwords encode <picture> <mask...>',
  }
  return new MaskwordsError('unsupported', `${kindInWords(kind)}, not a picture that is read here`, {
    file: name,
    hint: hints[kind] ?? 'give a PNG, JPEG, WebP, AVIF, TIFF or GIF file',
  })
}

/** A decoder's complaint, with the file and what to do. */
export function pictureError(error: unknown, format: FileKind, name: string): MaskwordsError {
  if (error instanceof MaskwordsError) return error
  const said = messageOf(error).replace(/\s+/g, ' ').trim()
  const cut = /premature|truncated|end of|read error|not enough|incomplete|unexpected eof|short/i.test(said)
  if (format === 'heic') {
    return new MaskwordsError('unsupported', `HEIC with this compression is not read here (${said})`, {
      file: name,
      hint: 'save the picture as JPEG or PNG',
    })
  }
  return new MaskwordsError(
    'malformed',
    `the ${format.toUpperCase()} is damaged${cut ? ' or cut off' : ''}: ${said}`,
    {
      file: name,
      hint: 'copy or download it again, or save it anew in a picture editor',
      cause: error,
    },
  )
}
