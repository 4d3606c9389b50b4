// A random window of a picture and its masks as a square raster: place, size, shape, turn and mirror image are one affine
// map, applied to pixels and masks alike. The recipe is ours; its ranges are in the training configuration.

import type { Pixels, Random } from '@maskwords/codecs'
import { type Mask, rowMajorBytes } from '@maskwords/mask'

/** Pixel (x, y) of the raster shows the source at (ax x + bx y + cx, ay x + by y + cy), all in pixels, centres at halves. */
export type Window = {
  readonly ax: number
  readonly bx: number
  readonly cx: number
  readonly ay: number
  readonly by: number
  readonly cy: number
}

export type WindowOptions = {
  /** Share of the picture's sides that a window spans, drawn evenly between the two. Above 1 the ground shows around it. */
  readonly scale: readonly [least: number, most: number]
  /** Largest factor by which width and height are stretched against each other. 1 = not. */
  readonly stretch: number
  /** Largest turn to either side, in degrees. */
  readonly turnDegrees: number
  /** How often a window is mirrored left to right, and top to bottom. */
  readonly mirror: readonly [horizontally: number, vertically: number]
  /** How often the whole picture is taken as it is, squashed to the square, as it is seen after training. */
  readonly whole: number
}

const between = (random: Random, low: number, high: number): number => low + (high - low) * random()

/** Draws a window of a picture of widthPx x heightPx for a raster of `side` pixels. */
export function drawWindow(
  size: { readonly widthPx: number; readonly heightPx: number },
  side: number,
  options: WindowOptions,
  random: Random,
): Window {
  const whole = random() < options.whole
  const scale = whole ? 1 : between(random, options.scale[0], options.scale[1])
  const stretch = whole ? 1 : options.stretch ** between(random, -0.5, 0.5)
  const turn = whole ? 0 : (between(random, -options.turnDegrees, options.turnDegrees) * Math.PI) / 180
  const flipX = random() < options.mirror[0] ? -1 : 1
  const flipY = random() < options.mirror[1] ? -1 : 1
  const spanX = size.widthPx * scale * stretch
  const spanY = (size.heightPx * scale) / stretch
  const middle = (span: number, full: number): number =>
    span < full
      ? between(random, span / 2, full - span / 2)
      : full / 2 + between(random, -0.5, 0.5) * (span - full)
  const x = middle(spanX, size.widthPx)
  const y = middle(spanY, size.heightPx)
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)]
  const ax = (flipX * spanX * cos) / side
  const bx = (-flipY * spanY * sin) / side
  const ay = (flipX * spanX * sin) / side
  const by = (flipY * spanY * cos) / side
  const half = side / 2
  return { ax, bx, cx: x - half * (ax + bx), ay, by, cy: y - half * (ay + by) }
}

/** A mask through a window: bytes 0 and 1 of a raster [side, side], 0 outside the picture. */
export function maskThrough(mask: Mask, window: Window, side: number): Uint8Array {
  const { widthPx, heightPx } = mask
  const source = rowMajorBytes(mask)
  const out = new Uint8Array(side * side)
  const { ax, bx, ay, by } = window
  for (let row = 0; row < side; row++) {
    let x = window.cx + bx * (row + 0.5) + ax * 0.5
    let y = window.cy + by * (row + 0.5) + ay * 0.5
    const line = row * side
    for (let column = 0; column < side; column++, x += ax, y += ay) {
      if (x >= 0 && y >= 0 && x < widthPx && y < heightPx)
        out[line + column] = source[(y | 0) * widthPx + (x | 0)]!
    }
  }
  return out
}

/**
 * A picture through a window: RGB bytes of a raster [side, side, 3], `ground` outside the picture. Each pixel is the mean of
 * bilinear samples spread over what it covers, so that fine texture does not turn into noise.
 */
export function pixelsThrough(
  picture: Pixels,
  window: Window,
  side: number,
  ground: readonly [number, number, number],
): Uint8Array {
  const { widthPx, heightPx, rgb } = picture
  const out = new Uint8Array(side * side * 3)
  const { ax, bx, cx, ay, by, cy } = window
  const taps = Math.min(2, Math.max(1, Math.round(Math.max(Math.hypot(ax, ay), Math.hypot(bx, by)))))
  const share = 1 / (taps * taps)
  const last = widthPx - 1
  const lowest = heightPx - 1
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let [red, green, blue] = [0, 0, 0]
      for (let tap = 0; tap < taps * taps; tap++) {
        const u = column + ((tap % taps) + 0.5) / taps
        const v = row + (Math.floor(tap / taps) + 0.5) / taps
        const x = ax * u + bx * v + cx - 0.5
        const y = ay * u + by * v + cy - 0.5
        if (x < -0.5 || y < -0.5 || x > last + 0.5 || y > lowest + 0.5) {
          red += ground[0]
          green += ground[1]
          blue += ground[2]
          continue
        }
        const left = Math.min(Math.max(Math.floor(x), 0), last)
        const top = Math.min(Math.max(Math.floor(y), 0), lowest)
        const right = Math.min(left + 1, last)
        const under = Math.min(top + 1, lowest)
        const fx = Math.min(Math.max(x - left, 0), 1)
        const fy = Math.min(Math.max(y - top, 0), 1)
        const a = (top * widthPx + left) * 3
        const b = (top * widthPx + right) * 3
        const c = (under * widthPx + left) * 3
        const d = (under * widthPx + right) * 3
        const wa = (1 - fx) * (1 - fy)
        const wb = fx * (1 - fy)
        const wc = (1 - fx) * fy
        const wd = fx * fy
        red += rgb[a]! * wa + rgb[b]! * wb + rgb[c]! * wc + rgb[d]! * wd
        green += rgb[a + 1]! * wa + rgb[b + 1]! * wb + rgb[c + 1]! * wc + rgb[d + 1]! * wd
        blue += rgb[a + 2]! * wa + rgb[b + 2]! * wb + rgb[c + 2]! * wc + rgb[d + 2]! * wd
      }
      const to = (row * side + column) * 3
      out[to] = red * share + 0.5
      out[to + 1] = green * share + 0.5
      out[to + 2] = blue * share + 0.5
    }
  }
  return out
}

/**
 * A raster of 0 and 1 [side, side] reduced to [side / factor, side / factor], values 0 to 1, written at `offset`: the share
 * of each cell (`box`), or the antialiased bilinear filter that mask prompts pass through (`triangle`).
 */
export function reduced(
  raster: Uint8Array,
  side: number,
  factor: number,
  filter: 'box' | 'triangle',
  out: Float32Array,
  offset: number,
): void {
  const cells = side / factor
  const reach = filter === 'box' ? 0 : factor / 2
  const taps = factor + 2 * reach
  const weights = Float64Array.from({ length: taps }, (_, i) =>
    filter === 'box' ? 1 : factor - Math.abs(i + 0.5 - taps / 2),
  )
  const across = new Float32Array(side * cells)
  reduceLines(
    raster,
    { lines: side, length: side, line: side, step: 1 },
    across,
    { line: cells, step: 1, offset: 0 },
    weights,
    factor,
  )
  reduceLines(
    across,
    { lines: cells, length: side, line: 1, step: cells },
    out,
    { line: 1, step: cells, offset },
    weights,
    factor,
  )
}

/** Weighted means along lines; weights that fall outside a line count for nothing. */
function reduceLines(
  from: Uint8Array | Float32Array,
  source: { readonly lines: number; readonly length: number; readonly line: number; readonly step: number },
  to: Float32Array,
  target: { readonly line: number; readonly step: number; readonly offset: number },
  weights: Float64Array,
  factor: number,
): void {
  const { lines, length } = source
  const reach = (weights.length - factor) / 2
  for (let line = 0; line < lines; line++) {
    for (let cell = 0; cell < length / factor; cell++) {
      const first = cell * factor - reach
      let sum = 0
      let total = 0
      for (let i = Math.max(0, -first); i < weights.length && first + i < length; i++) {
        sum += weights[i]! * from[line * source.line + (first + i) * source.step]!
        total += weights[i]!
      }
      to[target.offset + line * target.line + cell * target.step] = sum / total
    }
  }
}
