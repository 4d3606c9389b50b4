// What the baselines promise: shapes that they can say are said, and searching never loses against rounding.
import { area, iou, type Mask, maskFromRings, maskFromRowMajor } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { baselineFamily, baselineMasks } from './baselines.ts'
import { bestShape, momentShape, overlap } from './fit.ts'
import { polygonBits, polygonMasks } from './polygon-fit.ts'
import { plainRounding, quantisedShape } from './quantised-shape.ts'
import { scratchFor, shapeMask } from './shape.ts'

const size = { widthPx: 96, heightPx: 64 }
const rings = (...ring: number[]) => maskFromRings({ ...size, rings: [ring] })
const byMethod = (mask: Mask) =>
  new Map(baselineMasks(mask).map((found) => [found.method, iou(found.mask, mask)]))

/** An ellipse by the plain definition, pixel by pixel. */
const ellipse = (cx: number, cy: number, a: number, b: number, turn: number) =>
  maskFromRowMajor({
    ...size,
    bytes: Uint8Array.from({ length: 96 * 64 }, (_, i) => {
      const dx = (i % 96) + 0.5 - cx
      const dy = Math.floor(i / 96) + 0.5 - cy
      const u = dx * Math.cos(turn) + dy * Math.sin(turn)
      const v = dy * Math.cos(turn) - dx * Math.sin(turn)
      return (u / a) ** 2 + (v / b) ** 2 <= 1 ? 1 : 0
    }),
  })

describe('shapes', () => {
  it('cover the pixels whose centres are in them, cut off at the picture', () => {
    const place = fc.record({
      x: fc.double({ min: -10, max: 100, noNaN: true }),
      y: fc.double({ min: -10, max: 70, noNaN: true }),
      a: fc.double({ min: 1, max: 60, noNaN: true }),
      b: fc.double({ min: 1, max: 60, noNaN: true }),
      turn: fc.double({ min: -4, max: 4, noNaN: true }),
    })
    fc.assert(
      fc.property(place, ({ x, y, a, b, turn }) => {
        const shape = { x, y, halfLengthPx: a, halfWidthPx: b, turn }
        const fast = shapeMask('ellipse', shape, scratchFor(size))
        const plain = ellipse(x, y, a, b, turn)
        // Centres exactly on the outline may fall to either side.
        expect(area(fast) === 0 && area(plain) === 0 ? 1 : iou(fast, plain)).toBeGreaterThan(
          area(plain) < 200 ? 0.8 : 0.98,
        )
        for (let i = 1; i < fast.edges.length; i++) expect(fast.edges[i]!).toBeGreaterThan(fast.edges[i - 1]!)
      }),
      { numRuns: 200 },
    )
  })

  it('the moments of an ellipse and of a box give them back', () => {
    const egg = ellipse(40, 30, 24, 12, 0.6)
    expect(momentShape('ellipse', egg).halfLengthPx).toBeCloseTo(24, 0)
    expect(momentShape('ellipse', egg).turn).toBeCloseTo(0.6, 1)
    expect(overlap('ellipse', momentShape('ellipse', egg), egg, scratchFor(size))).toBeGreaterThan(0.97)
    const slab = rings(20, 10, 60, 10, 60, 30, 20, 30)
    const found = momentShape('box', slab)
    expect([found.x, found.y, found.turn]).toEqual([40, 20, 0])
    expect(found.halfLengthPx).toBeCloseTo(20, 9)
    expect(found.halfWidthPx).toBeCloseTo(10, 9)
    expect(overlap('box', momentShape('box', slab), slab, scratchFor(size))).toBe(1)
  })

  it('the search never ends below the moments, nor the quantiser below plain rounding to its own grid', () => {
    const corners = fc.array(fc.tuple(fc.integer({ min: 0, max: 96 }), fc.integer({ min: 0, max: 64 })), {
      minLength: 3,
      maxLength: 9,
    })
    const split = { x: 5, y: 5, size: 3, aspect: 1, turn: 2 }
    fc.assert(
      fc.property(corners, fc.constantFrom('ellipse' as const, 'box' as const), (points, kind) => {
        const mask = rings(...points.flat())
        fc.pre(area(mask) > 20)
        const scratch = scratchFor(mask)
        const best = bestShape(kind, mask, scratch)
        expect(best.iou).toBeGreaterThanOrEqual(overlap(kind, momentShape(kind, mask), mask, scratch))
        const coarse = quantisedShape(kind, mask, split, scratch, best.shape)
        expect(coarse.iou).toBeGreaterThanOrEqual(coarse.rounded)
        expect(coarse.iou).toBe(overlap(kind, coarse.shape, mask, scratch))
      }),
      { numRuns: 40 },
    )
  })

  it('plain rounding puts a number at the middle of its cell: 16 cells over the width, 8 over half the longer side', () => {
    const shape = { x: 40, y: 30, halfLengthPx: 20, halfWidthPx: 5, turn: -0.1 }
    expect(plainRounding(shape, size)).toEqual({
      x: 39,
      y: 30,
      halfLengthPx: 21,
      halfWidthPx: 3,
      turn: (7 / 8) * Math.PI,
    })
  })
})

describe('baselines', () => {
  it('a box on lines of the grid is said exactly in 16 bits', () => {
    // Lines of 4 bits are 96 / 15 = 6.4 and 64 / 15 pixels apart: 0 and 15 are the borders of the picture.
    const scores = byMethod(rings(0, 0, 32, 0, 32, 64, 0, 64))
    expect(scores.get('box, tight, exact')).toBe(1)
    expect(scores.get('box, 16 bits')).toBe(1)
    expect(scores.get('box, 32 bits')).toBeGreaterThan(0.99)
  })

  it('a triangle is a polygon of three vertices, and its best box has half of it', () => {
    const scores = byMethod(rings(10, 10, 80, 20, 30, 60))
    expect(scores.get('polygon, 3 vertices')).toBeGreaterThan(0.93)
    expect(scores.get('turned box, best, exact')).toBeLessThan(0.75)
  })

  it('more bits never cost IoU on an ellipse, and 32 of them say it nearly', () => {
    const scores = byMethod(ellipse(50, 30, 30, 14, 0.8))
    expect(scores.get('ellipse, best, exact')).toBeGreaterThan(0.98)
    expect(scores.get('ellipse, 16 bits')!).toBeLessThanOrEqual(scores.get('ellipse, 24 bits')!)
    expect(scores.get('ellipse, 24 bits')!).toBeLessThanOrEqual(scores.get('ellipse, 32 bits')!)
    expect(scores.get('ellipse, 32 bits')!).toBeGreaterThan(0.95)
  })

  it('bits are what the splits add up to; a polygon costs 16 bits a vertex', () => {
    const found = baselineMasks(rings(10, 10, 80, 20, 30, 60))
    for (const { method, bits, family } of found) {
      const said = /(\d+) bits/.exec(method)?.[1]
      if (said !== undefined) expect([method, bits]).toEqual([method, Number(said)])
      expect(baselineFamily(method)).toBe(family)
    }
    expect(polygonBits(4)).toBe(64)
    expect(new Set(found.map(({ method }) => method)).size).toBe(found.length)
  })

  it('a polygon takes the largest part, drops its smallest corner first, and never has an empty mask of a full one', () => {
    const house = rings(10, 10, 50, 10, 50, 40, 30, 44, 10, 40)
    const [four, five] = polygonMasks(house, [4, 5])
    expect(iou(five!, house)).toBeGreaterThan(0.97)
    // The roof of 40 x 4 / 2 = 80 pixels goes.
    expect(iou(four!, house)).toBeCloseTo(1200 / 1280, 1)
    const one = maskFromRowMajor({ widthPx: 3, heightPx: 3, bytes: Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0) })
    expect(baselineMasks(one)).toHaveLength(found.length)
  })

  const found = baselineMasks(rings(10, 10, 80, 20, 30, 60))
})
