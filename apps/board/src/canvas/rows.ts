// A mask row by row, as drawing wants it: for each row its runs, with an index from row to run.
import { type Mask, transpose } from '@maskwords/mask'

/** Runs [from, to) of pixels in each row: those of row y are `spans[2 * i]`, `spans[2 * i + 1]` for i in [starts[y], starts[y + 1]). */
export type Rows = {
  readonly widthPx: number
  readonly heightPx: number
  readonly starts: Uint32Array
  readonly spans: Uint32Array
}

const remembered = new WeakMap<Mask, Rows>()

/** The rows of a mask, remembered with it. */
export function rowsOf(mask: Mask): Rows {
  let rows = remembered.get(mask)
  if (rows === undefined) {
    rows = rowsOfTransposed(transpose(mask))
    remembered.set(mask, rows)
  }
  return rows
}

/** Takes rows that were counted elsewhere for those of a mask. */
export function rememberRows(mask: Mask, rows: Rows): void {
  remembered.set(mask, rows)
}

/** The rows of a mask from one that is transposed already: its column-major runs are the rows. */
export function rowsOfTransposed({ widthPx: height, heightPx: width, edges }: Mask): Rows {
  let pieces = 0
  for (let i = 0; i < edges.length; i += 2) {
    // A run may pass from the end of one row to the next.
    pieces += Math.floor((edges[i + 1]! - 1) / width) - Math.floor(edges[i]! / width) + 1
  }
  const starts = new Uint32Array(height + 1)
  const spans = new Uint32Array(pieces * 2)
  let n = 0
  let row = 0
  for (let i = 0; i < edges.length; i += 2) {
    const end = edges[i + 1]!
    for (let start = edges[i]!; start < end; ) {
      const y = Math.floor(start / width)
      while (row < y) starts[++row] = n >> 1
      const stop = Math.min(end, (y + 1) * width)
      spans[n++] = start - y * width
      spans[n++] = stop - y * width
      start = stop
    }
  }
  while (row < height) starts[++row] = n >> 1
  return { widthPx: width, heightPx: height, starts, spans }
}
