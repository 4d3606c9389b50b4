import {
  area,
  contourPixels,
  dilateDisk,
  emptyMask,
  equalMasks,
  iou,
  labelMapFromPng,
  type Mask,
  maskFromCocoPolygons,
  maskFromRowMajor,
  maskFromShapes,
  masksFromLabelMap,
  subtract,
  union,
  xor,
} from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AnnotatedPicture,
  annotationMask,
  annotationsOf,
  type JsonObject,
  liveAnnotations,
  readCvatXml,
  readYoloLabels,
  readYoloNames,
  regionGroups,
  regionShapes,
  type ShapeList,
  writeCoco,
  writeCvatXml,
  writeLabelMap,
  writeLabelStudio,
  writeRecords,
  writeYolo,
} from '../index.ts'

const SIZE = { widthPx: 9, heightPx: 7 }
const masks = fc
  .array(fc.boolean(), { minLength: 63, maxLength: 63 })
  .filter((bits) => bits.includes(true))
  .map((bits) => maskFromRowMajor({ ...SIZE, bytes: Uint8Array.from(bits, Number) }))
/** Names that need escaping in some format; blank ones are none. */
const names = fc
  .oneof(
    fc.constantFrom(
      'cup',
      'a, b',
      'it\'s "so"',
      'x # y',
      '<&>',
      '- 0: a',
      '{b}',
      '[c]',
      "'",
      '%',
      '\\n',
      '日本',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  )
  // Ends of lines and outer blanks are no part of a name; XML has no form for control characters.
  .filter((name) => name.trim() === name && !/\p{Cc}/u.test(name) && !/[\u2028\u2029\ufffe\uffff]/.test(name))
const phrases = fc.option(names, { nil: undefined })
const pictures = fc.array(
  fc.record({
    ...{ widthPx: fc.constant(SIZE.widthPx), heightPx: fc.constant(SIZE.heightPx) },
    regions: fc.array(fc.record({ mask: masks, category: names, phrase: phrases }), { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 3 },
)
const named = (list: readonly Omit<AnnotatedPicture, 'file'>[]): AnnotatedPicture[] =>
  list.map((picture, i) => ({ ...picture, file: `photo ${i}.png` }))

type Said = readonly (readonly [name: string | undefined, mask: Mask])[]
const meant = ({ regions }: AnnotatedPicture): Said => regions.map(({ category, mask }) => [category, mask])
const drawn = ({ shapes, unread }: ShapeList): Said => {
  expect(unread).toEqual([])
  return shapes.map(({ label, shape }) => [label, maskFromShapes([shape], SIZE)])
}
/** Names, and masks to the pixel. */
const expectSame = (got: Said, wanted: Said) => {
  expect(got.map(([name]) => name)).toEqual(wanted.map(([name]) => name))
  expect(got.every(([, mask], i) => equalMasks(mask, wanted[i]![1]))).toBe(true)
}

/** What each format says when its file is read by the code that the command reads it with. */
const READ_BACK: Readonly<Record<string, (list: readonly AnnotatedPicture[]) => Said[]>> = {
  ...Object.fromEntries(
    (['runs', 'counts', 'outlines'] as const).map((as) => [
      `COCO ${as}`,
      (list: readonly AnnotatedPicture[]) => {
        type File = Readonly<Record<'images' | 'annotations' | 'categories', readonly JsonObject[]>>
        const file = JSON.parse(JSON.stringify(writeCoco(list, { as }).value)) as File
        const name = new Map(file.categories.map((category) => [category['id'], category['name'] as string]))
        return file.images.map((image) =>
          file.annotations
            .filter((annotation) => annotation['image_id'] === image['id'])
            .map((annotation) => {
              const found = annotationMask(annotation, SIZE)
              expect(found.lost === undefined && found.doubts === undefined).toBe(true)
              return [name.get(annotation['category_id']), found.value!] as const
            }),
        )
      },
    ]),
  ),
  YOLO: (list) => {
    const files = writeYolo(list).value
    const classes = readYoloNames(files.get('data.yaml')!)
    return list.map(({ file }) =>
      readYoloLabels(files.get(`labels/${file.replace('.png', '.txt')}`)!, SIZE).map(
        ({ label, outlinePx }) => [
          classes.get(label!),
          maskFromCocoPolygons({ ...SIZE, polygons: [outlinePx!] }),
        ],
      ),
    )
  },
  CVAT: (list) => {
    const read = readCvatXml(writeCvatXml(list).value)
    expect(read.map(({ name, size }) => ({ name, size }))).toEqual(
      list.map(({ file }) => ({ name: file, size: SIZE })),
    )
    return read.map(({ shapes }) => drawn(shapes()))
  },
  'Label Studio': (list) =>
    writeLabelStudio(list).value.map((task) => {
      const [annotation] = liveAnnotations(annotationsOf(JSON.parse(JSON.stringify(task)), ''))
      return drawn(regionShapes(regionGroups(annotation!.entries!).flatMap(({ entries }) => entries)))
    }),
  'plain JSON lines': (list) =>
    writeRecords(list)
      .value.trimEnd()
      .split('\n')
      .map((line) =>
        (JSON.parse(line) as { regions: JsonObject[] }).regions.map((region) => [
          region['category'] as string,
          annotationMask(region, SIZE).value!,
        ]),
      ),
}

describe('what is written is read again', () => {
  for (const [format, readBack] of Object.entries(READ_BACK)) {
    it(`${format}: the same names, and masks to the pixel`, () => {
      fc.assert(
        fc.property(pictures, (list) => {
          const wanted = named(list)
          const got = readBack(wanted)
          expect(got).toHaveLength(wanted.length)
          got.forEach((said, i) => {
            expectSame(said, meant(wanted[i]!))
          })
        }),
        { numRuns: 60 },
      )
    })
  }

  it('a label map: the same names; masks to the pixel but for what later regions cover, which is counted', () => {
    fc.assert(
      fc.property(pictures, ([first]) => {
        const [picture] = named([first!])
        const { value, left } = writeLabelMap(picture!)
        const seen = new Map(
          masksFromLabelMap(labelMapFromPng(value.png)).map(({ label, mask }) => [label, mask]),
        )
        let covered = 0
        picture!.regions.forEach(({ mask, category }, i) => {
          const later = picture!.regions
            .slice(i + 1)
            .reduce((all, one) => union(all, one.mask), emptyMask(9, 7))
          expect(value.names[String(i + 1)]).toBe(category)
          expect(equalMasks(seen.get(i + 1) ?? emptyMask(9, 7), subtract(mask, later))).toBe(true)
          covered += area(mask) - area(subtract(mask, later))
        })
        const said = left.find((text) => text.includes('below later ones'))
        expect(said === undefined ? 0 : Number(/^\d+/.exec(said)![0])).toBe(covered)
      }),
      { numRuns: 60 },
    )
  })

  it('outlines that may move: no pixel changes farther from the outline than that and one', () => {
    fc.assert(
      fc.property(masks, fc.constantFrom(0.5, 1, 2), (mask, tolerancePx) => {
        const { value } = writeCoco(named([{ ...SIZE, regions: [{ mask, category: 'a' }] }]), {
          as: 'outlines',
          tolerancePx,
        })
        const [annotation] = (value as { annotations: { segmentation: number[][] }[] }).annotations
        const back = maskFromCocoPolygons({ ...SIZE, polygons: annotation!.segmentation })
        const near = dilateDisk(contourPixels(mask), { radiusPx: tolerancePx + 1 })
        expect(area(subtract(xor(mask, back), near))).toBe(0)
      }),
    )
  })

  it('a disk of 80 pixels across keeps an IoU of 0.96 where its outline may move by one', () => {
    const size = { widthPx: 100, heightPx: 100 }
    const bytes = Uint8Array.from({ length: 10_000 }, (_, i) =>
      Number(Math.hypot((i % 100) + 0.5 - 50, Math.floor(i / 100) + 0.5 - 50) < 40),
    )
    const mask = maskFromRowMajor({ ...size, bytes })
    const text = writeYolo(named([{ ...size, regions: [{ mask, category: 'a' }] }]), { tolerancePx: 1 }).value
    const [line] = readYoloLabels(text.get('labels/photo 0.txt')!, size)
    expect(line!.outlinePx!.length).toBeLessThan(100)
    expect(iou(mask, maskFromCocoPolygons({ ...size, polygons: [line!.outlinePx!] }))).toBeGreaterThan(0.96)
  })
})

describe('what a format cannot carry', () => {
  const mask = maskFromRowMajor({ ...SIZE, bytes: new Uint8Array(63).fill(1) })
  const picture = named([
    {
      ...SIZE,
      regions: [
        { mask, category: 'cup', phrase: 'the cup' },
        { mask: emptyMask(9, 7), category: 'nothing' },
      ],
    },
  ])

  it('is said with counts', () => {
    const empty = '1 region without a pixel'
    expect(writeCoco(picture).left).toEqual([empty])
    expect(writeCvatXml(picture).left).toEqual([empty])
    expect(writeYolo(picture).left).toEqual([empty, '1 phrase'])
    expect(writeLabelMap(picture[0]!).left).toEqual([empty, '1 phrase'])
  })

  it('does not take a class along that no region has', () => {
    expect([...readYoloNames(writeYolo(picture).value.get('data.yaml')!)]).toEqual([[0, 'cup']])
  })

  it('two pictures of one label file are refused by its name', () => {
    const two = ['a.png', 'a.jpg'].map((file) => ({ ...picture[0]!, file }))
    expect(() => writeYolo(two)).toThrow(/labels\/a\.txt/)
  })
})

describe('phrases of plain JSON lines', () => {
  it('that are alike are one, of all their regions', () => {
    const mask = maskFromRowMajor({ ...SIZE, bytes: new Uint8Array(63).fill(1) })
    const regions = [' the cups', 'a lid', 'the cups', ''].map((phrase) => ({
      mask,
      category: 'cup',
      phrase,
    }))
    const record = JSON.parse(writeRecords(named([{ ...SIZE, regions }])).value)
    expect(record.phrases).toEqual([
      { text: 'the cups', regions: ['r1', 'r3'] },
      { text: 'a lid', regions: ['r2'] },
    ])
  })
})

describe('names of classes in data.yaml', () => {
  it('are read as tools write them', () => {
    const wanted = new Map([
      [0, 'cup'],
      [1, 'a, b'],
      [2, "it's"],
    ])
    for (const text of [
      `nc: 3\nnames: [cup, "a, b", 'it''s']  # all\n`,
      `names: {0: cup, 1: 'a, b', "2": "it's"}\nnc: 3`,
      `names:\n  - cup\n  - a, b # two\n  # none\n  - "it's"\nnc: 3\n`,
      `train: x\nnames:\n  0: cup\n  1: "a, b"\n  2: it's\nval: y\n`,
      `names:\r\n- cup\r\n- 'a, b'\r\n- it's\r\n`,
      `names: [\n  cup,\n  'a, b',\n  "it's",\n]\n`,
    ])
      expect(readYoloNames(text)).toEqual(wanted)
    expect(readYoloNames("cup\na, b\nit's\n\n", true)).toEqual(wanted)
    for (const text of ['nc: 2\n', 'names:\n', 'names: 3', '']) expect(readYoloNames(text).size).toBe(0)
  })
})
