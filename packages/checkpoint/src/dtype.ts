// The element types of tensors in files: their sizes and their names in safetensors headers and in torch pickles.

/**
 * Element types, by their torch names. `float8_*` and smaller ones and `complex*` are described and copied, never computed with. safetensors
 * counts single numbers of 4 and 6 bits, torch pairs of them (`float4_e2m1fn_x2`).
 */
export type TensorType =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'bool'
  | 'float8_e4m3fn'
  | 'float8_e5m2'
  | 'float8_e8m0fnu'
  | 'float8_e4m3fnuz'
  | 'float8_e5m2fnuz'
  | 'float6_e2m3fn'
  | 'float6_e3m2fn'
  | 'float4_e2m1fn'
  | 'float4_e2m1fn_x2'
  | 'complex64'
  | 'complex128'

/** What native reads return: float16 and bfloat16 as their bits (Uint16), bool as 0 or 1, raw types as bytes. */
export type TensorArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | BigUint64Array
  | Uint32Array
  | Uint16Array
  | Uint8Array

type TypeFacts = {
  /** A fraction for types smaller than a byte, whose tensors fill whole bytes. */
  bytes: number
  /** The size of the unit whose bytes a big-endian file swaps (half an element for complex numbers). */
  unitBytes: number
  safetensors?: string
  torchStorage?: string
}

const TYPES: Record<TensorType, TypeFacts> = {
  float64: { bytes: 8, unitBytes: 8, safetensors: 'F64', torchStorage: 'DoubleStorage' },
  float32: { bytes: 4, unitBytes: 4, safetensors: 'F32', torchStorage: 'FloatStorage' },
  float16: { bytes: 2, unitBytes: 2, safetensors: 'F16', torchStorage: 'HalfStorage' },
  bfloat16: { bytes: 2, unitBytes: 2, safetensors: 'BF16', torchStorage: 'BFloat16Storage' },
  int64: { bytes: 8, unitBytes: 8, safetensors: 'I64', torchStorage: 'LongStorage' },
  int32: { bytes: 4, unitBytes: 4, safetensors: 'I32', torchStorage: 'IntStorage' },
  int16: { bytes: 2, unitBytes: 2, safetensors: 'I16', torchStorage: 'ShortStorage' },
  int8: { bytes: 1, unitBytes: 1, safetensors: 'I8', torchStorage: 'CharStorage' },
  uint64: { bytes: 8, unitBytes: 8, safetensors: 'U64' },
  uint32: { bytes: 4, unitBytes: 4, safetensors: 'U32' },
  uint16: { bytes: 2, unitBytes: 2, safetensors: 'U16' },
  uint8: { bytes: 1, unitBytes: 1, safetensors: 'U8', torchStorage: 'ByteStorage' },
  bool: { bytes: 1, unitBytes: 1, safetensors: 'BOOL', torchStorage: 'BoolStorage' },
  float8_e4m3fn: { bytes: 1, unitBytes: 1, safetensors: 'F8_E4M3' },
  float8_e5m2: { bytes: 1, unitBytes: 1, safetensors: 'F8_E5M2' },
  float8_e8m0fnu: { bytes: 1, unitBytes: 1, safetensors: 'F8_E8M0' },
  float8_e4m3fnuz: { bytes: 1, unitBytes: 1, safetensors: 'F8_E4M3FNUZ' },
  float8_e5m2fnuz: { bytes: 1, unitBytes: 1, safetensors: 'F8_E5M2FNUZ' },
  float6_e2m3fn: { bytes: 6 / 8, unitBytes: 1, safetensors: 'F6_E2M3' },
  float6_e3m2fn: { bytes: 6 / 8, unitBytes: 1, safetensors: 'F6_E3M2' },
  float4_e2m1fn: { bytes: 4 / 8, unitBytes: 1, safetensors: 'F4' },
  float4_e2m1fn_x2: { bytes: 1, unitBytes: 1 },
  complex64: { bytes: 8, unitBytes: 4, safetensors: 'C64', torchStorage: 'ComplexFloatStorage' },
  complex128: { bytes: 16, unitBytes: 8, torchStorage: 'ComplexDoubleStorage' },
}

const NAMES = Object.keys(TYPES) as TensorType[]
const BY_SAFETENSORS = new Map(NAMES.map((name) => [TYPES[name].safetensors, name]))
const BY_TORCH_STORAGE = new Map(NAMES.map((name) => [TYPES[name].torchStorage, name]))

/** The dtype names that a safetensors header may hold here, in the order of the table. */
export const SAFETENSORS_TYPE_NAMES: readonly string[] = NAMES.flatMap(
  (name) => TYPES[name].safetensors ?? [],
)

/** Bytes of one element; a fraction for types of 4 and 6 bits. */
export function bytesPerElement(dtype: TensorType): number {
  return TYPES[dtype].bytes
}

export function swapUnitBytes(dtype: TensorType): number {
  return TYPES[dtype].unitBytes
}

/** The name of a type in a safetensors header, or undefined for those that safetensors lacks (complex128, pairs of 4 bits). */
export function safetensorsTypeName(dtype: TensorType): string | undefined {
  return TYPES[dtype].safetensors
}

export function typeFromSafetensors(name: string): TensorType | undefined {
  return BY_SAFETENSORS.get(name)
}

/** The type of `torch.FloatStorage` and its like, by the class name. */
export function typeFromTorchStorage(className: string): TensorType | undefined {
  return BY_TORCH_STORAGE.get(className)
}

export function isTensorType(name: string): name is TensorType {
  return Object.hasOwn(TYPES, name)
}

/** Largest rank that torch's and numpy's own readers take (64); real checkpoints stay at 6. */
export const MAX_RANK = 64

/** The number of elements of a shape, or undefined where a size is no whole number >= 0 or the product leaves 2^53. */
export function elementCountOf(shape: readonly unknown[]): number | undefined {
  if (shape.length > MAX_RANK) return undefined
  let count = 1
  let largest = 1
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined
    count *= size
    // Sizes beside a zero are bounded too: [2^52, 2^52, 0] must not pass as a harmless empty tensor.
    largest *= Math.max(size, 1)
    if (largest > Number.MAX_SAFE_INTEGER) return undefined
  }
  return count
}
