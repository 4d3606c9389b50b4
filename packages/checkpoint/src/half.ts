// IEEE 754 binary16 and bfloat16 to and from float32 and float64, rounded once, to nearest, ties to even.

const FLOAT = new Float32Array(1)
const BITS = new Uint32Array(FLOAT.buffer)

/**
 * The float32 bits of a double for rounding it on to a type of at most 22 significant bits. Inexact values become the odd one of
 * their two float32 neighbours: the last bit then says "something was cut off" and the second rounding cannot go wrong.
 */
function float32BitsToOdd(value: number): number {
  FLOAT[0] = value
  const near = FLOAT[0]
  const bits = BITS[0]
  if (near === value || Number.isNaN(value) || (bits & 1) === 1) return bits
  return Math.abs(near) > Math.abs(value) ? bits - 1 : bits + 1
}

function float16FromFloat32Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff)
  if (magnitude >= 0x47800000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    const rebiased = magnitude - 0x38000000
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13)
  }
  if (magnitude <= 0x33000000) return sign
  const shift = 126 - (magnitude >>> 23)
  const significand = (magnitude & 0x7fffff) | 0x800000
  const kept = significand >>> shift
  const cut = significand & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  return sign | (cut > half || (cut === half && (kept & 1) === 1) ? kept + 1 : kept)
}

function bfloat16FromFloat32Bits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}

function bitsOf(values: Float32Array | Float64Array, index: number): number {
  return float32BitsToOdd(values[index])
}

/** Rounds to binary16 bit patterns, one Uint16 a value. Overflow becomes infinity; NaN stays NaN, quiet, with its sign. */
export function float16FromFloats(values: Float32Array | Float64Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length)
  if (values instanceof Float32Array) {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
    for (let i = 0; i < out.length; i++) out[i] = float16FromFloat32Bits(bits[i])
  } else {
    for (let i = 0; i < out.length; i++) out[i] = float16FromFloat32Bits(bitsOf(values, i))
  }
  return out
}

/** Rounds to bfloat16 bit patterns, one Uint16 a value. Overflow becomes infinity; NaN stays NaN, quiet, with its sign. */
export function bfloat16FromFloats(values: Float32Array | Float64Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length)
  if (values instanceof Float32Array) {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
    for (let i = 0; i < out.length; i++) out[i] = bfloat16FromFloat32Bits(bits[i])
  } else {
    for (let i = 0; i < out.length; i++) out[i] = bfloat16FromFloat32Bits(bitsOf(values, i))
  }
  return out
}

let float16Table: Uint32Array | undefined

/** The float32 bits of all 65,536 binary16 patterns: one table look-up a value is the fastest decoder in JavaScript. */
function float32BitsOfFloat16(): Uint32Array {
  if (float16Table !== undefined) return float16Table
  const table = new Uint32Array(0x10000)
  for (let half = 0; half < 0x10000; half++) {
    const sign = (half & 0x8000) << 16
    const exponent = (half >>> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0x1f) table[half] = sign | 0x7f800000 | (fraction << 13)
    else if (exponent !== 0) table[half] = sign | ((exponent + 112) << 23) | (fraction << 13)
    else {
      FLOAT[0] = fraction * 2 ** -24
      table[half] = sign | BITS[0]
    }
  }
  float16Table = table
  return table
}

/** Binary16 bit patterns as float32, exactly. `out` receives the values from index `outStart` where given. */
export function float32FromFloat16(
  bits: Uint16Array,
  out: Float32Array = new Float32Array(bits.length),
  outStart = 0,
): Float32Array {
  const table = float32BitsOfFloat16()
  const words = new Uint32Array(out.buffer, out.byteOffset + 4 * outStart, bits.length)
  for (let i = 0; i < bits.length; i++) words[i] = table[bits[i]]
  return out
}

/** Bfloat16 bit patterns as float32, exactly. `out` receives the values from index `outStart` where given. */
export function float32FromBfloat16(
  bits: Uint16Array,
  out: Float32Array = new Float32Array(bits.length),
  outStart = 0,
): Float32Array {
  const words = new Uint32Array(out.buffer, out.byteOffset + 4 * outStart, bits.length)
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16
  return out
}
