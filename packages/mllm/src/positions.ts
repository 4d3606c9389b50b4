// Positions on three axes (time, height, width) of text, pictures and videos in one sequence: M-RoPE (arXiv 2409.12191, section 2.1;
// absolute time of Qwen2.5-VL: arXiv 2502.13923, section 2.1.2).
import type { PatchGrid, QwenConfig } from '@maskwords/models'

/** A picture or video where it stands: which tokens it takes, and the patches behind them. */
export type PlacedGrid = {
  /** Its first token in the sequence. */
  readonly start: number
  readonly grid: PatchGrid
  /** Of a video of Qwen2.5-VL: seconds between two frames of the grid. */
  readonly secondsPerFrame?: number
}

export type Positions = {
  /** [3][tokens]: time, height, width. */
  readonly axes: readonly [Int32Array, Int32Array, Int32Array]
  /** Position of the token that follows. */
  readonly next: number
}

/** Tokens that a grid takes. */
export const tokensOfGrid = ({ frames, rows, columns }: PatchGrid, merge: number): number =>
  (frames * rows * columns) / (merge * merge)

/** Positions of `tokens` tokens with grids in their order; Qwen3-VL gives every frame of a video as a grid of its own. */
export function positionsOf(tokens: number, grids: readonly PlacedGrid[], config: QwenConfig): Positions {
  const axes = [new Int32Array(tokens), new Int32Array(tokens), new Int32Array(tokens)] as const
  let at = 0
  let position = 0
  const text = (until: number) => {
    for (; at < until; at++, position++) for (const axis of axes) axis[at] = position
  }
  for (const { start, grid, secondsPerFrame } of grids) {
    text(start)
    const { merge, positionsPerSecond } = config.vision!
    const [rows, columns] = [grid.rows / merge, grid.columns / merge]
    // torch multiplies in float32 and drops the fraction.
    const step =
      secondsPerFrame === undefined ? 1 : Math.fround(positionsPerSecond * Math.fround(secondsPerFrame))
    for (let frame = 0; frame < grid.frames; frame++) {
      const time = Math.trunc(Math.fround(frame * step))
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++, at++) {
          axes[0][at] = position + time
          axes[1][at] = position + row
          axes[2][at] = position + column
        }
      }
    }
    // Text goes on behind the longer side, whatever time a video has reached.
    position += Math.max(rows, columns)
  }
  text(tokens)
  // transformers continues behind the largest position of all, which a long video's time may be.
  let largest = -1
  for (const axis of axes) for (const value of axis) if (value > largest) largest = value
  return { axes, next: largest + 1 }
}
