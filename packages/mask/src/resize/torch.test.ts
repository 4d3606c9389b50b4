// Bilinear and bicubic against torch 2.15 `interpolate(align_corners=False)` on its CPU: some samples of each output.
import { describe, expect, it } from 'vitest'
import { resizeBicubic, resizeBilinear } from './torch.ts'

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

describe('bilinear', () => {
  it.each([
    {
      from: [131, 97],
      to: [64, 48],
      at: [0, 279, 558, 837, 1116, 1395, 1675, 1954, 2233, 2512, 2791, 3071],
      bilinear: [
        0.31836622953414917, 0.34862062335014343, 0.4427809715270996, 0.7624450922012329, 0.41845470666885376,
        0.45182421803474426, 0.17670652270317078, 0.513054370880127, 0.849402904510498, 0.21870911121368408,
        0.5220981240272522, 0.24698106944561005,
      ],
    },
    {
      from: [1000, 1003],
      to: [777, 333],
      at: [0, 23521, 47043, 70565, 94087, 117609, 141130, 164652, 188174, 211696, 235218, 258740],
      bilinear: [
        0.834511935710907, 0.33998286724090576, 0.36283743381500244, 0.4115835130214691, 0.4344387650489807,
        0.4572935998439789, 0.626660168170929, 0.7305112481117249, 0.5560089349746704, 0.40792199969291687,
        0.4229867458343506, 0.1288192719221115,
      ],
    },
    {
      from: [256, 256],
      to: [480, 720],
      at: [0, 31418, 62836, 94254, 125672, 157090, 188508, 219926, 251344, 282762, 314180, 345599],
      bilinear: [
        0.0, 0.47294214367866516, 0.7491515278816223, 0.32110968232154846, 0.7028750777244568,
        0.08463931828737259, 0.5510419607162476, 0.7546567320823669, 0.3145703971385956, 0.780971884727478,
        0.24829240143299103, 0.5817641019821167,
      ],
    },
    {
      from: [64, 64],
      to: [1000, 900],
      at: [0, 81818, 163636, 245454, 327272, 409090, 490908, 572726, 654544, 736362, 818180, 899999],
      bilinear: [
        0.0, 0.7266175746917725, 0.41719335317611694, 0.12115743011236191, 0.6257405877113342,
        0.38657402992248535, 0.6484293341636658, 0.43856075406074524, 0.0428348071873188, 0.6471086740493774,
        0.31691962480545044, 0.05351833626627922,
      ],
    },
  ])('$from to $to: within 2e-7', ({ from, to, at, bilinear }) => {
    const [heightPx, widthPx] = from as [number, number]
    const values = Float32Array.from({ length: heightPx * widthPx }, (_, i) => ((i * 7919) % 1009) / 1009)
    const made = resizeBilinear({ widthPx, heightPx, values }, { heightPx: to[0]!, widthPx: to[1]! }).values
    for (const [k, place] of at.entries()) expect(Math.abs(made[place]! - bilinear[k]!)).toBeLessThan(2e-7)
  })
})
