// What words say when they are read back: the IoU of each mask with the mask that its words decode to, counted by source and
// size. A label that says another mask than its region's teaches a model to miss. Definition: ours.
import { WEAK_IOU } from '@maskwords/codecs'
import { area, type Mask } from '@maskwords/mask'
import type { Counts } from './health.ts'

/** Upper ends of the classes of size, as shares of the picture that is shown. */
export const SIZE_CLASSES = [0.001, 0.01, 0.1, 1] as const
/** Bins of the histogram: bin b holds IoUs from b / 20 up. */
export const IOU_BINS = 20
/** Masks that are read back, about, where that costs much more than making their words. */
export const SAMPLED_MASKS = 500

export type ReadBackRow = {
  /** At most this share of the picture. */
  readonly upTo: number
  readonly masks: number
  readonly meanIou: number
  /** Below WEAK_IOU. */
  readonly weak: number
}

export type ReadBackReport = {
  /** Masks that were read back: all, or a sample. */
  readonly masks: number
  readonly isSample: boolean
  readonly meanIou: number
  readonly weak: number
  readonly weakBelow: number
  /** Counts of IoUs, IOU_BINS of them from 0 to 1. */
  readonly histogram: readonly number[]
  readonly bySize: readonly ReadBackRow[]
  readonly bySource: readonly (ReadBackRow & { readonly source: string })[]
}

/** The names under which one mask is counted, with what is added. */
export function readBackCounts(source: number, mask: Mask, iou: number): Counts {
  const share = area(mask) / (mask.widthPx * mask.heightPx)
  const size = SIZE_CLASSES.findIndex((upTo) => share <= upTo)
  const bin = Math.min(Math.floor(iou * IOU_BINS), IOU_BINS - 1)
  return [
    [`${source}/${size}/${bin}`, 1],
    [`${source}/${size}/sum`, iou],
  ]
}

/** The counts of a run as tables; undefined where nothing was read back. */
export function readBackReport(
  counts: Counts,
  sources: readonly string[],
  encoded: number,
): ReadBackReport | undefined {
  const cells = new Map<string, { source: number; size: number; bins: number[]; sum: number }>()
  for (const [name, count] of counts) {
    const [source, size, bin] = name.split('/') as [string, string, string]
    const key = `${source}/${size}`
    let cell = cells.get(key)
    if (cell === undefined) {
      cell = { source: Number(source), size: Number(size), bins: new Array(IOU_BINS).fill(0), sum: 0 }
      cells.set(key, cell)
    }
    if (bin === 'sum') cell.sum += count
    else cell.bins[Number(bin)]! += count
  }
  const all = [...cells.values()]
  if (all.length === 0) return undefined
  const row = (upTo: number, some: typeof all): ReadBackRow => {
    const masks = some.reduce((sum, { bins }) => sum + total(bins), 0)
    const weak = some.reduce((sum, { bins }) => sum + total(bins.slice(0, WEAK_IOU * IOU_BINS)), 0)
    return { upTo, masks, meanIou: rounded(some.reduce((sum, cell) => sum + cell.sum, 0) / masks), weak }
  }
  const rowsOf = (some: typeof all): ReadBackRow[] =>
    SIZE_CLASSES.map((upTo, size) => ({ upTo, cells: some.filter((cell) => cell.size === size) }))
      .filter((one) => one.cells.length > 0)
      .map((one) => row(one.upTo, one.cells))
  const { masks, meanIou, weak } = row(1, all)
  return {
    masks,
    isSample: masks < encoded,
    meanIou,
    weak,
    weakBelow: WEAK_IOU,
    histogram: Array.from({ length: IOU_BINS }, (_, bin) =>
      all.reduce((sum, cell) => sum + cell.bins[bin]!, 0),
    ),
    bySize: rowsOf(all),
    bySource: sources.flatMap((source, at) =>
      rowsOf(all.filter((cell) => cell.source === at)).map((one) => ({ source, ...one })),
    ),
  }
}

/** A class of size in words: `0.1 to 1 % of the picture`. */
export function sizeInWords(upTo: number): string {
  const at = SIZE_CLASSES.indexOf(upTo as (typeof SIZE_CLASSES)[number])
  const percent = (share: number) => `${+(100 * share).toPrecision(2)}`
  if (at === 0) return `up to ${percent(upTo)} %`
  return upTo === 1
    ? `above ${percent(SIZE_CLASSES[at - 1]!)} %`
    : `${percent(SIZE_CLASSES[at - 1]!)} to ${percent(upTo)} %`
}

/**
 * What a person should know of labels that do not say their mask, or undefined: the share that is weak, and where. `leftOut`: below
 * which IoU labels were left out; 0 for none.
 */
export function readBackWarning(report: ReadBackReport, leftOut: number): string | undefined {
  const { masks, weak, weakBelow, isSample, bySize } = report
  if (weak <= 0.02 * masks) return undefined
  const share = (part: number, whole: number) =>
    `${((100 * part) / whole).toFixed(part < 0.1 * whole ? 1 : 0)} %`
  const small = bySize.filter(({ upTo }) => upTo <= 0.01)
  const [smallMasks, smallWeak] = [sumOf(small, 'masks'), sumOf(small, 'weak')]
  const where =
    smallMasks === 0 || smallWeak < 0.5 * weak
      ? ''
      : `; of those under 1 % of their picture, ${share(smallWeak, smallMasks)}`
  const done =
    leftOut >= weakBelow
      ? `they are left out (--min-iou ${leftOut})`
      : `their words say another mask, and they were written: --min-iou ${weakBelow} leaves them out`
  const of = isSample
    ? `a sample of ${masks.toLocaleString('en-US')} masks`
    : `${masks.toLocaleString('en-US')} masks`
  return `${share(weak, masks)} of ${of} read back with an IoU below ${weakBelow}${where}: ${done}`
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)
const sumOf = (rows: readonly ReadBackRow[], name: 'masks' | 'weak'): number =>
  rows.reduce((sum, row) => sum + row[name], 0)
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000
