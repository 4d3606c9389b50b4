// Masks to benchmark on: stars in three picture sizes, noise, and real annotations where they are beside the repository.

import { existsSync, readFileSync } from 'node:fs'
import {
  type CocoCounts,
  type FlatRing,
  type Mask,
  maskFromCocoPolygons,
  maskFromCocoRle,
} from '@maskwords/mask'
import type { PolygonItem } from './coco-baseline.ts'

export const SIZES = [
  { widthPx: 640, heightPx: 480 },
  { widthPx: 1024, heightPx: 1024 },
  { widthPx: 3840, heightPx: 2160 },
] as const

/**
 * A star of seven blunt arms in the middle of the picture, with `vertices` vertices: about one run a column and a half.
 * `jagged` puts small teeth on its outline: three runs a column.
 */
export function starRing(
  widthPx: number,
  heightPx: number,
  vertices: number,
  phase = 0,
  jagged = false,
): number[] {
  const ring: number[] = []
  for (let i = 0; i < vertices; i++) {
    const angle = (2 * Math.PI * i) / vertices
    const radius =
      (0.3 + 0.1 * Math.sin(7 * angle + phase) + (jagged ? 0.05 * Math.sin(23 * angle) : 0)) *
      Math.min(widthPx, heightPx)
    ring.push(widthPx / 2 + radius * Math.cos(angle), heightPx / 2 + radius * Math.sin(angle))
  }
  return ring
}

/** The star as a mask. */
export function starMask(widthPx: number, heightPx: number, phase = 0, jagged = false): Mask {
  const ring = starRing(widthPx, heightPx, 720, phase, jagged)
  return maskFromCocoPolygons({ widthPx, heightPx, polygons: [ring] })
}

type Instances = {
  images: { id: number; width: number; height: number }[]
  annotations: { image_id: number; segmentation: FlatRing[] | CocoCounts }[]
}

export type RealMasks = {
  /** All masks. */
  readonly masks: readonly Mask[]
  /** The same, picture by picture. */
  readonly byPicture: readonly (readonly Mask[])[]
  /** All single rings of all polygons. */
  readonly rings: readonly PolygonItem[]
}

/** The 3,067 COCO annotations of ../shared, where present. */
export function realMasks(): RealMasks | undefined {
  const file = new URL('../../shared/data/coco-pool/instances.json', import.meta.url)
  if (!existsSync(file)) return undefined
  const { images, annotations } = JSON.parse(readFileSync(file, 'utf8')) as Instances
  const sizes = new Map(images.map(({ id, width, height }) => [id, { widthPx: width, heightPx: height }]))
  const pictures = new Map<number, Mask[]>()
  const rings: PolygonItem[] = []
  for (const { image_id, segmentation } of annotations) {
    const size = sizes.get(image_id)!
    const isList = Array.isArray(segmentation)
    const mask = isList
      ? maskFromCocoPolygons({ ...size, polygons: segmentation })
      : maskFromCocoRle(segmentation as CocoCounts)
    if (isList) for (const ring of segmentation) rings.push({ ...size, ring })
    const list = pictures.get(image_id)
    if (list === undefined) pictures.set(image_id, [mask])
    else list.push(mask)
  }
  const byPicture = [...pictures.values()]
  return { masks: byPicture.flat(), byPicture, rings }
}
