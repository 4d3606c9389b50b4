// Drawing of masks over pictures: fills, contours, labels, comparisons, panels side by side. Every function returns a fresh picture.

import { insideBand } from './boundary.ts'
import { MaskError } from './error.ts'
import { GLYPH_HEIGHT_PX, GLYPH_WIDTH_PX, glyph } from './font.ts'
import { checkSize, MAX_DENSE_PIXELS, type Mask } from './mask.ts'
import { type Picture, type Rgb, toRgb } from './picture.ts'
import { intersect, subtract } from './set-operations.ts'

/** A mask with the way to draw it. */
export type MaskStyle = {
  readonly mask: Mask
  readonly colour: Rgb
  /** Share of the colour in the fill, 0 to 1. Default 0.5. */
  readonly opacity?: number
  /** Width of the contour inside the mask, drawn solid; 0 draws none. Default 2. */
  readonly contourPx?: number
}

/**
 * The picture as RGB with masks laid over it in the given order: each a translucent fill and a solid contour. Throws
 * MaskError for a mask of another size or a number out of range.
 */
export function drawMasks(picture: Picture, styles: readonly MaskStyle[]): Picture {
  const out = toRgb(picture)
  for (const { mask, colour, opacity = 0.5, contourPx = 2 } of styles) {
    checkSameAsPicture(mask, out)
    if (!(opacity >= 0 && opacity <= 1)) {
      throw new MaskError('out-of-range', `opacity must be 0 to 1, got ${opacity}`)
    }
    if (!Number.isInteger(contourPx) || contourPx < 0) {
      throw new MaskError('out-of-range', `contourPx must be a whole number of at least 0, got ${contourPx}`)
    }
    blend(out, mask, colour, opacity)
    if (contourPx > 0) blend(out, insideBand(mask, contourPx), colour, 1)
  }
  return out
}

export type DifferenceStyle = {
  /** In both, in the prediction only, in the truth only. Default green, red, blue. */
  readonly truePositive?: Rgb
  readonly falsePositive?: Rgb
  readonly falseNegative?: Rgb
  /** Default 0.6. */
  readonly opacity?: number
}

/** The picture with a prediction compared to the truth: what both have, what is too much, what is missing. */
export function drawDifference(
  picture: Picture,
  masks: { readonly truth: Mask; readonly prediction: Mask },
  style: DifferenceStyle = {},
): Picture {
  const { truth, prediction } = masks
  const { opacity = 0.6 } = style
  return drawMasks(picture, [
    {
      mask: intersect(truth, prediction),
      colour: style.truePositive ?? [40, 180, 90],
      opacity,
      contourPx: 0,
    },
    {
      mask: subtract(prediction, truth),
      colour: style.falsePositive ?? [225, 50, 50],
      opacity,
      contourPx: 0,
    },
    {
      mask: subtract(truth, prediction),
      colour: style.falseNegative ?? [50, 110, 235],
      opacity,
      contourPx: 0,
    },
  ])
}

/** A picture of one colour. */
export function plainPicture(widthPx: number, heightPx: number, colour: Rgb): Picture {
  checkSize(widthPx, heightPx, MAX_DENSE_PIXELS)
  const bytes = new Uint8Array(widthPx * heightPx * 3)
  for (let i = 0; i < bytes.length; i += 3) bytes.set(colour, i)
  return { widthPx, heightPx, channels: 3, bytes }
}

/** The part of a picture under a mask: RGBA, transparent elsewhere. */
export function cutOut(picture: Picture, mask: Mask): Picture {
  const rgb = toRgb(picture)
  checkSameAsPicture(mask, rgb)
  const { widthPx, heightPx } = rgb
  const bytes = new Uint8Array(widthPx * heightPx * 4)
  for (let i = 0, from = 0; i < bytes.length; i += 4, from += 3) {
    bytes[i] = rgb.bytes[from]!
    bytes[i + 1] = rgb.bytes[from + 1]!
    bytes[i + 2] = rgb.bytes[from + 2]!
  }
  eachColumnPart(mask, (x, yStart, yEnd) => {
    for (let y = yStart; y < yEnd; y++) bytes[(y * widthPx + x) * 4 + 3] = 255
  })
  return { widthPx, heightPx, channels: 4, bytes }
}

export type FlattenOptions = {
  /** What shows through: a grey checkerboard (default), or one colour. */
  readonly over?: 'checkerboard' | Rgb
  /** Side of a checkerboard square. Default 8. */
  readonly squarePx?: number
}

/** A picture with alpha laid over a checkerboard or a colour; without alpha simply as RGB. */
export function flattenAlpha(picture: Picture, options: FlattenOptions = {}): Picture {
  const out = toRgb(picture)
  const { over = 'checkerboard', squarePx = 8 } = options
  if (!Number.isInteger(squarePx) || squarePx < 1) {
    throw new MaskError('out-of-range', `squarePx must be a whole number of at least 1, got ${squarePx}`)
  }
  const { channels, widthPx, heightPx } = picture
  if (channels === 1 || channels === 3) return out
  for (let y = 0, i = 0, to = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, i += channels, to += 3) {
      const alpha = picture.bytes[i + channels - 1]!
      if (alpha === 255) continue
      const dark = ((Math.floor(x / squarePx) + Math.floor(y / squarePx)) & 1) === 1
      for (let c = 0; c < 3; c++) {
        const ground = over === 'checkerboard' ? (dark ? 204 : 255) : over[c]!
        out.bytes[to + c] = Math.round((out.bytes[to + c]! * alpha + ground * (255 - alpha)) / 255)
      }
    }
  }
  return out
}

export type SideBySideOptions = {
  /** Width of the gap between pictures and around them. Default 8. */
  readonly gapPx?: number
  /** Default white. */
  readonly background?: Rgb
  /** A line of text above each picture. */
  readonly titles?: readonly string[]
  /** Size of a font pixel in the titles. Default 2. */
  readonly scale?: number
}

/** Pictures in one row, aligned at the top, with titles above. At least one picture. */
export function sideBySide(pictures: readonly Picture[], options: SideBySideOptions = {}): Picture {
  const { gapPx = 8, background = [255, 255, 255], titles, scale = 2 } = options
  if (pictures.length === 0) throw new MaskError('out-of-range', 'sideBySide needs at least one picture')
  if (!Number.isInteger(gapPx) || gapPx < 0) {
    throw new MaskError('out-of-range', `gapPx must be a whole number of at least 0, got ${gapPx}`)
  }
  const top = gapPx + (titles === undefined ? 0 : textSize('', scale).heightPx + gapPx)
  let widthPx = gapPx
  let tallest = 0
  for (const picture of pictures) {
    widthPx += picture.widthPx + gapPx
    tallest = Math.max(tallest, picture.heightPx)
  }
  const out = plainPicture(widthPx, top + tallest + gapPx, background)
  const light = background[0] * 0.3 + background[1] * 0.6 + background[2] * 0.1 > 127
  let x = gapPx
  for (const [i, picture] of pictures.entries()) {
    const rgb = flattenAlpha(picture)
    for (let y = 0; y < rgb.heightPx; y++) {
      const from = y * rgb.widthPx * 3
      out.bytes.set(rgb.bytes.subarray(from, from + rgb.widthPx * 3), ((top + y) * widthPx + x) * 3)
    }
    const title = titles?.[i]
    if (title !== undefined) {
      const fits = Math.max(0, Math.floor((rgb.widthPx + gapPx) / ((GLYPH_WIDTH_PX + 1) * scale)))
      paintText(out, [...title].slice(0, fits).join(''), {
        x,
        y: gapPx,
        scale,
        colour: light ? [0, 0, 0] : [255, 255, 255],
      })
    }
    x += rgb.widthPx + gapPx
  }
  return out
}

export type TextStyle = {
  /** Top left corner in pixels; text that leaves the picture is cut off. */
  readonly x: number
  readonly y: number
  /** Size of a font pixel. Default 2: letters 14 pixels tall. */
  readonly scale?: number
  /** Default white. */
  readonly colour?: Rgb
  /** Colour of a box behind the text, one font pixel wider on each side. Default none. */
  readonly background?: Rgb
}

/** Width and height in pixels of a line of text. */
export function textSize(text: string, scale = 2): { widthPx: number; heightPx: number } {
  return {
    widthPx: Math.max(0, [...text].length * (GLYPH_WIDTH_PX + 1) - 1) * scale,
    heightPx: GLYPH_HEIGHT_PX * scale,
  }
}

/** The picture as RGB with a line of text on it, in the package's 5 x 7 font. */
export function drawText(picture: Picture, text: string, style: TextStyle): Picture {
  const out = toRgb(picture)
  paintText(out, text, style)
  return out
}

function paintText(picture: Picture, text: string, style: TextStyle): void {
  const { x, y, scale = 2, colour = [255, 255, 255], background } = style
  if (!Number.isInteger(x) || !Number.isInteger(y) || !Number.isInteger(scale) || scale < 1) {
    throw new MaskError('out-of-range', `text needs whole pixels, got x ${x}, y ${y}, scale ${scale}`)
  }
  if (background !== undefined) {
    const { widthPx, heightPx } = textSize(text, scale)
    paintBox(picture, x - scale, y - scale, widthPx + 2 * scale, heightPx + 2 * scale, background)
  }
  let left = x
  for (const character of text) {
    if (left >= picture.widthPx) break
    const ink = glyph(character)
    for (let row = 0; row < GLYPH_HEIGHT_PX; row++) {
      for (let column = 0; column < GLYPH_WIDTH_PX; column++) {
        if (ink[row * GLYPH_WIDTH_PX + column] === 0) continue
        paintBox(picture, left + column * scale, y + row * scale, scale, scale, colour)
      }
    }
    left += (GLYPH_WIDTH_PX + 1) * scale
  }
}

function paintBox(picture: Picture, x: number, y: number, width: number, height: number, colour: Rgb): void {
  const xEnd = Math.min(picture.widthPx, x + width)
  const yEnd = Math.min(picture.heightPx, y + height)
  for (let v = Math.max(0, y); v < yEnd; v++) {
    for (let u = Math.max(0, x); u < xEnd; u++) picture.bytes.set(colour, (v * picture.widthPx + u) * 3)
  }
}

/**
 * Colours for masks number 0, 1, 2 ..: hues a golden angle apart, so that neighbours differ, at three brightnesses.
 * The same number always has the same colour.
 */
export function maskColour(index: number): Rgb {
  const hue = (0.58 + index * 0.618033988749895) % 1
  const value = [1, 0.8, 0.9][index % 3]!
  const channel = (offset: number) => {
    // Hue to one channel with saturation 0.75: distance around the circle from the channel's own hue.
    const k = (offset + hue * 6) % 6
    return Math.round(255 * value * (1 - 0.75 * Math.max(0, Math.min(k, 4 - k, 1))))
  }
  return [channel(5), channel(3), channel(1)]
}

function checkSameAsPicture(mask: Mask, picture: Picture): void {
  if (mask.widthPx === picture.widthPx && mask.heightPx === picture.heightPx) return
  throw new MaskError(
    'size-mismatch',
    `the mask is ${mask.widthPx} x ${mask.heightPx}, the picture ${picture.widthPx} x ${picture.heightPx}`,
    { hint: 'resize one of them first (resizeMaskNearest)' },
  )
}

/** Calls back for each part of a run within one column: rows yStart to yEnd (exclusive) of column x. */
function eachColumnPart(mask: Mask, part: (x: number, yStart: number, yEnd: number) => void): void {
  const { heightPx, edges } = mask
  for (let i = 0; i < edges.length; i += 2) {
    for (let p = edges[i]!; p < edges[i + 1]!; ) {
      const x = Math.floor(p / heightPx)
      const columnStart = x * heightPx
      const stop = Math.min(edges[i + 1]!, columnStart + heightPx)
      part(x, p - columnStart, stop - columnStart)
      p = stop
    }
  }
}

function blend(picture: Picture, mask: Mask, [red, green, blue]: Rgb, opacity: number): void {
  const { widthPx, bytes } = picture
  // Weights of 1/256, rounded once: full opacity gives the colour itself, none leaves the picture alone.
  const weight = Math.round(opacity * 256)
  const rest = 256 - weight
  const r = red * weight + 128
  const g = green * weight + 128
  const b = blue * weight + 128
  eachColumnPart(mask, (x, yStart, yEnd) => {
    for (let at = (yStart * widthPx + x) * 3, y = yStart; y < yEnd; y++, at += widthPx * 3) {
      bytes[at] = (bytes[at]! * rest + r) >> 8
      bytes[at + 1] = (bytes[at + 1]! * rest + g) >> 8
      bytes[at + 2] = (bytes[at + 2]! * rest + b) >> 8
    }
  })
}
