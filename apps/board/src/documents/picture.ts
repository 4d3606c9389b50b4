// From a file of the person's to a picture: decoded by the browser (EXIF orientation included), on white, with a name
// of its own for caches and addresses.
import type { PictureTurn } from '@maskwords/exchange/ground.ts'
import { MaskError, type PictureHeader, pictureHeader, readPngHeader, type SizePx } from '@maskwords/mask'
import { StudioError } from '../state/error.ts'
import type { Picture } from '../state/types.ts'
import { isTurnedByBrowser, turnCanvas } from './browser-turn.ts'

/** Pixels to work with: 64 MB as RGBA, which a phone's browser still gives a canvas. Larger pictures are scaled down to it. */
export const MAX_WORK_PIXELS = 2 ** 24
/** Pixels of a picture's file: half a gigabyte while it is decoded. Cameras take 12 to 100 million. */
export const MAX_PICTURE_PIXELS = 2 ** 27
/** Bytes of a picture's file. A PNG of 60 million noisy pixels takes 190 MB. */
export const MAX_PICTURE_BYTES = 2 ** 28

export type PictureOptions = {
  readonly name: string
  readonly source?: string | undefined
  /** The size of the file that this one was scaled from. */
  readonly own?: SizePx | undefined
  readonly signal?: AbortSignal
}

/** The size that pictures of this size are worked with: their own, or as large as the limit lets them be. */
export function workSize({ widthPx, heightPx }: SizePx): SizePx {
  const pixels = widthPx * heightPx
  if (pixels <= MAX_WORK_PIXELS) return { widthPx, heightPx }
  const share = Math.sqrt(MAX_WORK_PIXELS / pixels)
  return {
    widthPx: Math.max(1, Math.floor(widthPx * share)),
    heightPx: Math.max(1, Math.floor(heightPx * share)),
  }
}

/**
 * Decodes a picture; one above the limit for work is scaled down, and remembers its own size. Throws StudioError: `too-large` beyond the limits, `unsupported` where the browser cannot decode
 * the file.
 */
export async function readPicture(file: Blob, options: PictureOptions): Promise<Picture> {
  const { name, signal } = options
  if (file.size > MAX_PICTURE_BYTES) {
    throw new StudioError(
      'too-large',
      `the file has ${megabytes(file.size)}, the limit is ${megabytes(MAX_PICTURE_BYTES)}`,
      {
        hint: 'Save it as JPEG or WebP, or smaller, and open that.',
      },
    )
  }
  const header = await headerOf(file)
  if (header !== undefined) checkPixels(header.widthPx, header.heightPx)
  const decoded = await decode(file, header)
  signal?.throwIfAborted()
  try {
    const turn = await turnOf(file)
    const isLeft = turn !== undefined && !(await isTurnedByBrowser(turn.head, turn.header, decoded.width))
    const isLaid = isLeft && turn.header.orientation >= 5
    const { width, height } = decoded
    const own = isLaid ? { widthPx: height, heightPx: width } : { widthPx: width, heightPx: height }
    checkPixels(own.widthPx, own.heightPx)
    const { widthPx, heightPx } = workSize(own)
    const isScaled = widthPx !== own.widthPx || heightPx !== own.heightPx
    const canvas = new OffscreenCanvas(widthPx, heightPx)
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) {
      throw new StudioError('too-large', `the browser gives no canvas of ${widthPx} x ${heightPx} pixels`, {
        hint: 'Close other pages, or open a smaller version of the picture.',
      })
    }
    context.fillStyle = '#fff'
    context.fillRect(0, 0, widthPx, heightPx)
    context.imageSmoothingEnabled = isScaled
    context.imageSmoothingQuality = 'high'
    const drawn = isLaid ? { widthPx: heightPx, heightPx: widthPx } : { widthPx, heightPx }
    if (isLeft) turnCanvas(context, turn.header.orientation, drawn)
    context.drawImage(decoded, 0, 0, drawn.widthPx, drawn.heightPx)
    context.resetTransform()
    const rgb = rgbOf(context.getImageData(0, 0, widthPx, heightPx).data)
    const id = await nameOf(rgb, widthPx, heightPx)
    signal?.throwIfAborted()
    const bitmap = canvas.transferToImageBitmap()
    const pixels = { widthPx, heightPx, rgb }
    return {
      id,
      name,
      source: options.source,
      pixels,
      bitmap,
      ...(isScaled ? { own } : options.own === undefined ? {} : { own: options.own }),
      ...(turn !== undefined && { turn: storedOf(turn.header) }),
    }
  } finally {
    decoded.close()
  }
}

/** What the file says of itself where viewers turn it. */
async function turnOf(file: Blob): Promise<{ head: Uint8Array; header: PictureHeader } | undefined> {
  const head = new Uint8Array(await file.arrayBuffer())
  const header = pictureHeader(head)
  return header === undefined || header.orientation === 1 ? undefined : { head, header }
}

function storedOf({ orientation, widthPx, heightPx }: PictureHeader): PictureTurn {
  return { orientation, widthPx, heightPx }
}

/** RGB of RGBA. */
export function rgbOf(rgba: Uint8Array | Uint8ClampedArray): Uint8Array {
  const pixels = rgba.length / 4
  const rgb = new Uint8Array(pixels * 3)
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from]!
    rgb[to + 1] = rgba[from + 1]!
    rgb[to + 2] = rgba[from + 2]!
  }
  return rgb
}

async function decode(file: Blob, header: PictureHeader | undefined): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch (cause) {
    if (header !== undefined && header.widthPx * header.heightPx > MAX_WORK_PIXELS) {
      throw new StudioError(
        'too-large',
        `the browser could not decode its ${sizeText(header.widthPx, header.heightPx)}: it is damaged, or there is no memory for it`,
        { hint: `Close other pages and try again, or scale it down. ${COMMAND}`, cause },
      )
    }
    const said = file.type === '' ? 'a file of unknown kind' : file.type
    throw new StudioError('unsupported', `the browser cannot decode it (${said})`, {
      hint: 'Browsers read JPEG, PNG, WebP, GIF, BMP and mostly AVIF. Convert HEIC, TIFF, SVG and raw photographs first; a file that is one of the former is damaged.',
      cause,
    })
  }
}

const COMMAND = 'The command line takes larger ones: maskwords encode.'

/** The first bytes of most files say their size: one that would unpack to gigabytes is refused before it does. */
const HEAD_BYTES = 2 ** 18

async function headerOf(file: Blob): Promise<PictureHeader | undefined> {
  return pictureHeader(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()))
}

const sizeText = (widthPx: number, heightPx: number): string =>
  `${widthPx} x ${heightPx} pixels (${((widthPx * heightPx) / 1e6).toFixed(1)} million)`

function checkPixels(widthPx: number, heightPx: number): void {
  const pixels = widthPx * heightPx
  if (pixels <= MAX_PICTURE_PIXELS) return
  const share = Math.floor(100 * Math.sqrt(MAX_PICTURE_PIXELS / pixels))
  throw new StudioError(
    'too-large',
    `it has ${sizeText(widthPx, heightPx)}, the studio opens up to ${(MAX_PICTURE_PIXELS / 1e6).toFixed(0)} million`,
    { hint: `Scale it to ${share} % or less, or cut out a part. ${COMMAND}` },
  )
}

/** SHA-256 of pixels and size, as 64 hexadecimal digits. */
async function nameOf(rgb: Uint8Array, widthPx: number, heightPx: number): Promise<string> {
  const bytes = new Uint8Array(rgb.length + 8)
  bytes.set(rgb)
  const view = new DataView(bytes.buffer)
  view.setUint32(rgb.length, widthPx)
  view.setUint32(rgb.length + 4, heightPx)
  if (globalThis.crypto?.subtle === undefined) return plainName(bytes)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Pages on plain HTTP have no SHA-256: eight rounds of FNV-1a with different starts tell pictures apart as well. */
function plainName(bytes: Uint8Array): string {
  let name = ''
  for (let round = 0; round < 8; round++) {
    let hash = Math.imul(0x811c9dc5, 2 * round + 1)
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    name += (hash >>> 0).toString(16).padStart(8, '0')
  }
  return name
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** The size of a PNG file, or undefined for any other file. */
export function pngSize(
  bytes: Uint8Array,
): { widthPx: number; heightPx: number; colour: string } | undefined {
  try {
    return readPngHeader(bytes)
  } catch (error) {
    if (error instanceof MaskError) return undefined
    throw error
  }
}
