// `inspect` of COCO-like dataset files: counts, and the mistakes that make training or evaluation silently wrong
// (crowds, empty masks, id 0, duplicate ids, annotations of no image, sizes that contradict each other).
import {
  annotationMask,
  asObject,
  type Box,
  categoryName,
  cocoCategories,
  cocoImages,
  cocoLists,
  idAt,
  isCrowd,
  isNoBox,
  type JsonObject,
  listAt,
  member,
  plainSegmentation,
  readNumbers,
  repeatedAnnotations,
  sizeAt,
  textAt,
} from '@maskwords/annotations'
import { isEmpty, type SizePx } from '@maskwords/mask'
import type { RecordId } from '@maskwords/words'
import { ProblemCounter, type Report } from './report.ts'

/** Annotations whose masks are decoded; a larger file has the first ones checked in depth, all of them for the rest. */
export const MAX_DECODED = 20_000

/** Health of a COCO detection or panoptic file; undefined for a value that is none. */
export function inspectDataset(target: string, value: unknown): Report | undefined {
  const lists = cocoLists(value)
  if (lists === undefined) return undefined
  const { images, annotations, categories } = lists
  const problems = new ProblemCounter()
  if (images.length === 0) problems.add('a dataset without images', 'images', undefined, true)
  else if (annotations.length === 0)
    problems.add('a dataset without annotations', 'annotations', undefined, true)
  const sizes = readImages(images, problems)
  const categoryIds = readCategories(categories, problems)
  const panoptic = annotations.some((item) => member(item, 'segments_info') !== undefined)
  const totals = panoptic
    ? checkPanoptic(annotations, sizes, categoryIds, problems)
    : checkAnnotations(annotations, sizes, categoryIds, problems)
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

type Sizes = Map<RecordId, SizePx | undefined>

function readImages(images: readonly unknown[], problems: ProblemCounter): Sizes {
  const sizes: Sizes = new Map()
  const names = new Set<string>()
  const { byId, places, refused, notes } = cocoImages(images)
  for (const { place, kind } of notes) {
    const at = `images[${place}]`
    if (kind === 'no-id') problems.add('an image without an id', at, undefined, true)
    else if (kind === 'copy') problems.add('images listed twice, alike', at, 'leave the second one out')
    else problems.add('image ids of different pictures', at, 'give each image its own id', true)
  }
  // Their annotations are of an image that is listed, if not known which.
  for (const id of refused.keys()) sizes.set(id, undefined)
  for (const [id, image] of byId) {
    const at = `images[${places.get(id)}]`
    const size = sizeAt(image)
    if (size === undefined) {
      problems.add(
        'images without a valid width and height',
        at,
        'write the size of the picture in pixels',
        true,
      )
    } else if (typeof image['width'] !== 'number' || typeof image['height'] !== 'number') {
      problems.add('sizes of images written as text', at, 'write numbers: pycocotools reads no others')
    }
    sizes.set(id, size)
    const name = textAt(image, 'file_name')
    if (name === undefined) continue
    if (names.has(name)) problems.add('file names that occur twice', at)
    names.add(name)
  }
  return sizes
}

function readCategories(categories: readonly unknown[], problems: ProblemCounter): Set<RecordId> {
  const { byId, places, refused, notes } = cocoCategories(categories)
  for (const { place, kind } of notes) {
    const at = `categories[${place}]`
    if (kind === 'no-id') problems.add('a category without an id', at, undefined, true)
    else if (kind === 'copy') problems.add('categories listed twice, alike', at, 'leave the second one out')
    else problems.add('category ids of different names', at, 'give each category its own id', true)
  }
  for (const [id, category] of byId) {
    const at = `categories[${places.get(id)}]`
    if (id === 0) {
      problems.add('a category with the id 0', at, 'many tools take 0 for background: count from 1')
    }
    const name = categoryName(category)
    if (name === undefined) problems.add('categories without a name', at, undefined, true)
  }
  return new Set([...byId.keys(), ...refused.keys()])
}

type Totals = readonly (readonly [string, string | number])[]

function checkAnnotations(
  annotations: readonly unknown[],
  sizes: Sizes,
  categoryIds: ReadonlySet<RecordId>,
  problems: ProblemCounter,
): Totals {
  for (const { place, isCopy } of repeatedAnnotations(annotations)) {
    const at = `annotations[${place}]`
    if (isCopy) problems.add('annotations listed twice, alike', at, 'leave the second one out', true)
    else problems.add('annotation ids that occur twice', at, 'number them anew from 1', true)
  }
  const used = new Set<RecordId>()
  let crowds = 0
  let polygons = 0
  let runLengths = 0
  for (const [i, value] of annotations.entries()) {
    const at = `annotations[${i}]`
    const item = asObject(value)
    if (item === undefined) {
      problems.add('an annotation that is not an object', at, undefined, true)
      continue
    }
    const id = idAt(item, 'id')
    if (id === undefined) problems.add('annotations without an id', at, 'number them from 1')
    else if (id === 0) {
      problems.add(
        'the annotation id 0',
        at,
        'the COCO evaluation takes a match with id 0 for no match: count from 1',
        true,
      )
    }
    const imageId = idAt(item, 'image_id')
    const isListed = imageId !== undefined && sizes.has(imageId)
    if (isListed) used.add(imageId)
    else problems.add('annotations of an image that is not listed', at, undefined, true)
    const categoryId = idAt(item, 'category_id')
    if (categoryIds.size > 0 && (categoryId === undefined || !categoryIds.has(categoryId))) {
      problems.add('annotations of a category that is not listed', at, undefined, true)
    }
    const { segmentation, iscrowd } = item
    if (isCrowd(item)) crowds++
    else if (iscrowd === undefined) problems.add('annotations without iscrowd', at, 'write "iscrowd": 0')
    const size = imageId === undefined ? undefined : sizes.get(imageId)
    checkBox(item['bbox'], size, at, problems)
    const form = formOf(segmentation, size)
    if (form === 'outlines') polygons++
    else if (form === 'run lengths') runLengths++
    if (isListed && size !== undefined) checkSegmentation(item, i, size, problems)
  }
  const empty = sizes.size - used.size
  return [
    ['crowds', crowds],
    ['polygons', polygons],
    ['run lengths', runLengths],
    ['images without annotations', empty],
  ]
}

function formOf(segmentation: unknown, size: SizePx | undefined): 'outlines' | 'run lengths' | undefined {
  const { value } = plainSegmentation(segmentation, size)
  if (value === undefined) return undefined
  return 'counts' in value ? 'run lengths' : 'outlines'
}

function checkBox(box: unknown, size: SizePx | undefined, at: string, problems: ProblemCounter): void {
  if (isNoBox(box)) return
  const numbers = readNumbers(box)
  if (numbers?.length !== 4) {
    problems.add('boxes that are not four numbers x, y, width, height', at, undefined, true)
    return
  }
  const [x, y, width, height] = numbers as unknown as Box
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

function checkSegmentation(item: JsonObject, i: number, size: SizePx, problems: ProblemCounter): void {
  const at = `annotations[${i}]`
  const { segmentation } = item
  if (segmentation === undefined || segmentation === null) {
    problems.add('annotations without a segmentation', at)
    return
  }
  if (Array.isArray(segmentation) && segmentation.length === 0) {
    problems.add('annotations with an empty segmentation', at, 'leave them out')
    return
  }
  const found = i < MAX_DECODED ? annotationMask(item, size) : plainSegmentation(segmentation, size)
  if (found.lost !== undefined) {
    const { kind, message, about } = found.lost
    if (kind === 'wrong-size') {
      const what =
        about === 'exchanged-sides'
          ? 'run lengths with width and height exchanged'
          : 'run lengths of another size than their image'
      problems.add(what, at, 'size is [height, width] of the picture', true)
    } else if (about === 'leading-zero')
      problems.add('run lengths without their leading 0', at, message, true)
    else problems.add('masks that cannot be read', at, message, true)
    return
  }
  for (const { message, about } of found.doubts ?? []) {
    if (about === 'area') {
      problems.add(
        'an area that is far from the pixels of the mask',
        at,
        'COCO sums polygon areas; check holes and parts',
      )
    } else if (about === 'box') problems.add('boxes that are not those of their masks', at, message)
    else problems.add('segmentations of an odd form, read all the same', at, message)
  }
  if (found.value !== undefined && 'edges' in found.value && isEmpty(found.value))
    problems.add('masks without any pixel', at, 'leave them out')
}

function checkPanoptic(
  annotations: readonly unknown[],
  sizes: Sizes,
  categoryIds: ReadonlySet<RecordId>,
  problems: ProblemCounter,
): Totals {
  let segments = 0
  let crowds = 0
  for (const [i, item] of annotations.entries()) {
    const at = `annotations[${i}]`
    const imageId = idAt(item, 'image_id')
    if (imageId === undefined || !sizes.has(imageId))
      problems.add('annotations of an image that is not listed', at, undefined, true)
    const ids = new Set<RecordId>()
    for (const segment of listAt(item, 'segments_info')) {
      segments++
      const id = idAt(segment, 'id')
      if (id === undefined) {
        problems.add('segments without an id', at, 'the PNG names them by it', true)
        continue
      }
      if (id === 0)
        problems.add('a segment with the id 0', at, '0 is "no segment" in the PNG: count from 1', true)
      if (ids.has(id)) problems.add('segment ids that occur twice in one picture', at, undefined, true)
      ids.add(id)
      if (isCrowd(asObject(segment) ?? {})) crowds++
      const categoryId = idAt(segment, 'category_id')
      if (categoryIds.size > 0 && (categoryId === undefined || !categoryIds.has(categoryId))) {
        problems.add('segments of a category that is not listed', at, undefined, true)
      }
    }
  }
  return [
    ['segments', segments],
    ['crowds', crowds],
  ]
}
