// Files that say something odd, or against themselves: read where it is clear what is meant, and always told.
import { labelMapToPng } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { PICTURE, readFiles, SIZE } from '../../test/read-files.ts'

const RING = [5, 5, 15, 5, 15, 15, 5, 15]
const image = (rest = {}) => ({ id: 1, file_name: 'a.png', width: 40, height: 30, ...rest })
const annotation = (rest = {}) => ({
  id: 1,
  image_id: 1,
  category_id: 1,
  iscrowd: 0,
  segmentation: [RING],
  bbox: [5, 5, 10, 10],
  area: 100,
  ...rest,
})
const CATEGORIES = [
  { id: 1, name: 'cup' },
  { id: 2, name: 'lid' },
]
const dataset = (rest = {}) => ({
  images: [image()],
  annotations: [annotation()],
  categories: CATEGORIES,
  ...rest,
})
const GOOD = ['1', 'images/a.png', 'cup 100']

describe('COCO', () => {
  const read = (rest: object) =>
    readFiles('coco', { 'instances.json': dataset(rest), 'images/a.png': PICTURE })

  it.each<[name: string, rest: object]>([
    ['lists that are objects', { images: { 1: image() }, annotations: { x: annotation() } }],
    ['categories in an object', { categories: { 1: { id: 1, name: 'cup' } } }],
    ['a blank around a name', { categories: [{ id: 1, name: ' cup' }] }],
    ['an address for a file', { images: [image({ file_name: 'https://host/train/a.png?key=1' })] }],
    ['an address alone', { images: [image({ file_name: undefined, coco_url: 'http://host/train/a.png' })] }],
    ['a size of which half is said', { images: [image({ height: undefined })] }],
  ])('%s: read as it is meant', async (_, rest) => {
    expect(await read(rest)).toMatchObject({ records: [GOOD], said: [] })
  })

  it('a name may be a number; regions without a category are said once, and make every absence unknown', async () => {
    const { records } = await read({ categories: [{ id: 1, name: 7 }] })
    expect(records).toEqual([['1', 'images/a.png', '7 100']])
    const bare = [annotation({ category_id: null }), annotation({ id: 2, category_id: undefined })]
    expect(await read({ annotations: bare })).toMatchObject({
      records: [['1', 'images/a.png', 'undefined 100', 'undefined 100', 'any']],
      said: ['kept: annotation 1 of image 1 has no category_id; it is kept without a name'],
    })
  })

  it.each<[name: string, rest: object, region: string, said: RegExp]>([
    ['iscrowd', { iscrowd: 'yes' }, 'cup 100', /iscrowd is "yes", neither 0 nor 1; it is taken for 1/],
    [
      'a box of two corners',
      { segmentation: undefined, bbox: [25, 15, 39, 29] },
      'cup box 25,15,39,29',
      /reaches out of 40 x 30: x, y, width and height are wanted/,
    ],
    [
      'parts of the sides',
      { segmentation: [[0.1, 0.1, 0.4, 0.1, 0.4, 0.5]], bbox: [0.1, 0.1, 0.3, 0.4] },
      'cup box 0.1,0.1,0.3,0.4',
      /hold no pixel: they look like parts of the sides, 0 to 1; its box is kept/,
    ],
  ])('%s: what was made of it is said', async (_, rest, region, said) => {
    expect(await read({ annotations: [annotation(rest)] })).toMatchObject({
      records: [['1', 'images/a.png', region]],
      said: [expect.stringMatching(said)],
    })
  })

  it('outlines beside the picture, or that go to and fro, are no region', async () => {
    const rings = [
      [50, 50, 60, 50, 60, 60],
      [-5, 29.9, 4, 40, -5, 40],
      [5, 5, 15, 15, 5, 5, 25, 25],
    ]
    const annotations = rings.map((ring, i) =>
      annotation({ id: i + 1, segmentation: [ring], bbox: undefined, area: undefined }),
    )
    const { records, said } = await read({ annotations })
    expect(records).toEqual([['1', 'images/a.png', ['cup']]])
    expect(said).toEqual([
      expect.stringMatching(/annotation 1 .* outlines lie outside 40 x 30/),
      expect.stringMatching(/annotation 2 .* outlines hold no pixel/),
      expect.stringMatching(/annotation 3 .* outlines hold no pixel/),
    ])
  })
})

describe('LVIS', () => {
  const read = (rest: object) =>
    readFiles('lvis', { 'lvis_v1_val.json': dataset({ images: [image(rest)] }), 'a.png': PICTURE })

  it('a category that a region has is not absent, whatever the list says; ids of nothing are told', async () => {
    expect(await read({ neg_category_ids: [1, 2] })).toMatchObject({
      absent: [['lid']],
      said: [expect.stringContaining('cup is stated as absent, and a region has it')],
    })
    expect(await read({ neg_category_ids: [2, 77] })).toMatchObject({
      absent: [['lid']],
      said: ['kept: neg_category_ids names 77, which is no category'],
    })
  })
})

describe('maps of labels', () => {
  const values = Uint8Array.from({ length: 1200 }, (_, i) => (i % 40 < 10 ? 1 : 0))
  const map = labelMapToPng({ ...SIZE, values })
  const read = (files: object) => readFiles('label-map', { 'images/a.png': PICTURE, ...files })

  it('names may stand the other way round; a file that names nothing is told', async () => {
    for (const names of [{ 1: 'cup' }, { cup: 1 }, ['bg', 'cup']]) {
      const { records, said } = await read({ 'labels/a.png': map, 'names.json': names })
      expect([records, said]).toEqual([[['a', 'images/a.png', 'cup 300']], []])
    }
    const { said } = await read({ 'labels/a.png': map, 'names.json': { cup: 'red' } })
    expect(said).toEqual([expect.stringContaining('names.json names no value')])
  })

  it('maps that are no PNG, and pictures without a map, are told', async () => {
    const { said } = await read({
      'images/b.png': PICTURE,
      'labels/a.png': map,
      'labels/b.jpg': new Uint8Array(9),
    })
    expect(said).toEqual([
      expect.stringContaining('labels/ holds 1 pictures that are no PNG, as labels/b.jpg'),
      expect.stringContaining('1 of 2 pictures in images/ have no map, as images/b.png'),
    ])
  })
})

describe('YOLO', () => {
  const read = (line: string) =>
    readFiles('yolo', { 'images/a.png': PICTURE, 'labels/a.txt': line, 'classes.txt': 'cup' })

  it('what rounding puts beyond the side is inside; pixels, lines to and fro and classes without a name are told', async () => {
    const { records, said } = await read('0 0 0 1.0000001 0 1 1 0 1')
    expect([records, said]).toEqual([[['a', 'images/a.png', 'cup 1200']], []])
    expect((await read('0 5 5 15 5 15 15')).said).toEqual([
      expect.stringContaining('coordinates are parts of the sides'),
    ])
    expect((await read('0 .1 .1 .5 .5 .1 .1 .6 .6')).said).toEqual([
      expect.stringContaining('outlines hold no pixel'),
    ])
    expect((await read('7 0 0 1 0 1 1 0 1')).said).toEqual([
      'kept: class 7 has no name among 1: its number is its name',
    ])
  })
})

it('labelme: numbers may be texts', async () => {
  const points = [
    ['5', '5'],
    ['15', '15'],
  ]
  const file = {
    imagePath: 'a.png',
    imageWidth: '40',
    imageHeight: '30',
    shapes: [{ label: 'cup', shape_type: 'rectangle', points }],
  }
  expect(await readFiles('labelme', { 'a.json': file, 'a.png': PICTURE })).toMatchObject({
    records: [['a', 'a.png', 'cup 100']],
    said: [],
  })
})
