// Which regions a task may use, where they lie and in which order lists name them (SAMTok's converters sort masks by the
// centre of their boxes, x first).

import type { DataRecord, Region } from '@maskwords/datasets'
import { maskFromCocoSegmentation, tightBox } from '@maskwords/mask'

export type BoxXywhPx = readonly [x: number, y: number, width: number, height: number]

/** Whether the region's pixels are known and count. */
export function hasMask(region: Region): boolean {
  return region.shape.kind !== 'box' && region.isIgnored !== true
}

/** Regions by id; with twice the same id the first one counts. */
export function regionsById(record: DataRecord): Map<string, Region> {
  const byId = new Map<string, Region>()
  for (const region of record.regions) if (!byId.has(region.id)) byId.set(region.id, region)
  return byId
}

/** The regions of these ids, each once; undefined where one is missing, ignored or without pixels. */
export function masksOf(
  ids: readonly string[],
  byId: ReadonlyMap<string, Region>,
): readonly Region[] | undefined {
  const found = [...new Set(ids)].map((id) => byId.get(id))
  return found.every((region) => region !== undefined && hasMask(region)) ? (found as Region[]) : undefined
}

/** The region's box: as stated, else of its polygons or run lengths; undefined for label maps without one and for nonsense. */
export function boxOf(region: Region, size: { widthPx: number; heightPx: number }): BoxXywhPx | undefined {
  const stated = region.boxXywhPx
  if (stated !== undefined) {
    const [x, y, width, height] = stated
    return stated.every(Number.isFinite) && width > 0 && height > 0 ? [x, y, width, height] : undefined
  }
  if (region.shape.kind !== 'coco') return undefined
  try {
    const { widthPx, heightPx } = size
    const box = tightBox(
      maskFromCocoSegmentation({ widthPx, heightPx, segmentation: region.shape.segmentation }),
    )
    return box.width === 0 ? undefined : [box.x, box.y, box.width, box.height]
  } catch {
    // Geometry that cannot be read costs its conversation when it is encoded, where it is reported.
    return undefined
  }
}

/** In order of box centres, x first, then y; as given where a box is not known. */
export function inReadingOrder(record: DataRecord, regions: readonly Region[]): readonly Region[] {
  const placed = regions.map((region, at) => ({ region, at, box: boxOf(region, record.picture) }))
  if (placed.some(({ box }) => box === undefined)) return regions
  return placed
    .map(({ region, at, box }) => ({ region, at, x: box![0] + box![2] / 2, y: box![1] + box![3] / 2 }))
    .sort((a, b) => a.x - b.x || a.y - b.y || a.at - b.at)
    .map(({ region }) => region)
}
