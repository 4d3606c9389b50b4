import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { area, labelMapToPng, rowMajorBytes, writePng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { safeRelativePath } from './paths.ts'
import type { DataRecord, Region, RegionShape } from './record.ts'
import { labelMapCache, regionMask, unionOfRegions } from './region-mask.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'region-mask-'))
  const panoptic = { widthPx: 3, heightPx: 2, values: Uint32Array.of(0, 0, 70_000, 5, 5, 70_000) }
  writeFileSync(join(root, 'panoptic.png'), labelMapToPng(panoptic, { as: 'panoptic' }))
  const samples = Uint8Array.of(0, 9, 0, 0, 9, 9)
  writeFileSync(
    join(root, 'mask.png'),
    writePng({ widthPx: 3, heightPx: 2, colour: 'grey', bitDepth: 8, samples }),
  )
})
afterAll(() => rmSync(root, { recursive: true }))

const label = (value: number, file = 'panoptic.png'): RegionShape => ({
  kind: 'label-map',
  file,
  value,
  channel: 'rgb-id',
})

function recordWith(shapes: Record<string, RegionShape>, widthPx = 3): DataRecord {
  const regions: Region[] = Object.entries(shapes).map(([id, shape]) => ({
    id,
    shape,
    boxXywhPx: [1, 0, 2, 1],
  }))
  return {
    id: 'r',
    dataset: 'd',
    picture: { file: 'r.jpg', widthPx, heightPx: 2 },
    regions,
    phrases: [],
    captions: [],
    relations: [],
    dialogues: [],
    choices: [],
  }
}

const pixels = (record: DataRecord, at = 0, more = {}) =>
  [...rowMajorBytes(regionMask(record, record.regions[at]!, { root, ...more }))].join('')

describe('the mask of a region', () => {
  it('comes from outlines, panoptic colours, single channels and mask pictures', () => {
    const record = recordWith({
      outline: { kind: 'coco', segmentation: [[0, 0, 2, 0, 2, 2, 0, 2]] },
      panoptic: label(70_000),
      first: { kind: 'label-map', file: 'panoptic.png', value: 5, channel: 'first' },
      picture: { kind: 'mask-file', file: 'mask.png' },
    })
    expect([0, 1, 2, 3].map((at) => pixels(record, at))).toEqual(['110110', '001001', '000110', '010011'])
    expect(area(unionOfRegions(record, ['panoptic', 'picture'], { root }))).toBe(4)
    expect(area(unionOfRegions(record, [], { root }))).toBe(0)
  })

  it('is refused for a box alone unless the box may be filled', () => {
    const record = recordWith({ box: { kind: 'box' } })
    expect(() => pixels(record)).toThrow(/region box of record r has no mask, only a box/)
    expect(pixels(record, 0, { boxes: 'fill' })).toBe('011000')
  })

  it('is an error that names the region where the file does not fit', () => {
    expect(() => pixels(recordWith({ a: label(6) }))).toThrow(
      'region a of record r: panoptic.png has no pixel of value 6',
    )
    expect(() => pixels(recordWith({ a: label(5) }, 4))).toThrow('is 3 x 2, its picture 4 x 2')
    expect(() => pixels(recordWith({ a: label(5, 'none.png') }))).toThrow(/none.png cannot be read/)
    expect(() => pixels(recordWith({ a: label(5, '../../etc/passwd') }))).toThrow(/lies outside the dataset/)
    const rle: RegionShape = { kind: 'coco', segmentation: { size: [9, 9], counts: [0, 81] } }
    expect(() => pixels(recordWith({ a: rle }))).toThrow(/region a of record r: COCO RLE of size \[9, 9\]/)
  })

  it('reads a label map once while it stays in the cache, and again when it was pushed out', () => {
    const record = recordWith({ a: label(5), b: label(70_000) })
    const cache = labelMapCache()
    const first = cache.masks(root, 'panoptic.png', 'rgb-id')
    pixels(record, 0, { labelMapCache: cache })
    expect(cache.masks(root, 'panoptic.png', 'rgb-id')).toBe(first)
    const small = labelMapCache({ maxBytes: 1 })
    const before = small.masks(root, 'panoptic.png', 'rgb-id')
    small.masks(root, 'mask.png', 'first')
    expect(small.masks(root, 'panoptic.png', 'rgb-id')).not.toBe(before)
  })
})

describe('paths out of annotations', () => {
  it('stay inside the folder or are refused', () => {
    expect(safeRelativePath('./a//b\\c.png')).toBe('a/b/c.png')
    for (const path of ['/etc/passwd', '../x', 'a/../../x', 'C:\\x', 'file:///x', 'a\0b', '', '.', 5, null]) {
      expect(safeRelativePath(path)).toBeUndefined()
    }
  })
})
