// Chance that depends on names alone: a stream for each task, record and number, so that neither the order of records nor
// the number of workers changes a conversation. Definition: ours.
import { type Random, randomFrom } from '@maskwords/codecs'

/** A stream of its own for every list of parts; the parts' boundaries count. */
export function seededBy(seed: number, ...parts: readonly (string | number)[]): Random {
  return randomFrom(seedOf(seed, ...parts))
}

/** A 32-bit whole number from the parts: FNV-1a over UTF-16 units, mixed at the end. */
export function seedOf(seed: number, ...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5
  for (const part of [seed, ...parts]) {
    const text = String(part)
    for (let k = 0; k <= text.length; k++) {
      // 0x10000 stands for the end of a part: no UTF-16 unit has that value.
      hash = Math.imul(hash ^ (k === text.length ? 0x10000 : text.charCodeAt(k)), 0x01000193)
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** One of the list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!
}

/** The list in random order. */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const mixed = [...list]
  for (let k = mixed.length - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1))
    ;[mixed[k], mixed[other]] = [mixed[other]!, mixed[k]!]
  }
  return mixed
}

/** `count` of the list without repetition, in random order; fewer where the list is shorter. */
export function sample<T>(random: Random, list: readonly T[], count: number): T[] {
  return shuffled(random, list).slice(0, Math.max(0, count))
}

/** So many of the list, in its own order; all for 0. */
export function someOf<T>(random: () => number, list: readonly T[], limit: number): readonly T[] {
  if (limit <= 0 || list.length <= limit) return list
  const kept = new Set(sample(random, list, limit))
  return list.filter((item) => kept.has(item))
}
