// Values with typed arrays in memory that all threads see: kept once, read by every worker.

type Tree = { readonly [key: string]: unknown }

/** A copy of a plain value whose typed arrays lie in shared memory; those that do already are taken as they are. */
export function sharedCopy<T>(value: T): T {
  return mapped(value, (array) =>
    array.buffer instanceof SharedArrayBuffer ? array : copyInto(array, shared),
  )
}

/** A copy whose Float32Arrays are this thread's own: ONNX Runtime takes no shared memory. Bytes stay where they are. */
export function ownCopy<T>(value: T): T {
  return mapped(value, (array) => (array instanceof Float32Array ? copyInto(array, own) : array))
}

/** Bytes of all typed arrays in a plain value. */
export function arrayBytes(value: unknown): number {
  let bytes = 0
  mapped(value, (array) => {
    bytes += array.byteLength
    return array
  })
  return bytes
}

type AnyArray = Uint8Array | Float32Array | Int32Array

const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes)
const own = (bytes: number): ArrayBuffer => new ArrayBuffer(bytes)

function copyInto(array: AnyArray, memory: (bytes: number) => ArrayBufferLike): AnyArray {
  const room = memory(array.byteLength)
  if (array instanceof Float32Array) return filled(new Float32Array(room), array)
  if (array instanceof Int32Array) return filled(new Int32Array(room), array)
  return filled(new Uint8Array(room), array)
}

function filled<A extends AnyArray>(copy: A, array: A): A {
  copy.set(array)
  return copy
}

function mapped<T>(value: T, each: (array: AnyArray) => AnyArray): T {
  if (value instanceof Uint8Array || value instanceof Float32Array || value instanceof Int32Array) {
    return each(value) as unknown as T
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => mapped(item, each)) as unknown as T
  return Object.fromEntries(
    Object.entries(value as unknown as Tree).map(([key, item]) => [key, mapped(item, each)]),
  ) as T
}
