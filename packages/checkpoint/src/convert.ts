// From the bytes of a tensor in a file to typed arrays: byte order, strides, widening and narrowing.
// Typed arrays are little-endian on every platform that ONNX Runtime is built for, so little-endian bytes are viewed, not decoded.
import type { TensorArray, TensorType } from './dtype.ts'
import { CheckpointError } from './error.ts'
import { bfloat16FromFloats, float16FromFloats, float32FromBfloat16, float32FromFloat16 } from './half.ts'

/** Reverses the bytes of each unit of `unitBytes`, in place. */
export function swapByteOrder(bytes: Uint8Array, unitBytes: number): void {
  for (let start = 0; start + unitBytes <= bytes.length; start += unitBytes) {
    for (let i = 0, j = unitBytes - 1; i < j; i++, j--) {
      const kept = bytes[start + i]
      bytes[start + i] = bytes[start + j]
      bytes[start + j] = kept
    }
  }
}

function unitsOf(bytes: Uint8Array, unitBytes: number): Uint32Array | Uint16Array | Uint8Array {
  const aligned = bytes.byteOffset % unitBytes === 0 ? bytes : new Uint8Array(bytes)
  const count = Math.floor(aligned.byteLength / unitBytes)
  // Wider elements go as pairs of words: a double that is copied as a number may lose its NaN payload.
  if (unitBytes === 4) return new Uint32Array(aligned.buffer, aligned.byteOffset, count)
  if (unitBytes === 2) return new Uint16Array(aligned.buffer, aligned.byteOffset, count)
  return aligned
}

/**
 * Row-major bytes of a strided view. `bytes` starts at the view's first element; `strides` count elements of `elementBytes`.
 * `out` has the size of the whole view.
 */
export function gatherStrided(options: {
  bytes: Uint8Array
  elementBytes: number
  shape: readonly number[]
  strides: readonly number[]
  out: Uint8Array
}): void {
  const { bytes, elementBytes, out } = options
  const unitBytes = Math.min(elementBytes, 4)
  const perElement = elementBytes / unitBytes
  const shape = [...options.shape]
  const strides = options.strides.map((stride) => stride * perElement)
  if (perElement > 1 || shape.length === 0) {
    shape.push(perElement)
    strides.push(1)
  }
  const source = unitsOf(bytes, unitBytes)
  const target = unitsOf(out, unitBytes)
  const inner = shape[shape.length - 1]
  const innerStride = strides[shape.length - 1]
  const index = new Array<number>(shape.length - 1).fill(0)
  let start = 0
  for (let filled = 0; filled < target.length; ) {
    for (let i = 0, from = start; i < inner; i++, from += innerStride) target[filled++] = source[from]
    let axis = index.length - 1
    for (; axis >= 0; axis--) {
      start += strides[axis]
      if (++index[axis] < shape[axis]) break
      start -= strides[axis] * shape[axis]
      index[axis] = 0
    }
    if (axis < 0) return
  }
}

/** A typed array over row-major little-endian bytes: a view where they are aligned, else a copy. */
export function typedArrayOf(dtype: TensorType, bytes: Uint8Array): TensorArray {
  const view = <T>(
    type: {
      new (buffer: ArrayBufferLike, byteOffset: number, length: number): T
    },
    size: number,
  ): T => {
    const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
    return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / size)
  }
  switch (dtype) {
    case 'float64':
      return view(Float64Array, 8)
    case 'float32':
      return view(Float32Array, 4)
    case 'float16':
    case 'bfloat16':
    case 'uint16':
      return view(Uint16Array, 2)
    case 'int64':
      return view(BigInt64Array, 8)
    case 'int32':
      return view(Int32Array, 4)
    case 'int16':
      return view(Int16Array, 2)
    case 'int8':
      return view(Int8Array, 1)
    case 'uint64':
      return view(BigUint64Array, 8)
    case 'uint32':
      return view(Uint32Array, 4)
    default:
      return bytes
  }
}

/** Low bits of a 64-bit integer that a double cannot hold; folded into one sticky bit they round correctly to float32. */
const STICKY_BITS = 11n

function float32FromBigInts(
  values: BigInt64Array | BigUint64Array,
  out: Float32Array,
  outStart: number,
): void {
  const mask = (1n << STICKY_BITS) - 1n
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    const number = Number(value)
    if (Number.isSafeInteger(number)) out[outStart + i] = number
    else {
      const odd = (value & mask) === 0n ? 0n : 1n
      out[outStart + i] = Number(((value >> STICKY_BITS) | odd) << STICKY_BITS)
    }
  }
}

/** Writes the elements as float32 from index `outStart` on: exact where float32 holds them, else rounded once to nearest even. */
export function writeFloat32(
  dtype: TensorType,
  bytes: Uint8Array,
  out: Float32Array,
  outStart: number,
  entry: string,
): void {
  const values = typedArrayOf(dtype, bytes)
  if (dtype === 'float16') float32FromFloat16(values as Uint16Array, out, outStart)
  else if (dtype === 'bfloat16') float32FromBfloat16(values as Uint16Array, out, outStart)
  else if (/^(?:float[468]_|complex)/.test(dtype)) {
    throw new CheckpointError('unsupported', `${dtype} values cannot be read as float32`, {
      entry,
      hint: "Read them with as: 'bytes' and decode them yourself, or convert the checkpoint in Python.",
    })
  } else if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    float32FromBigInts(values, out, outStart)
  } else if (dtype === 'bool') {
    for (let i = 0; i < values.length; i++) out[outStart + i] = values[i] === 0 ? 0 : 1
  } else out.set(values, outStart)
}

export type FloatType = 'float32' | 'float16' | 'bfloat16'

/** Whether a type is a real floating-point type of two bytes or more: the ones that `storeFloatsAs` converts. */
export function isFloat(dtype: TensorType): boolean {
  return dtype === 'float64' || dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16'
}

/** Floating-point values (little-endian bytes) in another floating-point type, rounded once to nearest even. */
export function convertFloats(from: TensorType, bytes: Uint8Array, to: FloatType): Uint8Array {
  if (from === to) return bytes
  let wide: Float32Array | Float64Array
  if (from === 'float64') wide = typedArrayOf(from, bytes) as Float64Array
  else if (from === 'float32') wide = typedArrayOf(from, bytes) as Float32Array
  else {
    const halves = typedArrayOf(from, bytes) as Uint16Array
    wide = from === 'float16' ? float32FromFloat16(halves) : float32FromBfloat16(halves)
  }
  const out =
    to === 'float16'
      ? float16FromFloats(wide)
      : to === 'bfloat16'
        ? bfloat16FromFloats(wide)
        : new Float32Array(wide)
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
}
