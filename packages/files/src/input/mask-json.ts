// Masks in JSON, as the tools of the field write them, found and checked but not decoded yet: COCO datasets and results, SA-1B,
// single RLE objects, polygons, CVAT, Label Studio (label-studio.ts) and labelme shapes, and our own `decode --json`.

import {
  cocoLists,
  cvatJobShapes,
  cvatShapes,
  isCvatJob,
  isLabelStudioTask,
  sizeAt,
} from '@maskwords/annotations'
import { isRecord } from '@maskwords/base'
import { readLabelmeShapes } from '@maskwords/mask'
import { z } from 'zod'
import { type ErrorReport, MaskwordsError } from '../error.ts'
import { ofCocoAnnotation, ofCocoDataset, ofSegmentation, statedOutlines } from './coco-json.ts'
import { ofCvatShapes } from './cvat-json.ts'
import type { Finding, FoundMasks, MaskJsonOptions, StatedMask } from './found-masks.ts'
import { idOf, labelOf, noSize, noteOtherPicture, oneOf, stem } from './found-masks.ts'
import { checkShape } from './json-text.ts'
import { ofAnnotations, ofRegions, ofTasks } from './label-studio.ts'
import { ambiguous, picked, samePicture } from './picked.ts'
import { unreadFailures } from './unread.ts'

/** Lists and objects within each other. A Label Studio export has three levels; more is no mask file. */
const MAX_NESTING = 8

type Search = Finding & { readonly depth: number }

/**
 * Finds the masks that a JSON value states. A bad entry of a list is a failure, the others are read; throws MaskwordsError
 * with the path of what is wrong where nothing can be read.
 */
export function findMasks(value: unknown, options: MaskJsonOptions): FoundMasks {
  const failures: ErrorReport[] = []
  const notes: string[] = []
  const finding: Search = { ...options, depth: 0, failures, notes }
  if (isRecord(value)) return { stated: ofObject(value, finding, ''), failures, notes }
  if (Array.isArray(value)) return { stated: ofList(value, finding, ''), failures, notes }
  throw unknownShape(options, 'top level', `a bare ${value === null ? 'null' : typeof value}`)
}

function ofObject(value: Record<string, unknown>, outer: Search, at: string): StatedMask[] {
  if (outer.depth > MAX_NESTING) {
    throw unknownShape(
      outer,
      at.slice(0, 80),
      `objects within each other, more than ${MAX_NESTING} levels deep`,
    )
  }
  const options: Search = { ...outer, depth: outer.depth + 1 }
  const dataset = cocoLists(value)
  if (dataset !== undefined) return ofCocoDataset(dataset, options, at)
  if ('counts' in value) {
    const common = { label: labelOf(value, options), id: idOf(value), at, iscrowd: false }
    return [ofSegmentation(value, options, common)]
  }
  if ('segmentation' in value) {
    return [ofCocoAnnotation(value, options, { at, categories: new Map(), stated: undefined })]
  }
  if (Array.isArray(value['masks'])) return ofList(value['masks'], options, `${at}.masks`)
  if (isCvatJob(value)) return taken(ofCvatShapes(cvatJobShapes([{ item: value, at }]), options), options)
  if (Array.isArray(value['shapes'])) {
    const size = sizeAt(value, 'imageWidth', 'imageHeight') ?? sizeAt(value)
    const inner = size === undefined ? options : { ...options, size }
    if (options.depth === 1) noteOtherPicture(value['imagePath'], options)
    return ofShapes(value['shapes'], inner, `${at}.shapes`)
  }
  if (isLabelStudioTask(value)) return taken(ofTasks([value], options, at, false), options)
  if (Array.isArray(value['annotations'])) {
    const image: Record<string, unknown> = isRecord(value['image']) ? value['image'] : {}
    const size = sizeAt(image)
    const inner = size === undefined ? options : { ...options, size }
    return ofList(value['annotations'], inner, `${at}.annotations`)
  }
  if (Array.isArray(value['result'])) {
    return taken(ofAnnotations([value], options, at), options)
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
function taken(found: FoundMasks, { failures, notes }: Search): StatedMask[] {
  for (const failure of found.failures) failures.push(failure)
  for (const note of found.notes) notes.push(note)
  return [...found.stated]
}

function ofList(list: readonly unknown[], options: Search, at: string): StatedMask[] {
  if (list.length === 0) return []
  const first = list[0]
  if (typeof first === 'number') return [ofNumbers(list, options, at)]
  if (Array.isArray(first)) {
    const common = { label: stem(options), id: undefined, at, iscrowd: false }
    return [ofSegmentation(list, options, common)]
  }
  const records = list.filter(isRecord)
  if (records.some(isLabelStudioTask)) return taken(ofTasks(records, options, at), options)
  if (records.some((item) => Array.isArray(item['result']))) {
    return taken(ofAnnotations(list, options, at), options)
  }
  if (records.some(isCvatJob)) {
    return taken(ofCvatShapes(cvatJobShapes(cvatShapes(list, at)), options), options)
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

/** Shapes of labelme, of CVAT, or both: each by the way its points are written. */
function ofShapes(list: readonly unknown[], options: Search, at: string): StatedMask[] {
  const isCvat = (item: unknown) =>
    isRecord(item) && typeof item['type'] === 'string' && !('shape_type' in item)
  const placeOf = (i: number) => (list.length === 1 && !at.endsWith('shapes') ? at : `${at}[${i}]`)
  const labelmePlaces = list.flatMap((item, i) => (isCvat(item) ? [] : [i]))
  const { regions, unread } = readLabelmeShapes(labelmePlaces.map((i) => list[i]))
  const size = (i: number) => {
    const item = list[i]
    return sizeAt(item) ?? options.size
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
    isCvat(item) ? cvatShapes([item], '').map((one) => ({ ...one, at: placeOf(i), i })) : [],
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
  if (dialect === 'coco-polygon') return statedOutlines([numbers], size, common)
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
function pictureItems(list: readonly unknown[], options: Search): (place: number) => boolean {
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
