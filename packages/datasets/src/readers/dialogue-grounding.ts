// Texts about boxes: Visual7W (pointing questions), InViG (dialogues about one thing), Cops-Ref (compositional references).

import {
  asObject,
  type Box,
  boxFromCorners,
  checkedBox,
  type Found,
  type Id,
  idAt,
  listAt,
  member,
  numberAt,
  numbersOf,
  textAt,
} from '@maskwords/annotations'
import { float64Column } from '../growing.ts'
import type { DataRecord, DialogueTurn, Phrase, Reader, ReaderOptions, Region } from '../record.ts'
import { Reading } from './reading.ts'

type Size = { readonly widthPx: number; readonly heightPx: number }

const boxRegion = (id: string, boxXywhPx: Box, category?: string): Region => ({
  id,
  shape: { kind: 'box' },
  boxXywhPx,
  ...(category === undefined ? {} : { category }),
})

const V7W_FILES = [
  'dataset_v7w_pointing.json',
  'visual7w/dataset_v7w_pointing.json',
  'visual7w_pointing/data/dataset.json',
]

async function* readVisual7w(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('visual7w', options)
  const file = reading.find(V7W_FILES, [])
  reading.picturesIn(['images', 'visual7w/images', ''])
  // Half a million boxes stand apart from their pictures: four numbers each in one column.
  const places = new Map<Id, number>()
  const boxes = float64Column()
  for await (const { value, index } of reading.list(file, 'boxes')) {
    const id = idAt(value, 'box_id')
    if (id === undefined) reading.problem('bad-field', `box ${index} has no box_id`, file, `boxes[${index}]`)
    else if (places.has(id))
      reading.problem('duplicate-id', `box ${id} stands twice; the first counts`, file, `boxes[${index}]`)
    else {
      places.set(id, boxes.length)
      for (const key of ['x', 'y', 'width', 'height']) boxes.push(numberAt(value, key) ?? Number.NaN)
    }
  }
  for await (const { value, index } of reading.list(file, 'images')) {
    const at = `image ${idAt(value, 'image_id') ?? index}`
    if (options.split !== undefined && member(value, 'split') !== options.split) continue
    const picture = reading.picture(textAt(value, 'filename'), {}, file, at)
    if (picture === undefined) continue
    const regions = new Map<string, Region>()
    const boxOf = (id: Id): Found<Region> => {
      const from = places.get(id)
      if (from === undefined) return { lost: { kind: 'dangling-id', message: `there is no box ${id}` } }
      // Published boxes reach one pixel out of the picture.
      const box = checkedBox([...boxes.values.subarray(from, from + 4)], picture)
      return box.lost === undefined ? { value: boxRegion(String(id), box.value) } : box
    }
    const phrases = listAt(value, 'qa_pairs').flatMap((pair, q): Phrase[] => {
      const where = `question ${idAt(pair, 'qa_id') ?? q} of ${at}`
      const text = textAt(pair, 'question')
      const answer = idAt(pair, 'answer')
      if (text === undefined || answer === undefined) {
        reading.problem('bad-field', `${where} needs a question and an answer's box`, file, where)
        return []
      }
      const region = reading.keep(boxOf(answer), file, where)
      if (region === undefined) return []
      regions.set(region.id, region)
      for (const choice of listAt(pair, 'multiple_choices')) {
        const other = idAt({ choice }, 'choice')
        const found =
          other === undefined ? undefined : boxOf(other).lost === undefined ? boxOf(other) : undefined
        if (found?.lost === undefined && found !== undefined) regions.set(found.value.id, found.value)
      }
      return [
        { text: text.trim(), regions: [region.id], form: 'sentence', id: String(idAt(pair, 'qa_id') ?? q) },
      ]
    })
    if (phrases.length === 0) continue
    const id = String(idAt(value, 'image_id') ?? index)
    const record = reading.record(id, picture, { regions: [...regions.values()], phrases }, file)
    if (record !== undefined) yield record
  }
}

const INVIG_FILES = [
  'invig21k_{split}_anns.jsonl',
  'invig_data/invig21k_{split}_anns.jsonl',
  'invig_{split}.jsonl',
  'annotations/invig21k_{split}_anns.jsonl',
]

async function* readInvig(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('invig', options)
  const file = reading.find(INVIG_FILES, ['train', 'valid', 'val', 'test'])
  reading.picturesIn(['imgs', 'images', 'invig_data/imgs', ''])
  for await (const { value, line } of reading.lines(file)) {
    const at = `line ${line}`
    const facts = asObject(member(value, 'ann'))
    const first = textAt(facts, 'ref_exp')
    const questions = listAt(facts, 'questions')
    const answers = listAt(facts, 'answers')
    if (facts === undefined || first === undefined || questions.length !== answers.length) {
      reading.problem('bad-field', `${at} needs ann with ref_exp and as many questions as answers`, file, at)
      continue
    }
    const picture = reading.picture(textAt(value, 'filename'), {}, file, at)
    if (picture === undefined) continue
    const stated = listAt(facts, 'ref_bboxes')
    const regions: Region[] = []
    for (const box of stated) {
      const found = reading.keep(boxFromCorners(box, picture), file, at)
      if (found !== undefined) regions.push(boxRegion(String(regions.length), found))
    }
    // What is meant is all of its boxes: without one of them the answer would be another.
    if (regions.length < stated.length) continue
    if (regions.length === 0) {
      reading.problem('bad-field', `${at} has no usable box in ref_bboxes`, file, at)
      continue
    }
    const turns: DialogueTurn[] = [{ role: 'user', pieces: [first] }]
    questions.forEach((question, q) => {
      turns.push(
        { role: 'assistant', pieces: [String(question)] },
        { role: 'user', pieces: [String(answers[q])] },
      )
    })
    turns.push({ role: 'assistant', pieces: regions.map(({ id }) => ({ region: id })) })
    const ids = regions.map(({ id }) => id)
    yield reading.knownNewRecord(String(line), picture, {
      regions,
      phrases: [{ text: first.trim(), regions: ids }],
      dialogues: [turns],
    })
  }
}

const COPS_FILES = ['data.json', 'cops_ref/data.json', 'copsref_{split}.json', 'cops-ref.json']

async function* readCopsRef(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('cops-ref', options)
  const file = reading.find(COPS_FILES, ['train', 'val', 'test'])
  reading.picturesIn(['images', 'cops_ref/images', ''])
  for await (const { value, index } of reading.list(file, 'refs')) {
    const at = `refs[${index}]`
    const stated = member(value, 'split')
    if (options.split !== undefined && stated !== undefined && stated !== options.split) continue
    const imageId = idAt(value, 'image_id')
    const text = textAt(value, 'expression')
    if (imageId === undefined || text === undefined) {
      reading.problem('bad-field', `${at} needs image_id and expression`, file, at)
      continue
    }
    const picture = reading.picture(`${imageId}.jpg`, {}, file, at)
    if (picture === undefined) continue
    const box = reading.keep(copsBox(member(value, 'box'), picture), file, at)
    if (box === undefined) continue
    yield reading.knownNewRecord(String(index), picture, {
      regions: [boxRegion('0', box)],
      phrases: [{ text: text.trim(), regions: ['0'] }],
    })
  }
}

/** Boxes are x, y, height, width; where only the usual order stays inside the picture, that one is taken. */
function copsBox(value: unknown, size: Size): Found<Box> {
  const [x, y, a, b] = numbersOf(value) ?? []
  if (x === undefined || y === undefined || a === undefined || b === undefined) return checkedBox(value, size)
  const isInside = (width: number, height: number) =>
    x + width <= size.widthPx + 1 && y + height <= size.heightPx + 1
  return checkedBox(!isInside(b, a) && isInside(a, b) ? [x, y, a, b] : [x, y, b, a], size)
}

export const visual7w: Reader = {
  name: 'visual7w',
  title: 'Visual7W: questions answered by pointing at a box',
  layout: ['dataset_v7w_pointing.json: { boxes[], images[].qa_pairs[] }', 'pictures v7w_*.jpg in images/'],
  splits: ['train', 'val', 'test'],
  gives: ['boxes', 'phrases'],
  read: readVisual7w,
}

export const invig: Reader = {
  name: 'invig',
  title: 'InViG: dialogues that find one thing',
  layout: [
    'invig21k_{split}_anns.jsonl: { filename, ann: { ref_exp, questions, answers, ref_bboxes } }',
    'pictures in imgs/ or images/',
  ],
  splits: ['train', 'valid', 'test'],
  gives: ['boxes', 'phrases', 'dialogues'],
  read: readInvig,
}

export const copsRef: Reader = {
  name: 'cops-ref',
  title: 'Cops-Ref: compositional references',
  layout: [
    'data.json: { refs[]: { image_id, box, expression } }, box as x, y, height, width',
    'pictures <image_id>.jpg in images/',
  ],
  splits: [],
  gives: ['boxes', 'phrases'],
  read: readCopsRef,
}
