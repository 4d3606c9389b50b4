// The order of patches and what each of them is near to: positions, windows, frames, and places in the table of learned positions.
// Numbers only, in the order of transformers' vision_utils (Qwen2.5-VL, arXiv 2502.13923, section 2.1; Qwen3-VL, arXiv 2511.21631).
import type { QwenVisionConfig } from './config.ts'

/** Patches of one picture or video: frames (pairs of pictures), rows, columns; rows and columns are multiples of `merge`. */
export type PatchGrid = { readonly frames: number; readonly rows: number; readonly columns: number }

export const patchesOf = ({ frames, rows, columns }: PatchGrid): number => frames * rows * columns

/** Rows that attend to each other, filled up to one length: [groups, length] rows, and 0 or a very low bias a place. */
export type Grouping = {
  readonly groups: number
  readonly length: number
  /** The row at each place; 0 where a short group is filled up. */
  readonly rows: BigInt64Array
  /** Added to the scores of the key at each place. */
  readonly bias: Float32Array
  /** The place of each row. */
  readonly back: BigInt64Array
}

/** Added to the score of a place that holds nothing. */
const NOTHING = -1e4

/** Everything that the vision tower is fed beside the pixels, for any number of pictures and videos. */
export type VisionLayout = {
  readonly patches: number
  /** Patch of the processor's order that stands at each row of the tower (window order in Qwen2.5-VL). */
  readonly order: Int32Array
  /** [patches, 2]: row and column of each patch, in the tower's order. */
  readonly positions: BigInt64Array
  readonly frames: Grouping
  readonly windows: Grouping | undefined
  /** Merged token of the processor's order -> its place in the tower's order. */
  readonly tokenRows: BigInt64Array
  /** Qwen3-VL: four places in the table of learned positions and their shares, [patches, 4] each. */
  readonly places: BigInt64Array | undefined
  readonly shares: Float32Array | undefined
}

/** Row and column of each patch of one frame, in squares of merge x merge patches. */
function cellsOfFrame({ rows, columns }: PatchGrid, merge: number): { row: number; column: number }[] {
  const cells: { row: number; column: number }[] = []
  for (let top = 0; top < rows; top += merge) {
    for (let left = 0; left < columns; left += merge) {
      for (let y = 0; y < merge; y++) {
        for (let x = 0; x < merge; x++) cells.push({ row: top + y, column: left + x })
      }
    }
  }
  return cells
}

function groupingOf(sizes: readonly number[], patches: number): Grouping {
  const length = Math.max(...sizes)
  const rows = new BigInt64Array(sizes.length * length)
  const bias = new Float32Array(sizes.length * length).fill(NOTHING)
  const back = new BigInt64Array(patches)
  let row = 0
  sizes.forEach((size, group) => {
    for (let i = 0; i < size; i++, row++) {
      const place = group * length + i
      rows[place] = BigInt(row)
      bias[place] = 0
      back[row] = BigInt(place)
    }
  })
  return { groups: sizes.length, length, rows, bias, back }
}

/** Merged tokens window by window, and the tokens in each window; windows at the lower and right edges are short. */
function windowsOf(
  grids: readonly PatchGrid[],
  config: QwenVisionConfig,
): { order: number[]; sizes: number[] } {
  const { merge, patchPx, windowPx } = config
  const side = Math.floor(windowPx / merge / patchPx)
  const order: number[] = []
  const sizes: number[] = []
  let first = 0
  for (const { frames, rows, columns } of grids) {
    const [high, wide] = [rows / merge, columns / merge]
    for (let frame = 0; frame < frames; frame++, first += high * wide) {
      for (let top = 0; top < high; top += side) {
        for (let left = 0; left < wide; left += side) {
          const [bottom, right] = [Math.min(high, top + side), Math.min(wide, left + side)]
          for (let y = top; y < bottom; y++)
            for (let x = left; x < right; x++) order.push(first + y * wide + x)
          sizes.push((bottom - top) * (right - left) * merge * merge)
        }
      }
    }
  }
  return { order, sizes }
}

/** The layout of pictures and videos that go through the tower together. At least one. */
export function visionLayout(grids: readonly PatchGrid[], config: QwenVisionConfig): VisionLayout {
  const { merge } = config
  const unit = merge * merge
  const patches = grids.reduce((sum, grid) => sum + patchesOf(grid), 0)
  const windows = config.kind === 'qwen2.5-vl' ? windowsOf(grids, config) : undefined
  const tokens = patches / unit
  const tokenOrder = windows?.order ?? Array.from({ length: tokens }, (_, i) => i)
  const order = new Int32Array(patches)
  const tokenRows = new BigInt64Array(tokens)
  tokenOrder.forEach((token, at) => {
    tokenRows[token] = BigInt(at)
    for (let i = 0; i < unit; i++) order[at * unit + i] = token * unit + i
  })

  const cells = grids.flatMap((grid) => {
    const frame = cellsOfFrame(grid, merge).map((cell) => ({ ...cell, grid }))
    return Array.from({ length: grid.frames }, () => frame).flat()
  })
  const positions = new BigInt64Array(2 * patches)
  order.forEach((patch, at) => {
    positions[2 * at] = BigInt(cells[patch]!.row)
    positions[2 * at + 1] = BigInt(cells[patch]!.column)
  })
  const frameSizes = grids.flatMap((grid) => new Array<number>(grid.frames).fill(grid.rows * grid.columns))
  const learned = config.kind === 'qwen3-vl' ? learnedPlaces(order, cells, config.positionSide) : undefined
  return {
    patches,
    order,
    positions,
    frames: groupingOf(frameSizes, patches),
    windows: windows && groupingOf(windows.sizes, patches),
    tokenRows,
    places: learned?.places,
    shares: learned?.shares,
  }
}

/** Bilinear, corners aligned, in float32 as torch computes it. */
function learnedPlaces(
  order: Int32Array,
  cells: readonly { row: number; column: number; grid: PatchGrid }[],
  side: number,
): { places: BigInt64Array; shares: Float32Array } {
  const places = new BigInt64Array(4 * order.length)
  const shares = new Float32Array(4 * order.length)
  const taps = (index: number, size: number) => {
    const at = Math.fround((index * (side - 1)) / Math.max(1, size - 1))
    const low = Math.floor(at)
    const share = Math.fround(at - low)
    return [
      [low, Math.fround(1 - share)],
      [Math.min(low + 1, side - 1), share],
    ] as const
  }
  order.forEach((patch, at) => {
    const { row, column, grid } = cells[patch]!
    let slot = 4 * at
    for (const [y, down] of taps(row, grid.rows)) {
      for (const [x, right] of taps(column, grid.columns)) {
        places[slot] = BigInt(y * side + x)
        shares[slot++] = Math.fround(down * right)
      }
    }
  })
  return { places, shares }
}
