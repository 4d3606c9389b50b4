// Files of several pictures, tasks, annotations or frames: the one that is meant, or a refusal that says how to choose.
import { area, tightBox } from '@maskwords/mask'
import { describe, expect, test } from 'vitest'
import { isTypedError, reportOf } from '../error.ts'
import { masksOfBytes } from './masks.ts'
import type { ReadMasksOptions } from './named-mask.ts'
import { parsePicks } from './picked.ts'

const SIZE = { widthPx: 40, heightPx: 30 }

/** Label and area of each mask, then what was not read; or the error with its remedy. */
async function masks(value: unknown, options: Partial<ReadMasksOptions> = {}): Promise<unknown> {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  try {
    const reading = await masksOfBytes(new TextEncoder().encode(text), 'file', {
      dialect: 'auto',
      size: SIZE,
      ...options,
    })
    const read = reading.masks.map(({ label, mask }) => `${label} ${area(mask)}`)
    return [...read, ...reading.failures.map(({ message, at }) => `${at}: ${message}`)]
  } catch (error) {
    if (!isTypedError(error)) throw error
    const { code, message, hint } = reportOf(error)
    return `${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`
  }
}

const pick = (text: string) => ({ picks: parsePicks(text) })

describe('Label Studio', () => {
  const region = (label: string, width: number, rest = {}) => ({
    id: label,
    type: 'rectanglelabels',
    to_name: 'image',
    original_width: 40,
    original_height: 30,
    value: { x: 0, y: 0, width, height: 100, rotation: 0, rectanglelabels: [label] },
    ...rest,
  })
  const annotation = (id: number, label: string, width: number, rest = {}) => ({
    id,
    result: [region(label, width)],
    ...rest,
  })
  const task = (id: number, image: string, annotations: unknown[], rest = {}) => ({
    id,
    data: { image },
    annotations,
    ...rest,
  })
  const two = [
    task(1, '/data/upload/1/0a1b2c3d-a.png', [annotation(11, 'red', 10)]),
    task(2, '/data/upload/1/0a1b2c3e-b.png', [annotation(12, 'blue', 50)]),
  ]

  test('a task is chosen by its picture, an upload prefix left aside, or by its id', async () => {
    expect(await masks(two, { pictureName: 'photos/a.png' })).toEqual(['red 120'])
    expect(await masks(two, { pictureName: 'B.PNG' })).toEqual(['blue 600'])
    expect(await masks(two, pick('task=2'))).toEqual(['blue 600'])
    expect(await masks(two)).toBe('ambiguous: 2 tasks (1, 2) (choose one: --pick task=1)')
    expect(await masks(two, { pictureName: 'c.png' })).toMatch(
      /^not-found: none of its 2 tasks is of c\.png; .*a\.png/,
    )
    expect(await masks(two, pick('task=3'))).toBe('not-found: there is no task 3; there is 1, 2')
    const addresses = [
      task(1, 'https://host/b/a%20b.png?X-Key=1.png', [annotation(11, 'red', 10)]),
      task(2, '/data/local-files/?d=sub/c.png', [annotation(12, 'blue', 50)]),
    ]
    expect(await masks(addresses, { pictureName: 'a b.png' })).toEqual(['red 120'])
    expect(await masks(addresses, { pictureName: 'c.png' })).toEqual(['blue 600'])
  })

  test('cancelled annotations and predictions are left out; two that count are refused', async () => {
    const predicted = { predictions: [annotation(5, 'guess', 20)] }
    const cancelled = [annotation(11, 'skipped', 30, { was_cancelled: true }), annotation(12, 'kept', 40)]
    expect(await masks([task(1, 'a.png', cancelled, predicted)])).toEqual(['kept 480'])
    expect(await masks([task(1, 'a.png', cancelled, predicted)], pick('annotation=11'))).toEqual([
      'skipped 360',
    ])
    expect(await masks([task(1, 'a.png', cancelled, predicted)], pick('annotation=5'))).toEqual(['guess 240'])
    expect(await masks(task(1, 'a.png', [annotation(11, 'a', 10), annotation(12, 'b', 10)]))).toBe(
      'ambiguous: 2 annotations (11, 12) (choose one: --pick annotation=11)',
    )
    expect(await masks(task(1, 'a.png', [], predicted))).toBe(
      'not-found: no annotation that counts: 1 predicted (take one all the same: --pick annotation=5)',
    )
    expect(await masks([annotation(11, 'a', 10), annotation(12, 'b', 10)])).toMatch(
      /^ambiguous: 2 annotations/,
    )
    // Files that are made for an import have predictions without ids.
    const made = [{ data: { image: 'a.png' }, predictions: [{ result: [region('a', 10)] }] }]
    expect(await masks(made, pick('annotation=predictions[0]'))).toEqual(['a 120'])
  })

  test('of two that count, the one of the ground truth', async () => {
    const truth = annotation(12, 'blue', 50, { ground_truth: true })
    const notes: string[] = []
    const note = async (text: string) => void notes.push(text)
    const tasks = [task(1, 'a.png', [annotation(11, 'red', 10), truth])]
    expect(await masks(tasks, { note })).toEqual(['blue 600'])
    expect(notes).toEqual([expect.stringContaining('left out: 1 beside the ground truth')])
    expect(await masks(tasks, pick('annotation=11'))).toEqual(['red 120'])
  })

  test('regions of two pictures in one annotation are refused', async () => {
    const result = [region('left', 10), region('right', 20, { to_name: 'second' })]
    expect(await masks({ result })).toBe(
      'ambiguous: 2 pictures (image, second) in one annotation (choose one: --pick picture=image)',
    )
    expect(await masks({ result }, pick('picture=second'))).toEqual(['right 240'])
    const pages = [region('one', 10, { item_index: 0 }), region('two', 20, { item_index: 1 })]
    expect(await masks(pages)).toMatch(/^ambiguous: 2 items \(0, 1\)/)
    expect(await masks(pages, pick('item=1'))).toEqual(['two 240'])
  })

  test('labels and texts of a region belong to it and are no masks of their own', async () => {
    const value = { x: 0, y: 0, width: 10, height: 100 }
    const of = (type: string, rest: object) => ({ ...region('r', 10), type, value: { ...value, ...rest } })
    const result = [of('rectangle', {}), of('labels', { labels: ['cup'] }), of('textarea', { text: ['red'] })]
    expect(await masks(result)).toEqual(['cup 120'])
  })

  test('JSON-MIN has an entry for each annotation', async () => {
    const entry = (annotation_id: number, width: number) => ({
      id: 1,
      image: '/data/a.png',
      tag: [{ ...region('x', width).value, original_width: 40, original_height: 30 }],
      annotation_id,
    })
    expect(await masks([entry(11, 10)])).toEqual(['x 120'])
    expect(await masks([entry(11, 10), entry(12, 20)])).toMatch(/^ambiguous: 2 annotations \(11, 12\)/)
    expect(await masks([entry(11, 10), entry(12, 20)], pick('annotation=12'))).toEqual(['x 240'])
  })

  test('what is not read stands beside what is, counted', async () => {
    const point = region('p', 1, { type: 'keypointlabels', value: { x: 1, y: 1, width: 1 } })
    const cube = region('c', 1, { type: 'cuboidlabels', value: { x: 1 } })
    expect(await masks([region('red', 10), { ...point, id: 'p1' }, { ...point, id: 'p2' }, cube])).toEqual([
      'red 120',
      '[1]: 2 shapes are not read: a keypoint covers no area',
      '[3]: a shape is not read: shapes of the type "cuboidlabels" are not read',
    ])
  })
})

describe('CVAT', () => {
  const box = (frame: number, width: number, rest = '') =>
    `<box frame="${frame}" outside="0" xtl="0" ytl="0" xbr="${width}" ybr="10"${rest}></box>`
  const video = (tracks: string) =>
    `<annotations><meta><task><original_size><width>40</width><height>30</height></original_size></task></meta>${tracks}</annotations>`

  test('one frame of a video, without the shapes that are outside in it', async () => {
    const xml = video(
      `<track id="0" label="car">${box(0, 10)}${box(1, 20)}</track><track id="1" label="cat">${box(1, 5).replace('outside="0"', 'outside="1"')}</track>`,
    )
    const options = { size: undefined }
    expect(await masks(xml, options)).toBe('ambiguous: 2 frames (0, 1) (choose one: --pick frame=0)')
    expect(await masks(xml, { ...options, ...pick('frame=1') })).toEqual(['car 200'])
    expect(await masks(xml, { ...options, ...pick('frame=7') })).toBe(
      'not-found: there is no frame 7; there is 0, 1',
    )
  })

  test('of two images with one name, the one in the folder that was asked for', async () => {
    const image = (id: number, name: string, width: number) =>
      `<image id="${id}" name="${name}" width="40" height="30">${box(0, width, ' label="x > y"')}</image>`
    const xml = `<annotations>${image(0, 'train/a.png', 10)}${image(1, 'val/a.png', 20)}</annotations>`
    expect(await masks(xml, { pictureName: 'data/val/a.png' })).toEqual(['x > y 200'])
    expect(await masks(xml, { pictureName: 'a.png' })).toMatch(/^ambiguous: the file annotates 2 pictures/)
    expect(await masks(xml, { imageId: '0' })).toEqual(['x > y 100'])
    expect(await masks(xml, pick('picture=val/a.png'))).toEqual(['x > y 200'])
  })

  test('shapes of XML that are not read are named by their elements', async () => {
    const xml = `<annotations><image id="0" name="a.png" width="40" height="30">
      <polyline label="l" points="0,0;9,9"/><skeleton label="s"><points label="p" points="1,1"/></skeleton>
      <cuboid label="c" xtl1="1"/><tag label="sunny"/>${box(0, 10, ' label="x"')}</image></annotations>`
    expect(await masks(xml)).toEqual([
      'x 100',
      expect.stringMatching(/^character \d+: a shape "l" is not read: a polyline covers no area$/),
      expect.stringMatching(/a shape "s" is not read: a skeleton covers no area$/),
      expect.stringMatching(/a shape "c" is not read: shapes of the type "cuboid" are not read$/),
    ])
    expect(await masks('<?xml version="1.0"?><annotation><object/></annotation>')).toMatch(
      /^unsupported: XML without <image> or <track>: not CVAT's, but <annotation>/,
    )
  })

  test('frames of JSON shapes and tracks, between key frames as CVAT draws them', async () => {
    const shape = (frame: number, width: number, rest = {}) => ({
      type: 'rectangle',
      points: [0, 0, width, 10],
      frame,
      ...rest,
    })
    const job = {
      shapes: [shape(0, 10), shape(2, 15)],
      tracks: [{ label_id: 1, shapes: [shape(0, 20), shape(4, 25, { outside: true })] }],
      tags: [],
    }
    expect(await masks(job)).toMatch(/^ambiguous: 3 frames \(0, 2, 4\)/)
    expect(await masks(job, pick('frame=0'))).toEqual(['file 100', 'file 200'])
    expect(await masks([job], pick('frame=4'))).toEqual([])
    expect(await masks(job, pick('frame=2'))).toEqual([
      'file 150',
      // Half of the way from 20 to 25 is 22.5, which COCO's rule rounds up.
      'file 230',
    ])
    expect(await masks(job, pick('frame=5'))).toMatch(/^not-found: there is no frame 5/)
    const polygon = { type: 'polygon', points: [0, 0, 9, 0, 9, 9] }
    const drawn = { ...job, tracks: [{ label: 'a', shapes: [shape(0, 1, polygon), shape(4, 1, polygon)] }] }
    expect(await masks(drawn, pick('frame=2'))).toEqual([
      'file 150',
      expect.stringMatching(/^tracks\[0\]: .*no shape in frame 2.*how CVAT draws a polygon/),
    ])
    expect(await masks([shape(0, 10), shape(1, 10)])).toMatch(/^ambiguous: 2 frames/)
  })
})

test('several labelme files in one list are told apart by their pictures', async () => {
  const labelme = (imagePath: string, label: string) => ({
    imagePath,
    shapes: [
      {
        label,
        shape_type: 'rectangle',
        points: [
          [0, 0],
          [10, 10],
        ],
      },
    ],
  })
  const both = [labelme('a.png', 'red'), labelme('..\\b\\b.png', 'blue')]
  expect(await masks(both, { pictureName: 'x/b.png' })).toEqual(['blue 100'])
  expect(await masks(both, pick('picture=a.png'))).toEqual(['red 100'])
  expect(await masks(both)).toMatch(/^ambiguous: 2 pictures \(a\.png, /)
  expect(await masks(both, { pictureName: 'c.png' })).toMatch(/^ambiguous: 2 pictures/)
})

test('names of pictures match whichever way Unicode writes them, letters to the letter first', async () => {
  const image = (id: number, file_name: string) => ({ id, file_name, width: 40, height: 30 })
  const outline = (image_id: number, width: number) => ({
    image_id,
    segmentation: [0, 0, width, 0, width, 10, 0, 10],
  })
  const dataset = {
    images: [image(1, 'cafe\u0301.png'), image(2, 'A.png'), image(3, 'a.png')],
    annotations: [outline(1, 10), outline(2, 20), outline(3, 30)],
    categories: [],
  }
  expect(await masks(dataset, { pictureName: 'caf\u00e9.png' })).toEqual(['file 100'])
  expect(await masks(dataset, { pictureName: 'A.png' })).toEqual(['file 200'])
  expect(await masks(dataset, { pictureName: 'a.PNG' })).toMatch(/^ambiguous/)
})

test('two pictures of one id are refused by name; a category of two names goes without one', async () => {
  const image = (id: unknown, file_name: string, width = 40) => ({ id, file_name, width, height: 30 })
  const outline = { image_id: 1, category_id: 1, segmentation: [0, 0, 10, 0, 10, 10, 0, 10] }
  const dataset = (images: readonly object[], names = ['cup']) => ({
    images,
    annotations: [outline],
    categories: names.map((name) => ({ id: 1, name })),
  })
  const two = [image(1, 'a.png'), image('1', 'b.png')]
  const refused =
    'ambiguous: image 1 is "a.png" and "b.png": which of them its annotations are of is not known, none is used (give each image of the file its own id)'
  expect(await masks(dataset(two), { pictureName: 'a.png' })).toBe(refused)
  expect(await masks(dataset(two), { pictureName: 'b.png' })).toBe(refused)
  expect(await masks(dataset([...two, image(2, 'c.png')]), { pictureName: 'c.png' })).toEqual([])
  const sizes = [image(1, 'a.png'), image(1, 'x/a.png', 50)]
  expect(await masks(dataset(sizes), { imageId: '1' })).toMatch(
    /^ambiguous: image 1 is "a.png" and "x\/a.png"/,
  )
  const notes: string[] = []
  const note = async (text: string) => void notes.push(text)
  const conflict = dataset([image(1, 'a.png')], ['cup', 'bowl', 'cup'])
  expect(await masks(conflict, { pictureName: 'a.png', note })).toEqual(['1 100'])
  expect(notes).toEqual(['file: category 1 is "cup" or "bowl": its masks go without a name'])
  expect(await masks(dataset([image(1, 'a.png')], ['cup', 'cup']), { pictureName: 'a.png' })).toEqual([
    'cup 100',
  ])
})

test('lists of a COCO file may be objects; what is odd about a region is said beside it', async () => {
  const annotation = { id: 1, image_id: 1, category_id: 1, segmentation: [[0, 0, 10, 0, 10, 10, 0, 10]] }
  const file = (rest = {}) => ({
    images: { 1: { id: 1, file_name: 'a.png', width: 40 } },
    annotations: { x: { ...annotation, ...rest } },
    categories: { 1: { id: 1, name: 5 } },
  })
  const notes: string[] = []
  const note = async (text: string) => void notes.push(text)
  expect(await masks(file(), { note })).toEqual(['5 100'])
  expect(notes).toEqual([])
  expect(await masks(file({ iscrowd: 2 }), { note })).toEqual(['5 100'])
  expect(notes).toEqual([expect.stringContaining('iscrowd is 2, neither 0 nor 1; it is taken for 1')])
})

test('a flat list of numbers, of points, and of lists of points are polygons in an annotation', async () => {
  const square = [1, 0, 11, 0, 11, 10, 1, 10]
  const points = [
    [1, 0],
    [11, 0],
    [11, 10],
    [1, 10],
  ]
  for (const segmentation of [square, [square], points, [points]]) {
    expect(await masks({ segmentation })).toEqual(['file 100'])
  }
  expect(await masks(points)).toEqual(['file 100'])
})

test('text in other encodings: as XML declares, as its mark says, as the user says, else refused with the byte', async () => {
  const gbk = Uint8Array.of(0xb1, 0xad, 0xd7, 0xd3)
  const bytesOf = (...parts: (string | Uint8Array)[]) =>
    Uint8Array.from(
      parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : [...part])),
    )
  const image = (label: string | Uint8Array) =>
    [
      '<annotations><image id="0" name="a" width="40" height="30"><box label="',
      label,
      '" xtl="0" ytl="0" xbr="10" ybr="10"/></image></annotations>',
    ] as const
  const read = async (bytes: Uint8Array, encoding?: string) => {
    try {
      const { masks } = await masksOfBytes(bytes, 'cvat.xml', { dialect: 'auto', size: SIZE, encoding })
      return masks.map((one) => `${one.label} ${Object.values(tightBox(one.mask))}`)
    } catch (error) {
      return reportOf(error).message
    }
  }
  expect(await read(bytesOf('<?xml version="1.0" encoding="gbk"?>', ...image(gbk)))).toEqual([
    '杯子 0,0,10,10',
  ])
  expect(await read(bytesOf(...image(gbk)), 'gb2312')).toEqual(['杯子 0,0,10,10'])
  expect(await read(bytesOf(...image(gbk)))).toBe('the text is not UTF-8: byte 71 (0xb1) does not fit')
  const wide = Buffer.from(`\ufeff${image('杯子').join('')}`, 'utf16le')
  expect(await read(wide)).toEqual(['杯子 0,0,10,10'])
  expect(await read(wide.subarray(2))).toMatch(/looks like UTF-16LE without a byte order mark/)
  expect(await read(wide.subarray(2), 'utf-16le')).toEqual(['杯子 0,0,10,10'])
})

test('a file of one picture that names another is read, and said', async () => {
  const notes: string[] = []
  const labelme = {
    imagePath: '..\\b.png',
    shapes: [
      {
        label: 'x',
        shape_type: 'rectangle',
        points: [
          [0, 0],
          [10, 10],
        ],
      },
    ],
  }
  const note = async (text: string) => void notes.push(text)
  expect(await masks(labelme, { pictureName: 'a.png', note })).toEqual(['x 100'])
  expect(await masks(labelme, { pictureName: 'x/B.png', note })).toEqual(['x 100'])
  expect(notes).toEqual(['file: it names the picture b.png, not a.png; its masks are taken all the same'])
})
