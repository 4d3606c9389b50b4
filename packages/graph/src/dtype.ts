// Data types of tensors, their ONNX codes (onnx.proto TensorProto.DataType) and the arrays that carry them.
import { GraphError } from './error.ts'

export type DType = 'float32' | 'float16' | 'float64' | 'int32' | 'int64' | 'int8' | 'uint8' | 'bool'
/** Types that weights may be stored in; bfloat16 is stored only, and cast on use. */
export type StoredDType = DType | 'bfloat16'

export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Int8Array
  | Uint8Array
  | Uint16Array

export const ONNX_DTYPE: Readonly<Record<StoredDType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
}

export const BYTES_PER_ELEMENT: Readonly<Record<StoredDType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int32: 4,
  int64: 8,
  int8: 1,
  uint8: 1,
  bool: 1,
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float16' || dtype === 'float64'
}

/** The data type that an array carries when nothing else is said: Uint16Array is float16 bits, Uint8Array is uint8. */
export function dtypeOf(data: TensorData): DType {
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof Float64Array) return 'float64'
  if (data instanceof Int32Array) return 'int32'
  if (data instanceof BigInt64Array) return 'int64'
  if (data instanceof Int8Array) return 'int8'
  if (data instanceof Uint16Array) return 'float16'
  if (data instanceof Uint8Array) return 'uint8'
  throw new GraphError('dtype', `an array of type ${Object.prototype.toString.call(data)} is not tensor data`)
}

/** Whether `data` is the kind of array that carries `dtype`. bool is carried by bytes 0 and 1. */
export function carries(data: TensorData, dtype: StoredDType): boolean {
  if (dtype === 'bool') return data instanceof Uint8Array
  if (dtype === 'bfloat16') return data instanceof Uint16Array
  return dtypeOf(data) === dtype
}

/** Numbers as the array that carries `dtype`; integers are rounded towards zero, bool is 0 or 1. */
export function toTensorData(values: ArrayLike<number>, dtype: DType): TensorData {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(values)
    case 'float64':
      return Float64Array.from(values)
    case 'int32':
      return Int32Array.from(values)
    case 'int64':
      return BigInt64Array.from(Array.from(values, (value) => BigInt(Math.trunc(value))))
    case 'int8':
      return Int8Array.from(values)
    case 'uint8':
      return Uint8Array.from(values)
    case 'bool':
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1))
    case 'float16': {
      const bits = new Uint16Array(values.length)
      for (let i = 0; i < bits.length; i++) bits[i] = toHalfBits(values[i]!)
      return bits
    }
  }
}

/** The numbers in tensor data; float16 bits are decoded, int64 beyond 2^53 lose precision. */
export function toNumbers(data: TensorData, dtype: StoredDType): number[] {
  if (data instanceof BigInt64Array) return Array.from(data, Number)
  if (dtype === 'float16') return Array.from(data as Uint16Array, fromHalfBits)
  return Array.from(data as Float32Array)
}

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** IEEE 754 binary16 bits of a number: to nearest, ties to even, subnormals kept, overflow to infinity. */
export function toHalfBits(value: number): number {
  float[0] = value
  const word = bits[0]!
  const sign = (word >>> 16) & 0x8000
  const magnitude = Math.abs(value)
  if (Number.isNaN(value)) return sign | 0x7e00
  if (magnitude >= 65520) return sign | 0x7c00
  // The last place of the result: 2^-24 below 2^-14, and 2^(e-10) above.
  let exponent = magnitude < 2 ** -14 ? -14 : Math.floor(Math.log2(magnitude))
  if (magnitude >= 2 ** -14 && 2 ** exponent > magnitude) exponent--
  const unit = 2 ** (exponent - 10)
  let steps = magnitude / unit
  const below = Math.floor(steps)
  const rest = steps - below
  steps = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
  return sign | (exponent === -14 ? steps : ((exponent + 15 - 1) << 10) + steps)
}

/** The number that IEEE 754 binary16 bits stand for. */
export function fromHalfBits(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 31
  const fraction = half & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
