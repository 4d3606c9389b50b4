// labelme folders as people have them: pictures elsewhere, names of other machines, shapes of other tools, other encodings.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { area, maskFromRowMajor, maskToPng } from '@maskwords/mask'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import type { ReaderOptions } from '../record.ts'
import { labelMapCache, regionMask } from '../region-mask.ts'
import { readerByName } from './index.ts'
import { statedPaths } from './picture-place.ts'

const PNG = maskToPng(maskFromRowMajor({ widthPx: 40, heightPx: 30, bytes: new Uint8Array(1200) }))
const SQUARE = [
  [5, 5],
  [20, 5],
  [20, 20],
  [5, 20],
]
const shape = (label: string, shape_type = 'polygon', points = SQUARE, rest = {}) => ({
  label,
  shape_type,
  points,
  ...rest,
})
const labelme = (imagePath: string | undefined, ...shapes: object[]) =>
  JSON.stringify({ imagePath, imageWidth: 40, imageHeight: 30, shapes })

const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

/** A dataset of these files. `null` stands for a picture. */
function folderOf(files: Readonly<Record<string, string | Uint8Array | null>>): string {
  const root = mkdtempSync(join(tmpdir(), 'labelme-'))
  roots.push(root)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content ?? PNG)
  }
  return root
}

/** `picture: category area, ...` of each record, then the messages of what was lost. */
async function read(root: string, options: Partial<ReaderOptions> = {}, name = 'labelme'): Promise<string[]> {
  const lines: string[] = []
  const problems: string[] = []
  const records = readerByName(name)!.read({
    root,
    onProblem: ({ message }) => problems.push(message),
    ...options,
  })
  for await (const record of records) {
    const regions = record.regions.map(
      (region) =>
        `${region.category} ${area(regionMask(record, region, { root, labelMapCache: labelMapCache() }))}`,
    )
    lines.push(`${record.picture.file}: ${regions.join(', ')}`)
  }
  return [...lines, ...problems]
}

test.each([
  ['Windows, a folder beside', '..\\images\\a.png', 'images/a.png'],
  ['a folder beside', '../images/a.png', 'images/a.png'],
  ['from another machine', 'C:\\Users\\me\\project\\images\\a.png', 'images/a.png'],
  ['from another machine, another folder', '/home/me/project/a.png', 'annotations/a.png'],
  ['in other letters', '../Images/A.PNG', 'images/a.png'],
  ['composed where the file is not', '../images/caf\u00e9.png', 'images/cafe\u0301.png'],
  ['gone, but one of its own name is there', 'old/name.png', 'annotations/j.webp'],
])('a picture %s', async (_, imagePath, found) => {
  const files = { 'annotations/j.json': labelme(imagePath, shape('cup')), [found]: null }
  expect(await read(folderOf(files))).toEqual([`${found}: cup 225`])
})

test('names that leave the dataset, or could mean two pictures, are refused by name', async () => {
  const files = {
    'annotations/a.json': labelme('../../a.png', shape('cup')),
    'annotations/b.json': labelme('s3:b.png', shape('cup')),
    'annotations/g.json': labelme('https://host/g.png', shape('cup')),
    'annotations/c.json': labelme('C.png', shape('cup')),
    'annotations/c.PNG': null,
    'annotations/c.png': null,
    'annotations/d.json': labelme(undefined, shape('cup')),
    'annotations/d.jpg': null,
    'annotations/d.png': null,
    'annotations/e.json': labelme('/home/me/one/x.png', shape('cup')),
    'annotations/f.json': labelme('/home/me/two/x.png', shape('cup')),
    'annotations/x.png': null,
  }
  expect(await read(folderOf(files))).toEqual([
    'annotations/x.png: cup 225',
    expect.stringContaining('"../../a.png" is no path inside the dataset'),
    expect.stringContaining('is no path inside the dataset'),
    expect.stringMatching(/"C\.png" could be annotations\/c\.PNG or annotations\/c\.png/),
    'annotations/d.json: annotations/d.jpg and annotations/d.png have its name, and it names none',
    expect.stringContaining('both end like annotations/x.png; the first counts'),
    'annotations/g.json: there is no picture g.png',
  ])
})

test('each shape that is read is a mask, each that is not is named', async () => {
  const mask = Buffer.from(
    maskToPng(maskFromRowMajor({ widthPx: 3, heightPx: 1, bytes: Uint8Array.of(1, 0, 1) })),
  )
  const files = {
    'a.png': null,
    'a.json': labelme(
      'a.png',
      shape('box', 'rectangle', [
        [5, 5],
        [20, 5],
        [20, 15],
        [5, 15],
      ]),
      shape(
        'dots',
        'mask',
        [
          [1, 1],
          [3, 1],
        ],
        { mask: mask.toString('base64') },
      ),
      shape('wire', 'linestrip'),
      shape('cube', 'cuboid'),
    ),
  }
  expect(await read(folderOf(files))).toEqual([
    'a.png: box 150, dots 2',
    'shape 2 "wire": a linestrip covers no area',
    'shape 3 "cube": shapes of the type "cuboid" are not read',
  ])
})

const GB = Buffer.concat([
  Buffer.from('{"imagePath":"a.png","imageWidth":40,"imageHeight":30,"shapes":[{"label":"'),
  Buffer.from([0xb1, 0xad, 0xd7, 0xd3]),
  Buffer.from(`","shape_type":"polygon","points":${JSON.stringify(SQUARE)}}]}`),
])

test('text in another encoding is decoded as chosen or by its mark, else refused with the byte', async () => {
  const root = folderOf({ 'a.png': null, 'a.json': GB })
  expect(await read(root, { encoding: 'gb18030' })).toEqual(['a.png: 杯子 225'])
  expect(await read(root)).toEqual(['a.json: the text is not UTF-8: byte 74 (0xb1) does not fit'])
  const utf16 = Buffer.from(`\ufeff${labelme('a.png', shape('杯子'))}`, 'utf16le')
  expect(await read(folderOf({ 'a.png': null, 'a.json': utf16 }), { encoding: 'gb18030' })).toEqual([
    'a.png: 杯子 225',
  ])
  expect(await read(folderOf({ 'a.png': null, 'a.json': utf16.subarray(2) }))).toEqual([
    expect.stringMatching(/looks like UTF-16LE without a byte order mark/),
  ])
})

test('the same for files that are read as a stream, JSON lines and lists of names', async () => {
  const coco = (name: Buffer) =>
    Buffer.concat([
      Buffer.from(
        '{"images":[{"id":1,"file_name":"a.png","width":40,"height":30}],"categories":[{"id":1,"name":"',
      ),
      name,
      Buffer.from(
        '"}],"annotations":[{"id":1,"image_id":1,"category_id":1,"segmentation":[[5,5,20,5,20,20,5,20]]}]}',
      ),
    ])
  const cup = Buffer.from([0xb1, 0xad, 0xd7, 0xd3])
  const cocoRoot = folderOf({ 'instances.json': coco(cup), 'images/a.png': null })
  expect(await read(cocoRoot, { encoding: 'gbk' }, 'coco')).toEqual(['images/a.png: 杯子 225'])
  expect((await read(cocoRoot, {}, 'coco')).join()).toMatch(/categories.* is not UTF-8: byte \d+ \(0xb1\)/)
  const line = Buffer.concat([
    Buffer.from('{"image":"a.png","regions":[{"id":"x","category":"'),
    cup,
    Buffer.from('","segmentation":[[5,5,20,5,20,20,5,20]]}]}\n'),
  ])
  const linesRoot = folderOf({ 'data.jsonl': line, 'a.png': null })
  expect(await read(linesRoot, { encoding: 'gbk' }, 'jsonl')).toEqual(['a.png: 杯子 225'])
  expect((await read(linesRoot, {}, 'jsonl')).join()).toMatch(/line 1 is not UTF-8: byte 50 \(0xb1\)/)
  const map = maskToPng(
    maskFromRowMajor({ widthPx: 40, heightPx: 30, bytes: new Uint8Array(1200).fill(1, 0, 49) }),
  )
  const names = Buffer.concat([Buffer.from('Idx,Name\n1,caf'), Buffer.from([0xe9])])
  const mapRoot = folderOf({
    'images/training/a.png': null,
    'annotations/training/a.png': map,
    'objectInfo150.csv': names,
  })
  expect(await read(mapRoot, { encoding: 'latin1' }, 'ade20k-scenes')).toEqual([
    'images/training/a.png: café 49',
  ])
  expect((await read(mapRoot, {}, 'ade20k-scenes')).join()).toMatch(/objectInfo150\.csv: .*byte 14 \(0xe9\)/)
})

test('no name leads out of the root', () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', '', 'a', 'b.png', 'C:', '\\', '//', 'http:', '\0'),
    fc.string(),
  )
  fc.assert(
    fc.property(
      fc.array(part),
      fc.constantFrom('/', '\\'),
      fc.constantFrom('j.json', 'x/j.json'),
      (parts, slash, file) => {
        for (const { path } of statedPaths(parts.join(slash), file, '/data/set')) {
          expect(path.startsWith('/') || path === '').toBe(false)
          expect(path.split('/')).not.toContain('..')
        }
      },
    ),
  )
})

test('a split that is not there is answered with those that are', async () => {
  const files = { 'annotations/instances_val2017.json': '{}', 'annotations/instances_tiny.json': '{}' }
  await expect(read(folderOf(files), { split: 'train2017' }, 'coco')).rejects.toMatchObject({
    message: expect.stringMatching(/coco has no split train2017 .*; there is tiny, val2017$/),
    hint: 'choose one of them: coco:tiny',
  })
  const folders = { 'good/a.json': labelme('a.png'), 'b.txt': '' }
  await expect(read(folderOf(folders), { split: 'bad' })).rejects.toMatchObject({
    message: expect.stringMatching(/labelme has no split bad .*; there is good$/),
  })
})

test('readers whose splits are folders or parts of names say which are there, too', async () => {
  for (const [dataset, file, split, said] of [
    ['ade20k', 'images/ADE/validation/a.json', 'train', 'there is validation'],
    ['grandf', 'annotations/val/GranDf_HA_GCG_val.json', 'test', 'there is val'],
    ['segllm', 'conversation_folder/all_data_mix_val/a.json', 'train', 'there is val'],
    ['dam', 'SAM/annotations.json', 'PACO', 'there is SAM'],
    ['lisa-plus', 'data.json', 'val', 'there is train'],
    ['yolo', 'images/valid/a.jpg', 'test', 'there is valid'],
    ['sa1b', 'sa_000000/sa_1.json', 'sa_000001', 'there is sa_000000'],
  ] as const) {
    const root = folderOf({ [file]: '{}' })
    await expect(read(root, { split }, dataset), dataset).rejects.toThrow(said)
  }
})

test('a letter that an earlier tool lost teaches nothing, and names that look alike are one', async () => {
  const root = folderOf({
    'a.png': null,
    'a.json': labelme('a.png', shape('cat'), shape('b\uFFFDr')),
    'b.png': null,
    'b.json': labelme('b.png', shape('\uFEFFcat'), shape('cat\u200B '), shape('cafe\u0301'), shape('\u200B')),
  })
  expect(await read(root)).toEqual([
    'b.png: cat 225, cat 225, caf\u00e9 225, undefined 225',
    expect.stringMatching(/^record a: the category of region 1 "b\uFFFDr" holds U\+FFFD/),
  ])
})

test('two files of one picture are one too many; notes of other programs are none; a file without shapes is a record', async () => {
  const root = folderOf({
    'a.png': null,
    'a (1).json': labelme('a.png', shape('dog')),
    'a.json': labelme('a.png', shape('cat')),
    '._a.json': '\0\u0005\u0016\u0007',
    'b.png': null,
    'b.json': labelme('b.png'),
    'x.json': labelme('c.png', shape('cat')),
    'y.json': labelme('c.png', shape('dog')),
    'c.png': null,
  })
  expect(await read(root)).toEqual([
    'a.png: cat 225',
    'b.png: ',
    'c.png: cat 225',
    'a (1).json: its picture a.png is that of a.json, too, and a.json counts; put their shapes into one file',
    'y.json: its picture c.png is that of x.json, too, and x.json counts; put their shapes into one file',
  ])
})

test('COCO exports of annotation tools are found, with pictures named as addresses have them', async () => {
  const coco = (file_name: string) =>
    JSON.stringify({
      images: [{ id: 1, file_name, width: 40, height: 30 }],
      categories: [{ id: 1, name: 'cat' }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, iscrowd: 0, segmentation: [SQUARE.flat()] }],
    })
  for (const [file, name, place, split] of [
    ['annotations/instances_default.json', 'a.png', 'images/a.png', undefined],
    ['result.json', 'images\\a b.png', 'images/a b.png', undefined],
    ['result.json', 'images/a%20b%23.png', 'images/a b#.png', undefined],
    ['result.json', '100%25.png', 'images/100%25.png', undefined],
    ['valid/_annotations.coco.json', 'a_jpg.rf.0.png', 'valid/a_jpg.rf.0.png', 'valid'],
  ] as const) {
    const root = folderOf({ [file]: coco(name), [place]: null })
    expect(await read(root, split === undefined ? {} : { split }, 'coco'), file).toEqual([
      `${place}: cat 225`,
    ])
  }
})
