// The grid of GETok: cells, their centres, and points, boxes and drawn lines as cells (arXiv 2512.10554, Eq. 1 and
// supplement; edge rules that the paper leaves open are stated at each function).
//
// A cell (i, j), column and row from the top left, is the number j * cells + i: the code of its word. Axes scale
// independently, as if the picture were squashed to a square, so nothing here needs the paper's 840 x 840 frame.

import type { BoxXyxyPx, PictureSize } from '../codec.ts'
import { CodecError } from '../error.ts'

/** Cells per axis of the published default. */
export const DEFAULT_CELLS = 32

/** Most cells per axis. The paper's largest grid has 64; 256 x 256 words are as many as fit 16 bits. */
export const MAX_CELLS = 256

/** Most vertices of one drawn line. The longest polygon of COCO has about 2,000; simplifying costs their square at worst. */
export const MAX_VERTICES = 16_384

/** A grid laid over a picture. `offsetSteps` is m of the paper: an offset word moves a point by widthPx / m, heightPx / m. */
export type Grid = {
  readonly cells: number
  readonly offsetSteps: number
  readonly widthPx: number
  readonly heightPx: number
}

export type GridOptions = PictureSize & { readonly cells?: number; readonly offsetSteps?: number }

/** A grid over a picture: 32 cells and, always by default, twice as many offset steps per axis. Throws CodecError. */
export function gridOf(options: GridOptions): Grid {
  const { widthPx, heightPx, cells = DEFAULT_CELLS, offsetSteps = 2 * cells } = options
  if (!Number.isInteger(cells) || cells < 1 || cells > MAX_CELLS) {
    throw new CodecError('out-of-range', `a grid has 1 to ${MAX_CELLS} cells per axis, got ${cells}`)
  }
  if (!(offsetSteps > 0) || !Number.isFinite(offsetSteps)) {
    throw new CodecError('out-of-range', `offset steps per axis must be a number above 0, got ${offsetSteps}`)
  }
  if (!(widthPx >= 1) || !(heightPx >= 1) || !Number.isFinite(widthPx * heightPx)) {
    throw new CodecError('out-of-range', `a grid needs a picture, got ${widthPx} x ${heightPx} pixels`)
  }
  return { cells, offsetSteps, widthPx, heightPx }
}

/** x of the centre of a cell, in pixels: (i + 1/2) * widthPx / cells. */
export function centreX(grid: Grid, cell: number): number {
  return (((cell % grid.cells) + 0.5) * grid.widthPx) / grid.cells
}

/** y of the centre of a cell, in pixels: (j + 1/2) * heightPx / cells. */
export function centreY(grid: Grid, cell: number): number {
  return ((Math.floor(cell / grid.cells) + 0.5) * grid.heightPx) / grid.cells
}

/** Throws CodecError unless every entry is the number of a cell of the grid. */
export function checkCells(grid: Grid, cells: ArrayLike<number>): void {
  const count = grid.cells * grid.cells
  for (let k = 0; k < cells.length; k++) {
    const cell = cells[k]!
    if (!Number.isInteger(cell) || cell < 0 || cell >= count) {
      throw new CodecError(
        'out-of-range',
        `cell ${cell} at position ${k}: the grid has cells 0 to ${count - 1}`,
        { at: k },
      )
    }
  }
}

/** Centres of cells as x, y, x, y, ... in pixels. */
export function cellsToPoints(grid: Grid, cells: ArrayLike<number>): Float64Array {
  checkCells(grid, cells)
  const points = new Float64Array(cells.length * 2)
  for (let k = 0; k < cells.length; k++) {
    points[2 * k] = centreX(grid, cells[k]!)
    points[2 * k + 1] = centreY(grid, cells[k]!)
  }
  return points
}

function columnOf(grid: Grid, x: number): number {
  return Math.min(Math.max(Math.floor((x * grid.cells) / grid.widthPx), 0), grid.cells - 1)
}

function rowOf(grid: Grid, y: number): number {
  return Math.min(Math.max(Math.floor((y * grid.cells) / grid.heightPx), 0), grid.cells - 1)
}

function checkFinite(values: ArrayLike<number>, what: string): void {
  for (let k = 0; k < values.length; k++) {
    if (!Number.isFinite(values[k]!)) {
      throw new CodecError('out-of-range', `${what}: coordinate ${k} is ${values[k]}`, { at: k })
    }
  }
}

/** The cell that holds a point given in pixels; a point outside the picture goes to the nearest border cell. */
export function pointToCell(grid: Grid, x: number, y: number): number {
  checkFinite([x, y], 'point')
  return rowOf(grid, y) * grid.cells + columnOf(grid, x)
}

/**
 * Top left and bottom right cells of a box. The box's right and bottom are exclusive, so an edge on a cell border
 * belongs to the cell before it. Throws CodecError for a box that is not finite or is inside out.
 */
export function boxToCells(grid: Grid, box: BoxXyxyPx): [topLeft: number, bottomRight: number] {
  checkFinite(box, 'box')
  const [left, top, right, bottom] = box
  if (right < left || bottom < top) {
    throw new CodecError('out-of-range', `box ${box.join(', ')} is inside out`, {
      hint: 'the order is left, top, right, bottom',
    })
  }
  const i = columnOf(grid, left)
  const j = rowOf(grid, top)
  const last = grid.cells - 1
  const right1 = Math.min(Math.max(Math.ceil((right * grid.cells) / grid.widthPx) - 1, i), last)
  const bottom1 = Math.min(Math.max(Math.ceil((bottom * grid.cells) / grid.heightPx) - 1, j), last)
  return [j * grid.cells + i, bottom1 * grid.cells + right1]
}

/**
 * A box from two corner points. An axis on which the corners coincide or cross becomes one cell wide around their
 * middle: with unmoved centres of one column, exactly that column.
 */
export function boxFromCorners(grid: Grid, x1: number, y1: number, x2: number, y2: number): BoxXyxyPx {
  let [left, right, top, bottom] = [x1, x2, y1, y2]
  if (right <= left) {
    const middle = (x1 + x2) / 2
    left = Math.max(middle - grid.widthPx / grid.cells / 2, 0)
    right = Math.min(middle + grid.widthPx / grid.cells / 2, grid.widthPx)
  }
  if (bottom <= top) {
    const middle = (y1 + y2) / 2
    top = Math.max(middle - grid.heightPx / grid.cells / 2, 0)
    bottom = Math.min(middle + grid.heightPx / grid.cells / 2, grid.heightPx)
  }
  return [left, top, right, bottom]
}

/** The box between the centres of two cells (see boxFromCorners for corners that share a column or row). */
export function cellsToBox(grid: Grid, topLeft: number, bottomRight: number): BoxXyxyPx {
  checkCells(grid, [topLeft, bottomRight])
  return boxFromCorners(
    grid,
    centreX(grid, topLeft),
    centreY(grid, topLeft),
    centreX(grid, bottomRight),
    centreY(grid, bottomRight),
  )
}

/** Marks, in `keep`, the vertices first..last that Ramer-Douglas-Peucker keeps at a tolerance in cells. */
function simplify(
  u: Float64Array,
  v: Float64Array,
  first: number,
  last: number,
  tolerance: number,
  keep: Uint8Array,
): void {
  const stack = [first, last]
  keep[first] = 1
  keep[last] = 1
  while (stack.length > 0) {
    const b = stack.pop()!
    const a = stack.pop()!
    const du = u[b]! - u[a]!
    const dv = v[b]! - v[a]!
    const lengthSquared = du * du + dv * dv
    let worst = tolerance * tolerance
    let at = -1
    for (let k = a + 1; k < b; k++) {
      const pu = u[k]! - u[a]!
      const pv = v[k]! - v[a]!
      const along = lengthSquared === 0 ? 0 : Math.min(Math.max((pu * du + pv * dv) / lengthSquared, 0), 1)
      const distance = (pu - along * du) ** 2 + (pv - along * dv) ** 2
      if (distance > worst) {
        worst = distance
        at = k
      }
    }
    if (at < 0) continue
    keep[at] = 1
    stack.push(a, at, at, b)
  }
}

/** Vertices in units of cells, checked. */
function lineInCells(grid: Grid, pointsXyPx: ArrayLike<number>): { u: Float64Array; v: Float64Array } {
  if (pointsXyPx.length % 2 !== 0) {
    throw new CodecError('size-mismatch', `a line needs pairs x, y; got ${pointsXyPx.length} numbers`)
  }
  const count = pointsXyPx.length / 2
  if (count > MAX_VERTICES) {
    throw new CodecError('too-large', `a line of ${count} vertices; the limit is ${MAX_VERTICES}`, {
      hint: 'simplify the line before the call',
    })
  }
  checkFinite(pointsXyPx, 'line')
  const u = new Float64Array(count)
  const v = new Float64Array(count)
  for (let k = 0; k < count; k++) {
    u[k] = (pointsXyPx[2 * k]! * grid.cells) / grid.widthPx
    v[k] = (pointsXyPx[2 * k + 1]! * grid.cells) / grid.heightPx
  }
  return { u, v }
}

function keptCells(grid: Grid, u: Float64Array, v: Float64Array, keep: Uint8Array): number[] {
  const last = grid.cells - 1
  const cells: number[] = []
  for (let k = 0; k < keep.length; k++) {
    if (keep[k] === 0) continue
    const i = Math.min(Math.max(Math.floor(u[k]!), 0), last)
    const j = Math.min(Math.max(Math.floor(v[k]!), 0), last)
    if (cells[cells.length - 1] !== j * grid.cells + i) cells.push(j * grid.cells + i)
  }
  return cells
}

/**
 * An open line as cells, in drawing order: simplified by Ramer-Douglas-Peucker at half a cell, quantised, consecutive
 * duplicates dropped. `pointsXyPx` is x, y, x, y, ...; a line shorter than a cell gives one cell.
 */
export function polylineToCells(grid: Grid, pointsXyPx: ArrayLike<number>): number[] {
  const { u, v } = lineInCells(grid, pointsXyPx)
  if (u.length === 0) return []
  const keep = new Uint8Array(u.length)
  simplify(u, v, 0, u.length - 1, 0.5, keep)
  return keptCells(grid, u, v, keep)
}

/**
 * A closed line as cells: clockwise on the screen, from its topmost (then leftmost) vertex, simplified and quantised as
 * an open line is, the closing vertex left out. Fewer than three cells mean that the polygon is thinner than the grid
 * can say: write it as points.
 */
export function polygonToCells(grid: Grid, pointsXyPx: ArrayLike<number>): number[] {
  const line = lineInCells(grid, pointsXyPx)
  const count = line.u.length
  if (count === 0) return []
  let start = 0
  let doubledArea = 0
  for (let k = 0; k < count; k++) {
    const next = (k + 1) % count
    doubledArea += line.u[k]! * line.v[next]! - line.u[next]! * line.v[k]!
    if (line.v[k]! < line.v[start]! || (line.v[k]! === line.v[start]! && line.u[k]! < line.u[start]!))
      start = k
  }
  const direction = doubledArea >= 0 ? 1 : count - 1
  const u = new Float64Array(count + 1)
  const v = new Float64Array(count + 1)
  let far = 0
  for (let k = 0, from = start; k <= count; k++, from = (from + direction) % count) {
    u[k] = line.u[from]!
    v[k] = line.v[from]!
    if ((u[k]! - u[0]!) ** 2 + (v[k]! - v[0]!) ** 2 > (u[far]! - u[0]!) ** 2 + (v[far]! - v[0]!) ** 2) far = k
  }
  const keep = new Uint8Array(count + 1)
  simplify(u, v, 0, far, 0.5, keep)
  simplify(u, v, far, count, 0.5, keep)
  const cells = keptCells(grid, u, v, keep)
  while (cells.length > 1 && cells[cells.length - 1] === cells[0]) cells.pop()
  return cells
}
