// Made-up weights as a formula of their state-dict key, so that tests need no weight file: FNV-1a-32 of the key seeds a 32-bit mixer
// (two multiplications, three shifts) per row-major index; ranks of 2 and more are scaled by sqrt(3 / fan-in).

/**
 * The weights of a key (the full key, prefixes included, without `module.`), row-major float32.
 * Rank 0 and 1: 0.2 u, plus 1 where the key ends in "weight"; else u * sqrt(3 / product(shape[1:])), u in [-1, 1).
 */
export function formulaWeights(key: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1)
  const out = new Float32Array(count)
  const offset = shape.length < 2 && key.endsWith('weight') ? 1 : 0
  const scale =
    shape.length < 2 ? 0.2 : Math.sqrt(3 / shape.slice(1).reduce((product, size) => product * size, 1))
  const seed = fnv1a32(key)
  for (let i = 0; i < count; i++) out[i] = offset + scale * unitValue(seed, i)
  return out
}

/** The formula's bare numbers u of a key, in [-1, 1), as doubles. */
export function formulaUnits(key: string, count: number): Float64Array {
  const seed = fnv1a32(key)
  return Float64Array.from({ length: count }, (_, i) => unitValue(seed, i))
}

function fnv1a32(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

function unitValue(seed: number, index: number): number {
  let x = (seed + Math.imul(index, 0x9e3779b9)) >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97) >>> 0
  x = (x ^ (x >>> 15)) >>> 0
  return x / 2 ** 31 - 1
}
