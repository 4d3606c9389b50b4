// MUSE and MMR: several questions a picture, each with several targets and an answer with {seg} for each of them.
// Format: PixelLM's and MMR's data loaders: [{ file_name | coco_url, height, width, questions, answers: [[{ segmentation }]], text_answers }].
import { asObject, idAt, type JsonObject, listAt, member, sidesAt, textAt } from '@maskwords/annotations'
import type { DataRecord, DialogueTurn, Phrase, Reader, ReaderOptions, Region } from '../record.ts'
import { COCO_FOLDERS } from './coco.ts'
import { nameFromUrl } from './coco-like.ts'
import { cocoRegion } from './coco-regions.ts'
import { Reading } from './reading.ts'
import { piecesAtMarkers, plainText } from './text-spans.ts'

const MARKER = /\{seg\}/g

type MultiTargetLayout = Pick<Reader, 'name' | 'title' | 'layout' | 'splits'> & {
  readonly files: readonly string[]
}

function multiTargetReader(layout: MultiTargetLayout): Reader {
  const { name, title, splits } = layout
  return {
    name,
    title,
    layout: layout.layout,
    splits,
    gives: ['masks', 'phrases', 'dialogues'],
    read: (options) => readMultiTarget(layout, options),
  }
}

async function* readMultiTarget(
  layout: MultiTargetLayout,
  options: ReaderOptions,
): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading(layout.name, options)
  const file = reading.find(layout.files, layout.splits)
  reading.picturesIn(['', 'coco', 'images', ...COCO_FOLDERS])
  for await (const { value, index } of reading.list(file)) {
    const at = `entry ${index}`
    const item = asObject(value)
    if (item === undefined) {
      reading.problem('bad-field', `${at} is no object`, file, at)
      continue
    }
    const record = recordOf(reading, item, String(index), file, at)
    if (record !== undefined) yield record
  }
}

function recordOf(
  reading: Reading,
  item: JsonObject,
  id: string,
  file: string,
  at: string,
): DataRecord | undefined {
  const name = textAt(item, 'file_name') ?? nameFromUrl(textAt(item, 'coco_url'))
  const facts = sidesAt(item)
  const picture = reading.picture(name, facts, file, at)
  if (picture === undefined) return undefined
  const regions = new Map<string, Region>()
  const phrases: Phrase[] = []
  const dialogues: DialogueTurn[][] = []
  const answers = listAt(item, 'answers')
  const texts = listAt(item, 'text_answers')
  listAt(item, 'questions').forEach((question, q) => {
    const where = `question ${q} of ${at}`
    const targets = answers[q]
    if (typeof question !== 'string' || question.trim() === '' || !Array.isArray(targets)) {
      reading.problem('bad-field', `${where} needs a text and a list of answers`, file, where)
      return
    }
    const found: Region[] = []
    for (const [t, target] of targets.entries()) {
      // The same annotation answers several questions; where it has no id, each answer is a region of its own.
      const key = String(idAt(target, 'id', 'ann_id') ?? `${q}.${t}`)
      const region = regions.get(key) ?? regionOf(reading, target, key, picture, file, where)
      if (region === undefined) return
      found.push(region)
    }
    for (const region of found) regions.set(region.id, region)
    const ids = found.map((region) => region.id)
    const text = question.trim()
    const answer = texts[q]
    let next = 0
    const pieces =
      typeof answer === 'string' ? piecesAtMarkers(answer, MARKER, () => ids[next++] ?? '') : undefined
    if (pieces !== undefined && next !== ids.length) {
      reading.problem(
        'bad-field',
        `${where}: its answer has ${next} places for ${ids.length} masks`,
        file,
        where,
      )
      return
    }
    phrases.push({
      text,
      regions: [...new Set(ids)],
      form: 'sentence',
      id: String(q),
      ...(pieces === undefined ? {} : { answer: plainText(pieces) }),
    })
    if (pieces !== undefined) {
      dialogues.push([
        { role: 'user', pieces: [text] },
        { role: 'assistant', pieces },
      ])
    }
  })
  if (phrases.length === 0) return undefined
  return reading.knownNewRecord(id, picture, { regions: [...regions.values()], phrases, dialogues })
}

function regionOf(
  reading: Reading,
  target: unknown,
  id: string,
  size: { readonly widthPx: number; readonly heightPx: number },
  file: string,
  at: string,
): Region | undefined {
  const category = textAt(target, 'rephrased_name', 'category_name', 'name', 'category')
  const shape = { segmentation: member(target, 'segmentation') }
  return reading.keep(cocoRegion(shape, { id, ...size, category }), file, `target ${id} of ${at}`)
}

export const muse = multiTargetReader({
  name: 'muse',
  title: 'MUSE: reasoning with several targets',
  layout: [
    'MUSE_{split}.json or MultiReasonSeg/MUSE_{split}.json',
    'pictures of COCO in train2017/ and val2017/ (or train2014/)',
  ],
  splits: ['train', 'val', 'test_less', 'test_many'],
  files: [
    'MUSE_{split}.json',
    'MUSE/MUSE_{split}.json',
    'MultiReasonSeg/MUSE_{split}.json',
    'muse_{split}.json',
  ],
})

export const mmr = multiTargetReader({
  name: 'mmr',
  title: 'MMR: several targets, objects and parts',
  layout: [
    'MMR_{split}.json or MMR/MMR_{split}.json',
    'pictures of COCO 2017 as file_name says (train2017/...)',
  ],
  splits: ['train', 'val', 'test_mixed', 'test_obj', 'test_part'],
  files: ['MMR_{split}.json', 'MMR/MMR_{split}.json', 'MMR_test_{split}.json'],
})
