// Folders of label maps: one PNG (or several) for each picture, each value a region. ADE20K's scene parsing form, BSDS500 as shared, and any like it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '@maskwords/base'
import { MaskError, type PngImage, readPng } from '@maskwords/mask'
import { stemOf } from '../mask-names.ts'
import type { DataRecord, Reader, ReaderOptions, Region } from '../record.ts'
import { PICTURE_EXTENSIONS } from './picture-place.ts'
import { Reading } from './reading.ts'

type LabelMapLayout = Pick<Reader, 'name' | 'title' | 'layout' | 'splits'> & {
  /** Pairs of folders of pictures and maps, `{split}` filled in. */
  readonly folders: readonly (readonly [string, string])[]
  /** Where names of values may be listed. */
  readonly names: readonly string[]
}

function labelMapReader(layout: LabelMapLayout): Reader {
  const { name, title, splits } = layout
  return {
    name,
    title,
    layout: layout.layout,
    splits,
    gives: ['masks'],
    read: (options) => readMaps(layout, options),
  }
}

async function* readMaps(layout: LabelMapLayout, options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading(layout.name, options, 'all')
  const splits = options.split === undefined ? ['', ...layout.splits] : [options.split]
  const pairs = layout.folders.flatMap(([pictures, maps]) =>
    splits
      .filter((split) => (split === '') !== pictures.includes('{split}'))
      .map((split) => [pictures.replaceAll('{split}', split), maps.replaceAll('{split}', split)] as const),
  )
  const pair = pairs.find(([pictures, maps]) => reading.hasFolder(pictures) && reading.hasFolder(maps))
  if (pair === undefined) {
    reading.failLayout(
      pairs.map(([pictures, maps]) => `${pictures}/ with ${maps}/`),
      layout.folders.map(([, maps]) => `${maps}/`),
    )
  }
  const [pictureFolder, mapFolder] = pair
  const names = valueNames(reading, layout.names)
  const pictures = reading.filesIn(pictureFolder, PICTURE_EXTENSIONS)
  const maps = mapsByStem(reading.filesIn(mapFolder, ['.png']), pictures)
  for (const [pictureFile, files] of maps.pairs) {
    for (const file of files) {
      reading.signal?.throwIfAborted()
      const record = recordOf(reading, pictureFile, file, names)
      if (record !== undefined) yield record
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const others = reading
    .filesIn(mapFolder, PICTURE_EXTENSIONS)
    .filter((file) => !file.toLowerCase().endsWith('.png'))
  if (others.length > 0) {
    const message = `${mapFolder}/ holds ${others.length} pictures that are no PNG, as ${others[0]}: JPEG and its kin smear the values of a label map`
    reading.problem('bad-geometry', message, mapFolder)
  }
  const owners = new Set(maps.pairs.map(([owner]) => owner))
  const bare = pictures.filter((picture) => !owners.has(picture))
  if (bare.length > 0 && pictureFolder !== mapFolder) {
    const message = `${bare.length} of ${pictures.length} pictures in ${pictureFolder}/ have no map, as ${bare[0]}: they are left out`
    reading.doubt('missing-picture', message, pictureFolder)
  }
  for (const [file, several] of maps.unclear) {
    const message = `${file} could belong to ${several.join(' or ')}`
    reading.problem('missing-picture', message, file)
  }
  for (const file of maps.alone) {
    reading.problem('missing-picture', `${file} belongs to no picture in ${pictureFolder}/`, file)
  }
}

function recordOf(
  reading: Reading,
  pictureFile: string,
  file: string,
  names: ReadonlyMap<number, string>,
): DataRecord | undefined {
  let image: PngImage
  try {
    image = readPng(readFileSync(join(reading.root, file)))
  } catch (error) {
    reading.problem(
      error instanceof MaskError ? 'bad-geometry' : 'missing-picture',
      `${file} is no readable PNG: ${messageOf(error)}`,
      file,
    )
    return undefined
  }
  const { widthPx, heightPx } = image
  const picture = reading.picture(pictureFile, { widthPx, heightPx }, file, file)
  if (picture === undefined) return undefined
  const isColour = image.samples.length >= 3 * widthPx * heightPx
  const values = valuesOf(image, isColour).filter((value) => value !== 0)
  if (values.length === 0) {
    reading.problem('empty-mask', `${file} holds nothing but background`, file)
    return undefined
  }
  const voidValue = voidOf(values, names, isColour)
  const regions = values.map((value): Region => {
    const category = names.get(value)
    const isVoid = value === voidValue
    if (isVoid) reading.doubtOnce(`void ${value}`, 'bad-field', voidMessage(value, isColour), file)
    else if (category === undefined && names.size > 0) {
      reading.mayLack()
      const message = `value ${value} has no name among ${names.size}: its regions are kept without one`
      reading.doubtOnce(`value ${value}`, 'dangling-id', message, file)
    }
    return {
      id: String(value),
      shape: { kind: 'label-map', file, value, channel: isColour ? 'rgb-id' : 'first' },
      ...(category === undefined ? {} : { category }),
      ...(isVoid ? { isIgnored: true } : {}),
    }
  })
  return reading.record(stemOf(file), picture, { regions }, file)
}

/** The colour of VOC's borders and doubtful pixels, as R + 256 G + 65536 B. */
const VOC_VOID_COLOUR = 224 + 256 * 224 + 65536 * 192

/**
 * The value that marks pixels that nobody labelled: the largest that a sample holds (255, as in VOC, Cityscapes and ADE20K, or
 * 65535), unless it has a name, or the values run up to it, or it is the only one and nothing has a name (a mask in black and
 * white); in colours, that of VOC.
 */
export function voidOf(
  values: readonly number[],
  names: ReadonlyMap<number, string>,
  isColour: boolean,
): number | undefined {
  const last = values.at(-1)
  if (isColour) return names.has(VOC_VOID_COLOUR) ? undefined : VOC_VOID_COLOUR
  if ((last !== 255 && last !== 65535) || names.has(last)) return undefined
  const isAlone = values.length === 1 && names.size === 0
  return isAlone || values.at(-2) === last - 1 ? undefined : last
}

export function voidMessage(value: number, isColour: boolean): string {
  const what = isColour ? 'the colour 224, 224, 192' : `value ${value}`
  return `${what} is taken for unlabelled pixels, as VOC has it, and never asked for; a name in names.json makes it a region`
}

/** The values that occur, rising. */
export function valuesOf(image: PngImage, isColour: boolean): number[] {
  const { samples, widthPx, heightPx } = image
  const step = samples.length / (widthPx * heightPx)
  const seen = new Set<number>()
  let last = -1
  for (let i = 0; i < samples.length; i += step) {
    const value = isColour ? samples[i]! + 256 * samples[i + 1]! + 65536 * samples[i + 2]! : samples[i]!
    if (value !== last) seen.add((last = value))
  }
  return [...seen].sort((a, b) => a - b)
}

/** Maps of each picture, pictures sorted: of its name, or its name with `_` or `-` and a number. */
function mapsByStem(maps: readonly string[], pictures: readonly string[]) {
  const byStem = new Map<string, string[]>()
  for (const picture of pictures) {
    const stem = stemOf(picture).normalize('NFC')
    byStem.set(stem, [...(byStem.get(stem) ?? []), picture])
  }
  const pairs = new Map<string, string[]>()
  const alone: string[] = []
  const unclear: (readonly [string, readonly string[]])[] = []
  for (const map of maps) {
    const stem = stemOf(map).normalize('NFC')
    const found = byStem.get(stem) ?? byStem.get(stem.replace(/[_-]\d+$/, '')) ?? []
    const [picture] = found
    if (picture === undefined) alone.push(map)
    else if (found.length > 1) unclear.push([map, found])
    else if (pairs.has(picture)) pairs.get(picture)!.push(map)
    else pairs.set(picture, [map])
  }
  return { pairs: [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)), alone, unclear }
}

/** Names of values: ADE20K's objectInfo150 (csv or txt), names.json: { "1": "wall" }, or labelme's lists, a name a line. */
export function valueNames(reading: Reading, files: readonly string[]): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  const file = files.find((name) => reading.exists(name))
  if (file === undefined) return names
  if (file.endsWith('.json')) {
    for (const [key, value] of Object.entries((reading.json(file) ?? {}) as object)) {
      // { "1": "wall" }, or the same the other way round.
      if (typeof value === 'string' && Number.isInteger(Number(key))) names.set(Number(key), value)
      else if (Number.isInteger(value)) names.set(value as number, key)
    }
    if (names.size === 0)
      reading.problem(
        'bad-field',
        `${file} names no value: { "1": "wall" } or a list of names is wanted`,
        file,
      )
    return names
  }
  const lines = (reading.text(file) ?? '').split('\n')
  if (/(^|\/)(class_names|labels)\.txt$/.test(file)) {
    const list = lines.map((line) => line.trim()).filter((line) => line !== '')
    // labelme2voc numbers its labels from 0, the background, or from -1, what is ignored.
    const first = list[0] === '__ignore__' ? -1 : 0
    return new Map(list.map((name, place) => [place + first, name]))
  }
  for (const line of lines) {
    const fields = line.split(file.endsWith('.csv') ? ',' : /\t+/).map((field) => field.trim())
    const value = Number(fields[0])
    const name = fields.at(-1)?.split(/[;,]/)[0]?.trim()
    if (Number.isInteger(value) && value > 0 && name !== undefined && name !== '') names.set(value, name)
  }
  return names
}

/** Where names of values may be listed. */
export const NAME_FILES: readonly string[] = ['names.json', 'class_names.txt', 'labels.txt']

export const labelMaps = labelMapReader({
  name: 'label-map',
  title: 'Label maps: a PNG of region numbers beside each picture',
  layout: [
    'images/<name>.jpg with labels/<name>.png or labels/<name>_<n>.png; 0 is background, each other value a region',
    'also annotations/ or masks/ in the place of labels/, {split}/ above them, VOC and labelme2voc: JPEGImages/ with SegmentationClass/ (or ...PNG/, SegmentationObject/)',
    'names.json: { "1": "wall" }, or class_names.txt or labels.txt with a name a line from 0 (optional)',
  ],
  splits: ['train', 'val'],
  folders: [
    ['images', 'labels'],
    ['images', 'masks'],
    ['images', 'annotations'],
    ['{split}/images', '{split}/labels'],
    ['{split}/images', '{split}/masks'],
    ['images/{split}', 'labels/{split}'],
    ['images/{split}', 'masks/{split}'],
    ['images/{split}', 'annotations/{split}'],
    ['JPEGImages', 'SegmentationClass'],
    ['JPEGImages', 'SegmentationClassPNG'],
    ['JPEGImages', 'SegmentationObject'],
  ],
  names: NAME_FILES,
})

export const ade20kScenes = labelMapReader({
  name: 'ade20k-scenes',
  title: 'ADE20K scene parsing: 150 categories',
  layout: [
    'images/{split}/<name>.jpg with annotations/{split}/<name>.png (ADEChallengeData2016), or both without {split}',
    'objectInfo150.csv or objectInfo150.txt: names',
  ],
  splits: ['training', 'validation'],
  folders: [
    ['images/{split}', 'annotations/{split}'],
    ['ADEChallengeData2016/images/{split}', 'ADEChallengeData2016/annotations/{split}'],
    ['images', 'annotations'],
  ],
  names: ['objectInfo150.csv', 'objectInfo150.txt', 'ADEChallengeData2016/objectInfo150.txt'],
})
