// A square map of codes on which near vectors lie near each other: first by the two main directions of the vectors (PCA),
// then by linear assignment sorting (Barthel, Hezel, Jung, Schall 2022: "Improved Evaluation and Generation of Grid
// Layouts"): vectors go to the cells whose smoothed surroundings they resemble, in ever smaller surroundings.
import { leastCostPairs } from '@maskwords/mask'
import type { CodeVectors } from './vectors.ts'

/** `cellOf[code]` is the code's cell, row-major; `codeAt[cell]` is the reverse, -1 for a cell without a code. */
export type CodeLayout = {
  readonly side: number
  readonly cellOf: Int32Array
  readonly codeAt: Int32Array
}

/** Codes that are exchanged at once: an assignment takes time cubic in them. */
const GROUP = 256
/** Each round looks at surroundings this much smaller. */
const SHRINK = 0.7
const POWER_STEPS = 60

/** The map of some vectors; the same vectors always give the same map. */
export function layoutOf(vectors: CodeVectors): CodeLayout {
  const side = Math.ceil(Math.sqrt(vectors.codes))
  const codeAt = startingMap(vectors, side)
  for (let radius = side / 2, round = 0; radius >= 0.8; radius *= SHRINK, round++) {
    const surroundings = smoothed(vectors, codeAt, side, Math.max(1, Math.round(radius)))
    for (const cells of groups(side * side, round)) exchange(vectors, codeAt, surroundings, cells)
  }
  const cellOf = new Int32Array(vectors.codes)
  for (let cell = 0; cell < codeAt.length; cell++) if (codeAt[cell]! >= 0) cellOf[codeAt[cell]!] = cell
  return { side, cellOf, codeAt }
}

/** Columns by the first direction, rows within a column by the second. */
function startingMap(vectors: CodeVectors, side: number): Int32Array {
  const [first, second] = mainCoordinates(vectors)
  const order = Array.from({ length: vectors.codes }, (_, code) => code)
  order.sort((a, b) => first[a]! - first[b]! || a - b)
  const codeAt = new Int32Array(side * side).fill(-1)
  for (let x = 0; x < side; x++) {
    const column = order.slice(x * side, (x + 1) * side).sort((a, b) => second[a]! - second[b]! || a - b)
    column.forEach((code, y) => {
      codeAt[y * side + x] = code
    })
  }
  return codeAt
}

/** Coordinates of all vectors along their two directions of largest variance, found by power iteration. */
export function mainCoordinates({ codes, width, data }: CodeVectors): [Float64Array, Float64Array] {
  const centred = new Float64Array(data)
  for (let i = 0; i < width; i++) {
    let sum = 0
    for (let code = 0; code < codes; code++) sum += data[code * width + i]!
    for (let code = 0; code < codes; code++) centred[code * width + i]! -= sum / codes
  }
  const coordinates = () => {
    let direction = Float64Array.from({ length: width }, (_, i) => 1 + i / width)
    let along = new Float64Array(codes)
    for (let step = 0; step < POWER_STEPS; step++) {
      const length = Math.hypot(...direction)
      // All vectors alike: every direction is as good.
      if (length === 0) return { along, direction }
      direction = direction.map((value) => value / length)
      along = new Float64Array(codes)
      const next = new Float64Array(width)
      for (let code = 0; code < codes; code++) {
        let dot = 0
        for (let i = 0; i < width; i++) dot += centred[code * width + i]! * direction[i]!
        along[code] = dot
        for (let i = 0; i < width; i++) next[i]! += dot * centred[code * width + i]!
      }
      if (step < POWER_STEPS - 1) direction = next
    }
    return { along, direction }
  }
  const first = coordinates()
  for (let code = 0; code < codes; code++) {
    for (let i = 0; i < width; i++) centred[code * width + i]! -= first.along[code]! * first.direction[i]!
  }
  return [first.along, coordinates().along]
}

/** For each cell the mean of the vectors within `radius` cells (a square, cut off at the border), [cells, width]. */
function smoothed(
  { width, data }: CodeVectors,
  codeAt: Int32Array,
  side: number,
  radius: number,
): Float64Array {
  const out = new Float64Array(side * side * width)
  const count = new Float64Array(side * side)
  // Sums along rows, then along columns.
  const rows = new Float64Array(side * side * width)
  const rowCount = new Float64Array(side * side)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const to = y * side + x
      for (let k = Math.max(0, x - radius); k <= Math.min(side - 1, x + radius); k++) {
        const code = codeAt[y * side + k]!
        if (code < 0) continue
        rowCount[to]!++
        for (let i = 0; i < width; i++) rows[to * width + i]! += data[code * width + i]!
      }
    }
  }
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const to = y * side + x
      for (let k = Math.max(0, y - radius); k <= Math.min(side - 1, y + radius); k++) {
        const from = k * side + x
        count[to]! += rowCount[from]!
        for (let i = 0; i < width; i++) out[to * width + i]! += rows[from * width + i]!
      }
      if (count[to]! > 0) for (let i = 0; i < width; i++) out[to * width + i]! /= count[to]!
    }
  }
  return out
}

/** Cells in groups that are spread over the map, another way each round, so that every two cells meet. */
function groups(cells: number, round: number): number[][] {
  const count = Math.ceil(cells / GROUP)
  const groups: number[][] = Array.from({ length: count }, () => [])
  for (let cell = 0; cell < cells; cell++) {
    const at = (cell + Math.floor(cell / count) * (round % count) + round) % count
    groups[at]!.push(cell)
  }
  return groups
}

/** Gives the codes of some cells to those cells anew, so that the sum of squared distances to the surroundings is least. */
function exchange(
  { width, data }: CodeVectors,
  codeAt: Int32Array,
  surroundings: Float64Array,
  cells: readonly number[],
): void {
  const codes = cells.flatMap((cell) => (codeAt[cell]! >= 0 ? [codeAt[cell]!] : []))
  const costs = new Float64Array(codes.length * cells.length)
  codes.forEach((code, row) => {
    cells.forEach((cell, column) => {
      let squares = 0
      for (let i = 0; i < width; i++)
        squares += (data[code * width + i]! - surroundings[cell * width + i]!) ** 2
      costs[row * cells.length + column] = squares
    })
  })
  const chosen = leastCostPairs(costs, codes.length, cells.length)
  for (const cell of cells) codeAt[cell] = -1
  codes.forEach((code, row) => {
    codeAt[cells[chosen[row]!]!] = code
  })
}

/** Mean distance of codes to those right of and below them: the smaller, the better the map. */
export function roughness({ width, data }: CodeVectors, { side, codeAt }: CodeLayout): number {
  let sum = 0
  let pairs = 0
  for (let cell = 0; cell < codeAt.length; cell++) {
    for (const other of [cell % side < side - 1 ? cell + 1 : -1, cell + side]) {
      const a = codeAt[cell]!
      const b = codeAt[other] ?? -1
      if (a < 0 || b < 0) continue
      let squares = 0
      for (let i = 0; i < width; i++) squares += (data[a * width + i]! - data[b * width + i]!) ** 2
      sum += Math.sqrt(squares)
      pairs++
    }
  }
  return pairs === 0 ? 0 : sum / pairs
}

/** The cell that an arrow key goes to from a cell; the same cell at the border and where no code is. */
export function stepFrom({ side, codeAt }: CodeLayout, cell: number, key: string): number {
  const x = cell % side
  const y = Math.floor(cell / side)
  const to = (nx: number, ny: number): number => {
    const next = ny * side + nx
    return nx < 0 || ny < 0 || nx >= side || ny >= side || codeAt[next]! < 0 ? cell : next
  }
  switch (key) {
    case 'ArrowLeft':
      return to(x - 1, y)
    case 'ArrowRight':
      return to(x + 1, y)
    case 'ArrowUp':
      return to(x, y - 1)
    case 'ArrowDown':
      return to(x, y + 1)
    case 'Home':
      return to(0, y)
    case 'End':
      return to(side - 1, y)
    case 'PageUp':
      return to(x, 0)
    case 'PageDown':
      return to(x, side - 1)
    default:
      return cell
  }
}
