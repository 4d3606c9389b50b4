import { describe, expect, it } from 'vitest'
import { blurTarget, gaussianKernel, levelProbabilities, levelSigmaPx, sampleLevels } from './hierarchy.ts'

/** Numbers in [0, 1) in the order given, over and over. */
const sequence = (values: readonly number[]): (() => number) => {
  let at = 0
  return () => values[at++ % values.length]!
}

describe('levels of the hierarchical loss', () => {
  it('have the published probabilities and blurs', () => {
    const p = levelProbabilities(32)
    expect([1, 2, 4, 8, 16, 31].map((l) => Number(p[l - 1]!.toFixed(5)))).toEqual([
      0.07235, 0.06512, 0.05426, 0.0407, 0.02713, 0.0167,
    ])
    expect([1, 2, 4, 8, 16, 31].map((l) => Number(levelSigmaPx(l, 256).toFixed(4)))).toEqual([
      48, 31.3333, 18, 9.1111, 3.8824, 1.125,
    ])
    expect([48, 94 / 3, 18, 82 / 9, 66 / 17, 1.125].map((sigma) => gaussianKernel(sigma).length)).toEqual([
      289, 189, 109, 57, 25, 9,
    ])
  })

  it('of the paper: all tokens and three different prefixes, each with its own blur', () => {
    const levels = sampleLevels({ latents: 32, sizePx: 256, random: sequence([0, 0.5, 0.999]) })
    expect(levels[0]).toEqual({ tokens: 32, sigmaPx: 0 })
    const prefixes = levels.slice(1).map((level) => level.tokens)
    expect(new Set(prefixes).size).toBe(3)
    for (const level of levels.slice(1)) expect(level.sigmaPx).toBe(levelSigmaPx(level.tokens, 256))
    expect(prefixes[0]).toBe(1)
  })

  it('of the release: one token less than the blur says, and a draw of 0 keeps 31 tokens at the widest blur', () => {
    const levels = sampleLevels({
      latents: 32,
      sizePx: 256,
      variant: 'released',
      random: sequence([0, 0, 0]),
    })
    expect(levels.slice(1)).toEqual([
      { tokens: 31, sigmaPx: 98 },
      { tokens: 0, sigmaPx: 48 },
      { tokens: 1, sigmaPx: levelSigmaPx(2, 256) },
    ])
  })

  it('drawn often follow their probabilities', () => {
    let state = 12345
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state / 2 ** 32
    }
    const counts = new Array<number>(32).fill(0)
    for (let i = 0; i < 20_000; i++)
      counts[sampleLevels({ latents: 32, sizePx: 256, partial: 1, random })[1]!.tokens]!++
    const p = levelProbabilities(32)
    for (const l of [1, 8, 31]) expect(counts[l]! / 20_000).toBeCloseTo(p[l - 1]!, 2)
    expect(counts[0]).toBe(0)
  })
})

describe('blurred targets', () => {
  it('equal a plain two-dimensional convolution with zeros outside, divided by its peak', () => {
    const side = 16
    const square = Float32Array.from({ length: side * side }, (_, i) => (i % side > 9 && i > 100 ? 1 : 0))
    const sigma = 1.7
    const kernel = gaussianKernel(sigma)
    const r = (kernel.length - 1) / 2
    const plain = new Float64Array(side * side)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        for (let dy = -r; dy <= r; dy++)
          for (let dx = -r; dx <= r; dx++) {
            const [v, u] = [y + dy, x + dx]
            if (v < 0 || u < 0 || v >= side || u >= side) continue
            plain[y * side + x]! += kernel[dy + r]! * kernel[dx + r]! * square[v * side + u]!
          }
    const peak = Math.max(...plain)
    const blurred = blurTarget(square, side, sigma)
    for (let i = 0; i < plain.length; i++) expect(blurred[i]).toBeCloseTo(plain[i]! / peak, 5)
  })

  it('of sigma 0 are copies, and of an empty mask stay empty', () => {
    const square = Float32Array.of(0, 1, 1, 0)
    const copy = blurTarget(square, 2, 0)
    expect(copy).toEqual(square)
    expect(copy).not.toBe(square)
    expect(blurTarget(new Float32Array(64), 8, 3)).toEqual(new Float32Array(64))
  })
})
