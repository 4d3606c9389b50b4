// The first frame of a GIF as Pillow reads it: transparent pixels have their palette's colour, and so has what lies outside of the
// frame. Block order and flags: GIF89a, sections 18 to 23; what Pillow does is read from its GifImagePlugin (12 and 13 alike).

/** Extension blocks before the first frame: comments and application blocks of real files are some ten. */
const MAX_BLOCKS = 1000

export type FirstFrame = {
  /** The file with the first frame's transparency switched off, so that its pixels decode to colours. */
  readonly opaque: Uint8Array
  /** Where the frame lies on the screen. */
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
  readonly heightPx: number
  /** What Pillow has outside of the frame: the colour of the transparent index, or of index 0 where there is none. */
  readonly outside: readonly [red: number, green: number, blue: number]
}

/** Undefined where the blocks are not as they should be: the decoder says what is wrong. */
export function firstGifFrame(bytes: Uint8Array): FirstFrame | undefined {
  const word = (at: number) => bytes[at]! | (bytes[at + 1]! << 8)
  const tableBytes = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1))
  if (bytes.length < 13) return undefined
  const screenTable = tableBytes(bytes[10]!)
  let at = 13 + screenTable
  let control: number | undefined
  for (let block = 0; block < MAX_BLOCKS && at < bytes.length; block++) {
    if (bytes[at] === 0x2c) {
      if (at + 10 > bytes.length) return undefined
      const ownTable = tableBytes(bytes[at + 9]!)
      const table =
        ownTable > 0 ? bytes.subarray(at + 10, at + 10 + ownTable) : bytes.subarray(13, 13 + screenTable)
      const isTransparent = control !== undefined && (bytes[control]! & 1) === 1
      const index = isTransparent ? bytes[control! + 3]! : 0
      const opaque = isTransparent ? bytes.slice() : bytes
      if (isTransparent) opaque[control!]! &= 0xfe
      return {
        opaque,
        xPx: word(at + 1),
        yPx: word(at + 3),
        widthPx: word(at + 5),
        heightPx: word(at + 7),
        outside: colourOf(table, index),
      }
    }
    if (bytes[at] !== 0x21) return undefined
    if (bytes[at + 1] === 0xf9 && bytes[at + 2] === 4) control = at + 3
    at += 2
    while (at < bytes.length && bytes[at] !== 0) at += bytes[at]! + 1
    at++
  }
  return undefined
}

/** Without a table an index is a grey value; beyond the table's end colours are black. */
function colourOf(table: Uint8Array, index: number): [number, number, number] {
  if (table.length === 0) return [index, index, index]
  return [table[index * 3] ?? 0, table[index * 3 + 1] ?? 0, table[index * 3 + 2] ?? 0]
}

/** Paints what lies outside of the frame, in place. */
export function paintOutside(rgb: Uint8Array, screenWidthPx: number, frame: FirstFrame): void {
  const { xPx, yPx, widthPx, heightPx, outside } = frame
  const rows = rgb.length / (screenWidthPx * 3)
  for (let y = 0; y < rows; y++) {
    const isBeside = y >= yPx && y < yPx + heightPx
    for (let x = 0; x < screenWidthPx; x++) {
      if (isBeside && x >= xPx && x < xPx + widthPx) x = Math.min(xPx + widthPx, screenWidthPx)
      if (x < screenWidthPx) rgb.set(outside, (y * screenWidthPx + x) * 3)
    }
  }
}
