// LISA++: questions on COCO train2017 whose answers refer to its annotations (Senqiao/LISA_Plus_COT and LISA_Plus_Instance_Seg).
// Format: lists of { "English Question", "English Answer", image_path, info: { <annotation id>: ... } } where the answer holds
// markers [《id|label》], and { "English Question", img_path, ID: [<annotation id>, ...] }.
import { asObject, type Id, idAt, type JsonObject, listAt, member, textAt } from '@maskwords/annotations'
import { recordId } from '@maskwords/words'
import type { DataRecord, DialogueTurn, Reader, ReaderOptions, Region } from '../record.ts'
import { COCO_FOLDERS } from './coco.ts'
import type { CocoIndex } from './coco-index.ts'
import { cocoRegion } from './coco-regions.ts'
import { Reading } from './reading.ts'
import { piecesAtMarkers } from './text-spans.ts'

const MARKER = /\[《(\d+)\|([^》]*)》\]/g
const COT_FILES = ['LISA_Plus_COT/data.json', 'Senqiao/LISA_Plus_COT/data.json', 'cot/data.json', 'data.json']
const INSTANCE_FILES = [
  'LISA_Plus_Instance_Seg/data.json',
  'Senqiao/LISA_Plus_Instance_Seg/data.json',
  'instance_seg/data.json',
]
const COCO_FILES = [
  'annotations/instances_train2017.json',
  'coco/annotations/instances_train2017.json',
  'instances_train2017.json',
  'instances.json',
]

async function* readLisaPlus(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('lisa-plus', options)
  const files = [COT_FILES, INSTANCE_FILES].flatMap((names) => reading.findOptional(names, []) ?? [])
  if (files.length === 0) reading.failLayout([...COT_FILES, ...INSTANCE_FILES])
  if (options.split !== undefined && options.split !== 'train') reading.failSplit(['train'])
  const cocoFile = reading.find(COCO_FILES, [])
  reading.picturesIn(['train2017', 'images/train2017', 'coco/train2017', ...COCO_FOLDERS])
  const index = await reading.cocoIndex(cocoFile)
  try {
    for (const file of files) {
      const prefix =
        file
          .slice(0, Math.max(0, file.lastIndexOf('/')))
          .split('/')
          .at(-1) || 'data'
      for await (const { value, index: place } of reading.list(file)) {
        const at = `entry ${place}`
        const item = asObject(value)
        const question = textAt(item, 'English Question')
        if (item === undefined || question === undefined) {
          reading.problem('bad-field', `${at} has no "English Question"`, file, at)
          continue
        }
        const record = recordOf(reading, index, item, question, `${prefix}/${place}`, file, at)
        if (record !== undefined) yield record
      }
    }
  } finally {
    index.close()
  }
}

function recordOf(
  reading: Reading,
  index: CocoIndex,
  item: JsonObject,
  question: string,
  id: string,
  file: string,
  at: string,
): DataRecord | undefined {
  const info = asObject(member(item, 'info'))
  const ids = (info === undefined ? listAt(item, 'ID') : Object.keys(info)).map(recordId)
  const picture = reading.picture(textAt(item, 'image_path', 'img_path'), {}, file, at)
  if (picture === undefined) return undefined
  const regions: Region[] = []
  for (const annotationId of new Set(ids)) {
    const region = regionOf(reading, index, annotationId, picture, file, at)
    if (region === undefined) return undefined
    regions.push(region)
  }
  if (regions.length === 0) {
    reading.problem('bad-field', `${at} names no annotation (info or ID)`, file, at)
    return undefined
  }
  const known = new Set(regions.map((region) => region.id))
  const answer = textAt(item, 'English Answer')
  const labels = answer === undefined ? undefined : answer.replace(MARKER, (_, _id, label) => label)
  const turns: DialogueTurn[] = [{ role: 'user', pieces: [question] }]
  if (answer !== undefined) {
    const pieces = piecesAtMarkers(answer, MARKER, (match) => (known.has(match[1]!) ? match[1]! : undefined))
    turns.push({ role: 'assistant', pieces })
  }
  return reading.knownNewRecord(id, picture, {
    regions,
    phrases: [
      {
        text: question.trim(),
        regions: [...known],
        form: 'sentence',
        ...(labels === undefined ? {} : { answer: labels.trim() }),
      },
    ],
    dialogues: turns.length === 2 ? [turns] : [],
  })
}

function regionOf(
  reading: Reading,
  index: CocoIndex,
  id: Id | undefined,
  size: { readonly widthPx: number; readonly heightPx: number },
  file: string,
  at: string,
): Region | undefined {
  const annotation = id === undefined ? undefined : index.annotation(id)
  if (annotation === undefined) {
    reading.problem('dangling-id', `${at}: COCO has no annotation ${id}`, file, at)
    return undefined
  }
  const categoryId = idAt(annotation, 'category_id')
  const category = categoryId === undefined ? undefined : index.categories.get(categoryId)?.name
  return reading.keep(
    cocoRegion(annotation, { id: String(id), ...size, category }),
    file,
    `annotation ${id} of ${at}`,
  )
}

export const lisaPlus: Reader = {
  name: 'lisa-plus',
  title: 'LISA++: reasoning with several targets and answers in words',
  layout: [
    'LISA_Plus_COT/data.json and/or LISA_Plus_Instance_Seg/data.json',
    'annotations/instances_train2017.json of COCO; pictures in train2017/',
  ],
  splits: [],
  gives: ['masks', 'boxes', 'phrases', 'dialogues'],
  read: readLisaPlus,
}
