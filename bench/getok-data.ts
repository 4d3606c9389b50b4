// Real pictures and masks for the GETok reports: COCO instances and BSDS500 segments from ../shared/data, read lazily.
// Pictures of even number fit the coarse decoder (getok-fit.ts); only odd ones are reported.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pixels } from '@maskwords/codecs'
import { area, type Mask, maskFromCocoPolygons, maskFromRowMajor } from '@maskwords/mask'
import sharp from 'sharp'

const DATA = join(import.meta.dirname, '..', '..', 'shared', 'data')

export type Sample = { readonly picture: string; readonly masks: readonly Mask[]; readonly held: boolean }

/** True where the data folder is there; else says so. */
export function haveData(): boolean {
  if (existsSync(join(DATA, 'coco-pool', 'instances.json'))) return true
  console.error(`no data: ${DATA} is not there, nothing to measure`)
  return false
}

/** Pictures of the COCO pool with their instances, crowds left out, in order of picture number. */
export function cocoSamples(): Sample[] {
  const folder = join(DATA, 'coco-pool')
  const { images, annotations } = JSON.parse(readFileSync(join(folder, 'instances.json'), 'utf8')) as {
    images: { id: number; width: number; height: number; file_name: string }[]
    annotations: { image_id: number; iscrowd: number; segmentation: number[][] }[]
  }
  const masks = new Map<number, Mask[]>(images.map((image) => [image.id, []]))
  const sizes = new Map(images.map((image) => [image.id, image]))
  for (const { image_id, iscrowd, segmentation } of annotations) {
    if (iscrowd === 1) continue
    const { width: widthPx, height: heightPx } = sizes.get(image_id)!
    const mask = maskFromCocoPolygons({ widthPx, heightPx, polygons: segmentation })
    if (mask.edges.length > 0) masks.get(image_id)!.push(mask)
  }
  return [...images]
    .sort((a, b) => a.id - b.id)
    .map(({ id, file_name }) => ({
      picture: join(folder, 'images', file_name),
      masks: masks.get(id)!,
      held: id % 2 === 1,
    }))
}

/** Pictures of BSDS500 with the regions of their first segmentation of at least 1 % of the picture; `val` is held out. */
export async function bsdsSamples(split: 'train' | 'val'): Promise<Sample[]> {
  const folder = join(DATA, 'bsds500', split)
  const names = readdirSync(join(folder, 'labels')).sort()
  const samples: Sample[] = []
  for (const file of readdirSync(join(folder, 'images')).sort()) {
    const id = file.replace(/\.jpg$/, '')
    const label = names.find(
      (name) => name.startsWith(`${id}-`) || name.startsWith(`${id}_`) || name === `${id}.png`,
    )
    if (label === undefined) continue
    const { data, info } = await sharp(join(folder, 'labels', label))
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true })
    const masks: Mask[] = []
    for (let value = 1; value < 256; value++) {
      const bytes = data.map((byte) => (byte === value ? 1 : 0))
      if (!bytes.includes(1)) continue
      const mask = maskFromRowMajor({ widthPx: info.width, heightPx: info.height, bytes })
      if (area(mask) >= 0.01 * info.width * info.height) masks.push(mask)
    }
    samples.push({ picture: join(folder, 'images', file), masks, held: split === 'val' })
  }
  return samples
}

export async function readPicture(path: string): Promise<Pixels> {
  const { data, info } = await sharp(path)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const grey = info.channels === 1
  const rgb = grey ? new Uint8Array(data.length * 3) : new Uint8Array(data)
  if (grey) for (let k = 0; k < rgb.length; k++) rgb[k] = data[Math.floor(k / 3)]!
  return { widthPx: info.width, heightPx: info.height, rgb }
}
