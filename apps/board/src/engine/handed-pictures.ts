// Pictures at the page's server: each goes there once, as PNG, and is named by its handle from then on.
import { type Client, ServiceError } from '@maskwords/client'
import type { Pixels } from '@maskwords/codecs'
import type { PictureToSee } from './worker-link.ts'

/** Pictures whose handles are remembered; the server keeps what it has room for. */
const MAX_HANDLES = 16
/** A busy server is asked again this many times, as long after as it says. */
export const RETRIES = 3

export type HandedPictures = {
  /** Calls `ask` with the picture's handle; hands the picture over again where the server has forgotten it. */
  with<T>(picture: PictureToSee, ask: (handle: string) => Promise<T>): Promise<T>
}

export function handedPictures(client: Pick<Client, 'uploadPicture'>): HandedPictures {
  const handles = new Map<string, Promise<string>>()
  const handOver = ({ id, pixels }: PictureToSee): Promise<string> => {
    const there = handles.get(id)
    if (there !== undefined) return there
    const handle = pngOf(pixels)
      .then((png) => client.uploadPicture(png, { retries: RETRIES }))
      .then(({ picture }) => picture)
    handles.set(id, handle)
    handle.catch(() => handles.delete(id))
    if (handles.size > MAX_HANDLES) handles.delete(handles.keys().next().value!)
    return handle
  }
  return {
    async with(picture, ask) {
      try {
        return await ask(await handOver(picture))
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== 'unknown-picture') throw error
        handles.delete(picture.id)
        return await ask(await handOver(picture))
      }
    },
  }
}

/** The same pixels as a file: PNG loses none of them. */
async function pngOf({ widthPx, heightPx, rgb }: Pixels): Promise<Blob> {
  const canvas = new OffscreenCanvas(widthPx, heightPx)
  const rgba = new Uint8ClampedArray(widthPx * heightPx * 4).fill(255)
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from]!
    rgba[to + 1] = rgb[from + 1]!
    rgba[to + 2] = rgb[from + 2]!
  }
  canvas.getContext('2d')!.putImageData(new ImageData(rgba, widthPx, heightPx), 0, 0)
  return canvas.convertToBlob({ type: 'image/png' })
}
