import { maskFromRowMajor, resizeBilinear } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomFrom } from '../../../codecs/src/getok/random.ts'
import { drawWindow, maskThrough, pixelsThrough, reduced } from './crop.ts'

const PLAIN = {
  scale: [0.4, 1.2] as const,
  stretch: 1.6,
  turnDegrees: 20,
  mirror: [0.5, 0.5] as const,
  whole: 0,
}

/** A picture whose red channel says the column and whose green channel the row. */
function ramp(widthPx: number, heightPx: number) {
  const rgb = new Uint8Array(widthPx * heightPx * 3)
  for (let i = 0; i < widthPx * heightPx; i++) {
    rgb[i * 3] = i % widthPx
    rgb[i * 3 + 1] = Math.floor(i / widthPx)
  }
  return { widthPx, heightPx, rgb }
}

describe('windows of pictures and masks', () => {
  it('a whole window without a mirror is the picture at the size of the square', () => {
    const window = drawWindow(
      { widthPx: 64, heightPx: 64 },
      64,
      { ...PLAIN, whole: 1, mirror: [0, 0] },
      randomFrom(1),
    )
    const picture = ramp(64, 64)
    expect(pixelsThrough(picture, window, 64, [0, 0, 0])).toEqual(picture.rgb)
    const bytes = Uint8Array.from({ length: 64 * 64 }, (_, i) => (i % 7 === 0 ? 1 : 0))
    expect(maskThrough(maskFromRowMajor({ widthPx: 64, heightPx: 64, bytes }), window, 64)).toEqual(bytes)
  })

  it('pixels and masks go through the same map: a mask of the left half covers what was in the left half', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [widthPx, heightPx, side] = [120, 90, 48]
        const window = drawWindow({ widthPx, heightPx }, side, PLAIN, randomFrom(seed))
        const bytes = Uint8Array.from({ length: widthPx * heightPx }, (_, i) => (i % widthPx < 60 ? 1 : 0))
        const mask = maskThrough(maskFromRowMajor({ widthPx, heightPx, bytes }), window, side)
        const pixels = pixelsThrough(ramp(widthPx, heightPx), window, side, [255, 255, 255])
        for (let i = 0; i < side * side; i++) {
          const [column, ground] = [pixels[i * 3]!, pixels[i * 3 + 2]!]
          // Blue is ground only; next to the border between the halves a pixel may show both.
          if (ground > 0 || Math.abs(column - 59.5) < 4) continue
          expect(mask[i]).toBe(column < 60 ? 1 : 0)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('outside the picture there is ground and no mask', () => {
    const window = { ax: 1, bx: 0, cx: 1000, ay: 0, by: 1, cy: 1000 }
    expect([...pixelsThrough(ramp(8, 8), window, 2, [9, 8, 7])]).toEqual([9, 8, 7, 9, 8, 7, 9, 8, 7, 9, 8, 7])
    const full = maskFromRowMajor({ widthPx: 8, heightPx: 8, bytes: new Uint8Array(64).fill(1) })
    expect([...maskThrough(full, window, 2)]).toEqual([0, 0, 0, 0])
  })
})

describe('rasters reduced to cells', () => {
  it('with the box filter each cell has the share that is covered', () => {
    const raster = Uint8Array.from([1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1])
    const out = new Float32Array(4)
    reduced(raster, 4, 2, 'box', out, 0)
    expect([...out]).toEqual([0.75, 0, 0, 1])
  })

  it('with the triangle filter it is the antialiased resize that mask prompts pass through', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = randomFrom(seed)
        const raster = Uint8Array.from({ length: 32 * 32 }, () => (random() < 0.5 ? 1 : 0))
        const out = new Float32Array(64)
        reduced(raster, 32, 4, 'triangle', out, 0)
        const { values } = resizeBilinear(
          { widthPx: 32, heightPx: 32, values: Float32Array.from(raster) },
          { widthPx: 8, heightPx: 8 },
          { antialias: true },
        )
        for (let i = 0; i < 64; i++) expect(out[i]).toBeCloseTo(values[i]!, 5)
      }),
      { numRuns: 20 },
    )
  })
})
