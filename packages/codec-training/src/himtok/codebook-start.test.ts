// Codes that start from vectors: clusters are found, no code is lost, the same numbers every time.
import { describe, expect, it } from 'vitest'
import { randomFrom } from '../../../codecs/src/getok/random.ts'
import { sphericalKMeans } from './codebook-start.ts'

/** Vectors around the four directions of a plane, of lengths 1 to 5. */
function aroundFour(count: number): Float32Array {
  const random = randomFrom(3)
  return Float32Array.from(
    Array.from({ length: count }).flatMap((_, i) => {
      const angle = (Math.PI / 2) * (i % 4) + 0.1 * (random() - 0.5)
      const length = 1 + 4 * random()
      return [length * Math.cos(angle), length * Math.sin(angle)]
    }),
  )
}

describe('spherical k-means', () => {
  it('finds four directions, whatever the lengths of the vectors', () => {
    const centres = sphericalKMeans(aroundFour(400), { size: 4, length: 2, random: randomFrom(1) })
    const angles = Array.from({ length: 4 }, (_, c) => Math.atan2(centres[2 * c + 1]!, centres[2 * c]!))
    const quarters = angles.map((angle) => ((2 * angle) / Math.PI + 4) % 4).sort((a, b) => a - b)
    for (const [i, quarter] of quarters.entries()) {
      expect(Math.min(Math.abs(quarter - i), Math.abs(quarter - i - 4))).toBeLessThan(0.02)
    }
  })

  it('gives every code a direction of length 1 even where vectors repeat, and the same ones again', () => {
    const vectors = Float32Array.from({ length: 60 }, (_, i) => (i % 2 === i % 6 ? 1 : 0.5))
    const run = () => sphericalKMeans(vectors, { size: 8, length: 3, random: randomFrom(9) })
    const centres = run()
    for (let c = 0; c < 8; c++) expect(Math.hypot(...centres.subarray(3 * c, 3 * c + 3))).toBeCloseTo(1, 6)
    expect(run()).toEqual(centres)
  })

  it('says how many vectors are missing', () => {
    expect(() => sphericalKMeans(new Float32Array(6), { size: 4, length: 3, random: randomFrom(1) })).toThrow(
      '2 vectors cannot be the start of 4 codes',
    )
  })
})
