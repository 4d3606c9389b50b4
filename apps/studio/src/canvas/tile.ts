// One tile of the layer of masks: regions blended into RGBA bytes, at the scale of a level. No canvas here: bytes only.
//
// A level is a power of two: at level 0 a texel is a pixel of the picture, at level 2 it is 4 x 4 of them (the centre
// counts), at level -2 a pixel is 4 x 4 texels. Outlines are one texel wide, so they are thin at every zoom.
import type { Rows } from './rows.ts'

export const TILE_SIDE = 512

/** How a mask is painted. */
export type Paint = {
  readonly rows: Rows
  readonly rgb: readonly [number, number, number]
  /** Of the fill, 0 to 1. */
  readonly opacity: number
  /**
   * `none`; `colour`: a line in the mask's colour; `selected`: a white line and a black one inside it, seen on every
   * picture without telling colours apart.
   */
  readonly outline: 'none' | 'colour' | 'selected'
}

/** A tile's column and row among those of its level. */
export type TilePlace = { readonly level: number; readonly column: number; readonly row: number }

const covered = new Uint8Array((TILE_SIDE + 4) * (TILE_SIDE + 4))
const MARGIN = 2
const STRIDE = TILE_SIDE + 2 * MARGIN

/**
 * Paints a tile: `out` (TILE_SIDE x TILE_SIDE RGBA, not premultiplied) is cleared first. Returns false where nothing was painted.
 */
export function paintTile(place: TilePlace, paints: readonly Paint[], out: Uint8ClampedArray): boolean {
  out.fill(0)
  let any = false
  for (const paint of paints) {
    if (!cover(place, paint.rows)) continue
    any = true
    const { rgb, opacity, outline, rows } = paint
    const columns = texelsOf(rows.widthPx, place.level, place.column)
    const lines = texelsOf(rows.heightPx, place.level, place.row)
    for (let v = 0; v < lines; v++) {
      let at = (v + MARGIN) * STRIDE + MARGIN
      let to = v * TILE_SIDE * 4
      for (let u = 0; u < columns; u++, at++, to += 4) {
        if (covered[at] === 0) continue
        if (outline !== 'none') {
          const depth = depthOf(at)
          if (outline === 'selected' ? depth < 3 : depth < 2) {
            const line = outline === 'colour' ? rgb : depth === 1 ? WHITE : BLACK
            out[to] = line[0]
            out[to + 1] = line[1]
            out[to + 2] = line[2]
            out[to + 3] = 255
            continue
          }
        }
        const below = out[to + 3]!
        if (below === 0) {
          out[to] = rgb[0]
          out[to + 1] = rgb[1]
          out[to + 2] = rgb[2]
          out[to + 3] = opacity * 255
        } else {
          const kept = (below / 255) * (1 - opacity)
          const alpha = opacity + kept
          out[to] = (rgb[0] * opacity + out[to]! * kept) / alpha
          out[to + 1] = (rgb[1] * opacity + out[to + 1]! * kept) / alpha
          out[to + 2] = (rgb[2] * opacity + out[to + 2]! * kept) / alpha
          out[to + 3] = alpha * 255
        }
      }
    }
  }
  return any
}

/** Texels of a tile, along one side, whose centres are in the picture. */
function texelsOf(sidePx: number, level: number, place: number): number {
  return Math.min(TILE_SIDE, Math.ceil(sidePx / 2 ** level - 0.5) - place * TILE_SIDE)
}

const WHITE = [255, 255, 255] as const
const BLACK = [16, 16, 16] as const

/** 1 at the border of the mask, 2 one texel further in, 3 inside. */
function depthOf(at: number): number {
  const { [at - 1]: left, [at + 1]: right, [at - STRIDE]: above, [at + STRIDE]: below } = covered
  if (left === 0 || right === 0 || above === 0 || below === 0) return 1
  return covered[at - 2] === 0 ||
    covered[at + 2] === 0 ||
    covered[at - 2 * STRIDE] === 0 ||
    covered[at + 2 * STRIDE] === 0 ||
    covered[at - STRIDE - 1] === 0 ||
    covered[at - STRIDE + 1] === 0 ||
    covered[at + STRIDE - 1] === 0 ||
    covered[at + STRIDE + 1] === 0
    ? 2
    : 3
}

/** Fills `covered` with the mask in the tile and a margin; false (and `covered` undefined) where there is none. */
function cover({ level, column, row }: TilePlace, rows: Rows): boolean {
  const { starts, spans, widthPx, heightPx } = rows
  const texelPx = 2 ** level
  const left = column * TILE_SIDE - MARGIN
  const top = row * TILE_SIDE - MARGIN
  const firstY = Math.max(0, Math.floor((top + 0.5) * texelPx))
  const lastY = Math.min(heightPx - 1, Math.floor((top + STRIDE - 0.5) * texelPx))
  if (firstY > lastY || starts[firstY] === starts[lastY + 1]) return false
  covered.fill(0)
  let any = false
  const leftPx = left * texelPx
  for (let v = 0; v < STRIDE; v++) {
    const y = Math.floor((top + v + 0.5) * texelPx)
    if (y < 0 || y >= heightPx) continue
    const end = starts[y + 1]!
    const line = v * STRIDE
    for (let i = firstReaching(spans, starts[y]!, end, leftPx); i < end; i++) {
      // A texel is in where its centre is: from <= (u + 0.5) * texel < to.
      const from = Math.max(0, Math.ceil(spans[2 * i]! / texelPx - 0.5) - left)
      if (from >= STRIDE) break
      const to = Math.min(STRIDE, Math.ceil(spans[2 * i + 1]! / texelPx - 0.5) - left)
      if (to <= from) continue
      covered.fill(1, line + from, line + to)
      any = true
    }
  }
  if (!any) return false
  // The picture's border is no border of the mask: beyond it the mask goes on.
  const columns = Math.ceil(widthPx / texelPx - 0.5) - left
  const lines = Math.ceil(heightPx / texelPx - 0.5) - top
  for (let v = 0; v < STRIDE; v++) {
    const line = v * STRIDE
    if (left < 0) covered.fill(covered[line + MARGIN]!, line, line + MARGIN)
    if (columns < STRIDE && columns > 0)
      covered.fill(covered[line + columns - 1]!, line + columns, line + Math.min(STRIDE, columns + 2))
  }
  if (top < 0) {
    for (let v = 0; v < MARGIN; v++) covered.copyWithin(v * STRIDE, MARGIN * STRIDE, (MARGIN + 1) * STRIDE)
  }
  if (lines < STRIDE && lines > 0) {
    for (let v = lines; v < Math.min(STRIDE, lines + 2); v++) {
      covered.copyWithin(v * STRIDE, (lines - 1) * STRIDE, lines * STRIDE)
    }
  }
  return true
}

/** The first run in [from, to) that ends right of `x`. */
function firstReaching(spans: Uint32Array, from: number, to: number, x: number): number {
  while (from < to) {
    const middle = (from + to) >> 1
    if (spans[2 * middle + 1]! <= x) from = middle + 1
    else to = middle
  }
  return from
}

/** `#rrggbb` as numbers; grey for anything else. */
export function rgbOf(colour: string): [number, number, number] {
  const value = /^#[0-9a-f]{6}$/i.test(colour) ? Number.parseInt(colour.slice(1), 16) : 0x808080
  return [value >> 16, (value >> 8) & 255, value & 255]
}
