// Splitting many items over several runs, so that each fits in memory.
import { GraphError } from '../error.ts'

export type BatchPlan = {
  items: number
  /** What one item adds to the memory of a run. */
  bytesPerItem: number
  /** What a run takes whatever its size (weights, shared inputs). Default 0. */
  fixedBytes?: number
  limitBytes: number
  /** Never more items than this in one run. */
  maxItems?: number
  /** Runs hold multiples of this many items, except the last. Default 1. */
  multipleOf?: number
}

/**
 * The runs as [start, end) ranges, as even as possible, in order.
 * @throws GraphError `out-of-memory` when even the smallest run is over the limit.
 */
export function planBatches(plan: BatchPlan): { start: number; end: number }[] {
  const step = plan.multipleOf ?? 1
  const { items, bytesPerItem, limitBytes } = plan
  if (!Number.isInteger(items) || items < 0 || !Number.isInteger(step) || step < 1 || !(bytesPerItem >= 0)) {
    throw new GraphError('argument', `planBatches: ${JSON.stringify(plan)}`)
  }
  if (items === 0) return []
  const room = limitBytes - (plan.fixedBytes ?? 0)
  const fitting = bytesPerItem === 0 ? items : Math.floor(room / bytesPerItem)
  const most = Math.min(fitting, plan.maxItems ?? items, items)
  const smallest = Math.min(step, items)
  if (most < smallest || room < 0) {
    throw new GraphError(
      'out-of-memory',
      `a run of ${smallest} items wants ${(plan.fixedBytes ?? 0) + smallest * bytesPerItem} bytes, the limit is ${limitBytes}`,
      {
        hint: 'raise the limit or use smaller items',
      },
    )
  }
  const units = Math.ceil(items / step)
  const runs = Math.ceil(units / Math.max(1, Math.floor(most / step)))
  const ranges: { start: number; end: number }[] = []
  for (let run = 0; run < runs; run++) {
    const start = Math.floor((run * units) / runs) * step
    const end = Math.min(items, Math.floor(((run + 1) * units) / runs) * step)
    ranges.push({ start, end })
  }
  return ranges
}
