import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  area,
  type DrawnShape,
  labelStudioRleFromMask,
  maskFromRowMajor,
  maskFromShapes,
  maskToPng,
  readCvatShape,
  readLabelmeShape,
  readLabelmeShapes,
  readLabelStudioRegion,
  type ShapeReading,
  tightBox,
} from '../index.ts'

const SIZE = { widthPx: 100, heightPx: 80 }

/** Area and box of what was read in a picture of 100 x 80, or why it was not. */
function covers(reading: ShapeReading | undefined): unknown {
  if (reading === undefined) return undefined
  if ('unread' in reading) return `${reading.unread.why}: ${reading.unread.message}`
  const mask = maskFromShapes([reading.shape], SIZE)
  return [area(mask), ...Object.values(tightBox(mask) ?? {})]
}

describe('labelme and X-AnyLabeling', () => {
  const shape = (shape_type: string, points: number[][], rest = {}) =>
    readLabelmeShape({ shape_type, points, ...rest })

  test('a rectangle may have two corners in any order, or four in any order', () => {
    for (const points of [
      [
        [5, 5],
        [20, 15],
      ],
      [
        [20, 15],
        [5, 5],
      ],
      [
        [5, 15],
        [20, 5],
      ],
      [
        [5, 5],
        [20, 5],
        [20, 15],
        [5, 15],
      ],
      [
        [5, 5],
        [5, 15],
        [20, 5],
        [20, 15],
      ],
      [
        [5, 5],
        [20, 15],
        [20, 5],
        [5, 15],
      ],
    ]) {
      expect(covers(shape('rectangle', points))).toEqual([150, 5, 5, 15, 10])
    }
  })

  test('a turned rectangle is its four corners; a circle a centre and a point of its edge', () => {
    const turned = [
      [10, 18],
      [18, 22],
      [16, 26],
      [8, 22],
    ]
    expect(covers(shape('rotation', turned))).toEqual(covers(shape('polygon', turned)))
    expect(covers(shape('quadrilateral', turned))).toEqual(covers(shape('polygon', turned)))
    // 3.14 * 20 * 20 = 1257, and what COCO's rule adds on an edge.
    expect(
      covers(
        shape('circle', [
          [50, 40],
          [62, 56],
        ]),
      ),
    ).toEqual([1263, 30, 20, 40, 40])
  })

  test('a mask is a PNG in the box between two corners, both in it', () => {
    const png = maskToPng(
      maskFromRowMajor({ widthPx: 3, heightPx: 2, bytes: Uint8Array.of(1, 0, 1, 0, 1, 0) }),
    )
    const mask = btoa(String.fromCharCode(...png))
    expect(
      covers(
        shape(
          'mask',
          [
            [10, 20],
            [12, 21],
          ],
          { mask },
        ),
      ),
    ).toEqual([3, 10, 20, 3, 2])
    expect(
      covers(
        shape(
          'mask',
          [
            [10, 20],
            [13, 22],
          ],
          { mask },
        ),
      ),
    ).toEqual([3, 10, 20, 3, 2])
    expect(
      covers(
        shape(
          'mask',
          [
            [10, 20],
            [19, 21],
          ],
          { mask },
        ),
      ),
    ).toBe('malformed: its picture is 3 x 2, its corners make 10 x 2 (width x height)')
    expect(
      covers(
        shape(
          'mask',
          [
            [10, 20],
            [12, 21],
          ],
          { mask: '%%%' },
        ),
      ),
    ).toMatch(/malformed: .*no base64/)
  })

  test('what covers nothing, and what is not understood, is named', () => {
    for (const type of ['point', 'points', 'line', 'linestrip']) {
      expect(
        covers(
          shape(type, [
            [1, 1],
            [2, 2],
          ]),
        ),
      ).toBe(`no-area: a ${type} covers no area`)
    }
    expect(covers(shape('cuboid', [[1, 1]]))).toBe('unknown: shapes of the type "cuboid" are not read')
    expect(
      covers(
        shape('rectangle', [
          [1, 1],
          [2, 2],
          [3, 3],
        ]),
      ),
    ).toBe('malformed: a rectangle has 3 points, wanted 2 or 4')
  })

  test('a group with a part that is not read is not read; points beside it do no harm', () => {
    const part = (label: string, group_id: number, shape_type: string, points: number[][]) => ({
      label,
      group_id,
      shape_type,
      points,
    })
    const square = [
      [5, 5],
      [20, 5],
      [20, 15],
      [5, 15],
    ]
    const { regions, unread } = readLabelmeShapes([
      part('cup', 1, 'polygon', square),
      part('cup', 1, 'cuboid', square),
      part('cat', 1, 'polygon', square),
      part('cat', 1, 'point', [[1, 1]]),
    ])
    expect(regions.map(({ label, places }) => [label, places])).toEqual([['cat', [2]]])
    expect(unread.map(({ place, label, why }) => [place, label, why])).toEqual([
      [0, 'cup', 'malformed'],
      [1, 'cup', 'unknown'],
      [3, 'cat', 'no-area'],
    ])
  })
})

describe('CVAT', () => {
  test('rotation is clockwise about the centre', () => {
    const plank = { type: 'rectangle', points: [20, 35, 80, 45] }
    expect(covers(readCvatShape({ ...plank, rotation: 90 }))).toEqual([600, 45, 10, 10, 60])
    expect(covers(readCvatShape({ ...plank, rotation: 270 }))).toEqual([600, 45, 10, 10, 60])
    expect(covers(readCvatShape({ ...plank, rotation: 180 }))).toEqual([600, 20, 35, 60, 10])
    // The right end of a plank turned by 30 degrees goes down.
    const { shape } = readCvatShape({ ...plank, rotation: 30 }) as {
      shape: DrawnShape & { rings: number[][] }
    }
    const [, , x1, y1] = shape.rings[0]!
    expect([x1, y1]).toEqual([
      expect.closeTo(50 + 30 * 0.8660254 + 2.5),
      expect.closeTo(40 + 15 - 5 * 0.8660254),
    ])
  })

  test('an ellipse is its centre, its rightmost x and its topmost y', () => {
    // 3.14 * 20 * 10 = 628
    expect(covers(readCvatShape({ type: 'ellipse', points: [50, 40, 70, 30] }))).toEqual([
      628, 30, 30, 40, 20,
    ])
    expect(covers(readCvatShape({ type: 'ellipse', points: [50, 40, 70, 30], rotation: 90 }))).toEqual([
      628, 40, 20, 20, 40,
    ])
  })

  test('lines, points and bodies are named', () => {
    expect(covers(readCvatShape({ type: 'polyline', points: [1, 1, 2, 2] }))).toBe(
      'no-area: a polyline covers no area',
    )
    expect(covers(readCvatShape({ type: 'cuboid', points: [1, 1, 2, 2] }))).toMatch(/^unknown/)
    expect(covers(readCvatShape({ type: 'rectangle', points: [1, 1, 2, 2], rotation: 'much' }))).toMatch(
      /^malformed/,
    )
  })
})

describe('Label Studio', () => {
  const region = (type: string, value: object, rest = {}) =>
    readLabelStudioRegion({ type, value, original_width: 100, original_height: 80, ...rest })

  test('percent of the picture; rectangles turn about their left upper corner, ellipses about their centre', () => {
    const box = { x: 50, y: 25, width: 20, height: 50 }
    expect(covers(region('rectanglelabels', { ...box, rectanglelabels: ['a'] }))).toEqual([
      800, 50, 20, 20, 40,
    ])
    expect(covers(region('rectangle', { ...box, rotation: 90 }))).toEqual([800, 10, 20, 40, 20])
    const ring = { x: 50, y: 50, radiusX: 20, radiusY: 12.5 }
    expect(covers(region('ellipselabels', ring))).toEqual([628, 30, 30, 40, 20])
    expect(covers(region('ellipse', { ...ring, rotation: 90 }))).toEqual([628, 40, 20, 20, 40])
    expect(
      covers(
        region('polygonlabels', {
          points: [
            [10, 10],
            [50, 10],
            [50, 50],
            [10, 50],
          ],
        }),
      ),
    ).toEqual([1280, 10, 8, 40, 32])
  })

  test('labels, brushes and pictures of masks', () => {
    const mask = maskFromRowMajor({ ...SIZE, bytes: new Uint8Array(8000).fill(1, 300, 320) })
    const brush = region('brushlabels', {
      format: 'rle',
      rle: [...labelStudioRleFromMask(mask)],
      brushlabels: ['a', 'b'],
    })
    expect(brush?.labels).toEqual(['a', 'b'])
    expect(covers(brush)).toEqual([20, 0, 3, 20, 1])
    const imageDataURL = `data:image/png;base64,${btoa(String.fromCharCode(...maskToPng(mask)))}`
    expect(covers(region('bitmask', { imageDataURL }))).toEqual([20, 0, 3, 20, 1])
  })

  test('keypoints, open polygons, videos and turned pictures are named; choices and texts of a region are no regions', () => {
    const box = { x: 50, y: 25, width: 20, height: 50 }
    expect(covers(region('keypointlabels', { x: 1, y: 1, width: 1 }))).toMatch(/^no-area/)
    expect(
      covers(
        region('polygon', {
          points: [
            [1, 1],
            [9, 1],
            [9, 9],
          ],
          closed: false,
        }),
      ),
    ).toMatch(/^no-area/)
    expect(covers(region('videorectangle', { sequence: [] }))).toMatch(/^unknown/)
    expect(covers(region('rectangle', box, { image_rotation: 90 }))).toMatch(
      /^unknown: its picture was turned/,
    )
    expect(covers(region('choices', { ...box, choices: ['yes'] }))).toBeUndefined()
    expect(covers(region('textarea', { ...box, text: ['no'] }))).toBeUndefined()
  })
})

test('no shape, whatever it holds, throws when it is read', () => {
  const anything = fc.anything({ maxDepth: 3 })
  const number = fc.oneof(fc.double(), fc.constantFrom(1e300, -1, 0, '5', null))
  const points = fc.oneof(anything, fc.array(fc.array(number, { maxLength: 3 })), fc.array(number))
  const type = fc.oneof(
    anything,
    fc.constantFrom(
      'polygon',
      'rectangle',
      'mask',
      'circle',
      'ellipse',
      'rotation',
      'brush',
      'labels',
      'bitmask',
    ),
  )
  const value = fc.oneof(
    anything,
    fc.record(
      { x: number, y: number, width: number, height: number, radiusX: number, radiusY: number, points },
      {
        requiredKeys: [],
      },
    ),
  )
  const entry = fc.record(
    {
      type,
      shape_type: type,
      points,
      value,
      rotation: anything,
      mask: fc.oneof(anything, fc.base64String()),
      label: anything,
      group_id: anything,
      original_width: number,
      original_height: number,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(entry, anything), { maxLength: 4 }), (entries) => {
      readLabelmeShapes(entries)
      for (const one of entries) {
        readCvatShape(one)
        readLabelStudioRegion(one)
      }
    }),
    { numRuns: 500 },
  )
})
