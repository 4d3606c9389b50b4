// Masks as the JSON of each dialect: one object for one mask, a list for several. What this writes, the readers read.
import {
  cocoCountsFromMask,
  cocoPolygonsFromMask,
  cocoRleFromMask,
  cvatRleFromMask,
  labelStudioRleFromMask,
} from '@maskwords/mask'
import type { WriteDialect } from '../input/dialect.ts'
import type { NamedMask } from '../input/named-mask.ts'

type JsonDialect = Exclude<WriteDialect, 'png' | 'label-map' | 'raw'>

/** @param tolerancePx how far corners of polygons may move; 0 keeps every pixel */
export function masksAsJson(masks: readonly NamedMask[], to: JsonDialect, tolerancePx = 0): unknown {
  const objects = masks.map((item) => maskAsJson(item, to, tolerancePx))
  return objects.length === 1 ? objects[0] : objects
}

function maskAsJson({ label, id, mask }: NamedMask, to: JsonDialect, tolerancePx: number): unknown {
  const named = { label, ...(id !== undefined && { id }) }
  const { widthPx: width, heightPx: height } = mask
  switch (to) {
    case 'coco-rle':
      return { ...named, ...cocoRleFromMask(mask) }
    case 'coco-counts':
      return { ...named, ...cocoCountsFromMask(mask) }
    case 'coco-polygon':
      return { ...named, width, height, segmentation: cocoPolygonsFromMask(mask, { tolerancePx }) }
    case 'cvat-rle':
      return { ...named, type: 'mask', width, height, points: cvatRleFromMask(mask) }
    case 'labelstudio-rle':
      return {
        ...named,
        type: 'brushlabels',
        from_name: 'tag',
        to_name: 'image',
        original_width: width,
        original_height: height,
        value: { format: 'rle', rle: Array.from(labelStudioRleFromMask(mask)), brushlabels: [label] },
      }
  }
}
