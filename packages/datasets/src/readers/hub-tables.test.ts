// Tables of the hub: masks as bits page by page, pictures out of their rows, and bytes that are no table.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DataError, type DataProblem, openTable } from '@maskwords/inputs'
import { area, cocoRleFromMask, maskFromRowMajor, writePng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BitRow, bitsTable, outlinesTable } from '../../test/hub-table.ts'
import { hubTables } from '../readers/hub-tables.ts'
import type { DataRecord } from '../record.ts'
import { regionMask } from '../region-mask.ts'

const root = mkdtempSync(join(tmpdir(), 'tables-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
mkdirSync(join(root, 'data'))
const put = (bytes: Uint8Array, name = 'data/test-00000-of-00001.parquet') =>
  writeFileSync(join(root, name), bytes)

const png = (widthPx: number, heightPx: number, value = 0) =>
  writePng({
    widthPx,
    heightPx,
    colour: 'grey',
    bitDepth: 8,
    samples: new Uint8Array(widthPx * heightPx).fill(value),
  })

/** Rows of pseudo-random masks of several sizes: long runs and single pixels. */
const ROWS: BitRow[] = Array.from({ length: 23 }, (_, k) => {
  const [width, height] = [3 + ((k * 7) % 29), 2 + ((k * 5) % 17)]
  const pixel = (x: number, y: number) =>
    k % 3 === 0 ? x > width / 2 : ((x * 31 + y * 17 + k) * 2654435761) % 7 < 3
  const mask = Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => pixel(x, y)))
  return { image: png(width, height, k), text: `What is ${k}?`, mask }
})

async function read(): Promise<{ records: DataRecord[]; problems: DataProblem[] }> {
  const records: DataRecord[] = []
  const problems: DataProblem[] = []
  for await (const record of hubTables.read({ root, onProblem: (problem) => problems.push(problem) }))
    records.push(record)
  return { records, problems }
}

describe('masks as lists of bits', () => {
  it.each([
    { pageSize: 1 << 20, packed: true },
    { pageSize: 40, packed: true },
    { pageSize: 7, packed: false },
  ])('are read pixel for pixel, whatever the pages are (%o)', async (options) => {
    put(bitsTable(ROWS, { ...options, rowGroupSize: 5 }))
    const { records, problems } = await read()
    expect(problems).toEqual([])
    expect(records).toHaveLength(ROWS.length)
    for (const [k, { mask }] of ROWS.entries()) {
      const record = records[k]!
      const bytes = Uint8Array.from(mask!.flat(), Number)
      const wanted = maskFromRowMajor({ widthPx: mask![0]!.length, heightPx: mask!.length, bytes })
      expect(cocoRleFromMask(regionMask(record, record.regions[0]!, { root }))).toEqual(
        cocoRleFromMask(wanted),
      )
      expect(record.phrases).toEqual([{ text: `What is ${k}?`, regions: ['0'], form: 'sentence', id: '0' }])
    }
  })

  it('a row without a mask, an uneven one and one of another size cost themselves alone', async () => {
    const odd = (text: string, mask: BitRow['mask']): BitRow => ({ image: png(2, 2), text, mask })
    const good = [
      [true, false],
      [false, true],
    ]
    put(
      bitsTable([
        odd('none', null),
        odd('uneven', [[true], [true, false]]),
        odd('large', [[true, true, true]]),
        odd('good', good),
        odd('empty', []),
        odd('nothing', [
          [false, false],
          [false, false],
        ]),
      ]),
    )
    const { records, problems } = await read()
    expect(records.flatMap(({ phrases }) => phrases.map(({ text }) => text))).toEqual(['good'])
    expect(area(regionMask(records[0]!, records[0]!.regions[0]!, { root }))).toBe(2)
    expect(problems.map(({ kind, at }) => `${at} ${kind}`)).toEqual([
      'row 0 empty-mask',
      'row 1 bad-geometry',
      'row 2 wrong-size',
      'row 4 empty-mask',
      'row 5 empty-mask',
    ])
  })
})

describe('pictures inside tables', () => {
  it('come out of their rows; equal ones have one name, so that what is asked about them stays together', async () => {
    const outline = [1, 1, 5, 1, 5, 4, 1, 4]
    const rows = [0, 0, 1, 1, 0].map((value, k) => ({
      image: png(8, 6, value),
      answer: [`a ${k}`, `b ${k}`],
      segmentation: outline,
    }))
    put(outlinesTable(rows, { rowGroupSize: 2 }))
    const { records, problems } = await read()
    expect(problems).toEqual([])
    const file = 'data/test-00000-of-00001.parquet'
    expect(records.map(({ picture }) => picture.file)).toEqual(
      [0, 0, 2, 2, 0].map((row) => `${file}/000000${row}`),
    )
    expect(records.map(({ id, phrases }) => [id, ...phrases.map(({ text }) => text)])[4]).toEqual([
      'q4',
      'a 4',
      'b 4',
    ])
    const store = hubTables.pictures!(root)
    expect(Buffer.from(await store.bytes(`${file}/0000002`)).equals(Buffer.from(png(8, 6, 1)))).toBe(true)
    await expect(store.bytes(`${file}/0000009`)).rejects.toThrow('has no row 9')
    await expect(store.bytes('../x.parquet/0000000')).rejects.toThrow('names no picture')
  })

  it('a part that is not there is said with those that are; val and validation are one', async () => {
    const rows = [{ image: png(8, 6), answer: ['a'], segmentation: [1, 1, 5, 1, 5, 4, 1, 4] }]
    put(outlinesTable(rows), 'data/validation-00000-of-00001.parquet')
    const records: DataRecord[] = []
    for await (const record of hubTables.read({ root, split: 'val', onProblem: () => {} }))
      records.push(record)
    expect(records).toMatchObject([{ split: 'validation' }])
    const other = hubTables.read({ root, split: 'testB', onProblem: () => {} })[Symbol.asyncIterator]()
    await expect(other.next()).rejects.toThrow(/hub has no split testB .*there is test, validation/)
  })
})

describe('bytes that are no table', () => {
  let whole: Uint8Array
  beforeAll(() => {
    whole = bitsTable(ROWS.slice(0, 8), { rowGroupSize: 3, pageSize: 60, packed: true })
  })

  it('are errors that name the file', async () => {
    put(new TextEncoder().encode('<!doctype html>'), 'page.parquet')
    await expect(openTable(join(root, 'page.parquet'), 'page.parquet')).rejects.toMatchObject({
      code: 'bad-file',
      file: 'page.parquet',
    })
    await expect(openTable(join(root, 'no.parquet'), 'no.parquet')).rejects.toMatchObject({ code: 'io' })
  })

  it('changed at any place they end in records, problems or a DataError, never in anything else', async () => {
    let state = 99
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      return state / 0x80000000
    }
    for (let round = 0; round < 150; round++) {
      const bytes = whole.slice(0, round % 5 === 0 ? Math.floor(random() * whole.length) : whole.length)
      for (let k = 0; k < 1 + (round % 4) && bytes.length > 0; k++)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
      put(bytes)
      try {
        const { records } = await read()
        for (const record of records)
          for (const region of record.regions) regionMask(record, region, { root, boxes: 'fill' })
      } catch (error) {
        expect(error).toBeInstanceOf(DataError)
      }
    }
  }, 120_000)
})
