// Pictures that EXIF turns, prepared by us and opened by the loaders that trainers use: all see the pixels that the masks were drawn on.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { maskwords } from './maskwords.ts'
import { runPython } from './python.ts'

const FORMATS = [
  'qwen',
  'ms-swift',
  'llama-factory',
  'trl',
  'trl-jsonl',
  'verl',
  'easyr1',
  'webdataset',
] as const
/** Of the pixels that the masks lie on. */
const SIZE = { width: 112, height: 84 }
const root = mkdtempSync(join(tmpdir(), 'interop-turned-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Every orientation, ground and format of a file; the box of each picture's block is its own. */
const pictures = ['jpg', 'png', 'webp', 'avif', 'tiff'].flatMap((end, f) =>
  [1, 2, 3, 4, 5, 6, 7, 8].flatMap((orientation) =>
    (['stored', 'shown'] as const).map((ground, g) => {
      const left = 2 + 5 * orientation
      const top = 3 + 2 * f
      const box = [left, top, left + 30 + 3 * g, top + 20 + f] as const
      return { file: `images/${end}-${orientation}-${ground}.${end}`, orientation, ground, box }
    }),
  ),
)
/** Pillow turns TIFF by itself: nothing opens its stored pixels. */
const usable = pictures.filter(({ file, ground }) => !(file.endsWith('tiff') && ground === 'stored'))

let found: Record<string, Record<string, string[]>>
beforeAll(async () => {
  const set = join(root, 'set')
  mkdirSync(set)
  await runPython('turned.py', { make: set, pictures: usable })
  const images = usable.map(({ file, orientation, ground }, id) => ({
    id,
    file_name: file.slice('images/'.length),
    ...SIZE,
    // Where sizes cannot tell, the stored pixels are COCO's.
    ...(ground === 'shown' && orientation < 5 && { drawn_on: 'shown' }),
  }))
  const annotations = usable.map(({ box: [x, y, right, bottom] }, id) => ({
    id: id + 1,
    image_id: id,
    category_id: 1,
    iscrowd: 0,
    segmentation: [[x, y, right, y, right, bottom, x, bottom]],
    bbox: [x, y, right - x, bottom - y],
  }))
  const coco = { images, annotations, categories: [{ id: 1, name: 'block' }] }
  writeFileSync(join(set, 'instances.json'), JSON.stringify(coco))
  const folders: Record<string, string> = {}
  for (const format of FORMATS) {
    folders[format] = join(root, format)
    const { code, stderr } = await maskwords([
      ...['prepare', 'coco', '--root', set, '--to', format, '--codec', 'getok', '-o', folders[format]!],
    ])
    expect(code, stderr).toBe(0)
  }
  found = await runPython('turned.py', { folders })
}, 900_000)

describe('each loader sees the block where its mask is, of every orientation and format', () => {
  const wanted = usable.map(({ box }) => JSON.stringify(box).replaceAll(',', ', ')).sort()
  it.each(FORMATS)('%s', (format) => {
    for (const loader of ['PIL', 'datasets', 'transformers', 'qwen_vl_utils'])
      expect([loader, found[format]![loader]]).toEqual([loader, wanted])
  })
})
