// Dense views of masks: one byte a pixel, row by row or column by column, and masks from such bytes.
//
// Reading and writing never touch pixels one at a time where a run or a machine word will do: a view is one fill a
// run, and a row-major picture is read by comparing each row with the one above it, four bytes at a time.

import { MaskError } from './error.ts'
import { type BoxXywhPx, checkSize, MAX_DENSE_PIXELS, type Mask, maskFromEdges } from './mask.ts'
import { tightBox } from './measure.ts'
import { NumberList } from './number-list.ts'
import { crop } from './placement.ts'
import { edgesFromRowMajorEvents, transposedEdges } from './transpose.ts'
import { rememberedView } from './view-memory.ts'

/** A picture of one byte a pixel: any value but 0 is foreground. */
export type DenseInput = {
  readonly widthPx: number
  readonly heightPx: number
  /** widthPx * heightPx bytes. A Uint8ClampedArray (canvas) is welcome too. */
  readonly bytes: Uint8Array | Uint8ClampedArray
}

/**
 * The mask of bytes stored row by row, as pictures and canvases hold them: pixel (x, y) at y * widthPx + x, any value
 * but 0 is foreground. Throws MaskError when the length is not widthPx * heightPx.
 */
export function maskFromRowMajor(input: DenseInput): Mask {
  const { widthPx, heightPx } = input
  const bytes = checkedBytes(input)
  const events = rowMajorEvents(bytes, widthPx)
  return maskFromEdges(widthPx, heightPx, edgesFromRowMajorEvents(widthPx, heightPx, events))
}

/**
 * The mask of bytes stored column by column, the COCO API's order: pixel (x, y) at x * heightPx + y, any value but 0
 * is foreground. Throws MaskError when the length is not widthPx * heightPx.
 */
export function maskFromColumnMajor(input: DenseInput): Mask {
  return maskFromEdges(input.widthPx, input.heightPx, flatEdges(checkedBytes(input)))
}

/**
 * The mask as bytes 0 and 1, row by row: pixel (x, y) at y * widthPx + x.
 *
 * The array is remembered and shared between callers: read it, and call `.slice()` for one to write to. Throws
 * MaskError for more than MAX_DENSE_PIXELS pixels.
 */
export function rowMajorBytes(mask: Mask): Uint8Array {
  checkSize(mask.widthPx, mask.heightPx, MAX_DENSE_PIXELS)
  return rememberedView(mask, 'rowMajor', () =>
    paintRuns(transposedEdges(mask), new Uint8Array(mask.widthPx * mask.heightPx), 1),
  )
}

/**
 * The mask as bytes 0 and 1, column by column: pixel (x, y) at x * heightPx + y.
 *
 * The array is remembered and shared between callers: read it, and call `.slice()` for one to write to. Throws
 * MaskError for more than MAX_DENSE_PIXELS pixels.
 */
export function columnMajorBytes(mask: Mask): Uint8Array {
  checkSize(mask.widthPx, mask.heightPx, MAX_DENSE_PIXELS)
  return rememberedView(mask, 'columnMajor', () =>
    paintRuns(mask.edges, new Uint8Array(mask.widthPx * mask.heightPx), 1),
  )
}

/**
 * The part of the mask in its tight box as bytes 0 and 1, row by row: pixel (x, y) of the picture at
 * (y - box.y) * box.width + (x - box.x). An empty mask gives no bytes. Costs what the region covers, not the picture.
 */
export function croppedRowMajorBytes(mask: Mask): { readonly box: BoxXywhPx; readonly bytes: Uint8Array } {
  const box = tightBox(mask)
  const part = crop(mask, box)
  checkSize(box.width, box.height, MAX_DENSE_PIXELS)
  const bytes = new Uint8Array(box.width * box.height)
  return { box, bytes: paintRuns(transposedEdges(part), bytes, 1) }
}

/**
 * The same column by column: pixel (x, y) of the picture at (x - box.x) * box.height + (y - box.y).
 */
export function croppedColumnMajorBytes(mask: Mask): { readonly box: BoxXywhPx; readonly bytes: Uint8Array } {
  const box = tightBox(mask)
  const part = crop(mask, box)
  checkSize(box.width, box.height, MAX_DENSE_PIXELS)
  return { box, bytes: paintRuns(part.edges, new Uint8Array(box.width * box.height), 1) }
}

/**
 * Writes the mask over `out` (widthPx * heightPx bytes), row by row or column by column: `foreground` (1) where the
 * mask is, 0 elsewhere. For callers who reuse a buffer. Throws MaskError when the length differs.
 */
export function writeBytes(options: {
  mask: Mask
  out: Uint8Array | Uint8ClampedArray
  order: 'row-major' | 'column-major'
  foreground?: number
}): void {
  const { mask, out, order, foreground = 1 } = options
  if (out.length !== mask.widthPx * mask.heightPx) {
    throw new MaskError(
      'size-mismatch',
      `the output has ${out.length} bytes, a mask of ${mask.widthPx} x ${mask.heightPx} needs ${mask.widthPx * mask.heightPx}`,
    )
  }
  out.fill(0)
  paintRuns(order === 'column-major' ? mask.edges : transposedEdges(mask), out, foreground)
}

/** From this length on, a call of fill beats eight bytes at a time. */
const LONG_RUN_PX = 128

function paintRuns<T extends Uint8Array | Uint8ClampedArray>(edges: Uint32Array, out: T, value: number): T {
  const view = new DataView(out.buffer, out.byteOffset, out.length)
  const eightBytes = new DataView(new Uint8Array(8).fill(value).buffer).getFloat64(0)
  // Eight bytes of 255 are a NaN, whose bits an engine may change on the way.
  const shortest = Number.isNaN(eightBytes) ? LONG_RUN_PX : 8
  for (let i = 0; i < edges.length; i += 2) {
    const start = edges[i]!
    const end = edges[i + 1]!
    if (end - start >= LONG_RUN_PX) {
      out.fill(value, start, end)
    } else if (end - start >= shortest) {
      const last = end - 8
      for (let p = start; p < last; p += 8) view.setFloat64(p, eightBytes)
      view.setFloat64(last, eightBytes)
    } else {
      for (let p = start; p < end; p++) out[p] = value
    }
  }
  return out
}

function checkedBytes({ widthPx, heightPx, bytes }: DenseInput): Uint8Array {
  checkSize(widthPx, heightPx, MAX_DENSE_PIXELS)
  if (!(bytes instanceof Uint8Array || bytes instanceof Uint8ClampedArray)) {
    throw new MaskError('malformed', 'bytes must be a Uint8Array or Uint8ClampedArray of one byte a pixel')
  }
  if (bytes.length !== widthPx * heightPx) {
    const channels = bytes.length / (widthPx * heightPx)
    throw new MaskError(
      'size-mismatch',
      `got ${bytes.length} bytes for ${widthPx} x ${heightPx} (width x height), wanted ${widthPx * heightPx}`,
      channels === 3 || channels === 4
        ? { hint: `this looks like a picture of ${channels} channels: pass one byte a pixel` }
        : {},
    )
  }
  // Words are read through a 32-bit view, which must start on a multiple of four bytes.
  return bytes.byteOffset % 4 === 0
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : new Uint8Array(bytes)
}

/**
 * Row-major positions y * widthPx + x, rising, where pixel (x, y) differs from the pixel above it; the rows above the
 * first and below the last (y = heightPx) count as background.
 */
function rowMajorEvents(bytes: Uint8Array, widthPx: number): Uint32Array {
  const pixels = bytes.length
  const events = new NumberList(256)
  let values = events.values
  let n = 0
  if (pixels === 0) return events.view(0)
  for (let x = 0; x < widthPx; x++) {
    if (bytes[x] === 0) continue
    values = events.room(n, 1)
    values[n++] = x
  }
  // The word that starts `widthPx` bytes later is put together from its two aligned neighbours.
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, pixels >> 2)
  const ahead = widthPx >> 2
  const low = (widthPx & 3) << 3
  const high = 32 - low
  const comparable = pixels - widthPx
  const wholeWords = Math.max(0, Math.min(comparable >> 2, words.length - ahead - (low === 0 ? 0 : 1)))
  let w = 0
  if (low === 0) {
    while (w < wholeWords) {
      const stop = wholeWords - 3
      while (
        w < stop &&
        ((words[w]! ^ words[w + ahead]!) |
          (words[w + 1]! ^ words[w + 1 + ahead]!) |
          (words[w + 2]! ^ words[w + 2 + ahead]!) |
          (words[w + 3]! ^ words[w + 3 + ahead]!)) ===
          0
      ) {
        w += 4
      }
      const group = Math.min(w + 4, wholeWords)
      values = events.room(n, 16)
      for (; w < group; w++) {
        if (words[w] === words[w + ahead]) continue
        const first = w << 2
        for (let p = first; p < first + 4; p++) {
          if ((bytes[p] === 0) !== (bytes[p + widthPx] === 0)) values[n++] = p + widthPx
        }
      }
    }
  } else {
    let next = words[ahead]!
    for (; w < wholeWords; w++) {
      const current = next
      next = words[w + ahead + 1]!
      if ((words[w]! ^ ((current >>> low) | (next << high))) === 0) continue
      const first = w << 2
      values = events.room(n, 4)
      for (let p = first; p < first + 4; p++) {
        if ((bytes[p] === 0) !== (bytes[p + widthPx] === 0)) values[n++] = p + widthPx
      }
    }
  }
  values = events.room(n, comparable - (wholeWords << 2) + widthPx)
  for (let p = wholeWords << 2; p < comparable; p++) {
    if ((bytes[p] === 0) !== (bytes[p + widthPx] === 0)) values[n++] = p + widthPx
  }
  for (let p = comparable; p < pixels; p++) if (bytes[p] !== 0) values[n++] = p + widthPx
  return events.view(n)
}

/** So many bytes are looked at one by one before indexOf, whose call costs as much, is asked for the end of a run. */
const SEARCHED_BY_HAND_PX = 24

/** The runs of non-zero bytes, as rising start and end positions. */
function flatEdges(bytes: Uint8Array): Uint32Array {
  const pixels = bytes.length
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, pixels >> 2)
  const edges = new NumberList(256)
  let values = edges.values
  let n = 0
  let p = 0
  while (p < pixels) {
    while (p < pixels && (p & 3) !== 0 && bytes[p] === 0) p++
    if ((p & 3) === 0) {
      let w = p >> 2
      while (w < words.length && words[w] === 0) w++
      p = w << 2
      while (p < pixels && bytes[p] === 0) p++
    }
    if (p === pixels) break
    values = edges.room(n, 2)
    values[n++] = p
    const near = Math.min(pixels, p + SEARCHED_BY_HAND_PX)
    while (p < near && bytes[p] !== 0) p++
    if (p === near && p < pixels) {
      const zero = bytes.indexOf(0, p)
      p = zero < 0 ? pixels : zero
    }
    values[n++] = p
  }
  return edges.view(n).slice()
}
