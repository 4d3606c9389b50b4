import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cpuMs } from '../test/cpu.ts'
import { drawn, maskByPixel, masks, seededRandom } from '../test/masks.ts'
import { cocoStringFromMask } from './coco-rle.ts'
import { cocoPolygonsFromMask, contoursFromMask, ringsOfPolygons } from './contours.ts'
import { MaskError } from './error.ts'
import { type BoxXywhPx, emptyMask, fullMask, type Mask } from './mask.ts'
import { area } from './measure.ts'
import { MAX_VERTEX_PX, maskFromCocoBox, maskFromCocoPolygons, maskFromRings } from './polygon.ts'
import { union } from './set-operations.ts'
import { simplifiedRing } from './simplify.ts'

/**
 * COCO's rule sample by sample, as the C library goes about it: every lattice step of every edge, every border between
 * lattice columns, all crossings sorted.
 */
function filledSlowly(widthPx: number, heightPx: number, ring: readonly number[]): Mask {
  const corner = (i: number) => Math.trunc(5 * ring[i % ring.length]! + 0.5)
  const u: number[] = []
  const v: number[] = []
  for (let i = 0; i < ring.length; i += 2) {
    let [xs, ys, xe, ye] = [corner(i), corner(i + 1), corner(i + 2), corner(i + 3)] as const
    const [dx, dy] = [Math.abs(xe - xs), Math.abs(ye - ys)]
    const flip = dx >= dy ? xs > xe : ys > ye
    if (flip) [xs, ys, xe, ye] = [xe, ye, xs, ys]
    const slope = dx >= dy ? (ye - ys) / dx : (xe - xs) / dy
    for (let d = 0; d <= Math.max(dx, dy); d++) {
      const t = flip ? Math.max(dx, dy) - d : d
      u.push(dx >= dy ? xs + t : Math.trunc(xs + slope * t + 0.5))
      v.push(dx >= dy ? Math.trunc(ys + slope * t + 0.5) : ys + t)
    }
  }
  const crossings = new Set<number>()
  for (let j = 1; j < u.length; j++) {
    if (u[j] === u[j - 1]) continue
    const x = (Math.min(u[j]!, u[j]! < u[j - 1]! ? u[j]! : u[j]! - 1) + 0.5) / 5 - 0.5
    if (!Number.isInteger(x) || x < 0 || x >= widthPx) continue
    const y = Math.ceil(Math.max(0, Math.min(heightPx, (Math.min(v[j]!, v[j - 1]!) + 0.5) / 5 - 0.5)))
    const at = x * heightPx + y
    if (!crossings.delete(at)) crossings.add(at)
  }
  let inside = false
  const bytes: boolean[] = []
  for (let p = 0; p < widthPx * heightPx; p++) bytes.push(crossings.has(p) ? (inside = !inside) : inside)
  return maskByPixel(widthPx, heightPx, (x, y) => bytes[x * heightPx + y])
}

/** Rings of up to 9 vertices in and around the picture, crossing themselves, with repeated and halved coordinates. */
const rings = fc
  .record({ widthPx: fc.oneof(fc.nat(20), fc.nat(150)), heightPx: fc.nat(20), seed: fc.integer() })
  .map(({ seed, ...size }) => {
    const random = seededRandom(seed)
    const grid = [0, 1, 2, 5, 10][Math.floor(random() * 5)]!
    const reach = [30, 100, 3000][Math.floor(random() * 3)]!
    const coordinate = () => {
      const c = (random() - 0.3) * reach
      return grid === 0 ? c : Math.round(c * grid) / grid
    }
    const ring = Array.from({ length: 2 * Math.floor(random() * 10) }, coordinate)
    return { ...size, ring }
  })

test('a triangle is filled as the C library fills it', () => {
  // Picture and text recorded from the library.
  const mask = maskFromCocoPolygons({ widthPx: 8, heightPx: 6, polygons: [[1, 1, 6.5, 2, 2.2, 5]] })
  expect(mask).toEqual(drawn('........', '.###....', '.#####..', '..##....', '..#.....', '........'))
  expect(cocoStringFromMask(mask)).toBe('7242NO2N10:')
})

test("COCO's rule agrees with sampling every fifth of a pixel", () => {
  fc.assert(
    fc.property(rings, ({ widthPx, heightPx, ring }) => {
      expect(maskFromCocoPolygons({ widthPx, heightPx, polygons: [ring] })).toEqual(
        filledSlowly(widthPx, heightPx, ring),
      )
    }),
    { numRuns: 2000 },
  )
})

test('several COCO polygons are united, whatever they overlap', () => {
  fc.assert(
    fc.property(rings, rings, ({ widthPx, heightPx, ring }, { ring: other }) => {
      const one = maskFromCocoPolygons({ widthPx, heightPx, polygons: [ring] })
      const two = maskFromCocoPolygons({ widthPx, heightPx, polygons: [other] })
      expect(maskFromCocoPolygons({ widthPx, heightPx, polygons: [ring, other] })).toEqual(union(one, two))
    }),
    { numRuns: 500 },
  )
})

test('a box is filled from the nearest pixel border to the nearest', () => {
  const box = { x: 0.9, y: 0.2, width: 2.2, height: 2 }
  expect(maskFromCocoBox({ widthPx: 4, heightPx: 3, box })).toEqual(drawn('.##.', '.##.', '....'))
})

test('a pixel is in a ring when its centre is', () => {
  const square = [0.5, 0.5, 2.5, 0.5, 2.5, 2.5, 0.5, 2.5]
  expect(maskFromRings({ widthPx: 3, heightPx: 3, rings: [square] })).toEqual(drawn('##.', '##.', '...'))
  const hole = [1, 1, 2, 1, 2, 2, 1, 2]
  expect(maskFromRings({ widthPx: 3, heightPx: 3, rings: [[0, 0, 3, 0, 3, 3, 0, 3], hole] })).toEqual(
    drawn('###', '#.#', '###'),
  )
})

test('outlines of a ring, its inside and a pixel at its corner', () => {
  const polygons = contoursFromMask(drawn('###..', '#.#..', '###..', '...#.'))
  expect(polygons.map(({ outer, holes }) => [[...outer], holes.map((hole) => [...hole])])).toEqual([
    [[3, 0, 3, 3, 0, 3, 0, 0], [[1, 1, 1, 2, 2, 2, 2, 1]]],
    [[4, 3, 4, 4, 3, 4, 3, 3], []],
  ])
})

test('filling the outlines of a mask gives the mask back, by both rules', () => {
  fc.assert(
    fc.property(masks, (mask) => {
      const { widthPx, heightPx } = mask
      const polygons = contoursFromMask(mask)
      expect(maskFromRings({ widthPx, heightPx, rings: ringsOfPolygons(polygons) })).toEqual(mask)
      expect(maskFromCocoPolygons({ widthPx, heightPx, polygons: cocoPolygonsFromMask(mask) })).toEqual(mask)
      // Each region on its own is connected, and the areas of rings add up to the pixels: clockwise counts as positive.
      const areas = ringsOfPolygons(polygons).map(signedArea)
      expect(areas.reduce((sum, a) => sum + a, 0)).toBe(area(mask))
      for (const { outer, holes } of polygons) {
        expect(signedArea(outer)).toBeGreaterThan(0)
        for (const hole of holes) expect(signedArea(hole)).toBeLessThan(0)
      }
    }),
    { numRuns: 1500 },
  )
})

function signedArea(ring: Float64Array): number {
  let twice = 0
  for (let i = 0; i < ring.length; i += 2) {
    const j = (i + 2) % ring.length
    twice += ring[i]! * ring[j + 1]! - ring[j]! * ring[i + 1]!
  }
  return twice / 2
}

test('simplified outlines keep every corner within the tolerance', () => {
  // A stair of unit steps becomes a straight line at tolerance 1.
  const stair = maskByPixel(20, 20, (x, y) => x + y < 20)
  expect(contoursFromMask(stair)[0]!.outer.length).toBe(2 * 42)
  const [simple] = contoursFromMask(stair, { tolerancePx: 1 })
  expect(simple!.outer.length).toBeLessThanOrEqual(2 * 6)
  expect(
    Math.abs(area(maskFromRings({ widthPx: 20, heightPx: 20, rings: [simple!.outer] })) - 210),
  ).toBeLessThan(21)
})

test('a comb of twenty thousand teeth is simplified without looking at all teeth for each', () => {
  const comb: number[] = []
  for (let i = 0; i < 20_000; i++) comb.push(4 * i, 0, 4 * i, -10, 4 * i + 2, -10, 4 * i + 2, 0)
  comb.push(4 * 20_000, 5, 0, 5)
  let simple: Float64Array = new Float64Array(0)
  expect(
    cpuMs(() => {
      simple = simplifiedRing(Float64Array.from(comb), 3)
    }),
  ).toBeLessThan(2000)
  expect(simple.length).toBeGreaterThan(2 * 2 * 20_000)
})

test('a region smaller than the tolerance vanishes with its holes', () => {
  expect(contoursFromMask(drawn('###', '#.#', '###'), { tolerancePx: 9 })).toEqual([])
})

test('no polygon and polygons of one or two vertices fill nothing', () => {
  const size = { widthPx: 5, heightPx: 4 }
  expect(maskFromCocoPolygons({ ...size, polygons: [] })).toEqual(emptyMask(5, 4))
  expect(maskFromCocoPolygons({ ...size, polygons: [[], [1, 1], [0, 0, 4, 3]] })).toEqual(emptyMask(5, 4))
})

test.each<[string, readonly unknown[], string]>([
  ['NaN', [[0, 0, Number.NaN, 1, 2, 2]], 'out-of-range'],
  ['infinity', [[0, 0, Number.POSITIVE_INFINITY, 1, 2, 2]], 'out-of-range'],
  ['1e300', [[0, 0, 1e300, 1, 2, 2]], 'out-of-range'],
  ['an odd number of coordinates', [[0, 0, 1, 1, 2]], 'malformed'],
  [
    'points as pairs',
    [
      [
        [0, 0],
        [1, 1],
      ],
    ],
    'malformed',
  ],
  ['null', [null], 'malformed'],
  ['an object that does not print', [[JSON.parse('{"toString":1}'), 2]], 'malformed'],
])('%s among the coordinates is refused', (_what, polygons, code) => {
  const fill = () => maskFromCocoPolygons({ widthPx: 5, heightPx: 4, polygons: polygons as number[][] })
  expect(fill).toThrow(MaskError)
  expect(fill).toThrow(expect.objectContaining({ code, at: 0 }))
})

test.each<[string, unknown]>([
  ["COCO's list", [1, 2, 3, 4]],
  ['null', null],
  ['text', '1 2 3 4'],
  ['a side that is text', { x: 0, y: 0, width: '3', height: 2 }],
  ['a missing side', { x: 0, y: 0, width: 3 }],
])('%s is no box', (_what, box) => {
  const fill = () => maskFromCocoBox({ widthPx: 5, heightPx: 4, box: box as BoxXywhPx })
  expect(fill).toThrow(MaskError)
  expect(fill).toThrow(expect.objectContaining({ code: 'malformed' }))
})

test('a million far-away vertices all around the picture are filled at a cost of looking at them', () => {
  const ring = new Float64Array(2e6)
  const random = seededRandom(1)
  for (let i = 0; i < ring.length; i++) ring[i] = (random() - 0.5) * 2 * MAX_VERTEX_PX
  const fill = () => maskFromCocoPolygons({ widthPx: 640, heightPx: 480, polygons: [ring] })
  expect(cpuMs(fill)).toBeLessThan(3000)
  ring.fill(-MAX_VERTEX_PX)
  ring.set([MAX_VERTEX_PX, -MAX_VERTEX_PX, MAX_VERTEX_PX, MAX_VERTEX_PX, -MAX_VERTEX_PX, MAX_VERTEX_PX])
  expect(fill()).toEqual(fullMask(640, 480))
})

test('an outline that crosses more columns than any real one is refused before it is filled', () => {
  const zigzag = Array.from({ length: 400_000 }, (_, i) => (i % 2 === 0 ? (i % 4) * 500 : i % 480))
  const fill = () => maskFromCocoPolygons({ widthPx: 640, heightPx: 480, polygons: [zigzag] })
  expect(cpuMs(() => expect(fill).toThrow(/cross more than/))).toBeLessThan(1000)
  expect(() => maskFromCocoPolygons({ widthPx: 2 ** 26, heightPx: 2, polygons: [] })).toThrow(/sides up to/)
})
