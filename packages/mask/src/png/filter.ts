// The five row filters of PNG, undone and applied (PNG specification, section 9).

import { MaskError } from '../error.ts'

export const FILTER_NONE = 0
const FILTER_SUB = 1
export const FILTER_UP = 2
const FILTER_AVERAGE = 3
const FILTER_PAETH = 4

/**
 * Undoes the filters of `rows` rows in place. `data` holds from `start` on, for each row, one filter byte and
 * `rowBytes` bytes; afterwards the rows lie packed, without filter bytes, from `target` on (target <= start).
 * `pixelBytes` is the distance to the pixel on the left: the bytes of a whole pixel, at least 1.
 */
export function undoFilters(
  data: Uint8Array,
  start: number,
  rows: number,
  rowBytes: number,
  pixelBytes: number,
  target: number,
): void {
  let from = start
  let to = target
  for (let row = 0; row < rows; row++) {
    const filter = data[from]!
    if (filter > FILTER_PAETH) {
      throw new MaskError(
        'malformed',
        `row ${row} of the picture has the unknown filter ${filter} (0 to 4 exist)`,
      )
    }
    from++
    data.copyWithin(to, from, from + rowBytes)
    undoRow(data, filter, to, row === 0 ? -1 : to - rowBytes, rowBytes, pixelBytes)
    from += rowBytes
    to += rowBytes
  }
}

/** Undoes one row that starts at `to`, with the finished row above at `up` (-1: none, all zero). */
function undoRow(
  data: Uint8Array,
  filter: number,
  to: number,
  up: number,
  rowBytes: number,
  pixelBytes: number,
): void {
  const end = to + rowBytes
  const firstEnd = Math.min(to + pixelBytes, end)
  if (filter === FILTER_SUB || (filter === FILTER_PAETH && up < 0)) {
    for (let i = to + pixelBytes; i < end; i++) data[i] = data[i]! + data[i - pixelBytes]!
  } else if (filter === FILTER_UP) {
    if (up >= 0) for (let i = to, u = up; i < end; i++, u++) data[i] = data[i]! + data[u]!
  } else if (filter === FILTER_AVERAGE) {
    if (up < 0) {
      for (let i = to + pixelBytes; i < end; i++) data[i] = data[i]! + (data[i - pixelBytes]! >> 1)
      return
    }
    let u = up
    let i = to
    for (; i < firstEnd; i++, u++) data[i] = data[i]! + (data[u]! >> 1)
    for (; i < end; i++, u++) data[i] = data[i]! + ((data[i - pixelBytes]! + data[u]!) >> 1)
  } else if (filter === FILTER_PAETH) {
    let u = up
    let i = to
    for (; i < firstEnd; i++, u++) data[i] = data[i]! + data[u]!
    for (; i < end; i++, u++) {
      data[i] = data[i]! + paeth(data[i - pixelBytes]!, data[u]!, data[u - pixelBytes]!)
    }
  }
}

/** Whichever of left, above and above-left is nearest to left + above - aboveLeft; ties in that order. */
function paeth(left: number, above: number, aboveLeft: number): number {
  let toLeft = above - aboveLeft
  let toAbove = left - aboveLeft
  let toAboveLeft = toLeft + toAbove
  if (toLeft < 0) toLeft = -toLeft
  if (toAbove < 0) toAbove = -toAbove
  if (toAboveLeft < 0) toAboveLeft = -toAboveLeft
  if (toLeft <= toAbove && toLeft <= toAboveLeft) return left
  return toAbove <= toAboveLeft ? above : aboveLeft
}

/**
 * `none` leaves every row as it is (best for masks and label maps, whose rows repeat exactly); `adaptive` takes for each row the
 * filter with the smallest sum of absolute differences (the specification's advice for photographs); `up` takes differences to
 * the row above, which costs a hundredth of that and a few per cent of size.
 */
export type PngFilterChoice = 'none' | 'adaptive' | 'up'

/** Rows with their filter bytes: rows * (1 + rowBytes) bytes. */
export function applyFilters(
  packed: Uint8Array,
  rows: number,
  rowBytes: number,
  pixelBytes: number,
  choice: PngFilterChoice,
): Uint8Array {
  const out = new Uint8Array(rows * (rowBytes + 1))
  if (choice === 'none') {
    for (let row = 0; row < rows; row++) {
      out.set(packed.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1)
    }
    return out
  }
  if (choice === 'up') {
    for (let row = 0; row < rows; row++) {
      const at = row * (rowBytes + 1)
      out[at] = FILTER_UP
      const from = row * rowBytes
      for (let i = 0; i < rowBytes; i++) {
        // Bytes wrap around by themselves.
        out[at + 1 + i] = packed[from + i]! - (row === 0 ? 0 : packed[from + i - rowBytes]!)
      }
    }
    return out
  }
  const noRow = new Uint8Array(rowBytes)
  const candidates = [0, 1, 2, 3, 4].map(() => new Uint8Array(rowBytes))
  for (let row = 0; row < rows; row++) {
    const line = packed.subarray(row * rowBytes, (row + 1) * rowBytes)
    const above = row === 0 ? noRow : packed.subarray((row - 1) * rowBytes, row * rowBytes)
    let best = 0
    let bestSum = Number.POSITIVE_INFINITY
    for (let filter = 0; filter < 5; filter++) {
      const sum = filterRow(candidates[filter]!, line, above, filter, pixelBytes)
      if (sum < bestSum) {
        best = filter
        bestSum = sum
      }
    }
    const at = row * (rowBytes + 1)
    out[at] = best
    out.set(candidates[best]!, at + 1)
  }
  return out
}

/** Writes the filtered row to `out` and returns the sum of its bytes read as signed distances. */
function filterRow(
  out: Uint8Array,
  line: Uint8Array,
  above: Uint8Array,
  filter: number,
  pixelBytes: number,
): number {
  let sum = 0
  for (let i = 0; i < line.length; i++) {
    const left = i < pixelBytes ? 0 : line[i - pixelBytes]!
    let guess = 0
    if (filter === FILTER_SUB) guess = left
    else if (filter === FILTER_UP) guess = above[i]!
    else if (filter === FILTER_AVERAGE) guess = (left + above[i]!) >> 1
    else if (filter === FILTER_PAETH)
      guess = paeth(left, above[i]!, i < pixelBytes ? 0 : above[i - pixelBytes]!)
    const difference = (line[i]! - guess) & 255
    out[i] = difference
    sum += difference < 128 ? difference : 256 - difference
  }
  return sum
}
