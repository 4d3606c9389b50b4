// What recorded resizes are compared with: tensors of a safetensors file, and pictures that are a formula of their name.

export type Tensor = { dtype: string; shape: number[]; bytes: Uint8Array }

/** Every tensor of a safetensors file, bytes copied so that views of any type fit. */
export function readTensors(file: Uint8Array): Map<string, Tensor> {
  const headerBytes = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes)))
  const tensors = new Map<string, Tensor>()
  for (const [name, entry] of Object.entries<{ dtype: string; shape: number[]; data_offsets: number[] }>(
    header,
  )) {
    if (name === '__metadata__') continue
    const [start, end] = entry.data_offsets
    const bytes = new Uint8Array(file.subarray(8 + headerBytes + start!, 8 + headerBytes + end!))
    tensors.set(name, { dtype: entry.dtype, shape: entry.shape, bytes })
  }
  return tensors
}

/** The recorded inputs are a formula of their name: a hash seeds a generator of numbers in [-1, 1). */
export function formula(key: string, length: number): Float64Array {
  let seed = 0x811c9dc5
  for (const byte of new TextEncoder().encode(key)) seed = Math.imul(seed ^ byte, 0x01000193)
  const out = new Float64Array(length)
  for (let i = 0; i < length; i++) {
    let x = (seed + Math.imul(i, 0x9e3779b9)) >>> 0
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
    x = (x ^ (x >>> 15)) >>> 0
    out[i] = x / 2 ** 31 - 1
  }
  return out
}

/** The formula's numbers as bytes 0 to 255. */
export function formulaBytes(key: string, length: number): Uint8Array {
  return Uint8Array.from(formula(key, length), (u) => Math.floor((u / 2 + 0.5) * 255.999))
}
