// COCO's instances file (cocodataset.org/#format-data): pictures, annotations, and a category for each class.
import {
  area,
  type CocoSegmentation,
  cocoCountsFromMask,
  cocoPolygonsFromMask,
  cocoRleFromMask,
  type Mask,
  tightBox,
} from '@maskwords/mask'
import { type AnnotatedPicture, categoriesOf, hasPhrase, type Written, withPixels } from './picture.ts'

export type WriteCocoOptions = {
  /** `runs`: compressed run lengths (default). `counts`: run lengths as numbers. `outlines`: polygons, for tools that read no others. */
  readonly as?: 'runs' | 'counts' | 'outlines'
  /** How far corners of outlines may move, in pixels. Default 0: filling them gives each mask back to the pixel. */
  readonly tolerancePx?: number
  readonly description?: string
}

/**
 * The pictures as one COCO file. Phrases become `caption` of their annotation; `drawn_on` is written where a picture says it
 * (a field of ours, which our readers know). Regions without a pixel are left out and counted.
 */
export function writeCoco(
  pictures: readonly AnnotatedPicture[],
  options: WriteCocoOptions = {},
): Written<object> {
  const { as = 'runs', tolerancePx = 0, description = 'Regions written by maskwords' } = options
  const { value: sound, left } = withPixels(pictures)
  const categories = categoriesOf(sound)
  const numbers = new Map(categories.map((name, i) => [name, i + 1]))
  const segmentationOf = (mask: Mask): CocoSegmentation =>
    as === 'runs'
      ? cocoRleFromMask(mask)
      : as === 'counts'
        ? cocoCountsFromMask(mask)
        : cocoPolygonsFromMask(mask, { tolerancePx })
  let id = 0
  const annotations = sound.flatMap(({ regions }, i) =>
    regions.map((region) => {
      const { mask, category } = region
      const { x, y, width, height } = tightBox(mask)
      return {
        id: ++id,
        image_id: i + 1,
        category_id: numbers.get(category)!,
        segmentation: segmentationOf(mask),
        area: area(mask),
        bbox: [x, y, width, height],
        iscrowd: 0,
        ...(hasPhrase(region) && { caption: region.phrase }),
      }
    }),
  )
  const value = {
    info: { description, version: '1.0' },
    images: sound.map(({ file, widthPx, heightPx, drawnOn }, i) => ({
      id: i + 1,
      file_name: file,
      width: widthPx,
      height: heightPx,
      ...(drawnOn !== undefined && { drawn_on: drawnOn }),
    })),
    annotations,
    categories: categories.map((name, i) => ({ id: i + 1, name, supercategory: '' })),
  }
  return { value, left }
}
