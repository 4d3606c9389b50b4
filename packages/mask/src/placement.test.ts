import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawn, maskByPixel, masks, pixelsOf } from '../test/masks.ts'
import { fullMask, maskFromEdges } from './mask.ts'
import {
  crop,
  flipHorizontal,
  flipVertical,
  paste,
  rotate90Clockwise,
  rotate90CounterClockwise,
  rotate180,
} from './placement.ts'

test('flips and turns of an L', () => {
  const l = drawn('#..', '###')
  expect(flipHorizontal(l)).toEqual(drawn('..#', '###'))
  expect(flipVertical(l)).toEqual(drawn('###', '#..'))
  expect(rotate180(l)).toEqual(drawn('###', '..#'))
  expect(rotate90Clockwise(l)).toEqual(drawn('##', '#.', '#.'))
  expect(rotate90CounterClockwise(l)).toEqual(drawn('.#', '.#', '##'))
})

test('flips and turns agree with a loop over pixels, and undo themselves', () => {
  fc.assert(
    fc.property(masks, (mask) => {
      const { widthPx: w, heightPx: h } = mask
      const p = pixelsOf(mask)
      expect(flipVertical(mask)).toEqual(maskByPixel(w, h, (x, y) => p(x, h - 1 - y)))
      expect(flipHorizontal(mask)).toEqual(maskByPixel(w, h, (x, y) => p(w - 1 - x, y)))
      expect(rotate90Clockwise(mask)).toEqual(maskByPixel(h, w, (x, y) => p(y, h - 1 - x)))
      expect(flipVertical(flipVertical(mask))).toEqual(mask)
      expect(rotate90CounterClockwise(rotate90Clockwise(mask))).toEqual(mask)
    }),
    { numRuns: 1000 },
  )
})

test('crop and paste agree with a loop over pixels, wherever the box lies', () => {
  const place = fc.integer({ min: -30, max: 30 })
  fc.assert(
    fc.property(masks, place, place, fc.nat(30), fc.nat(30), (mask, x, y, width, height) => {
      const p = pixelsOf(mask)
      const expected = maskByPixel(width, height, (i, j) => p(i + x, j + y))
      expect(crop(mask, { x, y, width, height })).toEqual(expected)
      expect(paste(mask, { x: -x, y: -y, widthPx: width, heightPx: height })).toEqual(expected)
    }),
    { numRuns: 1500 },
  )
})

test('a run over two billion pixels is moved without visiting them', () => {
  const wide = fullMask(2 ** 15, 2 ** 16 - 2)
  expect(flipHorizontal(wide)).toEqual(wide)
  expect(crop(wide, { x: -5, y: 0, width: 2 ** 15, height: 2 ** 16 - 2 }).edges).toEqual(
    Uint32Array.of(5 * (2 ** 16 - 2), 2 ** 15 * (2 ** 16 - 2)),
  )
  expect(
    crop(maskFromEdges(4, 4, Uint32Array.of(0, 16)), { x: 1, y: 1, width: 0, height: 2 }).edges.length,
  ).toBe(0)
})

test('a place between pixels is refused', () => {
  expect(() => crop(fullMask(4, 4), { x: 0.5, y: 0, width: 2, height: 2 })).toThrow(/whole numbers/)
  expect(() => crop(fullMask(4, 4), { x: 0, y: 0, width: -2, height: 2 })).toThrow(/whole numbers/)
})
