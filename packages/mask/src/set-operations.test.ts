import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawn, maskByPixel, masksOfOneSize, pixelsOf } from '../test/masks.ts'
import { emptyMask, equalMasks, fullMask } from './mask.ts'
import { intersect, intersectAll, invert, subtract, union, unionAll, xor } from './set-operations.ts'

test('union, intersection, difference and complement of two small masks', () => {
  const a = drawn('##.', '##.')
  const b = drawn('.##', '...')
  expect(union(a, b)).toEqual(drawn('###', '##.'))
  expect(intersect(a, b)).toEqual(drawn('.#.', '...'))
  expect(subtract(a, b)).toEqual(drawn('#..', '##.'))
  expect(xor(a, b)).toEqual(drawn('#.#', '##.'))
  expect(invert(a)).toEqual(drawn('..#', '..#'))
})

test('every operation agrees with a loop over pixels', () => {
  fc.assert(
    fc.property(masksOfOneSize(2), ([a, b]) => {
      const { widthPx, heightPx } = a!
      const p = pixelsOf(a!)
      const q = pixelsOf(b!)
      expect(union(a!, b!)).toEqual(maskByPixel(widthPx, heightPx, (x, y) => p(x, y) | q(x, y)))
      expect(intersect(a!, b!)).toEqual(maskByPixel(widthPx, heightPx, (x, y) => p(x, y) & q(x, y)))
      expect(subtract(a!, b!)).toEqual(maskByPixel(widthPx, heightPx, (x, y) => p(x, y) & ~q(x, y)))
      expect(xor(a!, b!)).toEqual(maskByPixel(widthPx, heightPx, (x, y) => p(x, y) ^ q(x, y)))
      expect(invert(a!)).toEqual(maskByPixel(widthPx, heightPx, (x, y) => p(x, y) === 0))
    }),
    { numRuns: 1000 },
  )
})

test('the laws of sets hold', () => {
  fc.assert(
    fc.property(masksOfOneSize(3), ([a, b, c]) => {
      const { widthPx, heightPx } = a!
      expect(invert(union(a!, b!))).toEqual(intersect(invert(a!), invert(b!)))
      expect(intersect(a!, union(b!, c!))).toEqual(union(intersect(a!, b!), intersect(a!, c!)))
      expect(xor(xor(a!, b!), b!)).toEqual(a)
      expect(union(subtract(a!, b!), intersect(a!, b!))).toEqual(a)
      expect(union(a!, invert(a!))).toEqual(fullMask(widthPx, heightPx))
      expect(intersect(a!, invert(a!))).toEqual(emptyMask(widthPx, heightPx))
      expect(unionAll([a!, b!, c!])).toEqual(union(union(a!, b!), c!))
      expect(intersectAll([a!, b!, c!])).toEqual(intersect(a!, intersect(b!, c!)))
    }),
    { numRuns: 500 },
  )
})

test('merging nothing needs a size, and other sizes are refused', () => {
  expect(equalMasks(unionAll([], { widthPx: 3, heightPx: 2 }), emptyMask(3, 2))).toBe(true)
  expect(() => unionAll([])).toThrow(/no size was given/)
  expect(() => union(emptyMask(3, 2), emptyMask(2, 3))).toThrow(/3 x 2 and 2 x 3/)
})
