// Pictures as servers take them: data URLs of PNG, which keeps every pixel. A picture is written once for all questions about it.

import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { Pixels } from '@maskwords/codecs'
import { pngOfRows, pngRows, resizeBicubicPillow } from '@maskwords/mask'

/**
 * Pixels of a picture that is sent. Larger ones are made smaller before: the largest `max_pixels` of a published processor (Qwen2.5-VL)
 * is 16384 tokens of 28 x 28, and what is above is taken away there.
 */
export const MAX_SENT_PIXELS = 16384 * 28 * 28

const compress = promisify(deflate)
const WRITTEN = new WeakMap<Pixels, Promise<string>>()

/** The data URL of a picture. Compressed beside this thread. */
export function pictureUrl(picture: Pixels): Promise<string> {
  let url = WRITTEN.get(picture)
  if (url === undefined) {
    url = write(picture)
    WRITTEN.set(picture, url)
  }
  return url
}

async function write(picture: Pixels): Promise<string> {
  const { widthPx, heightPx, rgb } = sendable(picture)
  const image = { widthPx, heightPx, colour: 'rgb', bitDepth: 8, samples: rgb as Uint8Array } as const
  const compressed = await compress(pngRows(image, { filter: 'up' }), { level: 6 })
  return `data:image/png;base64,${Buffer.from(pngOfRows(image, compressed)).toString('base64')}`
}

function sendable(picture: Pixels): Pixels {
  const { widthPx, heightPx, rgb } = picture
  const scale = Math.sqrt(MAX_SENT_PIXELS / (widthPx * heightPx))
  if (scale >= 1) return picture
  const to = {
    widthPx: Math.max(1, Math.floor(widthPx * scale)),
    heightPx: Math.max(1, Math.floor(heightPx * scale)),
  }
  const { bytes } = resizeBicubicPillow({ widthPx, heightPx, channels: 3, bytes: rgb as Uint8Array }, to)
  return { ...to, rgb: bytes as Uint8Array }
}
