import { type DataRecord, labelMapCache, type Region } from '@maskwords/datasets'
import { expect, test } from 'vitest'
import { checkRecord } from './check-record.ts'

const square = (id: string, x: number, category?: string): Region => ({
  id,
  shape: { kind: 'coco', segmentation: [[x, 5, x + 9, 5, x + 9, 14, x, 14]] },
  ...(category === undefined ? {} : { category }),
})
const coverageOf = (...regions: Region[]) => {
  const record: DataRecord = {
    id: 'a',
    dataset: 'labelme',
    picture: { file: 'a.png', widthPx: 40, heightPx: 30 },
    regions,
    phrases: [],
    captions: [],
    relations: [],
    dialogues: [],
    choices: [],
    coverage: { absent: 'others', incomplete: ['dog'] },
  }
  const { record: checked } = checkRecord(record, { root: '.', cache: labelMapCache(), files: true })
  return [checked.regions.length, checked.coverage?.incomplete]
}

test('of what a region without pixels was there may be more: it is never absent; without a name it may be anything', () => {
  expect(coverageOf(square('1', 5, 'cat'))).toEqual([1, ['dog']])
  expect(coverageOf(square('1', 5, 'cat'), square('2', 90, 'car'))).toEqual([1, ['dog', 'car']])
  expect(coverageOf(square('1', 5, 'cat'), square('2', 90))).toEqual([1, 'any'])
})
