// Run lengths, the common core of the RLE dialects: alternating lengths of background and foreground, background first.

import { MaskError } from './error.ts'
import { excerpt } from './excerpt.ts'

/**
 * Alternating run lengths from the ends of foreground runs: background first (0 when the first pixel is foreground),
 * no 0 at the end. A picture without pixels is [0], as the COCO API writes it.
 */
export function countsFromEdges(edges: Uint32Array, pixels: number): Uint32Array {
  const n = edges.length
  const open = n === 0 || edges[n - 1] !== pixels
  const counts = new Uint32Array(open ? n + 1 : n)
  let before = 0
  for (let i = 0; i < n; i++) {
    counts[i] = edges[i]! - before
    before = edges[i]!
  }
  if (open) counts[n] = pixels - before
  return counts
}

/**
 * The ends of foreground runs from alternating lengths. Lengths of 0 join their neighbours. Throws MaskError unless
 * every length is a whole number >= 0 and their sum is `pixels`. `what` names the dialect in messages.
 */
export function edgesFromCounts(counts: ArrayLike<number>, pixels: number, what: string): Uint32Array {
  const ends = new Uint32Array(counts.length + 1)
  let n = 0
  let end = 0
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!
    if (!Number.isInteger(count) || count < 0) {
      throw new MaskError(
        typeof count === 'number' ? 'out-of-range' : 'malformed',
        `${what}: run length ${i} is ${excerpt(count)}, must be a whole number >= 0`,
        { at: i },
      )
    }
    end += count
    if (end > pixels) throw wrongTotal(what, i, end, pixels)
    if (n > 0 && ends[n - 1] === end) n--
    else ends[n++] = end
  }
  return closedEdges(ends, n, end, pixels, what, counts.length)
}

/** Shared end of the readers: checks the total and closes or drops the last end. */
export function closedEdges(
  ends: Uint32Array,
  n: number,
  total: number,
  pixels: number,
  what: string,
  countsRead: number,
): Uint32Array {
  if (total !== pixels) throw wrongTotal(what, countsRead - 1, total, pixels)
  if (n % 2 === 1) {
    if (ends[n - 1] === pixels) n--
    else ends[n++] = pixels
  }
  return ends.slice(0, n)
}

/** The error for run lengths that do not add up to the picture. */
export function wrongTotal(what: string, countIndex: number, total: number, pixels: number): MaskError {
  const told =
    total > pixels
      ? `run ${countIndex} ends at pixel ${total}, the picture has ${pixels}`
      : `the runs cover ${total} pixels, the picture has ${pixels}`
  return new MaskError('size-mismatch', `${what}: ${told}`, {
    at: Math.max(0, countIndex),
    hint: 'check that the text is complete and that height and width belong to this mask, in this order',
  })
}
