// Sampling weights: which samples are taken how often, drawn by their names alone, in exactly the share that was asked for.
// Definition: ours.
import { seedOf } from '../tasks/seeded.ts'

/** How a source is sampled: every sample `every` times, and once more where its key is at most `onceMoreUpTo`. */
export type Share = { readonly every: number; readonly onceMoreUpTo: number }

/** A number below 2^52 that depends on the seed and the sample's name alone. */
export function sampleKey(seed: number, source: number, id: string): number {
  return seedOf(seed, 'sampling', source, id) * 2 ** 20 + (seedOf(seed, source, 'share', id) >>> 12)
}

/** Whether a weight takes a part of the samples once more than the others, so that keys are needed. */
export function isFractional(weightPercent: number): boolean {
  return weightPercent % 100 !== 0
}

/** The share of a weight over samples with these keys, which it sorts: the lowest keys are the part that is taken once more. */
export function shareOf(weightPercent: number, keys: Float64Array): Share {
  const every = Math.floor(weightPercent / 100)
  const part = Math.round((keys.length * (weightPercent % 100)) / 100)
  if (part === 0) return { every, onceMoreUpTo: -1 }
  keys.sort()
  return { every, onceMoreUpTo: keys[part - 1]! }
}

/** How often a sample is taken. */
export function copiesOf(share: Share, seed: number, source: number, id: string): number {
  if (share.onceMoreUpTo < 0) return share.every
  return share.every + (sampleKey(seed, source, id) <= share.onceMoreUpTo ? 1 : 0)
}
