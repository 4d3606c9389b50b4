// Walks runs line by line. A line is `lineLength` neighbouring positions: a column of a mask's own runs, a row of its
// transposed ones. Equal whole lines come as one group, empty lines not at all, so the walk costs O(runs).

import { NumberList } from './number-list.ts'

/**
 * Lines firstLine to lastLine (inclusive, all alike) meet the runs edges[start] to edges[stop], which may begin before
 * the line and end behind it. More than one line only where a single run covers them whole.
 */
export type LineVisitor = (firstLine: number, lastLine: number, start: number, stop: number) => void

/** Calls `visit` for every line with foreground, in order. */
export function walkLines(edges: Uint32Array, lineLength: number, visit: LineVisitor): void {
  let i = 0
  let line = 0
  while (i < edges.length) {
    line = Math.max(line, Math.floor(edges[i]! / lineLength))
    const lineStart = line * lineLength
    const lineEnd = lineStart + lineLength
    if (edges[i]! <= lineStart && edges[i + 1]! >= lineEnd) {
      const lastWhole = Math.floor(edges[i + 1]! / lineLength) - 1
      visit(line, lastWhole, i, i + 2)
      line = lastWhole + 1
      if (edges[i + 1] === line * lineLength) i += 2
      continue
    }
    let stop = i + 2
    while (stop < edges.length && edges[stop]! < lineEnd) stop += 2
    visit(line, line, i, stop)
    i = edges[stop - 1]! > lineEnd ? stop - 2 : stop
    line++
  }
}

/** `offset` brought into 0..lineLength: where a run that may pass the ends of a line begins or ends within it. */
export function clampOffset(offset: number, lineLength: number): number {
  return Math.max(0, Math.min(offset, lineLength))
}

/** Collects runs that come in order, joining those that touch. */
export class RunList {
  private readonly list = new NumberList()
  private count = 0

  /** Adds the half-open run [start, end); start must not be before the last run's end. Empty runs are left out. */
  add(start: number, end: number): void {
    if (end <= start) return
    const values = this.list.room(this.count, 2)
    if (this.count > 0 && values[this.count - 1] === start) {
      values[this.count - 1] = end
    } else {
      values[this.count++] = start
      values[this.count++] = end
    }
  }

  edges(): Uint32Array {
    return this.list.view(this.count).slice()
  }
}
