// Every layout that can go round: written by our dialect writers, read by `prepare`'s reader and by `encode`'s, pixel for pixel and
// name for name, and by both alike.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type DataProblem, type DataRecord, readerByName, regionMask } from '@maskwords/datasets'
import { masksOfBytes } from '@maskwords/files'
import { equalMasks, type Mask, union } from '@maskwords/mask'
import { parseExactJson } from '@maskwords/words'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { masksFromCoco } from '../../../apps/exchange/src/coco.ts'
import { masksFromLabelme } from '../../../apps/exchange/src/labelme.ts'
import { type Files, LAYOUTS, type Scene, scenes } from './layouts.ts'

const root = mkdtempSync(join(tmpdir(), 'round-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let count = 0

function written(files: Files): string {
  const folder = join(root, `${count++}`)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** Masks of one name together: where one is several outlines, tools write several shapes. */
function byName(masks: readonly { readonly name: string; readonly mask: Mask }[]): Map<string, Mask> {
  const found = new Map<string, Mask>()
  for (const { name, mask } of masks) {
    const before = found.get(name)
    found.set(name, before === undefined ? mask : union(before, mask))
  }
  return found
}

function expectScene(found: ReadonlyMap<string, Mask>, { things }: Scene, isNamed: boolean): void {
  if (isNamed) expect([...found.keys()].sort()).toEqual(things.map(({ name }) => name).sort())
  const masks = [...found.values()]
  expect(masks).toHaveLength(things.length)
  for (const { name, mask } of things) {
    const own = isNamed ? [found.get(name)!] : masks
    expect(own.some((one) => equalMasks(one, mask))).toBe(true)
  }
}

describe.each(Object.entries(LAYOUTS))('%s', (_, layout) => {
  const { reader, encoded, format, names, files, isNamed = true } = layout

  it('come back from the reader of prepare', async () => {
    await fc.assert(
      fc.asyncProperty(scenes(names), async (scene) => {
        const folder = written(files(scene))
        const problems: DataProblem[] = []
        const records: DataRecord[] = []
        const onProblem = (problem: DataProblem) => problems.push(problem)
        for await (const record of readerByName(reader)!.read({ root: folder, onProblem }))
          records.push(record)
        expect(problems).toEqual([])
        expect(records).toHaveLength(1)
        const [record] = records as [DataRecord]
        const regions = record.regions.map((region) => ({
          name: isNamed || reader !== 'sa1b' ? (region.category ?? region.id) : region.id,
          mask: regionMask(record, region, { root: folder }),
        }))
        expectScene(byName(regions), scene, reader !== 'sa1b')
        rmSync(folder, { recursive: true })
      }),
      { numRuns: 25 },
    )
  })

  const loads = { coco: masksFromCoco, sa1b: masksFromCoco, labelme: masksFromLabelme } as const
  const load = loads[reader as keyof typeof loads]
  it.skipIf(load === undefined)('are the same masks in the studio', () => {
    fc.assert(
      fc.property(scenes(names), (scene) => {
        const json = parseExactJson(Buffer.from(files(scene)[encoded!]!).toString()) as { shapes: [] }
        const { widthPx, heightPx } = scene
        const { masks, refused } = load(json, { name: 'a.png', widthPx, heightPx })
        expect(refused).toBe(0)
        expectScene(byName(masks), scene, isNamed)
      }),
      { numRuns: 25 },
    )
  })

  it.skipIf(encoded === undefined)('are the same masks for encode', async () => {
    await fc.assert(
      fc.asyncProperty(scenes(names), async (scene) => {
        const folder = written(files(scene))
        const notes: string[] = []
        const { masks, failures } = await masksOfBytes(readFileSync(join(folder, encoded!)), encoded!, {
          dialect: format ?? 'auto',
          pictureName: 'a.png',
          size: { widthPx: scene.widthPx, heightPx: scene.heightPx },
          note: async (text) => void notes.push(text),
        })
        expect([failures, notes]).toEqual([[], []])
        const named = masks.map(({ label, mask }, i) => ({ name: isNamed ? label : `${i}`, mask }))
        expectScene(byName(named), scene, isNamed)
        rmSync(folder, { recursive: true })
      }),
      { numRuns: 25 },
    )
  })
})
