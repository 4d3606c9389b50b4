// EXIF orientations 1 to 8 applied to RGB pixels (Exif 2.32, section 4.6.4, tag 0x0112: where row 0 and column 0 lie).

export type RgbPixels = { readonly widthPx: number; readonly heightPx: number; readonly rgb: Uint8Array }

/**
 * Turns stored RGB rows the way a viewer shows them. Orientation 1 returns the same bytes.
 * @param orientation 1 as is, 2 mirrored, 3 half turn, 4 upside-down mirror, 5 transposed, 6 quarter turn clockwise to
 * show, 7 transversed, 8 quarter turn counter-clockwise to show
 */
export function orientRgb(
  rgb: Uint8Array,
  widthPx: number,
  heightPx: number,
  orientation: number,
): RgbPixels {
  if (orientation <= 1 || orientation > 8) return { widthPx, heightPx, rgb }
  const swaps = orientation >= 5
  const shownWidth = swaps ? heightPx : widthPx
  const shownHeight = swaps ? widthPx : heightPx
  const fromRight = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8
  const fromBottom = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7
  // Shown (x, y) comes from stored (sx, sy); one step right or down is a fixed step in the stored bytes.
  const stepX = swaps ? (fromBottom ? -widthPx : widthPx) : fromRight ? -1 : 1
  const stepY = swaps ? (fromRight ? -1 : 1) : fromBottom ? -widthPx : widthPx
  const first = (fromRight ? widthPx - 1 : 0) + (fromBottom ? (heightPx - 1) * widthPx : 0)
  const out = new Uint8Array(rgb.length)
  for (let y = 0, to = 0; y < shownHeight; y++) {
    for (let x = 0, from = (first + y * stepY) * 3; x < shownWidth; x++, from += stepX * 3, to += 3) {
      out[to] = rgb[from]!
      out[to + 1] = rgb[from + 1]!
      out[to + 2] = rgb[from + 2]!
    }
  }
  return { widthPx: shownWidth, heightPx: shownHeight, rgb: out }
}

/** The inverse: shown RGB rows as they lie in the file. Only the quarter turns 6 and 8 are each other's inverse. */
export function unturnedRgb(
  rgb: Uint8Array,
  widthPx: number,
  heightPx: number,
  orientation: number,
): RgbPixels {
  return orientRgb(rgb, widthPx, heightPx, orientation === 6 ? 8 : orientation === 8 ? 6 : orientation)
}
