// The magic tool: the connected region whose colours are close to that of the chosen pixel, by scanlines.
import { type Mask, maskFromRowMajor } from '@maskwords/mask'

/**
 * Pixels that are connected (by sides) with (x, y) through pixels of which no channel differs by more than `tolerance`
 * from the chosen pixel's colour. `rgb` is interleaved, rows from the top; x and y must be inside. Work and memory: a
 * byte and a constant number of looks a pixel.
 */
export function similarRegion(options: {
  readonly widthPx: number
  readonly heightPx: number
  readonly rgb: Uint8Array
  readonly x: number
  readonly y: number
  /** 0 to 255. */
  readonly tolerance: number
}): Mask {
  const { widthPx, heightPx, rgb, x, y, tolerance } = options
  const seed = y * widthPx + x
  const red = rgb[3 * seed]!
  const green = rgb[3 * seed + 1]!
  const blue = rgb[3 * seed + 2]!
  const bytes = new Uint8Array(widthPx * heightPx)
  const like = (pixel: number): boolean => {
    const dr = rgb[3 * pixel]! - red
    const dg = rgb[3 * pixel + 1]! - green
    const db = rgb[3 * pixel + 2]! - blue
    return (
      dr <= tolerance &&
      -dr <= tolerance &&
      dg <= tolerance &&
      -dg <= tolerance &&
      db <= tolerance &&
      -db <= tolerance
    )
  }
  // Seeds of rows still to be filled: one for each stretch beside a filled run.
  let stack = new Uint32Array(1024)
  let waiting = 0
  stack[waiting++] = seed
  while (waiting > 0) {
    const from = stack[--waiting]!
    if (bytes[from] !== 0) continue
    const rowStart = from - (from % widthPx)
    const rowEnd = rowStart + widthPx
    let left = from
    while (left > rowStart && bytes[left - 1] === 0 && like(left - 1)) left--
    let right = from + 1
    while (right < rowEnd && bytes[right] === 0 && like(right)) right++
    bytes.fill(1, left, right)
    for (let side = -1; side <= 1; side += 2) {
      const shift = side * widthPx
      if (left + shift < 0 || left + shift >= bytes.length) continue
      let inside = false
      for (let pixel = left + shift; pixel < right + shift; pixel++) {
        const wanted = bytes[pixel] === 0 && like(pixel)
        if (wanted && !inside) {
          if (waiting === stack.length) {
            const larger = new Uint32Array(stack.length * 2)
            larger.set(stack)
            stack = larger
          }
          stack[waiting++] = pixel
        }
        inside = wanted
      }
    }
  }
  return maskFromRowMajor({ widthPx, heightPx, bytes })
}
