// Random numbers for first weights: which ones belong to a key, and how they are spread.
import type { Random } from '../getok/random.ts'

/** FNV-1a of a key, mixed with the seed: the numbers of one weight do not depend on which others there are. */
export function seedOf(key: string, seed: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash | 0
}

/** `count` numbers of a normal distribution around 0. */
export function normals(random: Random, count: number, deviation: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(count)
  for (let i = 0; i < count; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random()))
    const angle = 2 * Math.PI * random()
    out[i] = radius * Math.cos(angle)
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle)
  }
  return out
}
