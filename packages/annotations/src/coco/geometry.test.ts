import {
  area,
  cocoRleFromMask,
  cocoStringFromMask,
  maskFromCocoSegmentation,
  maskFromRowMajor,
} from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cocoGeometry } from './geometry.ts'
import { plainSegmentation, readSegmentation } from './segmentation.ts'

const SIZE = { widthPx: 20, heightPx: 12 }
const RING = [2, 1, 8, 1, 8, 5, 2, 5]

function rect(x: number, y: number, width: number, height: number) {
  const bytes = new Uint8Array(SIZE.widthPx * SIZE.heightPx)
  for (let j = y; j < y + height; j++) bytes.fill(1, j * SIZE.widthPx + x, j * SIZE.widthPx + x + width)
  return maskFromRowMajor({ ...SIZE, bytes })
}

/** The pixels that a `segmentation` reads as, and whether something was doubtful; or why it is lost. */
function pixelsOf(value: unknown): unknown {
  const read = readSegmentation(value, SIZE)
  if (read.lost !== undefined) return read.lost.kind
  if (read.value === undefined) return 'nothing'
  const mask = maskFromCocoSegmentation({ ...SIZE, segmentation: read.value.segmentation })
  return read.doubts === undefined ? area(mask) : [area(mask), 'doubtful']
}

describe('segmentation in the forms that files hold', () => {
  const mask = rect(2, 1, 6, 4)
  const runs = cocoRleFromMask(mask)
  const counts = cocoStringFromMask(mask)
  const pairs = [
    [2, 1],
    [8, 1],
    [8, 5],
    [2, 5],
  ]
  const parts = [rect(2, 1, 6, 2), rect(2, 3, 6, 2)].map((part) => cocoRleFromMask(part))
  it.each<[name: string, value: unknown]>([
    ['outlines', [RING]],
    ['one outline without its list', RING],
    ['an outline as pairs', pairs],
    ['outlines as pairs', [pairs]],
    ['outlines one level too deep', [[RING]]],
    ['points with names', pairs.map(([x, y]) => ({ x, y }))],
    ['numbers as texts', [RING.map(String)]],
    ['run lengths', runs],
    ['run lengths of which the size is text', { ...runs, size: ['12', '20'] }],
    ['run lengths in a list', [runs]],
    ['run lengths of the parts', parts],
  ])('%s: the same pixels', (_, value) => {
    expect(pixelsOf(value)).toBe(24)
  })

  it('what is odd about a readable one is said', () => {
    expect(pixelsOf({ counts })).toEqual([24, 'doubtful'])
    expect(pixelsOf(JSON.stringify([RING]))).toEqual([24, 'doubtful'])
    expect(pixelsOf([RING, [1, 2, 3]])).toEqual([24, 'doubtful'])
    expect(pixelsOf({ size: [12, 20], counts: `b'${counts.replaceAll('\\', '\\\\')}'` })).toBe(24)
  })

  it('what says nothing is no fault, and what cannot be read is lost by its kind', () => {
    for (const value of [undefined, null, []]) expect(pixelsOf(value)).toBe('nothing')
    expect(pixelsOf([[1, 1, 5, 1]])).toBe('empty-mask')
    expect(pixelsOf([[1, 1, 5, 1, 9, 1]])).toBe('empty-mask')
    expect(pixelsOf([[1, 1, 5, 1, 9, 4, 2]])).toBe('bad-geometry')
    expect(pixelsOf({ ...runs, size: [20, 12] })).toBe('wrong-size')
    expect(pixelsOf({ size: [12, 20], counts: [240] })).toBe('empty-mask')
    expect(pixelsOf('outlines')).toBe('bad-geometry')
  })
})

describe('outlines that reach out of the picture', () => {
  it('have the box of their pixels: a stated one that fits these is kept', () => {
    const far = [100, 100, 120, 100, 120, 120]
    const box = (bbox: readonly number[]) => cocoGeometry({ segmentation: [RING, far], bbox }, SIZE)
    expect(box([2, 1, 6, 4])).toMatchObject({ value: { boxXywhPx: [2, 1, 6, 4] } })
    expect(box([2, 1, 6, 4])).not.toHaveProperty('doubts')
    expect(box([12, 8, 6, 4])).toMatchObject({
      value: { boxXywhPx: [2, 1, 6, 4] },
      doubts: [{ message: expect.stringContaining('that of the mask is taken, [2,1,6,4]') }],
    })
  })
})

describe('without a look at the pixels', () => {
  it('empty masks stay, for evaluations count them; without a size, run lengths have their own', () => {
    const runs = { size: [12, 20], counts: [240] }
    expect(plainSegmentation(runs, SIZE)).toEqual({ value: runs })
    expect(plainSegmentation(runs, undefined)).toEqual({ value: runs })
    expect(plainSegmentation([[1, 1, 5, 1]], undefined)).toEqual({ value: [[1, 1, 5, 1]] })
    expect(plainSegmentation({ counts: [240] }, undefined).lost?.kind).toBe('bad-geometry')
    expect(plainSegmentation([runs, { ...runs, size: [20, 12] }], undefined).lost?.kind).toBe('wrong-size')
    expect(plainSegmentation([[1, 1, 5, 1e300, 9, 1]], SIZE).lost?.kind).toBe('bad-geometry')
  })
})

describe('a region keeps what is sound of it', () => {
  const segmentation = cocoRleFromMask(rect(2, 1, 6, 4))
  const region = (annotation: object) => {
    const found = cocoGeometry(annotation as never, SIZE)
    if (found.lost !== undefined) return found.lost.kind
    const { value, doubts = [] } = found
    const isBox = value.segmentation === undefined
    const faults = doubts.length + (isBox && value.maskFault !== undefined ? 1 : 0)
    return [isBox ? 'box' : 'coco', value.boxXywhPx, faults]
  }

  it('the mask beside a wrong box or area, the box beside a wrong mask', () => {
    const own = [2, 1, 6, 4]
    expect(region({ segmentation, bbox: own, area: 24 })).toEqual(['coco', own, 0])
    expect(region({ segmentation })).toEqual(['coco', undefined, 0])
    for (const bbox of [
      [2, 1, 0, 4],
      [-1, -1, -1, -1],
      [2, 1, 1e9, 4],
      [15, 8, 3, 3],
    ])
      expect(region({ segmentation, bbox }), String(bbox)).toEqual(['coco', own, 1])
    expect(region({ segmentation, bbox: own, area: 1000 })).toEqual(['coco', own, 1])
    expect(region({ segmentation: [[1, 1, 5, 1]], bbox: own })).toEqual(['box', own, 1])
    expect(region({ segmentation: [], bbox: own })).toEqual(['box', own, 0])
    expect(region({ segmentation: [] })).toBe('empty-mask')
    // Run lengths of another picture's size: nobody knows whose box it is.
    expect(region({ segmentation: { ...segmentation, size: [20, 12] }, bbox: own })).toBe('wrong-size')
  })

  it('run lengths without their leading 0 are told by area and box, whatever the mask; a right mask never is', () => {
    const sides = fc.record({
      x: fc.integer({ min: 0, max: 12 }),
      y: fc.integer({ min: 0, max: 6 }),
      width: fc.integer({ min: 1, max: 7 }),
      height: fc.integer({ min: 1, max: 5 }),
    })
    fc.assert(
      fc.property(sides, ({ x, y, width, height }) => {
        const mask = rect(x, y, width, height)
        const stated = { bbox: [x, y, width, height], area: width * height }
        expect(region({ segmentation: cocoRleFromMask(mask), ...stated })).toEqual(['coco', stated.bbox, 0])
        const bytes = new Uint8Array(SIZE.widthPx * SIZE.heightPx).fill(1)
        for (let j = y; j < y + height; j++) bytes.fill(0, j * SIZE.widthPx + x, j * SIZE.widthPx + x + width)
        const rest = cocoRleFromMask(maskFromRowMajor({ ...SIZE, bytes }))
        expect(region({ segmentation: rest, ...stated })).toEqual(['box', stated.bbox, 1])
        // What it really covers is stated: an area around a hole is as good as any other.
        const around = { bbox: [0, 0, SIZE.widthPx, SIZE.heightPx], area: 240 - width * height }
        expect(region({ segmentation: rest, ...around })).toEqual(['coco', around.bbox, expect.any(Number)])
      }),
    )
  })
})
