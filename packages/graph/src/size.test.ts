// Symbolic sizes: canonical text, exact division, and the same numbers as arithmetic on values.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GraphError } from './error.ts'
import type { Dim } from './size.ts'
import {
  addDims,
  dim,
  divideDims,
  evaluateDim,
  floorDivideDim,
  multiplyDims,
  productOf,
  subtractDims,
} from './size.ts'

describe('canonical text', () => {
  test('equal expressions have equal text, however they were written', () => {
    expect(dim('batch * 4')).toBe('4*batch')
    expect(dim('masks*batch')).toBe('batch*masks')
    expect(dim('1+past+seq+2')).toBe('past+seq+3')
    expect(dim('seq+seq')).toBe('2*seq')
    expect(dim('floor(h-1/2)+1')).toBe('floor(h-1/2)+1')
    expect(productOf(['batch', 2, 'tokens', 3])).toBe('6*batch*tokens')
  })

  test('what cancels is a number', () => {
    expect(subtractDims('past+seq', 'past+seq')).toBe(0)
    expect(divideDims('6*batch', '2*batch')).toBe(3)
  })

  test('division is exact or refused', () => {
    expect(divideDims('6*batch*tokens', '4*batch')).toBe('3*tokens/2')
    expect(divideDims('batch', 'tokens')).toBeUndefined()
    expect(divideDims(7, 2)).toBeUndefined()
    expect(divideDims('2*past+2*seq', 'past+seq')).toBe(2)
    expect(divideDims('2*past+seq', 'past+seq')).toBeUndefined()
  })

  test('whole multiples leave a floor', () => {
    expect(floorDivideDim('4*h+3', 2)).toBe('2*h+1')
    expect(floorDivideDim('h+5', 2)).toBe('floor(h+1/2)+2')
  })
})

const size: fc.Arbitrary<Dim> = fc.letrec<{ size: Dim }>((tie) => ({
  size: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: 0, max: 9 }),
    fc.constantFrom('a', 'b', 'c.d'),
    fc.tuple(tie('size'), tie('size')).map(([x, y]) => addDims(x, y)),
    fc.tuple(tie('size'), fc.integer({ min: 0, max: 5 })).map(([x, y]) => multiplyDims(x, y)),
    fc.tuple(tie('size'), tie('size')).map(([x, y]) => multiplyDims(x, y)),
    fc.tuple(tie('size'), fc.integer({ min: 1, max: 5 })).map(([x, y]) => floorDivideDim(x, y)),
  ),
})).size
const values = fc.record({
  a: fc.integer({ min: 0, max: 9 }),
  b: fc.integer({ min: 0, max: 9 }),
  'c.d': fc.integer({ min: 0, max: 9 }),
})

test('arithmetic on sizes agrees with arithmetic on their values', () => {
  fc.assert(
    fc.property(size, size, fc.integer({ min: 1, max: 7 }), values, (x, y, n, at) => {
      const [p, q] = [evaluateDim(x, at), evaluateDim(y, at)]
      expect(evaluateDim(addDims(x, y), at)).toBe(p + q)
      expect(evaluateDim(multiplyDims(x, y), at)).toBe(p * q)
      expect(evaluateDim(floorDivideDim(x, n), at)).toBe(Math.floor(p / n))
      expect(dim(x)).toBe(x)
      const quotient = divideDims(multiplyDims(x, y), y)
      if (quotient !== undefined && q !== 0) expect(evaluateDim(quotient, at)).toBe(p)
    }),
    { numRuns: 2000, seed: 1 },
  )
})

test('a hundred thousand random texts are read or refused with a typed error', () => {
  const pieces = [
    'a',
    'batch',
    '4',
    '0',
    '17',
    '+',
    '-',
    '*',
    '/',
    'floor(',
    ')',
    '/2)',
    ' ',
    '.',
    '?',
    '9999999999999999999',
  ]
  let state = 1
  let read = 0
  for (let i = 0; i < 100_000; i++) {
    let text = ''
    do {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      text += pieces[(state >>> 16) % pieces.length]
    } while (state >>> 29 !== 0 && text.length < 40)
    try {
      const canonical = dim(text)
      expect(dim(canonical)).toBe(canonical)
      read++
    } catch (error) {
      expect(error).toBeInstanceOf(GraphError)
    }
  }
  expect(read).toBeGreaterThan(1000)
  expect(() => dim('floor('.repeat(1000))).toThrow('at most 1000 are read')
})
