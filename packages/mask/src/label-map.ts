// Label maps: one number a pixel, many masks a picture. From labels to masks in one pass over runs, and back.

import { MaskError } from './error.ts'
import { checkSize, MAX_DENSE_PIXELS, type Mask, maskFromEdges } from './mask.ts'
import { NumberList } from './number-list.ts'

export type Labels = Uint8Array | Uint16Array | Uint32Array

/** A label of every pixel: values[y * widthPx + x]. */
export type LabelMap<T extends Labels = Labels> = {
  readonly widthPx: number
  readonly heightPx: number
  readonly values: T
}

export type LabelledMask = { readonly label: number; readonly mask: Mask }

export type LabelMapOptions = {
  /** The label that belongs to nobody. Default 0; `null` where every value is a label. */
  readonly background?: number | null
}

/** Columns that are transposed together: their pixels of one row share a cache line or two. */
const COLUMNS_TOGETHER = 32

/**
 * The mask of each label that occurs, labels rising. Masks of a map do not overlap, and together with the background
 * cover it. Cost: one pass over the pixels, then one over the runs, however many labels there are. Throws MaskError for a wrong number of values or more than
 * MAX_DENSE_PIXELS pixels.
 */
export function masksFromLabelMap(map: LabelMap, options: LabelMapOptions = {}): LabelledMask[] {
  const { widthPx, heightPx, values } = map
  checkSize(widthPx, heightPx, MAX_DENSE_PIXELS)
  if (values.length !== widthPx * heightPx) {
    throw new MaskError(
      'size-mismatch',
      `a label map of ${widthPx} x ${heightPx} has ${widthPx * heightPx} values, got ${values.length}`,
    )
  }
  const background = options.background === undefined ? 0 : options.background
  const runs = labelRuns(values, widthPx, heightPx, background)
  const labels = [...runs.slots.keys()].sort((a, b) => a - b)
  const slots = runs.slots
  const ranges = new Uint32Array(slots.size + 1)
  for (let r = 0; r < runs.count; r++) ranges[runs.slot.values[r]! + 1]! += 2
  for (let s = 0; s < slots.size; s++) ranges[s + 1]! += ranges[s]!
  const next = ranges.slice()
  const edges = new Uint32Array(runs.count * 2)
  for (let r = 0; r < runs.count; r++) {
    const s = runs.slot.values[r]!
    const at = next[s]!
    edges[at] = runs.start.values[r]!
    edges[at + 1] = runs.end.values[r]!
    next[s] = at + 2
  }
  return labels.map((label) => {
    const s = slots.get(label)!
    return { label, mask: maskFromEdges(widthPx, heightPx, edges.slice(ranges[s]!, ranges[s + 1]!)) }
  })
}

type LabelRuns = {
  readonly start: NumberList
  readonly end: NumberList
  /** Which of the labels, numbered in order of appearance, each run has. */
  readonly slot: NumberList
  readonly slots: Map<number, number>
  readonly count: number
}

/** All runs of equal labels in column-major order, a few columns at a time, without those of the background. */
function labelRuns(values: Labels, widthPx: number, heightPx: number, background: number | null): LabelRuns {
  const start = new NumberList()
  const end = new NumberList()
  const slot = new NumberList()
  const slots = new Map<number, number>()
  let count = 0
  let currentLabel = -1
  let currentStart = 0
  const close = (at: number) => {
    if (currentLabel < 0 || currentLabel === background) return
    let s = slots.get(currentLabel)
    if (s === undefined) slots.set(currentLabel, (s = slots.size))
    start.room(count, 1)[count] = currentStart
    end.room(count, 1)[count] = at
    slot.room(count, 1)[count] = s
    count++
  }
  const strip = values.constructor as new (length: number) => Labels
  const columns = new strip(Math.min(COLUMNS_TOGETHER, widthPx) * heightPx)
  for (let x0 = 0; x0 < widthPx; x0 += COLUMNS_TOGETHER) {
    const together = Math.min(COLUMNS_TOGETHER, widthPx - x0)
    for (let y = 0; y < heightPx; y++) {
      const from = y * widthPx + x0
      for (let c = 0; c < together; c++) columns[c * heightPx + y] = values[from + c]!
    }
    const base = x0 * heightPx
    const pixels = together * heightPx
    for (let p = 0; p < pixels; p++) {
      if (columns[p] === currentLabel) continue
      close(base + p)
      currentLabel = columns[p]!
      currentStart = base + p
    }
  }
  close(widthPx * heightPx)
  return { start, end, slot, slots, count }
}

export type LabelMapFromMasksOptions = {
  readonly widthPx: number
  readonly heightPx: number
  /** Value of pixels in no mask. Default 0. */
  readonly background?: number
  /** Where masks overlap: the later one wins, or it is an error. Default `last`. */
  readonly overlap?: 'last' | 'error'
}

/**
 * Paints masks into a label map, in the given order. Labels are whole numbers from 0 to 2^32 - 1. Throws MaskError
 * for a mask of another size, a label out of range, or an overlap where that is an error.
 */
export function labelMapFromMasks(
  labelled: readonly LabelledMask[],
  options: LabelMapFromMasksOptions,
): LabelMap<Uint32Array> {
  const { widthPx, heightPx, background = 0, overlap = 'last' } = options
  checkSize(widthPx, heightPx, MAX_DENSE_PIXELS)
  checkLabel(background)
  const values = new Uint32Array(widthPx * heightPx).fill(background)
  const taken = overlap === 'error' ? new Uint8Array(values.length) : undefined
  for (const { label, mask } of labelled) {
    checkLabel(label)
    if (mask.widthPx !== widthPx || mask.heightPx !== heightPx) {
      throw new MaskError(
        'size-mismatch',
        `the mask of label ${label} is ${mask.widthPx} x ${mask.heightPx}, the map ${widthPx} x ${heightPx}`,
      )
    }
    for (let i = 0; i < mask.edges.length; i += 2) {
      const stop = mask.edges[i + 1]!
      for (let p = mask.edges[i]!; p < stop; ) {
        const x = Math.floor(p / heightPx)
        let y = p - x * heightPx
        const rows = Math.min(stop - p, heightPx - y)
        p += rows
        for (const yEnd = y + rows; y < yEnd; y++) {
          const at = y * widthPx + x
          if (taken !== undefined) {
            if (taken[at] === 1) {
              throw new MaskError(
                'malformed',
                `the mask of label ${label} overlaps an earlier one at (${x}, ${y})`,
              )
            }
            taken[at] = 1
          }
          values[at] = label
        }
      }
    }
  }
  return { widthPx, heightPx, values }
}

function checkLabel(label: number): void {
  if (Number.isInteger(label) && label >= 0 && label < 2 ** 32) return
  throw new MaskError('out-of-range', `a label must be a whole number from 0 to 2^32 - 1, got ${label}`)
}
