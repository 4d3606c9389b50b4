// Which conversations each batch has: questions about one picture together in a row, rows of like length together in a batch, a new
// order every epoch. A function of the seed and the number of the batch, so that a run goes on from any of them. Definition: ours.
import { shuffledIndices } from '@maskwords/train'

/** What a plan needs to know of a conversation. */
export type PlannedItem = {
  /** Tokens, and how many of them from the first on belong to its pictures and what stands before those. */
  readonly tokens: number
  readonly beginning: number
  /** Conversations about the same pictures have the same; undefined for text alone. */
  readonly pictures: string | undefined
}

export type PlanSettings = {
  /** Conversations of a batch, at most. */
  readonly conversations: number
  /** Conversations of a row, at most; 1 packs nothing. */
  readonly pack: number
  /** Tokens of a row of several conversations, at most. */
  readonly maxTokens: number
  readonly seed: number
}

/** Rows of one batch: numbers of conversations. */
export type PlannedBatch = readonly (readonly number[])[]

export type BatchPlan = {
  /** Batch `index` from 0; batches run on from one epoch into the next. */
  batch(index: number): PlannedBatch
  /** Batches of the first `epochs` epochs. */
  batchesOf(epochs: number): number
}

/** Batches whose rows are sorted by length before they are cut: enough for like lengths, few enough for chance. */
const SORTED_TOGETHER = 32

/** Plans batches of `items`. There is at least one item. */
export function batchPlan(items: readonly PlannedItem[], settings: PlanSettings): BatchPlan {
  const starts = [0]
  let known: { epoch: number; batches: readonly PlannedBatch[] } | undefined
  const epochOf = (epoch: number): readonly PlannedBatch[] => {
    if (known?.epoch !== epoch) known = { epoch, batches: plannedEpoch(items, settings, epoch) }
    starts[epoch + 1] ??= starts[epoch]! + known.batches.length
    return known.batches
  }
  const startOf = (epoch: number): number => {
    for (let e = starts.length - 1; e < epoch; e++) epochOf(e)
    return starts[epoch]!
  }
  return {
    batchesOf: startOf,
    batch: (index) => {
      let epoch = starts.findLastIndex((start) => start <= index)
      while (startOf(epoch + 1) <= index) epoch++
      return epochOf(epoch)[index - starts[epoch]!]!
    },
  }
}

function plannedEpoch(items: readonly PlannedItem[], settings: PlanSettings, epoch: number): PlannedBatch[] {
  const { conversations, seed } = settings
  const rows = plannedRows(items, settings, shuffledIndices(items.length, { seed, epoch }))
  const perWindow = SORTED_TOGETHER * conversations
  const batches: number[][][] = []
  for (let first = 0; first < rows.length; ) {
    let last = first
    for (let inside = 0; last < rows.length && inside < perWindow; last++)
      inside += rows[last]!.numbers.length
    const window = rows.slice(first, last).sort((a, b) => a.tokens - b.tokens)
    let batch: number[][] = []
    let inside = 0
    for (const { numbers } of window) {
      if (inside > 0 && inside + numbers.length > conversations) {
        batches.push(batch)
        batch = []
        inside = 0
      }
      batch.push(numbers)
      inside += numbers.length
    }
    if (inside > 0) batches.push(batch)
    first = last
  }
  // Lengths must not rise through the epoch. The number of the seed tells this order from that of the conversations.
  const order = shuffledIndices(batches.length, { seed: seed ^ 0x5eed, epoch })
  return Array.from(order, (i) => batches[i]!)
}

type Row = { readonly numbers: number[]; tokens: number }

/** Conversations of the same pictures in one row, as long as it has room. */
function plannedRows(items: readonly PlannedItem[], settings: PlanSettings, order: Uint32Array): Row[] {
  const { maxTokens, conversations } = settings
  const pack = Math.min(settings.pack, conversations)
  const rows: Row[] = []
  const open = new Map<string, Row>()
  for (const number of order) {
    const { tokens, beginning, pictures } = items[number]!
    const row = pictures === undefined ? undefined : open.get(pictures)
    const more = tokens - beginning
    if (row && row.numbers.length < pack && row.tokens + more <= maxTokens) {
      row.numbers.push(number)
      row.tokens += more
      continue
    }
    const fresh: Row = { numbers: [number], tokens }
    rows.push(fresh)
    if (pictures !== undefined) open.set(pictures, fresh)
  }
  return rows
}
