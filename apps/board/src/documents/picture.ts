// From a file of the person's to a picture: decoded by the browser (EXIF orientation included), on white, with a name
// of its own for caches and addresses.
import type { PictureTurn } from '@maskwords/exchange/ground.ts'
import { MaskError, type PictureHeader, pictureHeader, readPngHeader } from '@maskwords/mask'
import { StudioError } from '../state/error.ts'
import type { Picture } from '../state/types.ts'
import { isTurnedByBrowser, turnCanvas } from './browser-turn.ts'

/** Pixels of a picture: 64 MB as RGBA, which a phone's browser still gives a canvas. Cameras take 12 to 50 million. */
export const MAX_PICTURE_PIXELS = 2 ** 24
/** Bytes of a picture's file. A PNG of 16 million noisy pixels takes 50 MB. */
export const MAX_PICTURE_BYTES = 2 ** 26

export type PictureOptions = {
  readonly name: string
  readonly source?: string | undefined
  readonly signal?: AbortSignal
}

/**
 * Decodes a picture. Throws StudioError: `too-large` beyond the limits, `unsupported` where the browser cannot decode
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
  await checkPngSize(file)
  const decoded = await decode(file)
  signal?.throwIfAborted()
  try {
    const turn = await turnOf(file)
    const isLeft = turn !== undefined && !(await isTurnedByBrowser(turn.head, turn.header, decoded.width))
    const isLaid = isLeft && turn.header.orientation >= 5
    const { width, height } = decoded
    const [widthPx, heightPx] = isLaid ? [height, width] : [width, height]
    checkPixels(widthPx, heightPx)
    const canvas = new OffscreenCanvas(widthPx, heightPx)
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) {
      throw new StudioError('too-large', `the browser gives no canvas of ${widthPx} x ${heightPx} pixels`, {
        hint: 'Close other pages, or open a smaller version of the picture.',
      })
    }
    context.fillStyle = '#fff'
    context.fillRect(0, 0, widthPx, heightPx)
    context.imageSmoothingEnabled = false
    if (isLeft) turnCanvas(context, turn.header.orientation, { widthPx: width, heightPx: height })
    context.drawImage(decoded, 0, 0)
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

async function decode(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch (cause) {
    const said = file.type === '' ? 'a file of unknown kind' : file.type
    throw new StudioError('unsupported', `the browser cannot decode it (${said})`, {
      hint: 'Browsers read JPEG, PNG, WebP, GIF, BMP and mostly AVIF. Convert HEIC, TIFF, SVG and raw photographs first; a file that is one of the former is damaged.',
      cause,
    })
  }
}

/** A PNG says its size in its first bytes: one that would unpack to gigabytes is refused before it does. */
async function checkPngSize(file: Blob): Promise<void> {
  const head = new Uint8Array(await file.slice(0, 33).arrayBuffer())
  if (head.length < 33 || head[0] !== 0x89 || head[1] !== 0x50 || head[2] !== 0x4e || head[3] !== 0x47) return
  const view = new DataView(head.buffer)
  checkPixels(view.getUint32(16), view.getUint32(20))
}

function checkPixels(widthPx: number, heightPx: number): void {
  const pixels = widthPx * heightPx
  if (pixels <= MAX_PICTURE_PIXELS) return
  const share = Math.floor(100 * Math.sqrt(MAX_PICTURE_PIXELS / pixels))
  throw new StudioError(
    'too-large',
    `it has ${widthPx} x ${heightPx} pixels (${(pixels / 1e6).toFixed(1)} million), the studio opens up to ${(MAX_PICTURE_PIXELS / 1e6).toFixed(1)} million`,
    {
      hint: `Scale it to ${share} % or less, or cut out a part. The command line takes larger ones: maskwords encode.`,
    },
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
