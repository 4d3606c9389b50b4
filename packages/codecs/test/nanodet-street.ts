// What TensorFlow.js says of the drawn street with the published NanoDet-g: every 37th number, recorded by interop/nanodet.test.ts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const STREET_FIXTURE = join(import.meta.dirname, 'fixtures/nanodet-g-street.json')

/** The numbers of a list that are recorded. */
const EVERY = 37
export const sampled = (numbers: Float32Array): Float32Array => numbers.filter((_, i) => i % EVERY === 0)

/** Lists from fine to coarse, as base64 of little-endian float32. */
type Stored = { readonly scores: readonly string[]; readonly distances: readonly string[] }

export function recordedStreet(): Record<keyof Stored, Float32Array[]> {
  const stored = JSON.parse(readFileSync(STREET_FIXTURE, 'utf8')) as Stored
  const read = (text: string) => new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer)
  return { scores: stored.scores.map(read), distances: stored.distances.map(read) }
}

/** The largest difference of two lists of one length. */
export function worst(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers and ${b.length}`)
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}
