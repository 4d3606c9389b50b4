// Captions whose phrases are grounded: GranD-f (and OpenPSG, RefCOCOg, Flickr30k made in its form), Flickr30k entities in MDETR's form, PNG.
// Formats: GLaMM's GCG data loaders (groundings, refs, sam_mask), MDETR's flickr files (tokens_positive), png_coco_*.json (segments).
import {
  asObject,
  checkedSegmentation,
  idAt,
  type JsonObject,
  listAt,
  member,
  numbersOf,
  sidesAt,
  textAt,
} from '@maskwords/annotations'
import type { DataRecord, GroundedCaptionRecord, Reader, ReaderOptions, Region } from '../record.ts'
import { COCO_FOLDERS } from './coco.ts'
import type { CocoEntry } from './coco-index.ts'
import { cocoRegion, regionId } from './coco-regions.ts'
import { mapFolders, panopticOf } from './panoptic.ts'
import { Reading } from './reading.ts'
import { codePointOffsets, groundedCaption } from './text-spans.ts'

type Size = { readonly widthPx: number; readonly heightPx: number }
type Spans = GroundedCaptionRecord['spans'][number][]

const GCG_NAMES = ['GranDf_HA_GCG', 'OpenPsgGCG', 'RefCOCOg_GCG']
const GCG_FOLDERS = ['', 'annotations/{split}/', 'GranDf/annotations/{split}/', 'annotations/', '{split}/']

async function* readGranDf(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const split = options.split ?? 'train'
  const reading: Reading = new Reading('grandf', { ...options, split })
  const wanted = GCG_NAMES.map((name) => GCG_FOLDERS.map((folder) => `${folder}${name}_{split}.json`))
  const files = wanted.flatMap((names) => reading.findOptional(names, []) ?? [])
  if (files.length === 0)
    reading.failLayout(
      wanted.flat().map((name) => name.replaceAll('{split}', split)),
      wanted.flat(),
    )
  reading.picturesIn([
    'GranDf_HA_images/{split}',
    'GranDf/GranDf_HA_images/{split}',
    'GranDf_HA_images/train',
    'coco_2017/train2017',
    'coco_2014/train2014',
    ...COCO_FOLDERS,
  ])
  for (const file of files) {
    const prefix = file.slice(file.lastIndexOf('/') + 1).replace(/\.json$/, '')
    for await (const { value, index } of reading.list(file)) {
      const at = `entry ${index}`
      const item = asObject(value)
      const text = textAt(item, 'caption')
        ?.replace(/^"+|"+$/g, '')
        .trim()
      if (item === undefined || text === undefined || text === '') {
        reading.problem('bad-field', `${at} has no caption`, file, at)
        continue
      }
      const picture = reading.picture(textAt(item, 'file_name', 'img_file_name'), {}, file, at)
      if (picture === undefined) continue
      const regions: Region[] = []
      const spans: Spans = []
      if (Array.isArray(member(item, 'refs'))) addRefs(reading, item, text, picture, regions, spans, file, at)
      else addGroundings(reading, item, text, picture, regions, spans, file, at)
      const caption = finished(reading, text, spans, file, at)
      if (regions.length > 0) {
        yield reading.knownNewRecord(`${prefix}/${index}`, picture, { regions, captions: [caption] })
      }
    }
  }
}

function finished(
  reading: Reading,
  text: string,
  spans: Spans,
  file: string,
  at: string,
): GroundedCaptionRecord {
  const isWhole = reading.incomplete().length === 0
  const { caption, cut } = groundedCaption(text, spans)
  if (cut > 0) {
    const message = `${at}: ${cut} spans of the caption overlap and were cut short`
    reading.lostText('bad-field', message, file, at)
  }
  return isWhole ? caption : { ...caption, isIncomplete: true }
}

/** `groundings`: { phrase: { token_positives, rle_masks } }; offsets count code points. */
function addGroundings(
  reading: Reading,
  item: JsonObject,
  text: string,
  size: Size,
  regions: Region[],
  spans: Spans,
  file: string,
  at: string,
): void {
  const offset = codePointOffsets(text)
  for (const [phrase, grounding] of Object.entries(asObject(member(item, 'groundings')) ?? {})) {
    const where = `"${phrase.slice(0, 60)}" of ${at}`
    const ids: string[] = []
    let isLost = false
    for (const mask of listAt(grounding, 'rle_masks')) {
      const segmentation = reading.keep(checkedSegmentation(mask, size), file, where)
      if (segmentation === undefined) {
        isLost = true
        continue
      }
      const id = String(regions.length)
      regions.push({ id, shape: { kind: 'coco', segmentation }, category: phrase })
      ids.push(id)
    }
    // A phrase of which a mask is lost would be answered with the rest of them.
    if (ids.length === 0 || isLost) continue
    const stated = listAt(grounding, 'token_positives')
    const places = (Array.isArray(stated[0]) ? stated : [stated]).map(numbersOf)
    for (const place of places) {
      const span = spanOf(
        text,
        phrase,
        place?.length === 2 ? [offset(place[0]!), offset(place[1]!)] : undefined,
      )
      if (span === undefined)
        reading.lostText('bad-field', `${where} does not stand in the caption`, file, where)
      else spans.push({ ...span, regions: ids })
    }
  }
}

/** The stated span where it holds the phrase, else the phrase's first place in the text. */
function spanOf(text: string, phrase: string, stated: readonly [number, number] | undefined) {
  if (stated !== undefined) {
    const [start, end] = stated
    if (text.slice(start, end).toLowerCase() === phrase.toLowerCase()) return { start, end }
  }
  const found = text.toLowerCase().indexOf(phrase.toLowerCase())
  if (phrase !== '' && found >= 0) return { start: found, end: found + phrase.length }
  return undefined
}

/** `refs`: [{ sentence, segmentation, bbox }], each found in the caption by its words. */
function addRefs(
  reading: Reading,
  item: JsonObject,
  text: string,
  size: Size,
  regions: Region[],
  spans: Spans,
  file: string,
  at: string,
): void {
  listAt(item, 'refs').forEach((ref, r) => {
    const where = `reference ${r} of ${at}`
    const phrase = textAt(ref, 'sentence') ?? ''
    const id = String(regions.length)
    const shape = { segmentation: member(ref, 'segmentation') }
    const region = reading.keep(cocoRegion(shape, { id, ...size, category: phrase }), file, where)
    if (region === undefined) return
    const span = spanOf(text, phrase, undefined)
    if (span === undefined) {
      reading.lostText('bad-field', `${where}: its words do not stand in the caption`, file, where)
      return
    }
    regions.push(region)
    spans.push({ ...span, regions: [id] })
  })
}

const FLICKR_FILES = [
  'final_flickr_separateGT_{split}.json',
  'final_flickr_mergedGT_{split}.json',
  'flickr_mergedGT_GCG_{split}.json',
  'annotations/{split}/flickr_mergedGT_GCG_{split}.json',
  'GranDf/annotations/{split}/flickr_mergedGT_GCG_{split}.json',
  'annotations/final_flickr_separateGT_{split}.json',
]

async function* readFlickr30k(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('flickr30k', options)
  const file = reading.find(FLICKR_FILES, ['train', 'val', 'test'])
  reading.picturesIn(['flickr30k-images', 'flickr30k_images', 'images', 'flikcr_30k/train', '{split}', ''])
  const index = await reading.cocoIndex(file)
  try {
    for await (const entry of index.entries()) {
      const record = flickrRecord(reading, entry, file)
      if (record !== undefined) yield record
    }
  } finally {
    index.close()
  }
}

function flickrRecord(reading: Reading, entry: CocoEntry, file: string): DataRecord | undefined {
  const { image, imageId, annotations } = entry
  const at = `image ${imageId}`
  const text = textAt(image, 'caption')
  if (text === undefined) {
    reading.problem('bad-field', `${at} has no caption`, file, at)
    return undefined
  }
  const facts = sidesAt(image)
  const picture = reading.picture(textAt(image, 'file_name'), facts, file, at)
  if (picture === undefined) return undefined
  const offset = codePointOffsets(text)
  const regions: Region[] = []
  const spans: Spans = []
  annotations.forEach((annotation, place) => {
    const id = regionId(annotation, place)
    const where = `annotation ${id} of ${at}`
    const segmentation = member(annotation, 'sam_mask') ?? member(annotation, 'segmentation')
    const shape = { segmentation, bbox: member(annotation, 'bbox') }
    const region = reading.keep(cocoRegion(shape, { id, ...picture, isMaskOfBox: true }), file, where)
    if (region === undefined) return
    const places = listAt(annotation, 'tokens_positive').map(numbersOf)
    const good = places.flatMap((pair) => {
      if (pair?.length !== 2) return []
      const [start, end] = [offset(pair[0]!), offset(pair[1]!)]
      return start >= 0 && start < end && end <= text.length ? [{ start, end, regions: [id] }] : []
    })
    if (good.length === 0) {
      reading.lostText('bad-field', `${where}: tokens_positive names no part of the caption`, file, where)
      return
    }
    regions.push(region)
    spans.push(...good)
  })
  const caption = finished(reading, text, spans, file, at)
  return reading.knownNewRecord(String(imageId), picture, { regions, captions: [caption] })
}

async function* readPng(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('png', options)
  const splits = ['train2017', 'val2017']
  const file = reading.find(['annotations/png_coco_{split}.json', 'png_coco_{split}.json'], splits)
  const panopticFile = reading.find(['annotations/panoptic_{split}.json', 'panoptic_{split}.json'], splits)
  reading.picturesIn(COCO_FOLDERS)
  const folders = mapFolders(
    panopticFile,
    [
      'annotations/panoptic_segmentation/{split}',
      'panoptic_segmentation/{split}',
      'annotations/panoptic_{split}',
    ],
    reading.split,
  )
  const index = await reading.cocoIndex(panopticFile, { annotationId: undefined })
  try {
    for await (const { value, index: place } of reading.list(file)) {
      const at = `entry ${place}`
      const imageId = idAt(value, 'image_id')
      const text = textAt(value, 'caption')
      const image = imageId === undefined ? undefined : index.image(imageId)
      if (imageId === undefined || text === undefined || image === undefined) {
        const what =
          image === undefined && imageId !== undefined
            ? `image ${imageId} is not in ${panopticFile}`
            : 'image_id and caption are needed'
        reading.problem(imageId === undefined ? 'bad-field' : 'dangling-id', `${at}: ${what}`, file, at)
        continue
      }
      const facts = sidesAt(image)
      const picture = reading.picture(textAt(image, 'file_name'), facts, file, at)
      if (picture === undefined) continue
      const regions = panopticOf(reading, index, imageId, picture, folders, panopticFile)
      const known = new Set(regions.map((region) => region.id))
      const spans = narrativeSpans(reading, value, text, known, file, at)
      const caption = finished(reading, text, spans, file, at)
      yield reading.knownNewRecord(`${imageId}/${place}`, picture, { regions, captions: [caption] })
    }
  } finally {
    index.close()
  }
}

/** `segments`: [{ utterance, segment_ids }] in the order of the caption; each utterance is looked for after the one before. */
function narrativeSpans(
  reading: Reading,
  value: unknown,
  text: string,
  known: ReadonlySet<string>,
  file: string,
  at: string,
): Spans {
  const spans: Spans = []
  let from = 0
  for (const segment of listAt(value, 'segments')) {
    const utterance = textAt(segment, 'utterance')?.trim()
    if (utterance === undefined || utterance === '') continue
    const start = text.toLowerCase().indexOf(utterance.toLowerCase(), from)
    if (start < 0) continue
    from = start + utterance.length
    const ids = listAt(segment, 'segment_ids').map(String)
    const missing = ids.filter((id) => !known.has(id))
    if (missing.length > 0) {
      reading.problem(
        'dangling-id',
        `"${utterance.slice(0, 60)}" of ${at}: no segment ${missing[0]}`,
        file,
        at,
      )
    } else if (ids.length > 0) spans.push({ start, end: from, regions: ids })
  }
  return spans
}

export const granDf: Reader = {
  name: 'grandf',
  title: 'GranD-f: captions with a mask for each phrase (human part, OpenPSG, RefCOCOg)',
  layout: [
    'GranDf_HA_GCG_{split}.json, OpenPsgGCG_{split}.json, RefCOCOg_GCG_{split}.json, those that are there (in annotations/{split}/ or the root)',
    'pictures in GranDf_HA_images/{split}/, coco_2017/train2017/, coco_2014/train2014/',
  ],
  splits: ['train', 'val'],
  gives: ['masks', 'captions'],
  read: readGranDf,
}

export const flickr30k: Reader = {
  name: 'flickr30k',
  title: 'Flickr30k entities: captions with boxes, or with masks made from them',
  layout: [
    "final_flickr_separateGT_{split}.json (MDETR's form) or flickr_mergedGT_GCG_{split}.json (GLaMM's, with sam_mask)",
    'pictures in flickr30k-images/ or images/',
  ],
  splits: ['train', 'val', 'test'],
  gives: ['masks', 'boxes', 'captions'],
  read: readFlickr30k,
}

export const panopticNarratives: Reader = {
  name: 'png',
  title: 'Panoptic Narrative Grounding',
  layout: [
    'annotations/png_coco_{split}.json: [{ image_id, caption, segments[].segment_ids }]',
    'annotations/panoptic_{split}.json and its maps; pictures in {split}/',
  ],
  splits: ['train2017', 'val2017'],
  gives: ['masks', 'boxes', 'captions'],
  read: readPng,
}
