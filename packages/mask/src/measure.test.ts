import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawn, masks, pixelsOf } from '../test/masks.ts'
import { emptyMask, fullMask, type Mask } from './mask.ts'
import { area, centroid, compactness, perimeter, tightBox } from './measure.ts'

test('numbers of a mask of three pixels', () => {
  const mask = drawn('....', '.##.', '.#..')
  expect(area(mask)).toBe(3)
  expect(tightBox(mask)).toEqual({ x: 1, y: 1, width: 2, height: 2 })
  expect(perimeter(mask)).toBe(8)
  expect(centroid(mask)).toEqual({ x: (1.5 + 2.5 + 1.5) / 3, y: (1.5 + 1.5 + 2.5) / 3 })
  expect(compactness(mask)).toBeCloseTo((4 * Math.PI * 3) / 64, 15)
})

test('an empty mask has no box, no centre and no outline', () => {
  expect(tightBox(emptyMask(5, 4))).toEqual({ x: 0, y: 0, width: 0, height: 0 })
  expect(centroid(emptyMask(5, 4))).toBeUndefined()
  expect(compactness(emptyMask(0, 4))).toBe(0)
})

test('a square has compactness pi / 4 and two billion pixels are measured at once', () => {
  expect(compactness(fullMask(7, 7))).toBeCloseTo(Math.PI / 4, 15)
  const huge = fullMask(2 ** 15, 2 ** 16 - 2)
  expect(area(huge)).toBe(2 ** 15 * (2 ** 16 - 2))
  expect(tightBox(huge)).toEqual({ x: 0, y: 0, width: 2 ** 15, height: 2 ** 16 - 2 })
  expect(centroid(huge)).toEqual({ x: 2 ** 14, y: 2 ** 15 - 1 })
})

/** The same numbers by a loop over pixels. */
function slow({ widthPx, heightPx, ...rest }: Mask) {
  const p = pixelsOf({ widthPx, heightPx, ...rest })
  let n = 0
  let sides = 0
  let sumX = 0
  let sumY = 0
  let [x0, y0, x1, y1] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, -1, -1]
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      if (p(x, y) === 0) continue
      n++
      sumX += x + 0.5
      sumY += y + 0.5
      sides += 4 - p(x - 1, y) - p(x + 1, y) - p(x, y - 1) - p(x, y + 1)
      x0 = Math.min(x0, x)
      y0 = Math.min(y0, y)
      x1 = Math.max(x1, x)
      y1 = Math.max(y1, y)
    }
  }
  const box =
    n === 0 ? { x: 0, y: 0, width: 0, height: 0 } : { x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 }
  return { n, sides, box, centre: n === 0 ? undefined : { x: sumX / n, y: sumY / n } }
}

test('area, box, centre and perimeter agree with a loop over pixels', () => {
  fc.assert(
    fc.property(masks, (mask) => {
      expect({ n: area(mask), sides: perimeter(mask), box: tightBox(mask), centre: centroid(mask) }).toEqual(
        slow(mask),
      )
    }),
    { numRuns: 1500 },
  )
})
