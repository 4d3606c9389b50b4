// `inspect` of COCO-like dataset files: counts, and the mistakes that make training or evaluation silently wrong
// (crowds, empty masks, id 0, duplicate ids, annotations of no image, sizes that contradict each other).
import { area } from '@maskwords/mask'
import { isTypedError, reportOf } from '../error.ts'
import { isRecord } from '../input/json-text.ts'
import { findMasks } from '../input/mask-json.ts'
import { maskOfStated } from '../input/stated-mask.ts'
import { ProblemCounter, type Report } from './report.ts'

/** Annotations whose masks are decoded; a larger file has the first ones checked in depth, all of them for the rest. */
export const MAX_DECODED = 20_000

/** Health of a COCO detection or panoptic file. */
export function inspectDataset(target: string, value: Record<string, unknown>): Report {
  const images = list(value['images'])
  const annotations = list(value['annotations'])
  const categories = list(value['categories'])
  const problems = new ProblemCounter()
  if (images.length === 0) problems.add('a dataset without images', 'images', undefined, true)
  else if (annotations.length === 0)
    problems.add('a dataset without annotations', 'annotations', undefined, true)
  const sizes = readImages(images, problems)
  const categoryIds = readCategories(categories, problems)
  const panoptic = annotations.some((item) => isRecord(item) && 'segments_info' in item)
  const totals = panoptic
    ? checkPanoptic(annotations, sizes, categoryIds, problems)
    : checkAnnotations(target, annotations, sizes, categoryIds, problems)
  const kind = panoptic ? 'coco-panoptic' : 'coco-dataset'
  return {
    target,
    kind,
    what: `${panoptic ? 'COCO panoptic' : 'COCO'} dataset: ${images.length} images, ${annotations.length} annotations`,
    facts: [
      ['images', images.length],
      ['annotations', annotations.length],
      ['categories', categories.length],
      ...totals,
    ],
    problems: problems.list(),
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

type Sizes = Map<string, { widthPx: number; heightPx: number }>

function readImages(images: readonly unknown[], problems: ProblemCounter): Sizes {
  const sizes: Sizes = new Map()
  const names = new Set<string>()
  for (const [i, image] of images.entries()) {
    const at = `images[${i}]`
    if (!isRecord(image) || image['id'] === undefined) {
      problems.add('an image without an id', at, undefined, true)
      continue
    }
    const id = String(image['id'])
    if (sizes.has(id)) problems.add('image ids that occur twice', at, 'give each image its own id')
    const { width, height } = image
    if (
      !(
        Number.isInteger(width) &&
        Number.isInteger(height) &&
        (width as number) > 0 &&
        (height as number) > 0
      )
    ) {
      problems.add(
        'images without a valid width and height',
        at,
        'write the size of the picture in pixels',
        true,
      )
    }
    sizes.set(id, { widthPx: Number(width), heightPx: Number(height) })
    const name = image['file_name']
    if (typeof name === 'string') {
      if (names.has(name)) problems.add('file names that occur twice', at)
      names.add(name)
    }
  }
  return sizes
}

function readCategories(categories: readonly unknown[], problems: ProblemCounter): Set<string> {
  const ids = new Set<string>()
  for (const [i, category] of categories.entries()) {
    if (!isRecord(category)) continue
    const id = String(category['id'])
    if (ids.has(id))
      problems.add('category ids that occur twice', `categories[${i}]`, 'give each category its own id')
    if (id === '0') {
      problems.add(
        'a category with the id 0',
        `categories[${i}]`,
        'many tools take 0 for background: count from 1',
      )
    }
    ids.add(id)
  }
  return ids
}

type Totals = readonly (readonly [string, string | number])[]

function checkAnnotations(
  target: string,
  annotations: readonly unknown[],
  sizes: Sizes,
  categoryIds: ReadonlySet<string>,
  problems: ProblemCounter,
): Totals {
  const ids = new Set<string>()
  const used = new Set<string>()
  let crowds = 0
  let polygons = 0
  let runLengths = 0
  for (const [i, item] of annotations.entries()) {
    const at = `annotations[${i}]`
    if (!isRecord(item)) {
      problems.add('an annotation that is not an object', at, undefined, true)
      continue
    }
    const id = String(item['id'])
    if (item['id'] === undefined) problems.add('annotations without an id', at, 'number them from 1')
    else if (ids.has(id)) problems.add('annotation ids that occur twice', at, 'number them anew from 1', true)
    else if (id === '0') {
      problems.add(
        'the annotation id 0',
        at,
        'the COCO evaluation takes a match with id 0 for no match: count from 1',
        true,
      )
    }
    ids.add(id)
    const size = sizes.get(String(item['image_id']))
    if (size === undefined) problems.add('annotations of an image that is not listed', at, undefined, true)
    else used.add(String(item['image_id']))
    if (categoryIds.size > 0 && !categoryIds.has(String(item['category_id']))) {
      problems.add('annotations of a category that is not listed', at, undefined, true)
    }
    const { segmentation, iscrowd } = item
    if (iscrowd === 1) crowds++
    else if (iscrowd === undefined) problems.add('annotations without iscrowd', at, 'write "iscrowd": 0')
    if (Array.isArray(segmentation)) polygons++
    else if (isRecord(segmentation)) runLengths++
    checkBox(item['bbox'], size, at, problems)
    if (size !== undefined) checkSegmentation(target, item, i, size, problems)
  }
  const empty = sizes.size - used.size
  return [
    ['crowds', crowds],
    ['polygons', polygons],
    ['run lengths', runLengths],
    ['images without annotations', empty],
  ]
}

function checkBox(
  box: unknown,
  size: { widthPx: number; heightPx: number } | undefined,
  at: string,
  problems: ProblemCounter,
): void {
  if (box === undefined) return
  if (!Array.isArray(box) || box.length !== 4 || !box.every((side) => Number.isFinite(side))) {
    problems.add('boxes that are not four numbers x, y, width, height', at, undefined, true)
    return
  }
  const [x, y, width, height] = box as [number, number, number, number]
  if (width <= 0 || height <= 0) problems.add('boxes without area', at)
  // Half a pixel of slack: published boxes are rounded.
  if (
    size !== undefined &&
    (x < -0.5 || y < -0.5 || x + width > size.widthPx + 0.5 || y + height > size.heightPx + 0.5)
  ) {
    problems.add(
      'boxes that reach out of the picture',
      at,
      'are they x, y, width, height, and not two corners?',
    )
  }
}

function checkSegmentation(
  target: string,
  item: Record<string, unknown>,
  i: number,
  size: { widthPx: number; heightPx: number },
  problems: ProblemCounter,
): void {
  const at = `annotations[${i}]`
  const { segmentation } = item
  if (segmentation === undefined) {
    problems.add('annotations without a segmentation', at)
    return
  }
  if (Array.isArray(segmentation) && segmentation.length === 0) {
    problems.add('annotations with an empty segmentation', at, 'leave them out')
    return
  }
  if (isRecord(segmentation) && Array.isArray(segmentation['size'])) {
    const [height, width] = segmentation['size'] as unknown[]
    if (height !== size.heightPx || width !== size.widthPx) {
      const swapped = height === size.widthPx && width === size.heightPx
      problems.add(
        swapped
          ? 'run lengths with width and height exchanged'
          : 'run lengths of another size than their image',
        at,
        'size is [height, width] of the picture',
        true,
      )
      return
    }
  }
  if (i >= MAX_DECODED) return
  try {
    for (const stated of findMasks(item, { name: target, size }).stated) {
      const pixels = area(maskOfStated(stated, { name: target, size, maxPixels: 2 ** 28 }))
      if (pixels === 0) problems.add('masks without any pixel', at, 'leave them out')
      else if (
        typeof item['area'] === 'number' &&
        Math.abs(item['area'] - pixels) > Math.max(64, 0.25 * pixels)
      ) {
        problems.add(
          'an area that is far from the pixels of the mask',
          at,
          'COCO sums polygon areas; check holes and parts',
        )
      }
    }
  } catch (error) {
    if (!isTypedError(error)) throw error
    const { message, hint } = reportOf(error)
    problems.add(message, at, hint, true)
  }
}

function checkPanoptic(
  annotations: readonly unknown[],
  sizes: Sizes,
  categoryIds: ReadonlySet<string>,
  problems: ProblemCounter,
): Totals {
  let segments = 0
  let crowds = 0
  for (const [i, item] of annotations.entries()) {
    const at = `annotations[${i}]`
    if (!isRecord(item)) continue
    if (!sizes.has(String(item['image_id'])))
      problems.add('annotations of an image that is not listed', at, undefined, true)
    const ids = new Set<string>()
    for (const segment of list(item['segments_info'])) {
      if (!isRecord(segment)) continue
      segments++
      const id = String(segment['id'])
      if (id === '0')
        problems.add('a segment with the id 0', at, '0 is "no segment" in the PNG: count from 1', true)
      if (ids.has(id)) problems.add('segment ids that occur twice in one picture', at, undefined, true)
      ids.add(id)
      if (segment['iscrowd'] === 1) crowds++
      if (categoryIds.size > 0 && !categoryIds.has(String(segment['category_id']))) {
        problems.add('segments of a category that is not listed', at, undefined, true)
      }
    }
  }
  return [
    ['segments', segments],
    ['crowds', crowds],
  ]
}
