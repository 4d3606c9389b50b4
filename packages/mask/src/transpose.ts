// Transposition of runs, and the counting sort behind it and behind the row-major reader.
//
// The row-major runs of a mask are the column-major runs of its transpose, so one algorithm serves both. It walks the
// lines of the source, notes every position where a line differs from the line before it (an event), and sorts the
// events by offset in the line. Cost: O(runs read + runs written + the side of the picture); pixels are not touched.

import { MaskError } from './error.ts'
import { clampOffset, walkLines } from './lines.ts'
import { type Mask, maskFromEdges } from './mask.ts'
import { NumberList } from './number-list.ts'

/** The mask mirrored at its main diagonal: pixel (x, y) becomes (y, x). */
export function transpose(mask: Mask): Mask {
  return maskFromEdges(mask.heightPx, mask.widthPx, transposedEdges(mask))
}

/**
 * The runs of a mask in row-major order: half-open [start, end) of y * widthPx + x, flattened and strictly increasing.
 * `maxEdges` refuses (MaskError 'too-large') results that outgrow what the input earned.
 */
export function transposedEdges(mask: Mask, maxEdges = Number.POSITIVE_INFINITY): Uint32Array {
  const { widthPx, heightPx, edges } = mask
  if (edges.length === 0 || widthPx <= 1 || heightPx <= 1) return edges
  return edgesFromRowMajorEvents(heightPx, widthPx, lineEvents(edges, heightPx, maxEdges))
}

/**
 * From events to column-major edges. An event is a row-major position y * widthPx + x, 0 <= y <= heightPx, where pixel
 * (x, y) differs from the one above it (outside the picture is background); events rise strictly.
 */
export function edgesFromRowMajorEvents(widthPx: number, heightPx: number, events: Uint32Array): Uint32Array {
  const n = events.length
  const positions = new Uint32Array(n)
  if (widthPx > 4 * n + 4096) {
    // A picture so wide for so few events that one counter a column would cost more than sorting.
    for (let i = 0; i < n; i++) {
      const x = events[i]! % widthPx
      positions[i] = x * heightPx + (events[i]! - x) / widthPx
    }
    positions.sort()
  } else {
    const next = new Uint32Array(widthPx + 1)
    let rowStart = 0
    for (let i = 0; i < n; i++) {
      const p = events[i]!
      if (p - rowStart >= widthPx) rowStart = p - (p % widthPx)
      next[p - rowStart + 1]!++
    }
    for (let x = 1; x <= widthPx; x++) next[x]! += next[x - 1]!
    rowStart = 0
    let y = 0
    for (let i = 0; i < n; i++) {
      const p = events[i]!
      if (p - rowStart >= widthPx) {
        rowStart = p - (p % widthPx)
        y = rowStart / widthPx
      }
      const x = p - rowStart
      positions[next[x]!++] = x * heightPx + y
    }
  }
  return withoutPairs(positions)
}

/** Drops equal neighbours, both of them: a run that ends where the next begins goes on. Works in place. */
function withoutPairs(positions: Uint32Array): Uint32Array {
  let kept = 0
  for (let i = 0; i < positions.length; i++) {
    const p = positions[i]!
    if (kept > 0 && positions[kept - 1] === p) kept--
    else positions[kept++] = p
  }
  return kept === positions.length ? positions : positions.slice(0, kept)
}

/**
 * Events of runs: positions line * lineLength + offset where a line differs from the one before it. `edges` are runs
 * of line * lineLength + offset.
 */
export function lineEvents(
  edges: Uint32Array,
  lineLength: number,
  maxEvents = Number.POSITIVE_INFINITY,
): Uint32Array {
  const events = new LineEvents(edges, lineLength, maxEvents)
  walkLines(edges, lineLength, (firstLine, lastLine, start, stop) => {
    events.addLines(firstLine, lastLine, start, stop)
  })
  return events.finish()
}

/** Collects events line by line. A line is named by the range of `edges` that meets it. */
class LineEvents {
  readonly edges: Uint32Array
  readonly lineLength: number
  readonly maxEvents: number
  readonly list: NumberList
  /** The line before the next one, and its runs: edges[start] to edges[stop]. */
  previousLine = -1
  previousStart = 0
  previousStop = 0

  constructor(edges: Uint32Array, lineLength: number, maxEvents: number) {
    this.edges = edges
    this.lineLength = lineLength
    this.maxEvents = maxEvents
    this.list = new NumberList(Math.max(256, edges.length * 2))
  }

  /** Adds lines firstLine to lastLine, alike, that meet the runs edges[start] to edges[stop]. */
  addLines(firstLine: number, lastLine: number, start: number, stop: number): void {
    if (firstLine > this.previousLine + 1) this.endPrevious()
    this.difference(firstLine, start, stop)
    this.previousLine = lastLine
    this.previousStart = start
    this.previousStop = stop
  }

  finish(): Uint32Array {
    this.endPrevious()
    return this.list.view(this.list.length)
  }

  private endPrevious(): void {
    this.difference(this.previousLine + 1, 0, 0)
    this.previousStart = this.previousStop
  }

  /** Events of `line`, which meets edges[start] to edges[stop], against the previous line. */
  private difference(line: number, start: number, stop: number): void {
    const { edges, lineLength, list } = this
    const lineBase = line * lineLength
    const previousBase = this.previousLine * lineLength
    let i = this.previousStart
    const iStop = this.previousStop
    let j = start
    let n = list.length
    let inside = false
    let from = 0
    while (i < iStop || j < stop) {
      // Both lines as rising offsets in 0..lineLength at which they change; a change in both is none.
      const p = i < iStop ? clampOffset(edges[i]! - previousBase, lineLength) : NO_OFFSET
      const q = j < stop ? clampOffset(edges[j]! - lineBase, lineLength) : NO_OFFSET
      if (p <= q) i++
      if (q <= p) j++
      if (p === q) continue
      const at = Math.min(p, q)
      if (inside) {
        if (n + at - from > this.maxEvents) {
          throw new MaskError(
            'too-large',
            `this mask has more than ${this.maxEvents} run ends in the other order`,
          )
        }
        const values = list.room(n, at - from)
        for (let offset = from; offset < at; offset++) values[n++] = lineBase + offset
      } else {
        from = at
      }
      inside = !inside
    }
    list.length = n
  }
}

/** Larger than every offset. */
const NO_OFFSET = 2 ** 31
