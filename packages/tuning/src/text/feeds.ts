// Packed rows as what the network is fed: filled up to one length, pictures put together, each once.
import type { Feed } from '@maskwords/graph'
import type { Looked, TrainingEyes } from '../model/eyes.ts'
import type { PackedRow } from './packing.ts'

/** The number of a token that stands for nothing: no other token sees it. */
const NOTHING = -1n

/** Pictures of a batch by their key, ready to be fed. */
export type LookedPictures = ReadonlyMap<string, Looked>

/** Feeds of the graph of model/graph.ts for some rows. */
export function rowFeeds(
  rows: readonly PackedRow[],
  looked: LookedPictures,
  eyes: TrainingEyes | undefined,
): Record<string, Feed> {
  const length = Math.max(...rows.map(({ ids }) => ids.length))
  const size = rows.length * length
  const ids = new BigInt64Array(size)
  const segments = new BigInt64Array(size).fill(NOTHING)
  const vectors = new BigInt64Array(size)
  const positions = new BigInt64Array(3 * size)
  const places: bigint[] = []
  const labels: bigint[] = []
  const first = new Map<string, number>()
  const pictures: Looked[] = []
  let next = 1
  rows.forEach((row, r) => {
    const starts = row.pictures.map(({ picture }) => {
      const known = first.get(picture.key)
      if (known !== undefined) return known
      const one = looked.get(picture.key)!
      const start = next
      first.set(picture.key, start)
      pictures.push(one)
      next += one.vectors
      return start
    })
    const base = r * length
    for (let i = 0; i < row.ids.length; i++) {
      ids[base + i] = BigInt(row.ids[i]!)
      segments[base + i] = BigInt(row.segments[i]!)
      const picture = row.pictureOf[i]!
      if (picture >= 0) vectors[base + i] = BigInt(starts[picture]! + row.vectorOf[i]!)
      for (let a = 0; a < 3; a++) positions[a * size + base + i] = BigInt(row.axes[a]![i]!)
    }
    row.labels.from.forEach((from, i) => {
      places.push(BigInt(base + from))
      labels.push(BigInt(row.labels.ids[i]!))
    })
  })
  const shape = [rows.length, length]
  return {
    ids: { data: ids, shape },
    segments: { data: segments, shape },
    positions: { data: positions, shape: [3, ...shape] },
    places: { data: BigInt64Array.from(places), shape: [places.length] },
    labels: { data: BigInt64Array.from(labels), shape: [labels.length] },
    ...(eyes && { vectors: { data: vectors, shape }, ...eyes.feeds(pictures) }),
  }
}

/** Numbers of learned tokens, in the order in which they are fed. */
export const labelCount = (rows: readonly PackedRow[]): number =>
  rows.reduce((sum, { labels }) => sum + labels.ids.length, 0)
