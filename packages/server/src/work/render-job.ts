// Masks drawn over their picture: the work of POST /v1/render.

import { MAX_REQUEST_MASKS, renderRequestSchema } from '@maskwords/client/schema'
import type { Size } from '@maskwords/files'
import { findSharp } from '@maskwords/files'
import {
  drawMasks,
  drawText,
  farthestInsidePoint,
  type Mask,
  maskColour,
  type Picture,
  pictureToPng,
  plainPicture,
  type Rgb,
  resizeBicubicPillow,
  resizeMaskNearest,
  textSize,
  tightBox,
} from '@maskwords/mask'
import { z } from 'zod'
import { checked } from '../checked.ts'
import { HttpFault } from '../fault.ts'
import { unknownPicture } from '../unknown.ts'
import { checkPixels } from './codecs.ts'
import type { HandleTurn, JobAnswer } from './job.ts'
import { readMask } from './read-mask.ts'
import type { Work } from './work.ts'

const GROUND = '#16181e'
const OPACITY = 0.42
/** Characters of a name that are drawn; the font has printable ASCII. */
const MAX_NAME_CHARS = 24

const envelope = renderRequestSchema.extend({
  masks: z
    .array(renderRequestSchema.shape.masks.element.extend({ mask: z.unknown() }))
    .max(MAX_REQUEST_MASKS),
})

/** Throws HttpFault 400 for a mask that cannot be read: a picture that silently lacks one would lie. */
export async function renderMasks(value: unknown, work: Work): Promise<JobAnswer> {
  const request = checked(envelope, value)
  const sharp = await findSharp()
  if (request.format === 'webp' && sharp === undefined) {
    throw new HttpFault(501, {
      code: 'missing-dependency',
      message: 'WebP needs the package sharp, which this server does not have',
      hint: 'ask for format: "png"',
    })
  }
  const { ground, turn } = await groundOf(request, work)
  const size = { widthPx: ground.widthPx, heightPx: ground.heightPx }
  const masks: Mask[] = []
  for (const [k, { mask }] of request.masks.entries()) {
    await work.pause()
    const at = `masks[${k}].mask`
    const { maxPixels } = work
    const { drawnOn } = request
    masks.push((await readMask(mask, { size, at, maxPixels, resize: false, turn, drawnOn })).mask)
  }
  const shown = shownSize(size, request.longestSidePx)
  let out: Picture =
    shown.widthPx === size.widthPx ? ground : { ...resizeBicubicPillow(ground, shown), channels: 3 }
  const contourPx = Math.max(1, Math.round(Math.hypot(shown.widthPx, shown.heightPx) / 450))
  const styles = request.masks.map((style, k) => {
    const mask = shown.widthPx === size.widthPx ? masks[k]! : resizeMaskNearest(masks[k]!, shown)
    return {
      mask,
      colour: style.colour === undefined ? maskColour(k) : rgbOf(style.colour),
      opacity: style.opacity ?? OPACITY,
      contourPx: style.contourPx ?? contourPx,
      name: style.name,
    }
  })
  for (const style of styles) {
    await work.pause()
    out = drawMasks(out, [style])
  }
  for (const { mask, colour, name } of styles) {
    await work.pause()
    if (name !== undefined) out = withName(out, name, mask, colour)
  }
  await work.pause()
  // The same pixels either way; libpng takes a fifth of the time.
  if (sharp === undefined) return { body: pictureToPng(out), type: 'image/png' }
  const pipeline = sharp(out.bytes, { raw: { width: out.widthPx, height: out.heightPx, channels: 3 } })
  const coded =
    request.format === 'webp' ? pipeline.webp({ quality: 85 }) : pipeline.png({ compressionLevel: 6 })
  return { body: new Uint8Array(await coded.toBuffer()), type: `image/${request.format ?? 'png'}` }
}

async function groundOf(
  request: {
    readonly picture?: string | undefined
    readonly size?: Size | undefined
    readonly background?: string | undefined
  },
  { keeper, maxPixels }: Work,
): Promise<{ readonly ground: Picture; readonly turn?: HandleTurn | undefined }> {
  const { picture, size, background } = request
  if ((picture === undefined) === (size === undefined)) {
    throw new HttpFault(400, {
      code: 'bad-request',
      message: 'give either picture or size',
      at: picture === undefined ? 'picture' : 'size',
    })
  }
  if (picture !== undefined) {
    const { picture: kept, turn } = await keeper.lookUp(picture)
    if (kept === undefined) throw unknownPicture(picture)
    return { ground: { widthPx: kept.widthPx, heightPx: kept.heightPx, channels: 3, bytes: kept.rgb }, turn }
  }
  checkPixels(size!, maxPixels)
  const { widthPx, heightPx } = size!
  return { ground: plainPicture(widthPx, heightPx, rgbOf(background ?? GROUND)) }
}

function shownSize({ widthPx, heightPx }: Size, longestSidePx: number | undefined): Size {
  const longest = Math.max(widthPx, heightPx)
  if (longestSidePx === undefined || longest <= longestSidePx) return { widthPx, heightPx }
  const scaled = (side: number) => Math.max(1, Math.round((side * longestSidePx) / longest))
  return { widthPx: scaled(widthPx), heightPx: scaled(heightPx) }
}

function rgbOf(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

/** The name in the middle of the mask's widest part, moved inside the picture. */
function withName(picture: Picture, name: string, mask: Mask, colour: Rgb): Picture {
  const { width } = tightBox(mask)
  if (width === 0) return picture
  const scale = Math.max(picture.widthPx, picture.heightPx) >= 600 ? 2 : 1
  const text = name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_NAME_CHARS)
  const { widthPx, heightPx } = textSize(text, scale)
  const middle = middleOf(mask)
  const clamp = (value: number, most: number) => Math.round(Math.max(0, Math.min(value, most)))
  return drawText(picture, text, {
    x: clamp(middle.x - widthPx / 2, picture.widthPx - widthPx),
    y: clamp(middle.y - heightPx / 2, picture.heightPx - heightPx),
    scale,
    colour: [255, 255, 255],
    background: [Math.round(colour[0] * 0.45), Math.round(colour[1] * 0.45), Math.round(colour[2] * 0.45)],
  })
}

/** Longest side at which the widest part of a mask is looked for. */
const MIDDLE_PX = 256

function middleOf(mask: Mask): { x: number; y: number } {
  const small = shownSize(mask, MIDDLE_PX)
  const scale = mask.widthPx / small.widthPx
  const found = farthestInsidePoint(scale === 1 ? mask : resizeMaskNearest(mask, small))
  if (found !== undefined) return { x: (found.x + 0.5) * scale, y: (found.y + 0.5) * scale }
  const { x, y, width, height } = tightBox(mask)
  return { x: x + width / 2, y: y + height / 2 }
}
