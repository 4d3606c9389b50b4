import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bfloat16FromFloats, float16FromFloats, float32FromBfloat16, float32FromFloat16 } from './half.ts'

/** A binary16 or bfloat16 pattern's value by the definition of IEEE 754. */
function valueByDefinition(bits: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits
  const bias = 2 ** (exponentBits - 1) - 1
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1)
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias)
}

const ALL = Uint16Array.from({ length: 0x10000 }, (_, i) => i)
const KINDS = [
  {
    name: 'float16',
    exponentBits: 5,
    encode: float16FromFloats,
    decode: float32FromFloat16,
    infinity: 0x7c00,
  },
  {
    name: 'bfloat16',
    exponentBits: 8,
    encode: bfloat16FromFloats,
    decode: float32FromBfloat16,
    infinity: 0x7f80,
  },
]

describe.each(KINDS)('$name', ({ exponentBits, encode, decode, infinity }) => {
  it('decodes all 65,536 patterns to the values of the definition', () => {
    const values = decode(ALL)
    for (let bits = 0; bits < 0x10000; bits++) {
      if (!Object.is(values[bits], valueByDefinition(bits, exponentBits)))
        expect([bits, values[bits]]).toEqual([bits, valueByDefinition(bits, exponentBits)])
    }
  })

  it('gives every pattern back, and keeps NaN a NaN of its sign', () => {
    const back = encode(decode(ALL))
    for (let bits = 0; bits < 0x10000; bits++) {
      const isNan = (bits & 0x7fff) > infinity
      const right = isNan
        ? (back[bits] & 0x7fff) > infinity && (back[bits] & 0x8000) === (bits & 0x8000)
        : back[bits] === bits
      if (!right) expect([bits, back[bits]]).toEqual([bits, bits])
    }
  })

  it('rounds halfway points to even and everything beside them to the nearer side, from doubles too', () => {
    for (let bits = 0; bits < infinity; bits++) {
      const low = valueByDefinition(bits, exponentBits)
      // Past the largest finite value the next step would be 2^16 (2^128): half of it is where infinity begins.
      const high =
        bits + 1 === infinity
          ? 2 * low - valueByDefinition(bits - 1, exponentBits)
          : valueByDefinition(bits + 1, exponentBits)
      const middle = (low + high) / 2
      const tiny = Math.max(middle * 2 ** -52, Number.MIN_VALUE)
      const even = bits % 2 === 0 ? bits : bits + 1
      const [below, at, above, negative] = encode(
        Float64Array.of(middle - tiny, middle, middle + tiny, -middle),
      )
      if (below !== bits || at !== even || above !== bits + 1 || negative !== (even | 0x8000)) {
        expect([bits, below, at, above, negative]).toEqual([bits, bits, even, bits + 1, even | 0x8000])
      }
      const float32Middle = Math.fround(middle)
      if (float32Middle === middle) {
        const [single] = encode(Float32Array.of(float32Middle))
        if (single !== even) expect([bits, single]).toEqual([bits, even])
      }
    }
  })

  it('rounds any float32 to the nearest value there is', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const [bits] = encode(Float32Array.of(value))
        expect(bits).toBe(encode(Float64Array.of(value))[0])
        const got = Math.abs(valueByDefinition(bits, exponentBits))
        for (const other of [(bits & 0x7fff) - 1, (bits & 0x7fff) + 1]) {
          if (other < 0 || other >= infinity || got === Infinity) continue
          expect(Math.abs(got - Math.abs(value))).toBeLessThanOrEqual(
            Math.abs(valueByDefinition(other, exponentBits) - Math.abs(value)),
          )
        }
      }),
      { numRuns: 2000, seed: 1 },
    )
  })
})

describe('known values', () => {
  it('65519 is the last float16 and 65520 is infinity; 2^-25 goes to zero and the next double above it does not', () => {
    expect([...float16FromFloats(Float32Array.of(1, -2, 65504, 65519, 65520, 2 ** -24, 2 ** -25))]).toEqual([
      0x3c00, 0xc000, 0x7bff, 0x7bff, 0x7c00, 1, 0,
    ])
    expect([
      ...float16FromFloats(Float64Array.of(2 ** -25 * (1 + 2 ** -52), -0, Infinity, -Infinity)),
    ]).toEqual([1, 0x8000, 0x7c00, 0xfc00])
    expect([...bfloat16FromFloats(Float32Array.of(1, 3.140625, -Infinity, 3.4e38))]).toEqual([
      0x3f80, 0x4049, 0xff80, 0x7f80,
    ])
  })
})
