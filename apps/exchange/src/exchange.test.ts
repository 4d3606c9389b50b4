import { type WriteCocoOptions, writeCoco } from '@maskwords/annotations'
import {
  area,
  cocoRleFromMask,
  equalMasks,
  labelMapToPng,
  type Mask,
  maskFromCocoBox,
  maskFromCocoPolygons,
  maskFromRowMajor,
  maskToPng,
  shownMask,
  writePng,
} from '@maskwords/mask'
import { parseExactJson } from '@maskwords/words'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { masksFromCoco } from './coco.ts'
import { StudioError } from './error.ts'
import type { Grounds } from './ground.ts'
import { isLabelme, masksFromLabelme } from './labelme.ts'
import { masksFromPngFile } from './mask-png.ts'

const size = { widthPx: 40, heightPx: 30 }
const picture = { ...size, name: 'cat.jpg' }
const box = (x: number, y: number, width: number, height: number): Mask =>
  maskFromCocoBox({ ...size, box: { x, y, width, height } })
/** A COCO file of our own, as it is when it was saved and opened. */
const written = ({
  picture: { name, widthPx, heightPx, turn },
  masks,
  as = 'runs',
}: {
  picture: Grounds
  masks: readonly Mask[]
  as?: WriteCocoOptions['as']
}) => {
  const regions = masks.map((mask, i) => ({ mask, category: `thing ${i}`, phrase: `the thing ${i}` }))
  const drawnOn = turn === undefined ? undefined : 'shown'
  return JSON.parse(
    JSON.stringify(writeCoco([{ file: name, widthPx, heightPx, drawnOn, regions }], { as }).value),
  )
}
const message = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing thrown'
}

describe('masks of a picture that EXIF turns', () => {
  /** An L on 8 x 5 stored pixels, as outlines and as run lengths. */
  const rings = [
    [0, 0, 2, 0, 2, 5, 0, 5],
    [0, 3, 8, 3, 8, 5, 0, 5],
  ]
  const stored = { widthPx: 8, heightPx: 5 }
  const drawn = maskFromCocoPolygons({ ...stored, polygons: rings })
  const opened = (orientation: number): Grounds => {
    const { widthPx, heightPx } = shownMask(drawn, orientation)
    return { name: 'cat.jpg', widthPx, heightPx, turn: { orientation, ...stored } }
  }
  const coco = (image: object, segmentation: unknown) => ({
    images: [{ id: 1, file_name: 'cat.jpg', ...image }],
    annotations: [{ id: 1, image_id: 1, segmentation }],
  })
  const shapes = rings.map((ring) => ({
    label: 'L',
    group_id: 1,
    shape_type: 'polygon',
    points: Array.from({ length: ring.length / 2 }, (_, i) => [ring[2 * i], ring[2 * i + 1]]),
  }))

  it('are turned with it where they have the size of the stored pixels, and never laid across it', () => {
    for (const orientation of [5, 6, 7, 8]) {
      const picture = opened(orientation)
      const shown = shownMask(drawn, orientation)
      for (const file of [
        coco({ width: 8, height: 5 }, rings),
        coco({}, cocoRleFromMask(drawn)),
        [cocoRleFromMask(drawn)],
      ]) {
        const { masks, readAs } = masksFromCoco(file, picture)
        expect([equalMasks(masks[0]!.mask, shown), readAs]).toEqual([
          true,
          expect.stringContaining('turned as the picture is'),
        ])
      }
      const labelme = masksFromLabelme({ shapes, imageWidth: 8, imageHeight: 5 }, picture)
      expect(equalMasks(labelme.masks[0]!.mask, shown)).toBe(true)
      const png = masksFromPngFile(maskToPng(drawn), picture)
      expect(equalMasks(png.masks[0]!.mask, shown)).toBe(true)
      // Outlines of the stored pixels in a file that states the size of the shown ones.
      const wide = masksFromLabelme({ shapes, imageWidth: 5, imageHeight: 8 }, picture)
      expect(equalMasks(wide.masks[0]!.mask, shown)).toBe(true)
    }
  })

  it('lie as their format has it where sizes cannot tell', () => {
    for (const orientation of [2, 3, 4]) {
      const picture = opened(orientation)
      const file = coco({ width: 8, height: 5 }, rings)
      expect(equalMasks(masksFromCoco(file, picture).masks[0]!.mask, shownMask(drawn, orientation))).toBe(
        true,
      )
      const said = coco({ width: 8, height: 5, drawn_on: 'shown' }, rings)
      expect(equalMasks(masksFromCoco(said, picture).masks[0]!.mask, drawn)).toBe(true)
      expect(equalMasks(masksFromLabelme({ shapes }, picture).masks[0]!.mask, drawn)).toBe(true)
      expect(equalMasks(masksFromPngFile(maskToPng(drawn), picture).masks[0]!.mask, drawn)).toBe(true)
    }
  })

  it('come back from our own COCO file where they were, whatever the turn', () => {
    for (let orientation = 2; orientation <= 8; orientation++) {
      const picture = opened(orientation)
      const mask = shownMask(drawn, orientation)
      const file = written({ picture, masks: [mask] })
      expect(equalMasks(masksFromCoco(file, picture).masks[0]!.mask, mask)).toBe(true)
    }
  })
})

describe('COCO files', () => {
  it('come back as they were written, as text or as counts', () => {
    const wanted = [box(1, 2, 10, 5), box(20, 10, 8, 8)]
    for (const as of ['runs', 'counts', 'outlines'] as const) {
      const file = written({ picture, masks: wanted, as })
      expect(file.annotations[0]).toMatchObject({ area: 50, bbox: [1, 2, 10, 5] })
      const { masks, refused } = masksFromCoco(file, picture)
      expect(refused).toBe(0)
      expect(masks.map(({ name, category, phrase }) => [name, category, phrase])).toEqual([
        ['thing 0', 'thing 0', 'the thing 0'],
        ['thing 1', 'thing 1', 'the thing 1'],
      ])
      expect(masks.every(({ mask }, i) => equalMasks(mask, wanted[i]!))).toBe(true)
    }
  })

  it('are searched for the open picture: by name in any folder, else by a size that only one has', () => {
    const polygon = [[0, 0, 10, 0, 10, 10, 0, 10]]
    const file = {
      images: [
        { id: 7, file_name: 'val/cat.jpg', width: 40, height: 30 },
        { id: 8, file_name: 'val/dog.jpg', width: 41, height: 30 },
      ],
      annotations: [
        { id: 1, image_id: 8, category_id: 2, segmentation: polygon },
        { id: 2, image_id: 7, category_id: 2, segmentation: polygon },
      ],
      categories: [{ id: 2, name: 'animal' }],
    }
    const { masks, readAs } = masksFromCoco(file, picture)
    expect(masks).toHaveLength(1)
    expect([masks[0]!.name, area(masks[0]!.mask), readAs]).toEqual([
      'animal',
      100,
      'COCO annotations of val/cat.jpg',
    ])
    expect(masksFromCoco(file, { ...picture, name: 'photo.png' }).masks).toHaveLength(1)
    expect(message(() => masksFromCoco(file, { name: 'photo.png', widthPx: 9, heightPx: 9 }))).toBe(
      'none of the file’s 2 pictures is called photo.png, and 0 have its size (9 x 9)',
    )
    expect(message(() => masksFromCoco(file, { name: 'dog.jpg', widthPx: 9, heightPx: 9 }))).toBe(
      'the file says that val/dog.jpg has 41 x 30 pixels; the open picture has 9 x 9',
    )
  })

  it('with two pictures of one name are refused, ids as text are ids', () => {
    const images = ['a/cat.jpg', 'b/cat.jpg'].map((file_name, id) => ({
      id,
      file_name,
      width: 40,
      height: 30,
    }))
    const annotations = [{ id: 1, image_id: '1', segmentation: [[0, 0, 10, 0, 10, 10, 0, 10]] }]
    expect(message(() => masksFromCoco({ images, annotations }, picture))).toBe(
      'a/cat.jpg and b/cat.jpg of the file could both be cat.jpg',
    )
    expect(masksFromCoco({ images: images.slice(1), annotations }, picture).masks).toHaveLength(1)
    expect(message(() => masksFromCoco([{ id: 1, data: {}, annotations: [] }], picture))).toMatch(
      /Label Studio/,
    )
  })

  it('with ids beyond 2^53, sizes as text and odd segmentations are read as prepare reads them', () => {
    const ids = ['9007199254740993', '9007199254740992']
    const ring = '0,0,10,0,10,10,0,10'
    const text = `{"images":[${ids.map((id, i) => `{"id":${id},"file_name":"${i}/x.jpg","width":"40","height":30}`)}],
      "annotations":[{"id":1,"image_id":${ids[1]},"segmentation":[${ring}]},{"id":1,"image_id":${ids[1]},"segmentation":[${ring}]}]}`
    const file = parseExactJson(text)
    const { masks, readAs } = masksFromCoco(file, { ...picture, name: '1/x.jpg' })
    expect([masks.map(({ mask }) => area(mask)), readAs]).toEqual([
      [100],
      'COCO annotations of 1/x.jpg; 1 that stand twice are taken once',
    ])
    expect(message(() => masksFromCoco(file, { ...picture, name: '0/x.jpg' }))).toMatch(/no annotation of it/)
  })

  it('with two pictures of one id are refused', () => {
    const images = ['cat.jpg', 'dog.jpg'].map((file_name) => ({ id: 1, file_name, width: 40, height: 30 }))
    const annotations = [{ id: 1, image_id: 1, segmentation: [[0, 0, 10, 0, 10, 10, 0, 10]] }]
    expect(message(() => masksFromCoco({ images, annotations }, picture))).toBe(
      'image 1 of the file is "cat.jpg" and "dog.jpg": which of them its annotations are of is not known',
    )
  })

  it('of labelme are read as the command reads them, each shape that is not is counted', () => {
    const points = [
      [0, 0],
      [10, 0],
      [10, 10],
      [0, 10],
    ]
    const json = {
      shapes: [
        { label: 'cat', shape_type: 'polygon', points },
        { label: 'dog', shape_type: 'rectangle', points: [points[2], points[0]] },
        { label: 'way', shape_type: 'line', points: points.slice(2) },
        {
          label: 'off',
          shape_type: 'circle',
          points: [
            [90, 90],
            [91, 90],
          ],
        },
      ],
      imageWidth: 40,
      imageHeight: 30,
    }
    if (!isLabelme(json)) throw new Error('labelme')
    const { masks, refused, cause } = masksFromLabelme(json, picture)
    expect(masks.map(({ name, mask }) => `${name} ${area(mask)}`)).toEqual(['cat 100', 'dog 100'])
    expect([refused, cause]).toEqual([2, 'shape 2: a line covers no area'])
    expect(message(() => masksFromLabelme({ ...json, imageWidth: 41 }, picture))).toMatch(/41 x 30 pixels/)
  })

  it('give what can be read of them, and the cause of the rest', () => {
    const rows = [
      { segmentation: [[0, 0, 5, 0, 5, 5]] },
      { segmentation: { size: [40, 30], counts: '0' } },
      7,
    ]
    const { masks, refused, cause } = masksFromCoco(rows, picture)
    expect([masks.length, refused]).toEqual([1, 2])
    expect(cause).toMatch(/annotation 1: its run lengths are of \[40,30\], .*exchanged/)
  })

  it('never crash the reader, whatever the JSON says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        for (const value of [json, { annotations: json }, { images: json, annotations: [json] }, [json]]) {
          try {
            expect(masksFromCoco(value, picture).masks.length).toBeGreaterThan(0)
          } catch (error) {
            expect(error).toBeInstanceOf(StudioError)
          }
        }
      }),
    )
  })
})

describe('masks in PNG files', () => {
  const read = (bytes: Uint8Array) => masksFromPngFile(bytes, { name: 'm.png', ...size })

  it('are one region where they are black and white', () => {
    const mask = box(3, 4, 7, 9)
    const { masks, readAs } = read(maskToPng(mask))
    expect([masks.length, masks[0]!.name, readAs]).toEqual([1, 'm', 'one mask'])
    expect(equalMasks(masks[0]!.mask, mask)).toBe(true)
  })

  it('are a region a value where they are label maps, grey or palette', () => {
    const values = new Uint8Array(1200)
    values.fill(1, 0, 100).fill(2, 100, 300).fill(9, 600, 640)
    for (const as of ['grey', 'palette', 'panoptic'] as const) {
      const { masks } = read(labelMapToPng({ ...size, values }, { as }))
      expect(masks.map(({ name, mask }) => [name, area(mask)])).toEqual([
        ['Label 1', 100],
        ['Label 2', 200],
        ['Label 9', 40],
      ])
    }
  })

  it('are cut at one half where their edges are soft, also when grey is stored as colour', () => {
    const grey = new Uint8Array(1200).fill(255, 0, 400)
    grey[400] = 200
    grey[401] = 120
    grey[402] = 3
    const soft = read(writePng({ ...size, colour: 'grey', bitDepth: 8, samples: grey }))
    expect([soft.masks.length, area(soft.masks[0]!.mask)]).toEqual([1, 401])
    const samples = new Uint8Array(3600).map((_, i) => grey[Math.floor(i / 3)]!)
    expect(area(read(writePng({ ...size, colour: 'rgb', bitDepth: 8, samples })).masks[0]!.mask)).toBe(401)
  })

  it('say what is wrong with them', () => {
    expect(message(() => read(maskToPng(maskFromRowMajor({ ...size, bytes: new Uint8Array(1200) }))))).toBe(
      'every pixel of the PNG is black: nothing is marked',
    )
    const other = maskFromCocoBox({ widthPx: 30, heightPx: 40, box: { x: 0, y: 0, width: 9, height: 9 } })
    expect(message(() => read(maskToPng(other)))).toBe('the mask has 30 x 40 pixels, the picture 40 x 30')
    const noise = new Uint8Array(3600).map((_, i) => (i * 7919) & 255)
    expect(message(() => read(writePng({ ...size, colour: 'rgb', bitDepth: 8, samples: noise })))).toMatch(
      /different values, the studio loads up to 200 regions/,
    )
  })
})
