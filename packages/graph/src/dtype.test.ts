// Half precision bits against their definition, for every half there is.
import { expect, test } from 'vitest'
import { fromHalfBits, toHalfBits } from './dtype.ts'

test('every half survives the way to a number and back', () => {
  for (let bits = 0; bits < 65536; bits++) {
    const value = fromHalfBits(bits)
    if (!Number.isNaN(value)) expect(toHalfBits(value)).toBe(bits)
  }
  expect(Number.isNaN(fromHalfBits(toHalfBits(Number.NaN)))).toBe(true)
})

test('halfway values go to the even neighbour, others to the nearer one', () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [fromHalfBits(bits), fromHalfBits(bits + 1)]
    const middle = (low + high) / 2
    expect(toHalfBits(middle)).toBe(bits % 2 === 0 ? bits : bits + 1)
    expect(toHalfBits(low + (high - low) * 0.49)).toBe(bits)
    expect(toHalfBits(low + (high - low) * 0.51)).toBe(bits + 1)
  }
  expect(toHalfBits(65520)).toBe(0x7c00)
  expect(toHalfBits(65519)).toBe(0x7bff)
})
