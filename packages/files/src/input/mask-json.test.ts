import { area, cocoRleFromMask, type Mask, maskFromRowMajor } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { isTypedError, MaskwordsError, reportOf } from '../error.ts'
import { masksOfBytes } from './masks.ts'
import type { ReadMasksOptions } from './named-mask.ts'

const SIZE = { widthPx: 4, heightPx: 3 }
// . # # .
// . # # .
// . . . .
const SQUARE = maskFromRowMajor({ ...SIZE, bytes: Uint8Array.of(0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0) })
const RLE = { size: [3, 4], counts: [3, 2, 1, 2, 4] }
const CVAT = { type: 'mask', label: 'cat', points: [0, 4, 1, 0, 2, 1], width: 4, height: 3 }

const read = async (value: unknown, options: Partial<ReadMasksOptions> = {}) =>
  await masksOfBytes(
    new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
    'masks.json',
    {
      dialect: 'auto',
      ...options,
    },
  )

async function failure(value: unknown, options: Partial<ReadMasksOptions> = {}) {
  try {
    const { failures } = await read(value, options)
    if (failures.length > 0) return failures[0]!
  } catch (error) {
    if (error instanceof MaskwordsError) return reportOf(error)
    throw error
  }
  throw new Error('it did not fail')
}

const DATASET = {
  images: [
    { id: 1, file_name: 'a/one.jpg', width: 4, height: 3 },
    { id: 2, file_name: 'two.jpg', width: 8, height: 8 },
  ],
  categories: [{ id: 7, name: 'cat' }],
  annotations: [
    { id: 10, image_id: 1, category_id: 7, iscrowd: 0, segmentation: [[1, 0, 3, 0, 3, 2, 1, 2]] },
    { id: 11, image_id: 2, category_id: 7, iscrowd: 1, segmentation: { size: [8, 8], counts: [60, 4] } },
    { id: 12, image_id: 1, category_id: 9, segmentation: RLE },
  ],
}

describe('masks in JSON', () => {
  it.each([
    ['plain counts', RLE],
    ['a compressed string', cocoRleFromMask(SQUARE)],
    ['one annotation', { segmentation: RLE }],
    ['our own decode --json', { codec: 'getok', masks: [cocoRleFromMask(SQUARE)] }],
    ['SA-1B', { image: { width: 4, height: 3 }, annotations: [{ segmentation: cocoRleFromMask(SQUARE) }] }],
    [
      'labelme',
      {
        imageWidth: 4,
        imageHeight: 3,
        shapes: [
          {
            label: 'x',
            shape_type: 'polygon',
            points: [
              [1, 0],
              [3, 0],
              [3, 2],
              [1, 2],
            ],
          },
        ],
      },
    ],
    [
      'a labelme rectangle',
      {
        imageWidth: 4,
        imageHeight: 3,
        shapes: [
          {
            label: 'x',
            shape_type: 'rectangle',
            points: [
              [1, 0],
              [3, 2],
            ],
          },
        ],
      },
    ],
    ['a CVAT shape', CVAT],
    ['CVAT shapes', { shapes: [CVAT] }],
  ])('%s says the same 2 x 2 square', async (_, value) => {
    const { masks, failures } = await read(value)
    expect(failures).toEqual([])
    expect(masks).toHaveLength(1)
    expect([...masks[0]!.mask.edges]).toEqual([...SQUARE.edges])
  })

  it('a dataset gives the annotations of the picture, by file name or id, with category names', async () => {
    const byName = await read(DATASET, { pictureName: '/photos/one.jpg' })
    expect(byName.masks.map((item) => [item.label, item.id, item.at])).toEqual([
      ['cat', 10, 'annotations[0].segmentation'],
      ['9', 12, 'annotations[2].segmentation'],
    ])
    const byId = await read(DATASET, { imageId: '2' })
    expect(byId.masks.map((item) => [item.id, item.iscrowd, area(item.mask)])).toEqual([[11, true, 4]])
  })

  it('a dataset without a matching picture names the way out', async () => {
    expect(await failure(DATASET, { pictureName: 'three.jpg' })).toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('--image-id 1'),
    })
    expect(await failure(DATASET)).toMatchObject({ code: 'ambiguous' })
    expect(await failure(DATASET, { imageId: '3' })).toMatchObject({ code: 'not-found' })
  })

  it('what prepare reads of COCO is read: numbers as text, odd segmentations, copies once, shared ids never', async () => {
    const ring = [1, 0, 3, 0, 3, 2, 1, 2]
    const pairs = [
      [1, 0],
      [3, 0],
      [3, 2],
      [1, 2],
    ]
    const image = { id: '1', file_name: 'one.jpg', width: '4', height: '3' }
    const forms = [
      ring,
      [ring.map(String)],
      pairs,
      [[ring]],
      JSON.stringify([ring]),
      [RLE],
      { counts: RLE.counts },
    ]
    const annotations = forms.map((segmentation, id) => ({ id, image_id: 1, category_id: '7', segmentation }))
    const notes: string[] = []
    const note = async (text: string) => void notes.push(text)
    const said = { pictureName: 'one.jpg', note }
    const of = (value: object) => read({ images: [image], categories: DATASET.categories, ...value }, said)
    const { masks, failures } = await of({ annotations: [...annotations, annotations[0]] })
    expect(failures).toEqual([])
    expect(masks.map(({ mask }) => [...mask.edges])).toEqual(forms.map(() => [...SQUARE.edges]))
    expect(masks.every(({ label }) => label === 'cat')).toBe(true)
    expect(notes.filter((text) => text.includes('stands twice'))).toEqual([
      'masks.json: annotation 0 stands twice, alike; it counts once',
    ])
    // Run lengths without their leading 0 are the rest of the picture, as area and box say.
    const inverted = {
      ...annotations[0],
      area: 4,
      segmentation: { size: [3, 4], counts: [0, 3, 2, 1, 2, 4] },
    }
    expect(await of({ annotations: [inverted, annotations[1]] })).toMatchObject({
      masks: [{ id: 1 }],
      failures: [{ code: 'malformed', message: expect.stringContaining('leading 0') }],
    })
    const far = { ...annotations[0], bbox: [1, 0, 1e9, 2] }
    expect((await of({ annotations: [far] })).masks).toHaveLength(1)
    expect(notes.at(-1)).toContain('far larger than 4 x 3')
    await expect(of({ images: [image, { ...image, file_name: 'two.jpg' }], annotations })).rejects.toThrow(
      'image 1 is "one.jpg" and "two.jpg"',
    )
    await expect(of({ images: [{ ...image, width: 'wide' }], annotations })).rejects.toThrow(
      'which cannot be',
    )
  })

  it('a bare list of numbers is refused unless its dialect is named', async () => {
    expect(await failure([3, 2, 1, 2, 4], { size: SIZE })).toMatchObject({ code: 'ambiguous' })
    const counts = await read([3, 2, 1, 2, 4], { size: SIZE, dialect: 'coco-counts' })
    expect([...counts.masks[0]!.mask.edges]).toEqual([...SQUARE.edges])
    const cvat = await read([0, 4, 1, 0, 2, 1], { size: SIZE, dialect: 'cvat-rle' })
    expect([...cvat.masks[0]!.mask.edges]).toEqual([...SQUARE.edges])
  })

  it('a bad annotation is a failure with its place; its neighbours are read', async () => {
    const bad = { size: [3, 4], counts: [3, 2, 1, 2, 5] }
    const { masks, failures } = await read([RLE, bad, RLE])
    expect(masks).toHaveLength(2)
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatchObject({
      code: 'size-mismatch',
      file: 'masks.json',
      at: expect.stringContaining('[1]'),
    })
  })

  it.each([
    ['{"size":[3,4],"counts":', 'line 1', 'malformed'],
    ['{"a":1}\n{"a":2}', 'line 2', 'malformed'],
    ['{"annotations":[{"segmentation":"x"}]}', 'annotations[0].segmentation', 'malformed'],
    ['{"masks":[{"size":[3],"counts":"01"}]}', 'masks[0]', 'malformed'],
    ['[{"segmentation":[[1,2,"x"]]}]', '[0].segmentation', 'malformed'],
    ['{"size":[2147483648,2147483648],"counts":""}', 'top level', 'too-large'],
    ['{"size":[100000,100000],"counts":[10000000000]}', 'top level', 'too-large'],
    ['{"__proto__":{"size":[1,1]}}', 'top level', 'unsupported'],
    ['"text"', 'top level', 'unsupported'],
  ])('%s fails at %s', async (text, at, code) => {
    const bytes = new TextEncoder().encode(text)
    const kind = text.startsWith('"') ? '' : text
    if (kind === '') return expect(await failureOf(bytes)).toMatchObject({ code: 'unsupported' })
    expect(await failureOf(bytes)).toMatchObject({
      code,
      ...(at === 'top level' ? {} : { at: expect.stringContaining(at) }),
    })
  })

  it('an entry of a list that says no mask is a failure; its neighbours are read', async () => {
    const { masks, failures } = await read([RLE, { size: [3, 4], counts: true }, 7, RLE])
    expect(masks).toHaveLength(2)
    expect(failures.map((one) => one.at)).toEqual(['[1]', '[2]'])
    const labelme = {
      imageWidth: 4,
      imageHeight: 3,
      shapes: [CVAT, { label: 'p', shape_type: 'point', points: [[1, 1]] }],
    }
    expect(await read(labelme)).toMatchObject({
      masks: [{ label: 'cat' }],
      failures: [{ code: 'unsupported' }],
    })
  })

  it('a list longer than a call may have arguments is read whole', async () => {
    const many = { masks: Array.from({ length: 150_000 }, () => ({ size: [1, 1], counts: '01' })) }
    expect((await read([many])).masks).toHaveLength(150_000)
  })

  it('objects nested a hundred thousand times are refused, not recursed into', async () => {
    const text = '{"masks":['.repeat(100_000) + ']}'.repeat(100_000)
    expect(await failure(text)).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('levels deep'),
    })
  })
})

async function failureOf(bytes: Uint8Array) {
  try {
    const { failures } = await masksOfBytes(bytes, 'masks.json', { dialect: 'auto' })
    return failures[0]
  } catch (error) {
    if (isTypedError(error)) return reportOf(error)
    throw error
  }
}

/** Mulberry32: a seeded generator for the fuzzer. */
function random(seed: number) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('hostile JSON', () => {
  it('100,000 mutated annotation texts give masks or typed errors, none slower than 100 ms', async () => {
    const seeds = [
      DATASET,
      RLE,
      cocoRleFromMask(SQUARE),
      CVAT,
      { shapes: [CVAT] },
      [RLE, RLE],
      [[1, 0, 3, 0, 3, 2]],
    ]
      .map((value) => JSON.stringify(value))
      .concat(
        '<annotations><image id="0" name="one.jpg" width="4" height="3"><mask label="c" rle="0, 4" left="1" top="0" width="2" height="2"/><polygon points="1,0;3,0;3,2"/></image></annotations>',
        '{"id":"r","original_width":4,"original_height":3,"value":{"format":"rle","rle":[0,0,0,48,0,0,0,0],"brushlabels":["a"]}}',
      )
    const pieces = [
      '2147483648',
      '-1',
      '1e308',
      '-0',
      '0',
      '[]',
      '{}',
      'null',
      '"x"',
      ',',
      ':',
      '[',
      ']',
      '{',
      '}',
      '"',
      '\\u0000',
      '1e-9',
      '99999999999',
      'true',
    ]
    const next = random(20260101)
    const pick = (limit: number) => Math.floor(next() * limit)
    const encoder = new TextEncoder()
    let parsed = 0
    let slowest = 0
    const options: ReadMasksOptions = { dialect: 'auto', pictureName: 'one.jpg', size: SIZE }
    for (let i = 0; i < 100_000; i++) {
      let text = seeds[pick(seeds.length)]!
      for (let edits = 1 + pick(3); edits > 0; edits--) {
        const at = pick(text.length)
        const how = pick(5)
        if (how === 0) text = text.slice(0, at) + text.slice(at + 1 + pick(6))
        else if (how === 1) text = text.slice(0, at) + pieces[pick(pieces.length)]! + text.slice(at)
        else if (how === 2)
          text = text.replace(/\d+/g, (number) => (next() < 0.15 ? pieces[pick(6)]! : number))
        else if (how === 3) text = text.slice(0, at) + String.fromCharCode(32 + pick(95)) + text.slice(at + 1)
        else text = text.slice(0, at) + text.slice(pick(text.length), pick(text.length)) + text.slice(at)
      }
      const readOnce = async () => {
        const started = performance.now()
        try {
          const { masks } = await masksOfBytes(encoder.encode(text), 'fuzz.json', options)
          parsed += masks.length
          for (const { mask } of masks) checkMask(mask, text)
        } catch (error) {
          if (!isTypedError(error)) throw new Error(`untyped error for ${text}`, { cause: error })
        }
        return performance.now() - started
      }
      let ms = await readOnce()
      // A busy machine pauses any process; what is slow by itself is slow again.
      for (let again = 0; ms > 100 && again < 3; again++) ms = Math.min(ms, await readOnce())
      slowest = Math.max(slowest, ms)
    }
    expect(parsed).toBeGreaterThan(1000)
    expect(slowest).toBeLessThan(100)
  })
})

function checkMask(mask: Mask, text: string): void {
  for (let i = 1; i < mask.edges.length; i++) {
    if (mask.edges[i]! <= mask.edges[i - 1]!) throw new Error(`edges out of order for ${text}`)
  }
  if (area(mask) > mask.widthPx * mask.heightPx) throw new Error(`more pixels than the mask has for ${text}`)
}
