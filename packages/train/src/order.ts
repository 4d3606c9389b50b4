// The order in which examples are met: a permutation of each epoch from a counter-based generator (SplitMix: Steele et al. 2014),
// so that the place in the data is a number, and a run goes on from any of them.
import { GraphError } from '@maskwords/graph'

/** A 32-bit hash of a counter under a seed: the finaliser of MurmurHash3 over two rounds. */
export function hashWord(seed: number, counter: number): number {
  let word = (seed ^ 0x9e3779b9) >>> 0
  for (const part of [counter >>> 0, Math.floor(counter / 2 ** 32) >>> 0]) {
    word = Math.imul(word ^ part, 0x85ebca6b)
    word ^= word >>> 13
    word = Math.imul(word, 0xc2b2ae35)
    word ^= word >>> 16
    word = (word + 0x9e3779b9) >>> 0
  }
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return (word ^ (word >>> 16)) >>> 0
}

/** Numbers 0 to count - 1 in the order of one epoch (Fisher-Yates). */
export function shuffledIndices(count: number, options: { seed: number; epoch: number }): Uint32Array {
  const indices = Uint32Array.from({ length: count }, (_, i) => i)
  const key = hashWord(options.seed, options.epoch)
  for (let i = count - 1; i > 0; i--) {
    // 53 bits over i + 1: the error of the division is below 2^-21 for any count that fits an Uint32Array.
    const high = hashWord(key, 2 * i)
    const low = hashWord(key, 2 * i + 1) >>> 11
    const j = Math.floor(((high * 2 ** 21 + low) / 2 ** 53) * (i + 1))
    const kept = indices[i]!
    indices[i] = indices[j]!
    indices[j] = kept
  }
  return indices
}

export type DataOrder = {
  /** The examples of batch number `index`, counted from 0; batches run on from one epoch into the next. */
  readonly batch: (index: number) => Uint32Array
  /** Batches until every example was met once, rounded up. */
  readonly batchesPerEpoch: number
}

/**
 * Batches of `batchSize` out of `count` examples, in a new order every epoch; with `shuffle: false` in the order they have.
 * @throws GraphError `argument` for numbers below 1.
 */
export function dataOrder(options: {
  count: number
  batchSize: number
  seed: number
  shuffle?: boolean
}): DataOrder {
  const { count, batchSize, seed, shuffle = true } = options
  if (!(count >= 1 && batchSize >= 1 && Number.isSafeInteger(count) && Number.isSafeInteger(batchSize))) {
    throw new GraphError('argument', `dataOrder: batches of ${batchSize} out of ${count} examples`, {
      hint: 'both are whole numbers of at least 1',
    })
  }
  // Two epochs at most are alive at a time: a batch may lie across their border.
  const epochs = new Map<number, Uint32Array>()
  const orderOf = (epoch: number): Uint32Array => {
    let order = epochs.get(epoch)
    if (!order) {
      for (const known of epochs.keys()) if (Math.abs(known - epoch) > 1) epochs.delete(known)
      order = shuffledIndices(count, { seed, epoch })
      epochs.set(epoch, order)
    }
    return order
  }
  return {
    batchesPerEpoch: Math.ceil(count / batchSize),
    batch: (index) =>
      Uint32Array.from({ length: batchSize }, (_, i) => {
        const place = index * batchSize + i
        const within = place % count
        return shuffle ? orderOf(Math.floor(place / count))[within]! : within
      }),
  }
}
