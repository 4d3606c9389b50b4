// LabelMe files, one JSON beside each picture, and ReasonSeg, which adds a question (LabelMe 5 source; ReasonSeg as LISA's data loader reads it).
import {
  area,
  cocoRleFromMask,
  emptyMask,
  isEmpty,
  type Mask,
  MaskError,
  maskFromCocoPolygons,
  subtract,
  union,
} from '@maskwords/mask'
import type { DataRecord, Phrase, Reader, ReaderOptions, Region } from '../record.ts'
import { checkedSegmentation, type Found } from './coco-regions.ts'
import {
  asObject,
  idAt,
  type JsonObject,
  listAt,
  member,
  numbersOf,
  sideAt,
  textAt,
  texts,
} from './fields.ts'
import { Reading } from './reading.ts'

type Size = { readonly widthPx: number; readonly heightPx: number }

/** Corners of the polygon that stands for a circle: its area is within 0.05 % of the circle's. */
const CIRCLE_CORNERS = 64

/** A shape's outline as x, y, x, y, ...; undefined value for points and lines, which enclose nothing. */
export function shapeOutline(shape: unknown): Found<number[] | undefined> {
  const kind = textAt(shape, 'shape_type') ?? 'polygon'
  if (kind === 'point' || kind === 'points' || kind === 'line' || kind === 'linestrip')
    return { value: undefined }
  const points = listAt(shape, 'points').map(numbersOf)
  if (points.some((point) => point?.length !== 2)) {
    return { lost: { kind: 'bad-geometry', message: `the points of a ${kind} are not all pairs of numbers` } }
  }
  const corners = points as (readonly [number, number])[]
  if (kind === 'polygon') return { value: corners.flat() }
  const [a, b] = corners
  if (a === undefined || b === undefined || corners.length !== 2) {
    return { lost: { kind: 'bad-geometry', message: `a ${kind} has ${corners.length} points, wanted 2` } }
  }
  if (kind === 'rectangle') return { value: [a[0], a[1], b[0], a[1], b[0], b[1], a[0], b[1]] }
  if (kind === 'circle') {
    const radius = Math.hypot(b[0] - a[0], b[1] - a[1])
    return {
      value: Array.from({ length: CIRCLE_CORNERS }, (_, i) => {
        const angle = (2 * Math.PI * i) / CIRCLE_CORNERS
        return [a[0] + radius * Math.cos(angle), a[1] + radius * Math.sin(angle)]
      }).flat(),
    }
  }
  return { lost: { kind: 'bad-geometry', message: `shapes of type ${kind} are not read` } }
}

/** The picture beside a JSON file: of the same name, else as the file says. */
function pictureBeside(reading: Reading, file: string, value: JsonObject, stated: boolean) {
  const stem = file.replace(/\.json$/, '')
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : ''
  const beside = ['.jpg', '.jpeg', '.png', '.JPG', '.JPEG'].map((end) => stem + end)
  const name = textAt(value, 'imagePath')
  const found = beside.find((path) => reading.exists(path))
  const facts = stated ? { widthPx: sideAt(value, 'imageWidth'), heightPx: sideAt(value, 'imageHeight') } : {}
  return reading.picture(found ?? (name === undefined ? beside[0] : folder + name), facts, file, file)
}

function labelmeFiles(reading: Reading, folders: readonly string[]): string[] {
  for (const folder of folders) {
    const files = reading.filesIn(folder, ['.json'])
    if (files.length > 0) return files
  }
  return []
}

async function* readLabelme(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('labelme', options)
  const { split } = options
  const folders = split === undefined ? ['', 'data_annotated', 'annotations', 'train'] : [split]
  const files = labelmeFiles(reading, folders)
  if (files.length === 0)
    reading.failLayout(folders.map((folder) => `${folder === '' ? '' : `${folder}/`}*.json`))
  for (const file of files) {
    reading.signal?.throwIfAborted()
    const value = asObject(reading.json(file))
    if (value === undefined || !Array.isArray(member(value, 'shapes'))) {
      if (value !== undefined) reading.problem('bad-field', `${file} has no list of shapes`, file)
      continue
    }
    const picture = pictureBeside(reading, file, value, true)
    if (picture === undefined) continue
    const record = reading.record(
      file.replace(/\.json$/, ''),
      picture,
      { regions: regionsOf(reading, value, picture, file) },
      file,
    )
    if (record !== undefined) yield record
  }
}

/** Shapes with the same group_id and label are parts of one region. */
function regionsOf(reading: Reading, value: JsonObject, size: Size, file: string): Region[] {
  const outlines = new Map<string, { label: string; rings: number[][] }>()
  listAt(value, 'shapes').forEach((shape, place) => {
    const at = `shape ${place}`
    const outline = reading.keep(shapeOutline(shape), file, at)
    if (outline === undefined) return
    const label = textAt(shape, 'label') ?? ''
    const group = idAt(shape, 'group_id')
    const key = group === undefined ? `${place}` : `group ${group} ${label}`
    const entry = outlines.get(key)
    if (entry === undefined) outlines.set(key, { label, rings: [outline] })
    else entry.rings.push(outline)
  })
  return [...outlines.values()].flatMap(({ label, rings }, place) => {
    const segmentation = reading.keep(checkedSegmentation(rings, size), file, `region ${place}`)
    if (segmentation === undefined) return []
    return [
      {
        id: String(place),
        shape: { kind: 'coco' as const, segmentation },
        ...(label === '' ? {} : { category: label }),
      },
    ]
  })
}

async function* readReasonSeg(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const split = options.split ?? 'train'
  const reading: Reading = new Reading('reasonseg', { ...options, split })
  const folders = [split, `ReasonSeg/${split}`, `reason_seg/ReasonSeg/${split}`]
  const files = labelmeFiles(reading, folders)
  if (files.length === 0) reading.failLayout(folders.map((folder) => `${folder}/*.json`))
  const answers = explanations(reading, split)
  for (const file of files) {
    reading.signal?.throwIfAborted()
    const value = asObject(reading.json(file))
    if (value === undefined) continue
    const questions = texts(member(value, 'text'))
    if (questions.length === 0) {
      reading.problem('bad-field', `${file} has no text`, file)
      continue
    }
    const picture = pictureBeside(reading, file, value, false)
    if (picture === undefined) continue
    const regions = reading.keep(paintedRegions(value, picture), file, file)
    if (regions === undefined) continue
    const name = picture.file.slice(picture.file.lastIndexOf('/') + 1)
    const isSentence = member(value, 'is_sentence')
    const phrases = questions.map((text, i): Phrase => {
      const answer = answers.get(`${name}\n${text.trim()}`)
      return {
        text: text.trim(),
        regions: ['target'],
        form: isSentence === false ? 'phrase' : 'sentence',
        id: String(i),
        ...(answer === undefined ? {} : { answer }),
      }
    })
    const stem = file.slice(file.lastIndexOf('/') + 1).replace(/\.json$/, '')
    const record = reading.record(stem, picture, { regions, phrases }, file)
    if (record !== undefined) yield record
  }
}

/**
 * `target` and `ignore` as LISA paints them: shapes in order of falling area, so that a small one covers a large one;
 * labels with "flag" are skipped, labels with "ignore" are counted by no metric.
 */
function paintedRegions(value: JsonObject, size: Size): Found<Region[]> {
  const shapes: { mask: Mask; isIgnored: boolean; pixels: number }[] = []
  for (const shape of listAt(value, 'shapes')) {
    const label = (textAt(shape, 'label') ?? '').toLowerCase()
    if (label.includes('flag')) continue
    const outline = shapeOutline(shape)
    if (outline.lost !== undefined) return outline
    if (outline.value === undefined || outline.value.length < 6) continue
    try {
      const mask = maskFromCocoPolygons({ ...size, polygons: [outline.value] })
      shapes.push({ mask, isIgnored: label.includes('ignore'), pixels: area(mask) })
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      return { lost: { kind: 'bad-geometry', message: error.message } }
    }
  }
  shapes.sort((a, b) => b.pixels - a.pixels)
  let target = emptyMask(size.widthPx, size.heightPx)
  let ignored = target
  for (const { mask, isIgnored } of shapes) {
    target = isIgnored ? subtract(target, mask) : union(target, mask)
    ignored = isIgnored ? union(ignored, mask) : subtract(ignored, mask)
  }
  if (isEmpty(target)) return { lost: { kind: 'empty-mask', message: 'its target has no pixel' } }
  const region = (id: string, mask: Mask): Region => ({
    id,
    shape: { kind: 'coco', segmentation: cocoRleFromMask(mask) },
  })
  const regions = [region('target', target)]
  if (!isEmpty(ignored)) regions.push({ ...region('ignore', ignored), isIgnored: true })
  return { value: regions }
}

/** Answers in words: explanatory/<split>.json holds image, query and outputs. Keyed by picture and question. */
function explanations(reading: Reading, split: string): ReadonlyMap<string, string> {
  const answers = new Map<string, string>()
  const file = ['explanatory', 'ReasonSeg/explanatory', 'reason_seg/ReasonSeg/explanatory']
    .map((folder) => `${folder}/${split}.json`)
    .find((path) => reading.exists(path))
  if (file === undefined) return answers
  const items = reading.json(file)
  for (const item of Array.isArray(items) ? items : []) {
    const image = textAt(item, 'image')
    const query = textAt(item, 'query')
    const outputs = textAt(item, 'outputs')
    if (image !== undefined && query !== undefined && outputs !== undefined) {
      answers.set(`${image}\n${query.trim()}`, outputs.trim())
    }
  }
  return answers
}

export const labelme: Reader = {
  name: 'labelme',
  title: 'LabelMe: one JSON beside each picture',
  layout: [
    '*.json in the root, data_annotated/ or {split}/: { imagePath, imageWidth, imageHeight, shapes }',
    'pictures beside them',
  ],
  splits: [],
  gives: ['masks'],
  read: readLabelme,
}

export const reasonSeg: Reader = {
  name: 'reasonseg',
  title: 'ReasonSeg: questions that need thought',
  layout: [
    '{split}/*.json: { text, is_sentence, shapes } with labels target, ignore, flag; pictures beside them',
    'explanatory/{split}.json (optional): [{ image, query, outputs }]',
  ],
  splits: ['train', 'val', 'test'],
  gives: ['masks', 'phrases'],
  read: readReasonSeg,
}
