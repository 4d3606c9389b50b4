// One tile of the layer of masks: regions blended into RGBA bytes, at the scale of a level. No canvas here: bytes only.
//
// A level is a power of two: at level 0 a texel is a pixel of the picture, at level 2 it is 4 x 4 of them (the centre
// counts), at level -2 a pixel is 4 x 4 texels. Outlines are one texel wide, so they are thin at every zoom.
import type { Rows } from './rows.ts'

export const TILE_SIDE = 256

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

const MARGIN = 2
const STRIDE = TILE_SIDE + 2 * MARGIN
/** One mask in the tile and a margin around it, for outlines. */
const covered = new Uint8Array(STRIDE * STRIDE)

/**
 * Paints a tile: `out` (TILE_SIDE x TILE_SIDE RGBA, not premultiplied) is cleared first. Returns false where nothing was
 * painted. Costs what the masks cover.
 */
export function paintTile(place: TilePlace, paints: readonly Paint[], out: Uint8ClampedArray): boolean {
  const words = new Uint32Array(out.buffer, out.byteOffset, TILE_SIDE * TILE_SIDE)
  words.fill(0)
  let any = false
  for (const paint of paints) {
    const painted =
      paint.outline === 'none' ? fillRuns(place, paint, out, words) : fillOutlined(place, paint, out, words)
    any ||= painted
  }
  return any
}

function fillRuns(place: TilePlace, paint: Paint, out: Uint8ClampedArray, words: Uint32Array): boolean {
  const { starts, spans, widthPx, heightPx } = paint.rows
  const texelPx = 2 ** place.level
  const left = place.column * TILE_SIDE
  const top = place.row * TILE_SIDE
  const lines = texelsOf(heightPx, place.level, place.row)
  const columns = texelsOf(widthPx, place.level, place.column)
  const fresh = packed(paint.rgb, paint.opacity * 255)
  let any = false
  for (let v = 0; v < lines; v++) {
    const y = Math.floor((top + v + 0.5) * texelPx)
    const end = starts[y + 1]!
    for (let i = firstReaching(spans, starts[y]!, end, left * texelPx); i < end; i++) {
      const from = Math.max(0, Math.ceil(spans[2 * i]! / texelPx - 0.5) - left)
      if (from >= columns) break
      const to = Math.min(columns, Math.ceil(spans[2 * i + 1]! / texelPx - 0.5) - left)
      if (to <= from) continue
      any = true
      for (let at = v * TILE_SIDE + from, stop = v * TILE_SIDE + to; at < stop; at++) {
        if (words[at] === 0) words[at] = fresh
        else blend(out, 4 * at, paint.rgb, paint.opacity)
      }
    }
  }
  return any
}

function fillOutlined(place: TilePlace, paint: Paint, out: Uint8ClampedArray, words: Uint32Array): boolean {
  const { rgb, opacity, outline, rows } = paint
  const box = cover(place, rows)
  if (box === undefined) return false
  const fresh = packed(rgb, opacity * 255)
  const line = outline === 'colour' ? packed(rgb, 255) : WHITE
  const inner = outline === 'colour' ? 0 : BLACK
  for (let v = box.top; v < box.foot; v++) {
    for (let u = box.left; u < box.right; u++) {
      const from = (v + MARGIN) * STRIDE + MARGIN + u
      if (covered[from] === 0) continue
      const at = v * TILE_SIDE + u
      const depth = depthOf(from)
      if (depth === 1) words[at] = line
      else if (depth === 2 && inner !== 0) words[at] = inner
      else if (words[at] === 0) words[at] = fresh
      else blend(out, 4 * at, rgb, opacity)
    }
  }
  return true
}

/** Source over destination, both not premultiplied. */
function blend(out: Uint8ClampedArray, to: number, rgb: Paint['rgb'], opacity: number): void {
  const kept = (out[to + 3]! / 255) * (1 - opacity)
  const alpha = opacity + kept
  if (alpha === 0) return
  out[to] = (rgb[0] * opacity + out[to]! * kept) / alpha
  out[to + 1] = (rgb[1] * opacity + out[to + 1]! * kept) / alpha
  out[to + 2] = (rgb[2] * opacity + out[to + 2]! * kept) / alpha
  out[to + 3] = alpha * 255
}

/** RGBA as one word in the machine's order of bytes, so that a fresh texel is one write. */
function packed(rgb: readonly number[], alpha: number): number {
  const bytes = Uint8ClampedArray.of(rgb[0]!, rgb[1]!, rgb[2]!, alpha)
  return new Uint32Array(bytes.buffer)[0]!
}

const WHITE = packed([255, 255, 255], 255)
const BLACK = packed([16, 16, 16], 255)

/** Texels of a tile, along one side, whose centres are in the picture. */
function texelsOf(sidePx: number, level: number, place: number): number {
  return Math.min(TILE_SIDE, Math.ceil(sidePx / 2 ** level - 0.5) - place * TILE_SIDE)
}

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

type TexelBox = { readonly left: number; readonly top: number; readonly right: number; readonly foot: number }

/** Fills `covered` with the mask in the tile and a margin; returns where in the tile it is, or undefined. */
function cover({ level, column, row }: TilePlace, rows: Rows): TexelBox | undefined {
  const { starts, spans, widthPx, heightPx } = rows
  const texelPx = 2 ** level
  const left = column * TILE_SIDE - MARGIN
  const top = row * TILE_SIDE - MARGIN
  const firstY = Math.max(0, Math.floor((top + 0.5) * texelPx))
  const lastY = Math.min(heightPx - 1, Math.floor((top + STRIDE - 0.5) * texelPx))
  if (firstY > lastY || starts[firstY] === starts[lastY + 1]) return undefined
  covered.fill(0)
  const box = { left: STRIDE, top: STRIDE, right: 0, foot: 0 }
  for (let v = 0; v < STRIDE; v++) {
    const y = Math.floor((top + v + 0.5) * texelPx)
    if (y < 0 || y >= heightPx) continue
    const end = starts[y + 1]!
    const line = v * STRIDE
    for (let i = firstReaching(spans, starts[y]!, end, left * texelPx); i < end; i++) {
      // A texel is in where its centre is: from <= (u + 0.5) * texel < to.
      const from = Math.max(0, Math.ceil(spans[2 * i]! / texelPx - 0.5) - left)
      if (from >= STRIDE) break
      const to = Math.min(STRIDE, Math.ceil(spans[2 * i + 1]! / texelPx - 0.5) - left)
      if (to <= from) continue
      covered.fill(1, line + from, line + to)
      box.left = Math.min(box.left, from)
      box.right = Math.max(box.right, to)
      box.top = Math.min(box.top, v)
      box.foot = v + 1
    }
  }
  const columns = texelsOf(widthPx, level, column)
  const lines = texelsOf(heightPx, level, row)
  extendBeyondPicture(column === 0, row === 0, columns, lines)
  const inTile = {
    left: Math.max(0, box.left - MARGIN),
    top: Math.max(0, box.top - MARGIN),
    right: Math.min(columns, box.right - MARGIN),
    foot: Math.min(lines, box.foot - MARGIN),
  }
  return inTile.left < inTile.right && inTile.top < inTile.foot ? inTile : undefined
}

/** The picture's border is no border of the mask: beyond it the mask goes on, so that no outline is drawn there. */
function extendBeyondPicture(atLeft: boolean, atTop: boolean, columns: number, lines: number): void {
  for (let line = 0; line < covered.length; line += STRIDE) {
    if (atLeft) covered.fill(covered[line + MARGIN]!, line, line + MARGIN)
    if (columns < TILE_SIDE && columns > 0) {
      const last = line + MARGIN + columns
      covered.fill(covered[last - 1]!, last, last + MARGIN)
    }
  }
  if (atTop) {
    for (let v = 0; v < MARGIN; v++) covered.copyWithin(v * STRIDE, MARGIN * STRIDE, (MARGIN + 1) * STRIDE)
  }
  if (lines < TILE_SIDE && lines > 0) {
    const last = MARGIN + lines
    for (let v = last; v < last + MARGIN; v++) {
      covered.copyWithin(v * STRIDE, (last - 1) * STRIDE, last * STRIDE)
    }
  }
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
