// What our writers of annotation files make is a dataset that the readers take without a complaint.
import {
  type AnnotatedPicture,
  writeCoco,
  writeCvatXml,
  writeLabelMap,
  writeLabelStudio,
  writeRecords,
  writeYolo,
} from '@maskwords/annotations'
import { emptyMask, maskFromRings } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { PICTURE, readFiles, SIZE } from '../../test/read-files.ts'

const box = (left: number, top: number, right: number, foot: number) =>
  maskFromRings({ ...SIZE, rings: [[left, top, right, top, right, foot, left, foot]] })
const PICTURES: readonly AnnotatedPicture[] = [
  {
    file: 'a #1.png',
    ...SIZE,
    regions: [
      { mask: box(0, 0, 10, 10), category: 'cup "1"', phrase: 'the cup' },
      { mask: box(20, 5, 40, 30), category: 'table, old' },
      { mask: emptyMask(40, 30), category: 'nothing' },
    ],
  },
  { file: 'b.png', ...SIZE, regions: [{ mask: box(1, 1, 4, 3), category: 'cup "1"' }] },
]
const images = (folder: string) =>
  Object.fromEntries(PICTURES.map(({ file }) => [`${folder}${file}`, PICTURE]))
const maps = PICTURES.map((picture) => ({ file: picture.file, ...writeLabelMap(picture).value }))

const FILES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  coco: { 'annotations/instances_default.json': writeCoco(PICTURES).value, ...images('images/') },
  cvat: { 'annotations.xml': writeCvatXml(PICTURES).value, ...images('images/') },
  'label-studio': { 'tasks.json': writeLabelStudio(PICTURES).value, ...images('images/') },
  yolo: { ...Object.fromEntries(writeYolo(PICTURES).value), ...images('images/') },
  jsonl: { 'data.jsonl': writeRecords(PICTURES).value, ...images('images/') },
  'label-map': {
    ...Object.fromEntries(maps.map(({ file, png }) => [`labels/${file}`, png])),
    'names.json': maps[0]!.names,
    ...images('images/'),
  },
}

describe('a written dataset', () => {
  for (const [reader, files] of Object.entries(FILES)) {
    it(`of ${reader} is read with its names and pixels, and nothing is lost`, async () => {
      const { records, said } = await readFiles(reader, files)
      expect(said).toEqual([])
      expect((records as unknown[][]).map(([, file, ...regions]) => [file, ...regions])).toEqual([
        ['images/a #1.png', 'cup "1" 100', 'table, old 500'],
        ['images/b.png', 'cup "1" 6'],
      ])
    })
  }
})
