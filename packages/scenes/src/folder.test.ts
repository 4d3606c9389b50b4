import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DataRecord, type Reader, readerByName, regionMask } from '@maskwords/datasets'
import { readPicture } from '@maskwords/files'
import { area, intersectionArea, rowMajorBytes } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import { COLOURS } from './compose.ts'
import { type MakeScenesOptions, makeScenes, type SceneSettings } from './folder.ts'

const root = mkdtempSync(join(tmpdir(), 'scenes-'))
afterAll(() => rmSync(root, { recursive: true }))

const DRAWN: SceneSettings = {
  seed: 1,
  count: 12,
  sidePx: 128,
  drawn: 1,
  plain: 0.2,
  pasted: 3,
  holdout: undefined,
}

const make = (name: string, settings: SceneSettings, more: Partial<MakeScenesOptions> = {}) =>
  makeScenes({
    settings,
    source: undefined,
    folder: join(root, name),
    signal: new AbortController().signal,
    onScene: () => {},
    onProblem: (message) => {
      throw new Error(message)
    },
    ...more,
  })

async function recordsOf(reader: Reader, name: string, split?: string): Promise<DataRecord[]> {
  const records: DataRecord[] = []
  const onProblem = ({ message }: { message: string }) => {
    throw new Error(message)
  }
  for await (const record of reader.read({ root: join(root, name), onProblem, ...(split && { split }) })) {
    records.push(record)
  }
  return records
}

const bytesOf = (name: string) =>
  Object.fromEntries(
    readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.includes('.'))
      .map((file) => [file, readFileSync(join(root, name, file)).toString('base64')]),
  )

describe('drawn scenes', () => {
  it('are read as gRefCOCO, and their masks lie on the shapes that their names say', async () => {
    const made = await make('drawn', DRAWN)
    expect(made.scenes).toBe(12)
    const records = await recordsOf(readerByName('grefcoco')!, 'drawn', 'train')
    const asked = Object.values(made.questions).reduce((a, b) => a + b, 0)
    expect(records.flatMap(({ phrases }) => phrases)).toHaveLength(asked)
    for (const record of await recordsOf(readerByName('coco')!, 'drawn')) {
      const { rgb } = await readPicture(join(root, 'drawn', record.picture.file))
      for (const region of record.regions) {
        const colour = COLOURS[region.category!.split(' ')[0]!]!
        const bytes = rowMajorBytes(regionMask(record, region, { root: join(root, 'drawn') }))
        const sum = [0, 0, 0]
        let pixels = 0
        bytes.forEach((bit, i) => {
          if (bit === 0) return
          pixels++
          for (let c = 0; c < 3; c++) sum[c]! += rgb[i * 3 + c]!
        })
        // Slivers of what others hide take their colour from the JPEG blocks around them.
        if (pixels < 200) continue
        sum.forEach((total, c) => {
          expect(Math.abs(total / pixels - colour[c]!), region.category!).toBeLessThan(45)
        })
      }
    }
  })

  it('are the same files again, also where a run was stopped in between, and other settings are refused', async () => {
    const stop = new AbortController()
    const onScene = (done: number) => {
      if (done === 5) stop.abort()
    }
    await expect(make('again', DRAWN, { signal: stop.signal, onScene })).rejects.toThrow('interrupted')
    await make('again', DRAWN)
    expect(bytesOf('again')).toEqual(bytesOf('drawn'))
    await expect(make('again', { ...DRAWN, seed: 2 })).rejects.toThrow('other settings')
  })
})

describe('copy-paste scenes', () => {
  it('show what is in front alone: no pixel belongs to two things, and pictures held out give nothing', async () => {
    await make('drawn', DRAWN)
    const reader = readerByName('coco')!
    const met = new Set<string>()

    const settings = { ...DRAWN, seed: 3, count: 20, drawn: 0, holdout: { part: 0, parts: 2 } }
    const source = { reader, root: join(root, 'drawn') }
    const made = await make('pasted', settings, { source, onProblem: (message) => met.add(message) })
    expect([...met]).toEqual([])
    expect(made.things).toBeGreaterThan(20)
    for (const record of await recordsOf(reader, 'pasted')) {
      const masks = record.regions.map((region) => regionMask(record, region, { root: join(root, 'pasted') }))
      masks.forEach((mask, i) => {
        expect(area(mask)).toBeGreaterThan(0)
        for (const other of masks.slice(i + 1)) expect(intersectionArea(mask, other)).toBe(0)
      })
    }
    await expect(
      make('nothing', { ...settings, holdout: { part: 0, parts: 1 } }, { source }),
    ).rejects.toThrow('no photograph')
  })
})
