// What a person says about an object: points on it and off it, a box around it; and the same as maps for a network.

/** A point on the object (`plus`) or off it, in pixels of the picture: (0, 0) is the corner of the first pixel. */
export type PromptPoint = { readonly xPx: number; readonly yPx: number; readonly plus: boolean }

/** Left, top, right and bottom in pixels of the picture. */
export type PromptBox = readonly [left: number, top: number, right: number, bottom: number]

export type Prompt = { readonly points: readonly PromptPoint[]; readonly box?: PromptBox | undefined }

type Size = { readonly widthPx: number; readonly heightPx: number }

/** How far a point reaches in the maps, in cells (the deviation of a bell). */
const POINT_REACH = 1.5

/** Maps of a prompt: plus points, minus points, the inside of the box, whether there is a box, the answer before. */
export const PROMPT_MAPS = 5

/**
 * A prompt on a picture as maps [5, side, side], row-major, of values from 0 to 1; `before` is the share of the object in each
 * cell as the answer before had it, zeros at first.
 */
export function promptMaps(
  prompt: Prompt,
  { widthPx, heightPx }: Size,
  options: { readonly side: number; readonly before?: Float32Array | undefined },
): Float32Array {
  const { side, before } = options
  const cells = side * side
  const maps = new Float32Array(PROMPT_MAPS * cells)
  const [toX, toY] = [side / widthPx, side / heightPx]
  for (const { xPx, yPx, plus } of prompt.points) {
    const [cx, cy] = [xPx * toX - 0.5, yPx * toY - 0.5]
    const offset = plus ? 0 : cells
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const squared = (x - cx) ** 2 + (y - cy) ** 2
        const value = Math.exp(-squared / (2 * POINT_REACH ** 2))
        const at = offset + y * side + x
        maps[at] = Math.max(maps[at]!, value)
      }
    }
  }
  if (prompt.box !== undefined) {
    const [left, top, right, bottom] = prompt.box
    for (let y = 0; y < side; y++) {
      const high = overlap(y, top * toY, bottom * toY)
      for (let x = 0; x < side; x++) {
        maps[2 * cells + y * side + x] = high * overlap(x, left * toX, right * toX)
        maps[3 * cells + y * side + x] = 1
      }
    }
  }
  if (before !== undefined) maps.set(before, 4 * cells)
  return maps
}

/** How much of the cell from `at` to `at + 1` lies between two places. */
const overlap = (at: number, from: number, to: number): number =>
  Math.max(0, Math.min(at + 1, to) - Math.max(at, from))
