import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  columnMajorBytes,
  croppedColumnMajorBytes,
  croppedRowMajorBytes,
  maskFromColumnMajor,
  maskFromRowMajor,
  rowMajorBytes,
  writeBytes,
} from './dense.ts'
import { MaskError } from './error.ts'
import { emptyMask, equalMasks, fullMask, maskFromEdges } from './mask.ts'
import { transpose } from './transpose.ts'

/** Pictures of up to 23 x 23, from solid to noisy, foreground as any non-zero value. */
const pictures = fc
  .record({
    widthPx: fc.nat(23),
    heightPx: fc.nat(23),
    density: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.integer(),
  })
  .map(({ widthPx, heightPx, density, seed }) => {
    const bytes = new Uint8Array(widthPx * heightPx)
    let state = seed
    for (let i = 0; i < bytes.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      if ((state >>> 8) / 2 ** 24 < density) bytes[i] = 1 + ((state >>> 3) & 127)
    }
    return { widthPx, heightPx, bytes }
  })

const ones = (bytes: Uint8Array) => bytes.map((b) => (b === 0 ? 0 : 1))

/** Column-major copy of a row-major picture, one pixel at a time. */
function turned(bytes: Uint8Array, widthPx: number, heightPx: number): Uint8Array {
  const out = new Uint8Array(bytes.length)
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++) out[x * heightPx + y] = bytes[y * widthPx + x]!
  return out
}

test('a 4 x 3 picture is held as column-major runs', () => {
  // . # # .
  // # # . .
  // # # . #
  const bytes = Uint8Array.of(0, 9, 9, 0, 1, 1, 0, 0, 255, 7, 0, 1)
  const mask = maskFromRowMajor({ widthPx: 4, heightPx: 3, bytes })
  expect([...mask.edges]).toEqual([1, 7, 11, 12])
  expect([...rowMajorBytes(mask)]).toEqual([0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1])
  expect([...columnMajorBytes(mask)]).toEqual([0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1])
})

test('reading and viewing bytes agree with a loop over pixels, in both orders', () => {
  fc.assert(
    fc.property(pictures, ({ widthPx, heightPx, bytes }) => {
      const mask = maskFromRowMajor({ widthPx, heightPx, bytes })
      const columns = turned(bytes, widthPx, heightPx)
      expect(equalMasks(mask, maskFromColumnMajor({ widthPx, heightPx, bytes: columns }))).toBe(true)
      for (let i = 1; i < mask.edges.length; i++) expect(mask.edges[i]!).toBeGreaterThan(mask.edges[i - 1]!)
      expect(rowMajorBytes(mask)).toEqual(ones(bytes))
      expect(columnMajorBytes(mask)).toEqual(ones(columns))
      const out = new Uint8ClampedArray(bytes.length).fill(7)
      writeBytes({ mask, out, order: 'row-major', foreground: 255 })
      expect([...out]).toEqual([...bytes].map((b) => (b === 0 ? 0 : 255)))
    }),
    { numRuns: 2000 },
  )
})

test('transposing swaps x and y, and twice gives the mask back', () => {
  fc.assert(
    fc.property(pictures, ({ widthPx, heightPx, bytes }) => {
      const mask = maskFromRowMajor({ widthPx, heightPx, bytes })
      const other = transpose(mask)
      expect(equalMasks(other, maskFromColumnMajor({ widthPx: heightPx, heightPx: widthPx, bytes }))).toBe(
        true,
      )
      expect(equalMasks(transpose(other), mask)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('bytes at an odd offset of their buffer are read where they are', () => {
  const bytes = new Uint8Array(64).subarray(3, 3 + 35).fill(1, 8, 20)
  const mask = maskFromRowMajor({ widthPx: 7, heightPx: 5, bytes })
  expect(rowMajorBytes(mask)).toEqual(bytes)
})

test('a cropped view holds the tight box and nothing else', () => {
  const mask = maskFromRowMajor({
    widthPx: 4,
    heightPx: 3,
    bytes: Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0),
  })
  const box = { x: 1, y: 1, width: 2, height: 2 }
  expect(croppedRowMajorBytes(mask)).toEqual({ box, bytes: Uint8Array.of(1, 1, 1, 0) })
  expect(croppedColumnMajorBytes(mask)).toEqual({ box, bytes: Uint8Array.of(1, 1, 1, 0) })
  // A picture far beyond any dense view.
  const far = maskFromEdges(2 ** 15, 2 ** 15, Uint32Array.of(5, 7))
  expect(croppedRowMajorBytes(far)).toEqual({
    box: { x: 0, y: 5, width: 1, height: 2 },
    bytes: Uint8Array.of(1, 1),
  })
  expect(croppedRowMajorBytes(emptyMask(9, 9)).bytes.length).toBe(0)
})

test('a view is remembered and shared', () => {
  const mask = fullMask(10, 10)
  expect(rowMajorBytes(mask)).toBe(rowMajorBytes(mask))
  expect(columnMajorBytes(mask)).not.toBe(columnMajorBytes(fullMask(10, 10)))
})

test('views of four thousand living masks stay within the memory budget', () => {
  const masks = Array.from({ length: 4000 }, () => fullMask(256, 256))
  const before = process.memoryUsage().arrayBuffers
  for (const mask of masks) rowMajorBytes(mask)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200e6)
})

test('huge pictures of few runs transpose without a counter a column', () => {
  const wide = maskFromEdges(2, 2 ** 29, Uint32Array.of(5, 8))
  expect([...transpose(wide).edges]).toEqual([10, 11, 12, 13, 14, 15])
  expect(transpose(emptyMask(2 ** 15, 2 ** 15)).edges.length).toBe(0)
  expect([...transpose(fullMask(2 ** 20, 2)).edges]).toEqual([0, 2 ** 21])
})

test('a wrong number of bytes and a picture beyond the limit are refused by name', () => {
  expect(() => maskFromRowMajor({ widthPx: 2, heightPx: 2, bytes: new Uint8Array(16) })).toThrow(
    /got 16 bytes for 2 x 2/,
  )
  expect(() => rowMajorBytes(emptyMask(2 ** 15, 2 ** 15))).toThrow(MaskError)
  expect(() => maskFromColumnMajor({ widthPx: -1, heightPx: 2, bytes: new Uint8Array(0) })).toThrow(MaskError)
})
