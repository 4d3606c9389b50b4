// Masks in JSON, as the tools of the field write them, found and checked but not decoded yet: COCO datasets and results, SA-1B,
// single RLE objects, polygons, CVAT, Label Studio (label-studio.ts) and labelme shapes, and our own `decode --json`.

import { readLabelmeShapes } from '@maskwords/mask'
import { z } from 'zod'
import { type ErrorReport, MaskwordsError, reportOf } from '../error.ts'
import { isCvatJob, ofCvatJobs, ofCvatShapes, placedShapes } from './cvat-json.ts'
import type { FoundMasks, MaskJsonOptions, StatedMask, StatedSize } from './found-masks.ts'
import { baseName, idOf, labelOf, noSize, statedSize, stem } from './found-masks.ts'
import { checkShape, isRecord } from './json-text.ts'
import { isLabelStudioTask, ofAnnotations, ofRegions, ofTasks } from './label-studio.ts'
import { ambiguous, picked, samePicture } from './picked.ts'
import { isSamePicture } from './same-id.ts'
import { unreadFailures } from './unread.ts'

/** Lists and objects within each other. A Label Studio export has three levels; more is no mask file. */
const MAX_NESTING = 8

type Finding = MaskJsonOptions & {
  readonly depth: number
  readonly failures: ErrorReport[]
  readonly notes: string[]
}

const wholeNumber = z.number().int()
const rleSchema = z.object({
  size: z.tuple([wholeNumber, wholeNumber]),
  counts: z.union([z.string(), z.array(z.number())]),
})
const ringsSchema = z.array(z.array(z.number()))
const segmentationSchema = z.union([ringsSchema, rleSchema])
const labelSchema = z.union([z.string(), z.number()]).optional().catch(undefined)
const idSchema = z.union([z.number(), z.string()]).optional().catch(undefined)
const annotationSchema = z.object({
  id: idSchema,
  image_id: z.union([z.number(), z.string()]).optional(),
  category_id: z.union([z.number(), z.string()]).optional(),
  iscrowd: z.union([z.number(), z.boolean()]).optional(),
  label: labelSchema,
  segmentation: segmentationSchema,
})
const imageSchema = z.object({
  id: z.union([z.number(), z.string()]),
  file_name: z.string().optional(),
  width: wholeNumber,
  height: wholeNumber,
})
const categorySchema = z.object({ id: z.union([z.number(), z.string()]), name: z.string() })
/**
 * Finds the masks that a JSON value states. A bad entry of a list is a failure, the others are read; throws MaskwordsError
 * with the path of what is wrong where nothing can be read.
 */
export function findMasks(value: unknown, options: MaskJsonOptions): FoundMasks {
  const failures: ErrorReport[] = []
  const notes: string[] = []
  const finding: Finding = { ...options, depth: 0, failures, notes }
  if (isRecord(value)) return { stated: ofObject(value, finding, ''), failures, notes }
  if (Array.isArray(value)) return { stated: ofList(value, finding, ''), failures, notes }
  throw unknownShape(options, 'top level', `a bare ${value === null ? 'null' : typeof value}`)
}

/** Runs `read`; its typed error is a failure of one entry where there are others, and an error where it stands alone. */
function oneOf(entries: number, failures: ErrorReport[], read: () => void): void {
  try {
    read()
  } catch (error) {
    if (entries < 2 || !(error instanceof MaskwordsError)) throw error
    failures.push(reportOf(error))
  }
}

function ofObject(value: Record<string, unknown>, outer: Finding, at: string): StatedMask[] {
  const { name } = outer
  if (outer.depth > MAX_NESTING) {
    throw unknownShape(
      outer,
      at.slice(0, 80),
      `objects within each other, more than ${MAX_NESTING} levels deep`,
    )
  }
  const options: Finding = { ...outer, depth: outer.depth + 1 }
  if (Array.isArray(value['annotations']) && Array.isArray(value['images']))
    return ofDataset(value, options, at)
  if ('counts' in value) {
    const rle = checkShape(rleSchema, value, name, at, 'an RLE object')
    return [ofRle(rle, labelOf(value, options), idOf(value), at, false)]
  }
  if ('segmentation' in value) {
    const size = statedSize(value['width'], value['height']) ?? options.size
    return [ofAnnotation(value, options, at, new Map(), size)]
  }
  if (Array.isArray(value['masks'])) return ofList(value['masks'], options, `${at}.masks`)
  if (isCvatJob(value)) return taken(ofCvatJobs([{ item: value, at, frame: undefined }], options), options)
  if (Array.isArray(value['shapes'])) {
    const size = statedSize(value['imageWidth'] ?? value['width'], value['imageHeight'] ?? value['height'])
    const inner = size === undefined ? options : { ...options, size }
    if (options.depth === 1) noteOtherPicture(value['imagePath'], options)
    return ofShapes(value['shapes'], inner, `${at}.shapes`)
  }
  if (isLabelStudioTask(value)) return taken(ofTasks([value], options, at, false), options)
  if (Array.isArray(value['annotations'])) {
    const image: Record<string, unknown> = isRecord(value['image']) ? value['image'] : {}
    const size = statedSize(image['width'], image['height'])
    const inner = size === undefined ? options : { ...options, size }
    return ofList(value['annotations'], inner, `${at}.annotations`)
  }
  if (Array.isArray(value['result'])) {
    return taken(ofAnnotations([value], undefined, options, at, at), options)
  }
  if ('points' in value) return ofShapes([value], options, at)
  if (isRecord(value['value'])) {
    return taken(ofRegions([{ item: value, at }], options), options)
  }
  throw unknownShape(
    options,
    at || 'top level',
    `an object with the keys ${Object.keys(value).slice(0, 8).join(', ') || '(none)'}`,
  )
}

/** The masks found elsewhere, with what was lost and left out there. */
function taken(found: FoundMasks, { failures, notes }: Finding): StatedMask[] {
  for (const failure of found.failures) failures.push(failure)
  for (const note of found.notes) notes.push(note)
  return [...found.stated]
}

function ofList(list: readonly unknown[], options: Finding, at: string): StatedMask[] {
  if (list.length === 0) return []
  const first = list[0]
  if (typeof first === 'number') return [ofNumbers(list, options, at)]
  if (Array.isArray(first)) {
    const rings = checkShape(
      ringsSchema,
      asRings(list),
      options.name,
      at,
      'a list of polygons (x, y, x, y, ...)',
    )
    return [outlined(rings, stem(options), undefined, at, false, options.size)]
  }
  const records = list.filter(isRecord)
  if (records.some(isLabelStudioTask)) return taken(ofTasks(records, options, at), options)
  if (records.some((item) => Array.isArray(item['result']))) {
    return taken(ofAnnotations(list, undefined, options, at, at), options)
  }
  if (records.some(isCvatJob)) {
    return taken(ofCvatJobs(placedShapes(list, at), options), options)
  }
  if (
    records.some(
      (item) => isRecord(item['value']) && (typeof item['type'] === 'string' || 'original_width' in item),
    )
  ) {
    const entries = list.flatMap((item, i) => (isRecord(item) ? [{ item, at: `${at}[${i}]` }] : []))
    return taken(ofRegions(entries, options), options)
  }
  if (records.some((item) => 'points' in item)) return ofShapes(list, options, at)
  const ofPicture = pictureItems(list, options)
  const chosen = options.imageId === undefined ? undefined : String(options.imageId)
  const ids = new Set<string>()
  const found: StatedMask[] = []
  list.forEach((item, i) => {
    const place = `${at}[${i}]`
    if (!ofPicture(i)) return
    if (!isRecord(item)) {
      oneOf(list.length, options.failures, () => {
        throw unknownShape(
          options,
          place,
          `${item === null ? 'null' : typeof item} where an object is wanted`,
        )
      })
      return
    }
    const imageId = item['image_id']
    if (typeof imageId === 'number' || typeof imageId === 'string') {
      if (chosen !== undefined && String(imageId) !== chosen) return
      ids.add(String(imageId))
    }
    // Not a spread call: a list may be longer than a call may have arguments.
    oneOf(list.length, options.failures, () => {
      for (const stated of ofObject(item, options, place)) found.push(stated)
    })
  })
  if (ids.size > 1) {
    throw new MaskwordsError(
      'ambiguous',
      `masks of ${ids.size} pictures (ids ${[...ids].slice(0, 3).join(', ')}, ...)`,
      {
        file: options.name,
        hint: `choose one: --image-id ${[...ids][0]}`,
      },
    )
  }
  return found
}

function ofDataset(value: Record<string, unknown>, options: Finding, at: string): StatedMask[] {
  const { name } = options
  const images = value['images'] as readonly unknown[]
  const annotations = value['annotations'] as readonly unknown[]
  const image = chooseImage(images, options, at)
  refuseSharedId(images, String(image.id), options)
  const categories = categoryNames(value['categories'], options, at)
  const size = { widthPx: image.width, heightPx: image.height }
  const found: StatedMask[] = []
  annotations.forEach((item, i) => {
    if (!isRecord(item) || String(item['image_id']) !== String(image.id)) return
    const place = `${at}.annotations[${i}]`
    if ('segments_info' in item) {
      throw new MaskwordsError(
        'unsupported',
        'a panoptic dataset: its masks are in the PNG files that it names',
        {
          file: name,
          at: place,
          hint: 'give that PNG with --mask-format panoptic',
        },
      )
    }
    oneOf(annotations.length, options.failures, () => {
      // COCO's coordinates are those of the pixels that Pillow gives, as `prepare coco` reads them.
      found.push({ ...ofAnnotation(item, options, place, categories, size), drawnOn: 'stored' })
    })
  })
  return found
}

/** Of two different pictures with one id, nobody knows whose its annotations are: as `prepare` has it, neither's. */
function refuseSharedId(images: readonly unknown[], id: string, { name }: Finding): void {
  const entries = images.filter((item) => isRecord(item) && String(item['id']) === id)
  if (entries.every((entry) => isSamePicture(entry, entries[0]))) return
  const names = [
    ...new Set(entries.map((entry) => JSON.stringify((entry as { file_name?: unknown }).file_name))),
  ]
  const which = names.length > 1 ? names.join(' and ') : `${names[0]} in different sizes`
  throw new MaskwordsError(
    'ambiguous',
    `image ${id} is ${which}: which of them its annotations are of is not known, none is used`,
    { file: name, hint: 'give each image of the file its own id' },
  )
}

/** Names by id; an id of two names has none, and that is said. */
function categoryNames(list: unknown, { name, notes }: Finding, at: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const refused = new Set<string>()
  for (const [i, item] of (Array.isArray(list) ? list : []).entries()) {
    const category = checkShape(categorySchema, item, name, `${at}.categories[${i}]`, 'a category')
    const id = String(category.id)
    const before = names.get(id)
    if (refused.has(id)) continue
    if (before === undefined || before === category.name) names.set(id, category.name)
    else {
      names.delete(id)
      refused.add(id)
      notes.push(
        `${name}: category ${id} is ${JSON.stringify(before)} or ${JSON.stringify(category.name)}: its masks go without a name`,
      )
    }
  }
  return names
}

function chooseImage(images: readonly unknown[], options: Finding, at: string): z.infer<typeof imageSchema> {
  const { name, imageId, fileName } = options
  const read = (i: number) => checkShape(imageSchema, images[i], name, `${at}.images[${i}]`, 'an image')
  const field = (i: number, key: string) =>
    isRecord(images[i]) ? (images[i] as Record<string, unknown>)[key] : undefined
  if (imageId !== undefined) {
    const i = images.findIndex((_, k) => String(field(k, 'id')) === imageId)
    if (i >= 0) return read(i)
    throw new MaskwordsError('not-found', `no image with the id ${imageId} among ${images.length}`, {
      file: name,
    })
  }
  if (fileName !== undefined) {
    const names = images.map((_, k) => {
      const stated = field(k, 'file_name')
      return typeof stated === 'string' ? stated : undefined
    })
    const matches = samePicture(names, fileName)
    if (matches.length === 1) return read(matches[0]!)
    if (matches.length > 1) {
      throw new MaskwordsError('ambiguous', `${matches.length} images are called ${baseName(fileName)}`, {
        file: name,
        hint: `choose one: --image-id ${String(field(matches[0]!, 'id'))}`,
      })
    }
  }
  if (images.length === 1) {
    noteOtherPicture(field(0, 'file_name'), options)
    return read(0)
  }
  if (images.length === 0) {
    throw new MaskwordsError('not-found', 'a dataset without images', { file: name })
  }
  const example = String(field(0, 'id'))
  throw new MaskwordsError(
    fileName === undefined ? 'ambiguous' : 'not-found',
    fileName === undefined
      ? `a dataset of ${images.length} images`
      : `none of its ${images.length} images is called ${baseName(fileName)}`,
    { file: name, hint: `choose the picture by its id: --image-id ${example}` },
  )
}

function ofAnnotation(
  item: Record<string, unknown>,
  options: MaskJsonOptions,
  at: string,
  categories: ReadonlyMap<string, string>,
  size: StatedSize | undefined,
): StatedMask {
  const outlines = asRings(item['segmentation'])
  const annotation = checkShape(
    annotationSchema,
    { ...item, segmentation: outlines },
    options.name,
    at,
    'an annotation',
  )
  const category = annotation.category_id
  const label =
    (category === undefined ? undefined : categories.get(String(category))) ??
    (annotation.label === undefined ? undefined : String(annotation.label)) ??
    (category === undefined ? labelOf(item, options) : String(category))
  const iscrowd = annotation.iscrowd === 1 || annotation.iscrowd === true
  const { segmentation, id } = annotation
  const place = `${at}.segmentation`
  if (!Array.isArray(segmentation)) return ofRle(segmentation, label, id, place, iscrowd)
  return outlined(segmentation, label, id, place, iscrowd, size)
}

function outlined(
  rings: readonly (readonly number[])[],
  label: string,
  id: number | string | undefined,
  at: string,
  iscrowd: boolean,
  size: StatedSize | undefined,
): StatedMask {
  return { dialect: 'shapes', label, id, at, iscrowd, size, shapes: [{ kind: 'outlines', rings }] }
}

/** Polygons as lists of x, y, x, y, ...: one flat list is one, and so is a list of points or of lists of points. */
function asRings(list: unknown): unknown {
  if (!Array.isArray(list)) return list
  const isPair = (value: unknown) =>
    Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number')
  if (list.length >= 6 && list.every((value) => typeof value === 'number')) return [list]
  if (list.length >= 3 && list.every(isPair)) return [list.flat()]
  return list.map((ring: unknown) =>
    Array.isArray(ring) && ring.length >= 3 && ring.every(isPair) ? ring.flat() : ring,
  )
}

function ofRle(
  rle: z.infer<typeof rleSchema>,
  label: string,
  id: number | string | undefined,
  at: string,
  iscrowd: boolean,
): StatedMask {
  const dialect = typeof rle.counts === 'string' ? 'coco-rle' : 'coco-counts'
  return { dialect, label, id, at, iscrowd, size: rle.size, counts: rle.counts }
}

/** Shapes of labelme, of CVAT, or both: each by the way its points are written. */
function ofShapes(list: readonly unknown[], options: Finding, at: string): StatedMask[] {
  const isCvat = (item: unknown) =>
    isRecord(item) && typeof item['type'] === 'string' && !('shape_type' in item)
  const placeOf = (i: number) => (list.length === 1 && !at.endsWith('shapes') ? at : `${at}[${i}]`)
  const labelmePlaces = list.flatMap((item, i) => (isCvat(item) ? [] : [i]))
  const { regions, unread } = readLabelmeShapes(labelmePlaces.map((i) => list[i]))
  const size = (i: number) => {
    const item = list[i]
    return (isRecord(item) ? statedSize(item['width'], item['height']) : undefined) ?? options.size
  }
  const found = regions.map(({ label, shapes, places }): [number, StatedMask] => {
    const first = labelmePlaces[places[0]!]!
    const item = list[first] as Record<string, unknown>
    const stated: StatedMask = {
      dialect: 'shapes',
      label: label === '' ? stem(options) : label,
      id: idOf(item),
      at: `${placeOf(first)}.points`,
      iscrowd: false,
      size: size(first),
      shapes,
    }
    return [first, stated]
  })
  const placed = unread.map((one) => ({ ...one, at: placeOf(labelmePlaces[one.place]!) }))
  for (const failure of unreadFailures(placed, options.name)) options.failures.push(failure)
  const cvat = list.flatMap((item, i) =>
    isCvat(item) ? placedShapes([item], '').map((one) => ({ ...one, at: placeOf(i), i })) : [],
  )
  if (cvat.length > 0) {
    const places = new Map(cvat.map(({ at: place, i }) => [place, i]))
    for (const stated of taken(ofCvatShapes(cvat, options), options))
      found.push([places.get(stated.at)!, stated])
  }
  return found.sort(([a], [b]) => a - b).map(([, stated]) => stated)
}

/** A bare list of numbers fits four dialects; only the user knows which. */
function ofNumbers(list: readonly unknown[], options: MaskJsonOptions, at: string): StatedMask {
  const numbers = checkShape(z.array(z.number()), list, options.name, at, 'a list of numbers')
  const common = { label: stem(options), id: undefined, at, iscrowd: false }
  const { dialect, size } = options
  if (dialect === undefined) {
    throw new MaskwordsError(
      'ambiguous',
      'a bare list of numbers: COCO counts, CVAT RLE, Label Studio RLE or a polygon',
      {
        file: options.name,
        at: at || 'top level',
        hint: 'say which: coco-counts, cvat-rle, labelstudio-rle or coco-polygon',
      },
    )
  }
  if (dialect === 'coco-polygon') return outlined([numbers], common.label, undefined, at, false, size)
  if (dialect === 'cvat-rle') {
    return { ...common, dialect: 'shapes', size, shapes: [{ kind: 'cvat-rle', points: numbers }] }
  }
  if (size === undefined) throw noSize(options, at, dialect)
  if (dialect === 'labelstudio-rle') {
    return { ...common, dialect: 'shapes', size, shapes: [{ kind: 'labelstudio-rle', rle: numbers }] }
  }
  return { ...common, dialect: 'coco-counts', size: [size.heightPx, size.widthPx], counts: numbers }
}

/**
 * Whether an entry of a list is of the picture that is meant, where entries name pictures: several labelme files in one, say.
 * Throws MaskwordsError `ambiguous` or `not-found`.
 */
function pictureItems(list: readonly unknown[], options: Finding): (place: number) => boolean {
  const names = list.map((item) => (isRecord(item) ? statedPicture(item) : undefined))
  const different = [...new Set(names.filter((name) => name !== undefined))]
  if (different.length < 2) return () => true
  const { fileName, picks, name } = options
  const choice = {
    items: different,
    what: 'picture',
    key: 'picture' as const,
    idOf: (one: string) => one,
    file: name,
  }
  let left = picked({ ...choice, picks })
  if (left.length > 1 && fileName !== undefined) left = samePicture(left, fileName).map((i) => left[i]!)
  if (left.length !== 1) throw ambiguous(left.length > 1 ? { ...choice, items: left } : choice)
  return (place) => names[place] === left[0]
}

/** Says that a file of one picture names another than the user's: it may have been renamed, or be the wrong file. */
function noteOtherPicture(stated: unknown, { fileName, name, notes }: Finding): void {
  if (typeof stated !== 'string' || stated === '' || fileName === undefined) return
  if (samePicture([stated], fileName).length > 0) return
  notes.push(
    `${name}: it names the picture ${baseName(stated)}, not ${baseName(fileName)}; its masks are taken all the same`,
  )
}

/** The picture that an entry names: `imagePath` (labelme), `image` (SA-1B, ours), `file_name`, `filename`. */
function statedPicture(item: Record<string, unknown>): string | undefined {
  const image = isRecord(item['image'])
    ? (item['image']['file_name'] ?? item['image']['path'])
    : item['image']
  for (const name of [item['imagePath'], item['file_name'], item['filename'], image]) {
    if (typeof name === 'string' && name !== '') return name
  }
  return undefined
}

function unknownShape(options: MaskJsonOptions, at: string, what: string): MaskwordsError {
  return new MaskwordsError('unsupported', `no mask found: ${what}`, {
    file: options.name,
    at: at.replace(/^\./, ''),
    hint: 'COCO datasets and results, {size, counts}, polygons, CVAT shapes, Label Studio and labelme JSON are read',
  })
}
