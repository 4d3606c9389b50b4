import { expect, it } from 'vitest'
import { coverageIou } from './coverage.ts'

it('IoU with covered cells counts a half covered cell as half on both sides', () => {
  // Ours: cells 0 and 1. Theirs: 1 + 0.5. Both: 1.5; either: 2 + 1.5 - 1.5.
  expect(coverageIou(Float32Array.of(1, 1, -1), Float32Array.of(1, 0.5, 0), 0.5)).toBe(0.75)
  expect(coverageIou(Float32Array.of(-1, -1, -1), Float32Array.of(1, 0, 0), 0.5)).toBe(0)
})
