// One's own folders and files: which reader they are for, under the names that tools and people give them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { PICTURE } from '../test/read-files.ts'
import { readerByName } from './readers/index.ts'
import { recogniseData } from './recognise.ts'
import type { ReaderOptions } from './record.ts'

let root: string
afterEach(() => rmSync(root, { recursive: true, force: true }))

function folderOf(files: Readonly<Record<string, unknown>>): string {
  root = mkdtempSync(join(tmpdir(), 'own-'))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    const isRaw = content instanceof Uint8Array || typeof content === 'string'
    writeFileSync(join(root, path), isRaw ? content : JSON.stringify(content))
  }
  return root
}

const box = { segmentation: [[1, 1, 9, 1, 9, 9, 1, 9]], category_id: 1 }
const coco = (file: string) => ({
  info: { description: 'x'.repeat(200_000) },
  categories: [{ id: 1, name: 'cup' }],
  images: [{ id: 1, file_name: file, width: 40, height: 30 }],
  annotations: [{ id: 1, image_id: 1, ...box }],
})

/** Pictures of the records, in a line each. */
async function read(path: string, more: Partial<ReaderOptions> = {}) {
  const { reader, ...own } = recogniseData(path)
  const said: string[] = []
  const options = { ...own, ...more, onProblem: ({ message }: { message: string }) => said.push(message) }
  const found: string[] = []
  for await (const { picture, regions } of readerByName(reader)!.read(options))
    found.push(`${reader} ${picture.file} ${regions.map(({ category }) => category)}`)
  return [...found, ...said]
}

describe("a folder of one's own", () => {
  it.each([
    ['of COCO files under any name', { 'my set.json': coco('a.png'), 'a.png': PICTURE }, 'a.png'],
    [
      "of CVAT's COCO export",
      { 'annotations/instances_default.json': coco('a.png'), 'images/default/a.png': PICTURE },
      'images/default/a.png',
    ],
    [
      'of a subset of CVAT',
      { 'annotations/instances_Train.json': coco('a.png'), 'images/Train/a.png': PICTURE },
      'images/Train/a.png',
    ],
    [
      "of Roboflow's COCO export",
      {
        'train/_annotations.coco.json': coco('a.png'),
        'train/a.png': PICTURE,
        'valid/_annotations.coco.json': coco('b.png'),
        'valid/b.png': PICTURE,
      },
      'train/a.png',
    ],
    [
      'with photos in a folder of any name',
      { 'set.json': coco('a.png'), 'holiday/a.png': PICTURE },
      'holiday/a.png',
    ],
    [
      'with the file in a folder of its own',
      { 'export/labels.json': coco('a.png'), 'export/a.png': PICTURE },
      'export/a.png',
    ],
  ])('%s is read without a name', async (_, files, picture) => {
    expect(await read(folderOf(files))).toEqual([`coco ${picture} cup`])
  })

  it.each([
    [
      'yolo',
      { 'images/a.png': PICTURE, 'labels/a.txt': '0 0.1 0.1 0.9 0.1 0.9 0.9', 'data.yaml': 'names: [cup]' },
    ],
    [
      'yolo',
      {
        'train/images/a.png': PICTURE,
        'train/labels/a.txt': '0 0.1 0.1 0.9 0.1 0.9 0.9',
        'data.yaml': 'names: [cup]',
      },
    ],
    [
      'cvat',
      {
        'annotations.xml':
          '<annotations><image id="0" name="a.png" width="40" height="30"></image></annotations>',
        'images/a.png': PICTURE,
      },
    ],
    [
      'labelme',
      {
        'a.json': { version: '5', shapes: [], imagePath: 'a.png', imageHeight: 30, imageWidth: 40 },
        'a.png': PICTURE,
      },
    ],
    [
      'label-studio',
      { 'export.json': [{ id: 1, data: { image: 'a.png' }, annotations: [] }], 'a.png': PICTURE },
    ],
    ['jsonl', { 'mine.jsonl': '{"image": "a.png", "regions": []}\n', 'a.png': PICTURE }],
    ['masks', { 'a.png': PICTURE, 'a_mask.png': PICTURE }],
  ])('of %s is known', async (reader, files) => {
    expect(recogniseData(folderOf(files as Record<string, unknown>)).reader).toBe(reader)
  })

  it('with several COCO files asks which; a file that is named is that one, wherever its pictures lie', async () => {
    const folder = folderOf({
      'one.json': coco('a.png'),
      'two.json': coco('b.png'),
      'photos/a.png': PICTURE,
      'photos/b.png': PICTURE,
    })
    await expect(read(folder)).rejects.toThrow(/several annotation files: one\.json, two\.json/)
    const photos = { root: join(folder, 'photos'), annotations: '../two.json' }
    expect(await read(join(folder, 'two.json'), photos)).toEqual(['coco b.png cup'])
    await expect(read(folder, { annotations: 'three.json' })).rejects.toThrow('there is no file three.json')
  })

  it('that holds nothing known is told with what it holds', () => {
    const folder = folderOf({ 'notes.txt': 'x', 'some.json': '{"a": 1}' })
    expect(() => recogniseData(folder)).toThrow(
      /nothing that a reader knows; it holds notes\.txt, some\.json/,
    )
    expect(() => recogniseData(join(folder, 'some.json'))).toThrow(/no annotation file that a reader knows/)
  })
})
