// LabelMe files, one JSON beside each picture, and ReasonSeg, which adds a question (LabelMe 5 source; ReasonSeg as LISA's data loader reads it).
import {
  asObject,
  type Found,
  type JsonObject,
  listAt,
  member,
  sideAt,
  textAt,
  texts,
} from '@maskwords/annotations'
import {
  area,
  cocoRleFromMask,
  emptyMask,
  isEmpty,
  type Mask,
  MaskError,
  maskFromShapes,
  readLabelmeShape,
  readLabelmeShapes,
  subtract,
  union,
} from '@maskwords/mask'
import type { DataRecord, Phrase, Reader, ReaderOptions, Region } from '../record.ts'
import { drawnSegmentation } from './drawn-regions.ts'
import { Reading } from './reading.ts'

type Size = { readonly widthPx: number; readonly heightPx: number }

/** The picture of a JSON file: the one that it names, from its own folder on, else the one of its own name. */
function pictureOf(reading: Reading, file: string, value: JsonObject, stated: boolean) {
  const name = textAt(value, 'imagePath')
  const size = stated ? { widthPx: sideAt(value, 'imageWidth'), heightPx: sideAt(value, 'imageHeight') } : {}
  // labelme turns pictures by EXIF before anyone draws on them.
  const facts = { ...size, drawnOn: 'shown' as const }
  const start = 'annotation'
  if (name !== undefined && reading.isThere(name, file, start)) {
    return reading.picture(name, { ...facts, start }, file, file)
  }
  const beside = reading.picturesBeside(file)
  if (beside.length > 1) {
    const message = `${file}: ${beside.join(' and ')} have its name, and it names ${name === undefined ? 'none' : `${JSON.stringify(name)}, which is not there`}`
    reading.problem('missing-picture', message, file)
    return undefined
  }
  const [only] = beside
  if (only !== undefined) return reading.picture(only, facts, file, file)
  const wanted = name ?? file.slice(file.lastIndexOf('/') + 1).replace(/\.json$/i, '.jpg')
  return reading.picture(wanted, { ...facts, start }, file, file)
}

/** The file beside the annotation file `file` that has a picture's name. */
function annotationOf(picture: string, file: string): string {
  const name = picture.slice(picture.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '.json')
  return file.slice(0, file.lastIndexOf('/') + 1) + name
}

function labelmeFiles(reading: Reading, folders: readonly string[]): string[] {
  for (const folder of folders) {
    const files = reading.filesIn(folder, ['.json'])
    if (files.length > 0) return files
  }
  return []
}

async function* readLabelme(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('labelme', options, 'all')
  const { split } = options
  const folders = split === undefined ? ['', 'data_annotated', 'annotations', 'train'] : [split]
  const files = labelmeFiles(reading, folders)
  if (files.length === 0)
    reading.failLayout(
      folders.map((folder) => `${folder === '' ? '' : `${folder}/`}*.json`),
      ['{split}/'],
    )
  const owners = new Map<string, string>()
  for (const file of files) {
    reading.signal?.throwIfAborted()
    const value = asObject(reading.json(file))
    if (value === undefined || !Array.isArray(member(value, 'shapes'))) {
      if (value !== undefined) reading.problem('bad-field', `${file} has no list of shapes`, file)
      continue
    }
    const picture = pictureOf(reading, file, value, true)
    if (picture === undefined) continue
    const namesake = annotationOf(picture.file, file)
    const other = owners.get(picture.file) ?? (reading.exists(namesake) ? namesake : file)
    if (other !== file) {
      // What one file lacks the other may have: neither may say what is not in the picture.
      const message = `${file}: its picture ${picture.file} is that of ${other}, too, and ${other} counts; put their shapes into one file`
      reading.problem('duplicate-id', message, file)
      continue
    }
    owners.set(picture.file, file)
    const record = reading.record(
      file.replace(/\.json$/i, ''),
      picture,
      { regions: regionsOf(reading, value, picture, file) },
      file,
    )
    if (record !== undefined) yield record
  }
}

/** The regions of a file's shapes, read as `encode` reads them; each shape that is not read is a problem. */
function regionsOf(reading: Reading, value: JsonObject, size: Size, file: string): Region[] {
  const { regions, unread } = readLabelmeShapes(listAt(value, 'shapes'))
  for (const { place, label, message } of unread) {
    const named = label === '' ? '' : ` "${label}"`
    const loss = { kind: 'bad-geometry' as const, message }
    reading.lostRegion(loss, label === '' ? undefined : label, file, `shape ${place}${named}`)
  }
  return regions.flatMap(({ label, shapes, places }) => {
    const at = `shape ${places.join(' and ')}`
    const segmentation = reading.keep(
      drawnSegmentation(shapes, size),
      file,
      at,
      label === '' ? undefined : label,
    )
    if (segmentation === undefined) return []
    return [
      {
        id: String(places[0]),
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
  if (files.length === 0)
    reading.failLayout(
      folders.map((folder) => `${folder}/*.json`),
      ['{split}/', 'ReasonSeg/{split}/', 'reason_seg/ReasonSeg/{split}/'],
    )
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
    const picture = pictureOf(reading, file, value, false)
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
    const stem = file.slice(file.lastIndexOf('/') + 1).replace(/\.json$/i, '')
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
    const drawn = readLabelmeShape(shape)
    if ('unread' in drawn) {
      // Points and lines cover nothing, in the published loader, too.
      if (drawn.unread.why === 'no-area') continue
      return { lost: { kind: 'bad-geometry', message: drawn.unread.message } }
    }
    try {
      const mask = maskFromShapes([drawn.shape], { widthPx: size.widthPx, heightPx: size.heightPx })
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
