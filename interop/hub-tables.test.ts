// Tables as Hugging Face's datasets and pyarrow write them: every mask of every layout is the one that went in, pixel for pixel.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { READERS, regionMask } from '@maskwords/datasets'
import { cocoStringFromMask, pictureHeader } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runPython } from './python.ts'

const root = mkdtempSync(join(tmpdir(), 'interop-hub-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let expected: Record<string, Record<string, string>>
beforeAll(async () => {
  expected = await runPython('hub_tables.py', { root })
})

const SETS = [
  'refcoco-m',
  'lmms',
  'reasonseg-snappy',
  'reasonseg-gzip',
  'reasonseg-none',
  'reasonseg-brotli',
  'png',
]

describe('tables of the hub', () => {
  it.each(SETS)('%s: masks, sizes and pictures are those that were written', async (name) => {
    const folder = join(root, name)
    const reader = READERS['hub']!
    const store = reader.pictures!(folder)
    const found: Record<string, string> = {}
    const lost: string[] = []
    const onProblem = (problem: { message: string; isKept?: true }) => {
      if (problem.isKept !== true) lost.push(problem.message)
    }
    for await (const record of reader.read({ root: folder, onProblem })) {
      const { widthPx, heightPx, file } = record.picture
      expect(pictureHeader(await store.bytes(file))).toMatchObject({ widthPx, heightPx })
      for (const { text, regions } of record.phrases) {
        const region = record.regions.find(({ id }) => id === regions[0])!
        found[text] = cocoStringFromMask(regionMask(record, region, { root: folder }))
      }
    }
    expect(lost).toEqual([])
    expect(found).toEqual(expected[name])
  })
})
