// Bicubic against torch 2.15 `interpolate(align_corners=False)` on its CPU: some samples of each output.
import { describe, expect, it } from 'vitest'
import { resizeBicubic } from './torch.ts'

describe('bicubic', () => {
  // [height, width]; source sample i is (7919 i mod 1009) / 1009.
  it.each([
    {
      from: [31, 64],
      to: [257, 1],
      at: [29, 59, 88, 118, 147, 177, 206],
      bicubic: [
        -0.0015862475847825408, 0.3093857765197754, 0.05683137848973274, 0.3615964949131012,
        0.28407326340675354, 0.37604111433029175, 0.3783505856990814,
      ],
    },
    {
      from: [64, 16],
      to: [5, 64],
      at: [36, 73, 109, 146, 182, 219, 255],
      bicubic: [
        0.031712960451841354, 0.4681089520454407, 0.34506866335868835, 0.4380144476890564, 0.5736172795295715,
        0.44673776626586914, 1.0133987665176392,
      ],
    },
  ])('$from to $to: within 5e-7', ({ from, to, at, bicubic }) => {
    const [heightPx, widthPx] = from as [number, number]
    const target = { heightPx: to[0]!, widthPx: to[1]! }
    const values = Float32Array.from({ length: heightPx * widthPx }, (_, i) => ((i * 7919) % 1009) / 1009)
    const input = { widthPx, heightPx, values }
    const worst = (made: Float32Array, wanted: readonly number[]) =>
      Math.max(...at.map((place, k) => Math.abs(made[place]! - wanted[k]!)))
    expect(worst(resizeBicubic(input, target).values, bicubic)).toBeLessThan(5e-7)
  })
})
