// A picture's bytes to pixels and encoded pictures: the work of POST /v1/pictures.

import type { PictureAnswer } from '@maskwords/client/schema'
import { decodePicture, describePicture, type FileKind, kindInWords, sniff } from '@maskwords/files'
import { HttpFault } from '../fault.ts'
import { encodePicture } from './codecs.ts'
import type { PictureRequest } from './job.ts'
import { ownCopy, sharedCopy } from './shared-memory.ts'
import type { Work } from './work.ts'

/** Formats that are taken; others that the command reads have decoders with more to attack. */
const FORMATS: readonly FileKind[] = ['png', 'jpeg', 'webp']

export async function takePicture(
  bytes: Uint8Array,
  { handle, codecs, exif }: PictureRequest,
  work: Work,
): Promise<PictureAnswer> {
  const started = performance.now()
  const opened = codecs.map((name) => work.codecs.get(name))
  const kept = (await work.keeper.lookUp(handle)).picture
  const picture = kept ?? (await readPicture(bytes, { handle, exif }, work))
  const readMs = kept === undefined ? performance.now() - started : 0
  const encoded: PictureAnswer['encoded'] = []
  for (const open of opened) {
    await work.pause()
    const began = performance.now()
    const known = open.keepsImages ? (await work.keeper.lookUp(handle, open.name)).image : undefined
    const from = known !== undefined ? 'memory' : (await encodePicture(open, handle, picture, work)).from
    encoded.push({
      codec: open.name,
      cached: from === 'memory' || from === 'not-needed',
      from,
      ms: rounded(performance.now() - began),
    })
  }
  const { widthPx, heightPx, format, orientation } = picture
  return {
    picture: handle,
    widthPx,
    heightPx,
    format,
    orientation,
    cached: kept !== undefined && encoded.every((one) => one.cached),
    encoded,
    times: { readMs: rounded(readMs), totalMs: rounded(performance.now() - started) },
  }
}

/** Decodes the picture and has it kept. The pixels that come back are this thread's own. */
export async function readPicture(
  bytes: Uint8Array,
  { handle, exif }: Pick<PictureRequest, 'handle' | 'exif'>,
  { maxPixels, signal, keeper, pause }: Work,
) {
  const name = 'the picture'
  const format = sniff(bytes)
  if (!FORMATS.includes(format)) {
    throw new HttpFault(415, {
      code: 'unsupported',
      message: `${kindInWords(format)} is not taken here`,
      hint: 'send a PNG, JPEG or WebP',
    })
  }
  const info = await describePicture(bytes, { name, maxPixels })
  await pause()
  const { widthPx, heightPx, rgb } = await decodePicture(bytes, info, { name, exif, signal })
  await pause()
  const { format: kind, orientation } = info
  const ground = exif === 'apply' ? 'shown' : 'stored'
  const picture = { widthPx, heightPx, rgb, format: kind, orientation, ground } as const
  keeper.keepPicture(handle, sharedCopy(picture))
  return ownCopy(picture)
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10
