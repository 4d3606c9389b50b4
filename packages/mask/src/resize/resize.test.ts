// Resizing against recorded Pillow and PyTorch results, and against small sums done by hand.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recorded as recordedFile } from '../../../../scripts/recorded.ts'
import { formula, formulaBytes, readTensors } from '../../test/recorded.ts'
import { maskFromRowMajor, rowMajorBytes } from '../dense.ts'
import { MaskError } from '../error.ts'
import { equalMasks, fullMask } from '../mask.ts'
import { crc32 } from '../png/checksum.ts'
import { resizeMaskNearest, resizeNearest } from './nearest.ts'
import { resizeBicubicPillow } from './pillow.ts'
import { resizeBicubic, resizeBilinear } from './torch.ts'

const golden = recordedFile('resize.golden.safetensors')

const SIZES = [
  { from: { heightPx: 37, widthPx: 53 }, to: { heightPx: 64, widthPx: 64 } },
  { from: { heightPx: 131, widthPx: 97 }, to: { heightPx: 64, widthPx: 48 } },
  { from: { heightPx: 300, widthPx: 200 }, to: { heightPx: 128, widthPx: 128 } },
]

function text(size: { heightPx: number; widthPx: number }): string {
  return `${size.heightPx}x${size.widthPx}`
}

describe('recorded resizes', () => {
  const tensors = readTensors(readFileSync(golden))
  const recordedFloats = (name: string) => new Float32Array(tensors.get(name)!.bytes.buffer)
  const largestDifference = (a: Float32Array, b: Float32Array) => {
    expect(a.length).toBe(b.length)
    return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0)
  }

  for (const { from, to } of SIZES) {
    const tail = `${text(from)}_to_${text(to)}`
    it(`${tail} equals Pillow bit for bit and PyTorch to 2e-6`, () => {
      for (const [channels, kind] of [
        [3, ''],
        [1, 'grey_'],
      ] as const) {
        const pixels = from.heightPx * from.widthPx
        const bytes = formulaBytes(`resize.${text(from)}x${channels}`, pixels * channels)
        const ours = resizeBicubicPillow({ ...from, channels, bytes }, to)
        expect(Buffer.compare(ours.bytes, tensors.get(`pillow_bicubic_${kind}${tail}`)!.bytes)).toBe(0)
      }
      const values = Float32Array.from(formula(`resize.float.${text(from)}`, from.heightPx * from.widthPx))
      const plane = { ...from, values }
      const smooth = resizeBilinear(plane, to, { antialias: true }).values
      expect(largestDifference(smooth, recordedFloats(`torch_bilinear_antialias_${tail}`))).toBeLessThan(1e-6)
      const plain = resizeBilinear(plane, to, { positions: 'float64' }).values
      expect(largestDifference(plain, recordedFloats(`torch_bilinear_${tail}`))).toBeLessThan(1e-7)
      const nearest = resizeNearest(plane, to).values
      expect(largestDifference(nearest, recordedFloats(`torch_nearest_${tail}`))).toBe(0)
    })
  }

  it('7x7 to 64x64 equals PyTorch bicubic to 2e-6', () => {
    const values = Float32Array.from(formula('resize.float.7x7', 49))
    const ours = resizeBicubic({ widthPx: 7, heightPx: 7, values }, { widthPx: 64, heightPx: 64 }).values
    expect(largestDifference(ours, recordedFloats('torch_bicubic_7x7_to_64x64'))).toBeLessThan(1e-6)
  })
})

describe('resizing', () => {
  it('gives the checksums of the Pillow results for the formula pictures', () => {
    const sums = SIZES.flatMap(({ from, to }) =>
      [3, 1].map((channels) => {
        const bytes = formulaBytes(
          `resize.${text(from)}x${channels}`,
          from.heightPx * from.widthPx * channels,
        )
        return crc32(resizeBicubicPillow({ ...from, channels, bytes }, to).bytes)
      }),
    )
    expect(sums).toEqual([354660835, 500319017, 304793456, 40818278, 389867266, 2594068612])
  })

  it('bicubic clips its overshoot at a step from black to white', () => {
    const step = { widthPx: 4, heightPx: 1, channels: 1, bytes: Uint8Array.of(0, 0, 255, 255) }
    // At half a source pixel the kernel -1/16, 9/16, 9/16, -1/16 mixes; beyond it would give -12 and 267.
    expect([...resizeBicubicPillow(step, { widthPx: 8, heightPx: 1 }).bytes]).toEqual([
      0, 0, 0, 52, 203, 255, 255, 255,
    ])
  })

  it('bilinear halves 0, 1, 2, 3 into means, and antialias looks further', () => {
    const plane = { widthPx: 4, heightPx: 1, values: Float32Array.of(0, 1, 2, 3) }
    expect([...resizeBilinear(plane, { widthPx: 2, heightPx: 1 }).values]).toEqual([0.5, 2.5])
    // Triangle of half-width 2 around 1.0: weights 3/8, 3/8, 1/8 of samples 0, 1, 2, over 7/8.
    const smooth = resizeBilinear(plane, { widthPx: 2, heightPx: 1 }, { antialias: true }).values
    expect(smooth[0]).toBeCloseTo(5 / 7, 6)
  })

  it('nearest takes floor(x * source / target), channels kept together', () => {
    const values = Uint8Array.of(10, 11, 20, 21, 30, 31)
    const out = resizeNearest({ widthPx: 3, heightPx: 1, channels: 2, values }, { widthPx: 5, heightPx: 1 })
    expect([...out.values]).toEqual([10, 11, 10, 11, 20, 21, 20, 21, 30, 31])
  })

  it('resizes a mask on its runs to the pixels that its bytes resize to', () => {
    const side = fc.integer({ min: 1, max: 12 })
    const property = fc.property(
      side,
      side,
      side,
      side,
      fc.infiniteStream(fc.boolean()),
      (w, h, w2, h2, bits) => {
        const bytes = Uint8Array.from({ length: w * h }, () => (bits.next().value ? 1 : 0))
        const mask = maskFromRowMajor({ widthPx: w, heightPx: h, bytes })
        const to = { widthPx: w2, heightPx: h2 }
        const dense = resizeNearest({ widthPx: w, heightPx: h, values: rowMajorBytes(mask) }, to)
        const ours = resizeMaskNearest(mask, to)
        expect(equalMasks(ours, maskFromRowMajor({ ...to, bytes: dense.values }))).toBe(true)
      },
    )
    fc.assert(property, { numRuns: 500, seed: 11 })
  })

  it('keeps a constant picture constant and a picture of the same size as it is', () => {
    const side = fc.integer({ min: 1, max: 40 })
    const property = fc.property(
      side,
      side,
      side,
      side,
      fc.integer({ min: 0, max: 255 }),
      (w, h, w2, h2, value) => {
        const bytes = new Uint8Array(w * h * 2).fill(value)
        const picture = { widthPx: w, heightPx: h, channels: 2, bytes }
        const out = resizeBicubicPillow(picture, { widthPx: w2, heightPx: h2 })
        expect(out.bytes.every((b) => b === value)).toBe(true)
        const noise = { ...picture, bytes: formulaBytes('noise', w * h * 2) }
        expect(resizeBicubicPillow(noise, { widthPx: w, heightPx: h }).bytes).toEqual(noise.bytes)
      },
    )
    fc.assert(property, { numRuns: 200, seed: 12 })
  })

  it('refuses sides of 0, NaN, huge targets and wrong lengths', () => {
    const picture = { widthPx: 2, heightPx: 2, channels: 1, bytes: new Uint8Array(4) }
    const plane = { widthPx: 2, heightPx: 2, values: new Float32Array(4) }
    for (const to of [
      { widthPx: 0, heightPx: 5 },
      { widthPx: Number.NaN, heightPx: 5 },
      { widthPx: 2 ** 31, heightPx: 2 },
      { widthPx: 2 ** 20, heightPx: 2 ** 20 },
    ]) {
      expect(() => resizeBicubicPillow(picture, to)).toThrow(MaskError)
      expect(() => resizeBilinear(plane, to)).toThrow(MaskError)
      expect(() => resizeNearest(plane, to)).toThrow(MaskError)
      expect(() => resizeMaskNearest(fullMask(2, 2), to)).toThrow(MaskError)
    }
    const short = { ...picture, bytes: new Uint8Array(3) }
    expect(() => resizeBicubicPillow(short, { widthPx: 3, heightPx: 3 })).toThrow(/take 4 bytes, got 3/)
  })
})
