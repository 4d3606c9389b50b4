// What the split of pictures promises.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inHoldout } from './split.ts'

test('a picture belongs to the part that the first four bytes of the SHA-256 of its id name', () => {
  // printf %s 9 | sha256sum starts 19581e27: 0x19581e27 = 425205287 = 4 * 106301321 + 3.
  expect([0, 1, 2, 3].map((part) => inHoldout('9', part, 4))).toEqual([false, false, false, true])
})

test('every picture lies in exactly one part', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 12 }), (id, parts) => {
      const holds = Array.from({ length: parts }, (_, part) => inHoldout(id, part, parts))
      expect(holds.filter(Boolean)).toHaveLength(1)
    }),
  )
})

test('a part that does not exist is refused', () => {
  for (const [part, parts] of [
    [4, 4],
    [-1, 4],
    [0, 0],
    [0.5, 4],
    [0, Number.NaN],
  ] as const) {
    expect(() => inHoldout('9', part, parts)).toThrowError(expect.objectContaining({ code: 'bad-option' }))
  }
})
