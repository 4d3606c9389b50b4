import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DataProblem } from '@maskwords/inputs'
import { writePng } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import type { DataRecord, ReaderOptions } from '../record.ts'
import { readerByName } from './index.ts'

const PICTURE = writePng({
  widthPx: 8,
  heightPx: 6,
  colour: 'grey',
  bitDepth: 8,
  samples: new Uint8Array(48),
})

const image = (id: unknown, name: string) => ({ id, file_name: name, width: 8, height: 6 })
const annotation = (id: unknown, imageId: unknown, categoryId = 1) => ({
  id,
  image_id: imageId,
  category_id: categoryId,
  bbox: [1, 1, 2, 2],
})

/** Each record's picture with its regions' ids and categories; and what was said, with whether it cost nothing. */
async function read(document: object, options: Partial<ReaderOptions> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'same-ids-'))
  try {
    mkdirSync(join(root, 'images'))
    for (const name of ['a.png', 'b.png']) writeFileSync(join(root, 'images', name), PICTURE)
    writeFileSync(join(root, 'instances.json'), JSON.stringify(document))
    const records: DataRecord[] = []
    const problems: DataProblem[] = []
    const onProblem = (problem: DataProblem) => problems.push(problem)
    for await (const record of readerByName('coco')!.read({ root, onProblem, ...options }))
      records.push(record)
    return {
      records,
      regions: records.map(({ picture, regions }) => [
        picture.file,
        ...regions.map(({ id, category }) => `${id} ${category}`),
      ]),
      said: problems.map(({ message, isKept }) => `${isKept === true ? 'kept' : 'lost'}: ${message}`),
    }
  } finally {
    rmSync(root, { recursive: true })
  }
}

describe('two pictures of one id', () => {
  const document = {
    images: [image(1, 'a.png'), image(1, 'b.png'), image(2, 'b.png')],
    categories: [{ id: 1, name: 'cup' }],
    annotations: [annotation(1, 1), annotation(2, 2)],
  }

  it('give neither by default, and the one that is chosen', async () => {
    const { regions, said } = await read(document)
    expect(regions).toEqual([['images/b.png', '2 cup']])
    expect(said).toEqual([
      'lost: image 1 is "a.png" and "b.png": which of them its 1 annotation is of is not known, none is used; choose with --same-id first or last',
    ])
    const first = await read(document, { sameId: 'first' })
    expect(first.regions).toEqual([
      ['images/a.png', '1 cup'],
      ['images/b.png', '2 cup'],
    ])
    expect(first.said).toEqual(['kept: image 1 stands twice, for two pictures; the first one counts'])
    const last = await read(document, { sameId: 'last' })
    expect(last.regions).toEqual([
      ['images/b.png', '1 cup'],
      ['images/b.png', '2 cup'],
    ])
  })

  it('are one where they are alike', async () => {
    const { regions, said } = await read({ ...document, images: [image(1, 'a.png'), image('1', 'a.png')] })
    expect(regions).toEqual([['images/a.png', '1 cup']])
    expect(said.filter((line) => line.startsWith('kept: image 1 stands twice, alike'))).toHaveLength(1)
  })
})

it('one picture of two ids: neither says what is absent, for the other may show it', async () => {
  const { records } = await read({
    images: [image(1, 'a.png'), image(2, 'a.png'), image(3, 'b.png')],
    categories: [{ id: 1, name: 'cup' }],
    annotations: [annotation(1, 1), annotation(2, 3)],
  })
  expect(records.map(({ coverage }) => coverage?.incomplete)).toEqual(['any', 'any', []])
})

it('a category id of two names gives no name, or that which is chosen; of one name it is one', async () => {
  const document = (second: string) => ({
    images: [image(1, 'a.png')],
    categories: [
      { id: 1, name: 'cup' },
      { id: 1, name: second },
    ],
    annotations: [annotation(1, 1)],
  })
  const { regions, said } = await read(document('bowl'))
  expect(regions).toEqual([['images/a.png', '1 undefined']])
  expect(said[0]).toBe(
    'lost: category 1 is "cup" or "bowl": its regions go without a name; choose with --same-id first or last',
  )
  expect((await read(document('bowl'), { sameId: 'first' })).regions).toEqual([['images/a.png', '1 cup']])
  expect((await read(document('bowl'), { sameId: 'last' })).regions).toEqual([['images/a.png', '1 bowl']])
  const alike = await read(document('cup'))
  expect(alike.regions).toEqual([['images/a.png', '1 cup']])
  expect(alike.said.every((line) => line.startsWith('kept'))).toBe(true)
})

it('a reserved label is no target, and one that hides objects makes all unknown', async () => {
  const labelled = (name: string) =>
    read({
      images: [image(1, 'a.png')],
      categories: [
        { id: 1, name: 'cup' },
        { id: 2, name },
      ],
      annotations: [annotation(1, 1), annotation(2, 1, 2)],
    })
  for (const name of ['_background_', '__ignore__', 'void']) {
    const { records, said } = await labelled(name)
    expect(records[0]!.regions.map(({ category, isIgnored }) => [category, isIgnored])).toEqual([
      ['cup', undefined],
      [undefined, true],
    ])
    expect(records[0]!.coverage).toEqual({ absent: 'others', incomplete: [] })
    expect(said).toEqual([
      `kept: ${JSON.stringify(name)} is a reserved label, no category: its regions are never asked for`,
    ])
  }
  expect((await labelled('DontCare')).records[0]!.coverage).toEqual({ absent: 'others', incomplete: 'any' })
})
