// Captions and questions about given regions: DAM's data, Grasp-Any-Region, DLC-Bench, GroundingSuite.
import {
  asObject,
  boxFromCorners,
  checkedSegmentation,
  idAt,
  listAt,
  member,
  numbersOf,
  textAt,
  texts,
} from '@maskwords/annotations'
import type { Choice, DataRecord, DialogueTurn, Reader, ReaderOptions, Region } from '../record.ts'
import { cocoPictures, cocoRegions } from './coco-like.ts'
import { regionId } from './coco-regions.ts'
import { joined, Reading } from './reading.ts'
import { piecesAtMarkers } from './text-spans.ts'

const DAM_PARTS = ['COCOStuff', 'LVIS', 'Mapillary', 'OpenImages', 'PACO', 'SAM']

async function* readDam(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('dam', options)
  const parts = options.split === undefined ? DAM_PARTS : [options.split]
  const files = parts.flatMap((part) => reading.findOptional([`${part}/annotations.json`], []) ?? [])
  if (files.length === 0)
    reading.failLayout(
      parts.map((part) => `${part}/annotations.json`),
      ['{split}/annotations.json'],
    )
  for (const file of files) {
    const part = file.includes('/') ? file.slice(0, file.indexOf('/')) : ''
    reading.picturesIn([joined(part, 'images'), 'images', '', 'coco', part])
    for await (const { value, key } of reading.list(file)) {
      const at = `entry ${key}`
      const items = Array.isArray(value) ? value : [value]
      const image = textAt(items[0], 'image') ?? imageOfId(textAt(items[0], 'img_id'))
      const picture = reading.picture(image, {}, file, at)
      if (picture === undefined) continue
      const regions = new Map<string, Region>()
      for (const [place, item] of items.entries()) {
        const caption = textAt(item, 'caption')
        const id = String(idAt(item, 'ann_id') ?? place)
        const where = `annotation ${id} of ${at}`
        const segmentation = reading.keep(checkedSegmentation(member(item, 'mask_rle'), picture), file, where)
        if (segmentation === undefined || caption === undefined) {
          if (caption === undefined) reading.problem('bad-field', `${where} has no caption`, file, where)
          continue
        }
        const known = regions.get(id)
        const captions = [...(known?.captions ?? []), caption.trim()]
        regions.set(id, { id, shape: { kind: 'coco', segmentation }, captions })
      }
      if (regions.size === 0) continue
      const id = joined(part, String(key))
      const record = reading.record(id, picture, { regions: [...regions.values()] }, file)
      if (record !== undefined) yield record
    }
  }
}

function imageOfId(id: string | undefined): string | undefined {
  return id === undefined ? undefined : `${id}.jpg`
}

const GAR_FILES = [
  '{split}.jsonl',
  'annotations.jsonl',
  'data.jsonl',
  '{split}.json',
  'annotations.json',
  'data.json',
]
const GAR_MARKER = /<Prompt(\d+)>/g

async function* readGar(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('gar', options)
  const file = reading.find(GAR_FILES, ['train', 'val', 'test'])
  reading.picturesIn(['images', '{split}', ''])
  const rows = file.endsWith('.jsonl') ? reading.lines(file) : reading.list(file)
  let place = 0
  for await (const { value } of rows) {
    const number = place++
    const at = `row ${number}`
    const picture = reading.picture(textAt(value, 'image', 'image_path', 'file_name'), {}, file, at)
    if (picture === undefined) continue
    const stated = member(value, 'mask_rle')
    const masks =
      Array.isArray(stated) && typeof stated[0] === 'object' && !Array.isArray(stated[0]) ? stated : [stated]
    const found = masks.map((mask) => reading.keep(checkedSegmentation(mask, picture), file, at))
    if (found.includes(undefined)) continue
    const turns = listAt(value, 'conversations').flatMap((turn): DialogueTurn[] => {
      const text = textAt(turn, 'value')?.replaceAll('<image>', '').trim()
      const from = textAt(turn, 'from')
      if (text === undefined || (from !== 'human' && from !== 'gpt')) return []
      const pieces = piecesAtMarkers(text, GAR_MARKER, (match) =>
        Number(match[1]) < found.length ? match[1]! : undefined,
      )
      return [{ role: from === 'human' ? 'user' : 'assistant', pieces }]
    })
    if (turns.length < 2 || turns[0]!.role !== 'user' || turns[1]!.role !== 'assistant') {
      reading.problem('bad-field', `${at} has no question with an answer in conversations`, file, at)
      continue
    }
    const answer = textAt(listAt(value, 'conversations')[1], 'value')!.trim()
    const isCaption = found.length === 1 && !GAR_MARKER.test(answer)
    GAR_MARKER.lastIndex = 0
    const regions = found.map(
      (segmentation, r): Region => ({
        id: String(r),
        shape: { kind: 'coco', segmentation: segmentation! },
        ...(isCaption ? { captions: [answer] } : {}),
      }),
    )
    yield reading.knownNewRecord(String(number), picture, { regions, dialogues: [turns] })
  }
}

async function* readDlcBench(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('dlc-bench', options)
  const file = reading.find(['annotations.json', 'annotations/annotations.json'], [])
  const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')))
  reading.picturesIn([joined(folder, 'images'), 'images', ''])
  const beside = (name: string) =>
    reading.exists(joined(folder, name)) ? reading.json(joined(folder, name)) : undefined
  const questions = asObject(beside('qa.json'))
  const names = asObject(beside('class_names.json'))
  const index = await reading.cocoIndex(file, { extras: ['licenses'] })
  try {
    const pictureOf = cocoPictures(reading, index, file)
    for await (const entry of index.entries()) {
      const { image, imageId } = entry
      const picture = pictureOf(image, `image ${imageId}`)
      if (picture === undefined) continue
      const regions = cocoRegions(reading, index, entry, picture, file).map((region): Region => {
        const name = textAt(names, region.id)
        return name === undefined ? region : { ...region, category: name }
      })
      const choices = regions.flatMap((region) => dlcChoices(listAt(questions, region.id), region.id))
      if (regions.length > 0) yield reading.knownNewRecord(String(imageId), picture, { regions, choices })
    }
  } finally {
    index.close()
  }
}

const CAPTION_FILES = [
  'test_caption.json',
  'visual_genome/test_caption.json',
  'finetune_refcocog_{split}_captions.json',
  'mdetr_annotations/finetune_refcocog_{split}_captions.json',
  'region_captions.json',
]

/** Region captions in the COCO form: each region has its caption, or its picture has one and is listed again for each region. */
async function* readRegionCaptions(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('region-captions', options)
  const file = reading.find(CAPTION_FILES, ['val', 'test'])
  reading.picturesIn([
    'images',
    'visual_genome/images',
    'VG_100K',
    'VG_100K_2',
    'train2014',
    'coco_2014/train2014',
    '',
  ])
  const index = await reading.cocoIndex(file, { extras: ['licenses'] })
  try {
    const pictureOf = cocoPictures(reading, index, file)
    for await (const entry of index.entries()) {
      const { image, imageId } = entry
      const picture = pictureOf(image, `image ${imageId}`)
      if (picture === undefined) continue
      const byId = new Map(
        entry.annotations.map((annotation, place) => [regionId(annotation, place), annotation]),
      )
      const regions = cocoRegions(reading, index, entry, picture, file).map((region): Region => {
        const own = texts(member(byId.get(region.id), 'caption'))
        const captions =
          own.length > 0 || entry.annotations.length > 1 ? own : texts(member(image, 'caption'))
        return captions.length === 0 ? region : { ...region, captions }
      })
      if (regions.length > 0) yield reading.knownNewRecord(String(imageId), picture, { regions })
    }
  } finally {
    index.close()
  }
}

/** `choices`: [[text, score]], the recognition question scored by words; the right option is the best one. */
function dlcChoices(questions: readonly unknown[], region: string): Choice[] {
  return questions.flatMap((question): Choice[] => {
    const text = textAt(question, 'question')
    const pairs = listAt(question, 'choices').filter(
      (pair): pair is [string, unknown] => Array.isArray(pair) && typeof pair[0] === 'string',
    )
    if (text === undefined || pairs.length < 2) return []
    const worth = pairs.map(([, score]) => (typeof score === 'number' ? score : score === 'correct' ? 1 : 0))
    const right = worth.indexOf(Math.max(...worth))
    const kind = textAt(question, 'type')
    return [
      {
        question: [{ region }, ` ${text.trim()}`],
        options: pairs.map(([option]) => option),
        right,
        scores: pairs.map(([, score]) => (typeof score === 'number' ? score : String(score))),
        ...(kind !== undefined && { kind }),
      },
    ]
  })
}

async function* readGroundingSuite(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('grounding-suite', options)
  const file = reading.find(['gseval.jsonl', 'GroundingSuite-Eval.jsonl', 'annotations/gseval.jsonl'], [])
  reading.picturesIn(['', 'images', 'coco'])
  for await (const { value, line } of reading.lines(file)) {
    const at = `line ${line}`
    const size = numbersOf(member(member(value, 'segmentation'), 'size')) ?? []
    const facts = { widthPx: size[1], heightPx: size[0] }
    const picture = reading.picture(textAt(value, 'image_path'), facts, file, at)
    if (picture === undefined) continue
    const segmentation = reading.keep(checkedSegmentation(member(value, 'segmentation'), picture), file, at)
    const box = reading.keep(boxFromCorners(member(value, 'box'), picture), file, at)
    if (segmentation === undefined || box === undefined) continue
    const label = textAt(value, 'label')?.trim()
    const caption = textAt(value, 'caption')?.trim()
    if (label === undefined && caption === undefined) {
      reading.problem('bad-field', `${at} has neither label nor caption`, file, at)
      continue
    }
    const id = String(idAt(value, 'idx') ?? line)
    const region: Region = {
      id: '0',
      shape: { kind: 'coco', segmentation },
      boxXywhPx: box,
      ...(label === undefined ? {} : { category: label }),
    }
    const phrases = [
      ...texts(caption).map((text) => ({ text, regions: ['0'], form: 'sentence' as const, id: 'caption' })),
      ...texts(label).map((text) => ({ text, regions: ['0'], id: 'label' })),
    ]
    const record = reading.record(id, picture, { regions: [region], phrases }, file)
    if (record !== undefined) yield record
  }
}

export const dam: Reader = {
  name: 'dam',
  title: 'DAM: detailed captions of regions',
  layout: [
    '{split}/annotations.json: { <key>: [{ image | img_id, ann_id, mask_rle, caption }] }; parts COCOStuff, LVIS, Mapillary, OpenImages, PACO, SAM',
    'pictures in {split}/images/, images/, coco/ or as image says',
  ],
  splits: DAM_PARTS,
  gives: ['masks', 'region-captions'],
  read: readDam,
}

export const gar: Reader = {
  name: 'gar',
  title: 'Grasp-Any-Region: captions of regions and answers about several',
  layout: [
    'rows as JSON lines or a JSON list ({split}.jsonl, annotations.json, ...): { image, mask_rle, conversations }, regions as <Prompt0>',
    'the published Arrow folders are exported first, pictures to images/ and their names to image',
  ],
  splits: ['train', 'val', 'test'],
  gives: ['masks', 'region-captions', 'dialogues'],
  read: readGar,
}

export const regionCaptions: Reader = {
  name: 'region-captions',
  title: 'Captions of regions in the COCO form: Visual Genome and RefCOCOg as GLaMM shares them',
  layout: [
    'test_caption.json (Visual Genome), finetune_refcocog_{split}_captions.json: images and annotations with caption',
    'pictures in images/, VG_100K/ or train2014/',
  ],
  splits: ['val', 'test'],
  gives: ['masks', 'boxes', 'region-captions'],
  read: readRegionCaptions,
}

export const dlcBench: Reader = {
  name: 'dlc-bench',
  title: 'DLC-Bench: questions about detailed captions',
  layout: [
    'annotations.json (COCO form), qa.json: { <annotation id>: [{ question, choices }] }, class_names.json',
    'pictures in images/; all of it in the root or annotations/',
  ],
  splits: [],
  gives: ['masks', 'boxes', 'choices'],
  read: readDlcBench,
}

export const groundingSuite: Reader = {
  name: 'grounding-suite',
  title: 'GroundingSuite-Eval: phrases and sentences with masks',
  layout: [
    'gseval.jsonl: { idx, image_path, label, caption, box, segmentation }',
    'pictures as image_path says (unlabeled2017/...)',
  ],
  splits: [],
  gives: ['masks', 'boxes', 'phrases'],
  read: readGroundingSuite,
}
