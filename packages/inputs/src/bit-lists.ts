// Columns of lists of lists of yes and no, as masks are stored by rows: read page by page into one row's pixels at a time. As lists of
// objects, a hundred masks of a megapixel would take gigabytes (Dremel's levels: apache/parquet-format, Encodings.md).
import { byteAt, type Cursor, readPageHeader, varint } from './page-header.ts'

export type BitColumn = {
  /** The column's chunk. */
  readonly bytes: Uint8Array
  /** Definition levels from which a line, a value, and a value that is not null are there. */
  readonly lineLevel: number
  readonly valueLevel: number
  readonly presentLevel: number
  readonly unpack: (bytes: Uint8Array, size: number) => Uint8Array
}

/** Rows from top to bottom, 0 or 1 a pixel. Undefined where the row holds no mask. */
export type Bitmap = {
  readonly widthPx: number
  readonly heightPx: number
  readonly bytes: Uint8Array
}

/** Pixels of one mask: as many as a picture may have. */
const MAX_PIXELS = 2 ** 28
/** Values of one page: writers end pages at a megabyte, which is eight million bits. */
const MAX_PAGE_VALUES = 2 ** 27
const MAX_PAGE_BYTES = 2 ** 30

/**
 * The masks of a chunk, one a row. A row whose lines are of different lengths gives a text that says so.
 * Throws RangeError for bytes that are no such column.
 */
export function* readBitmaps(column: BitColumn): Generator<Bitmap | string | undefined> {
  const { lineLevel, valueLevel, presentLevel } = column
  const cursor: Cursor = { bytes: column.bytes, offset: 0 }
  let row: RowOfBits | undefined
  while (cursor.offset < column.bytes.length) {
    const { repetition, definition, values } = readPage(cursor, column)
    let next = 0
    for (let i = 0; i < repetition.length; i++) {
      const level = definition[i]!
      if (repetition[i] === 0) {
        if (row !== undefined) yield row.end()
        row = new RowOfBits()
      }
      if (row === undefined) throw new RangeError('a page begins in the middle of a row')
      if (repetition[i]! < 2 && level >= lineLevel) row.line()
      if (level >= valueLevel) row.value(level === presentLevel ? values[next++]! : 0)
    }
  }
  if (row !== undefined) yield row.end()
}

/** One row's pixels while they are read. */
class RowOfBits {
  private bytes = new Uint8Array(1 << 16)
  private count = 0
  private lines = 0
  private width: number | undefined
  private lineStart = 0
  private isUneven = false

  line(): void {
    if (this.lines > 0) this.endLine()
    this.lines++
    this.lineStart = this.count
  }

  value(bit: number): void {
    if (this.count === this.bytes.length) {
      if (this.count >= MAX_PIXELS) throw new RangeError(`a mask of more than ${MAX_PIXELS} pixels`)
      const more = new Uint8Array(this.count * 2)
      more.set(this.bytes)
      this.bytes = more
    }
    this.bytes[this.count++] = bit
  }

  end(): Bitmap | string | undefined {
    if (this.lines === 0) return undefined
    this.endLine()
    if (this.isUneven) return 'its lines are of different lengths'
    if (this.count === 0) return undefined
    return { widthPx: this.width!, heightPx: this.lines, bytes: this.bytes.slice(0, this.count) }
  }

  private endLine(): void {
    const width = this.count - this.lineStart
    this.width ??= width
    if (width !== this.width) this.isUneven = true
  }
}

type Page = {
  readonly repetition: Uint8Array
  readonly definition: Uint8Array
  readonly values: Uint8Array
}

const NOTHING: Page = {
  repetition: new Uint8Array(0),
  definition: new Uint8Array(0),
  values: new Uint8Array(0),
}

function readPage(cursor: Cursor, { presentLevel, unpack }: BitColumn): Page {
  const header = readPageHeader(cursor)
  const packed = taken(cursor, header.packedBytes)
  if (header.kind === 'other') return NOTHING
  if (header.values > MAX_PAGE_VALUES || header.bytes > MAX_PAGE_BYTES) {
    throw new RangeError(`a page of ${header.values} values in ${header.bytes} bytes`)
  }
  const levelBits = 32 - Math.clz32(presentLevel)
  if (header.kind === 'data') {
    const page: Cursor = { bytes: unpack(packed, header.bytes), offset: 0 }
    const repetition = runs({ bytes: taken(page, lengthAt(page)), offset: 0 }, 2, header.values)
    const definition = runs({ bytes: taken(page, lengthAt(page)), offset: 0 }, levelBits, header.values)
    return { repetition, definition, values: bits(page, header.encoding, present(definition, presentLevel)) }
  }
  const levels: Cursor = { bytes: packed, offset: 0 }
  const repetition = runs({ bytes: taken(levels, header.repetitionBytes), offset: 0 }, 2, header.values)
  const definition = runs(
    { bytes: taken(levels, header.definitionBytes), offset: 0 },
    levelBits,
    header.values,
  )
  const rest = packed.subarray(levels.offset)
  const size = header.bytes - levels.offset
  const page: Cursor = { bytes: header.isPacked ? unpack(rest, size) : rest, offset: 0 }
  return { repetition, definition, values: bits(page, header.encoding, present(definition, presentLevel)) }
}

function taken(cursor: Cursor, count: number): Uint8Array {
  const end = cursor.offset + count
  if (end > cursor.bytes.length) throw new RangeError('a page ends beyond its column')
  const piece = cursor.bytes.subarray(cursor.offset, end)
  cursor.offset = end
  return piece
}

const lengthAt = (cursor: Cursor): number =>
  byteAt(cursor) + byteAt(cursor) * 2 ** 8 + byteAt(cursor) * 2 ** 16 + byteAt(cursor) * 2 ** 24

function present(definition: Uint8Array, level: number): number {
  let count = 0
  for (let i = 0; i < definition.length; i++) if (definition[i] === level) count++
  return count
}

function bits(page: Cursor, encoding: number, count: number): Uint8Array {
  if (encoding === 3) return runs({ bytes: taken(page, lengthAt(page)), offset: 0 }, 1, count)
  if (encoding !== 0) throw new RangeError(`bits in encoding ${encoding}`)
  const packed = taken(page, Math.ceil(count / 8))
  const values = new Uint8Array(count)
  for (let i = 0; i < count; i++) values[i] = (packed[i >> 3]! >> (i & 7)) & 1
  return values
}

/** Runs and packed groups of numbers of `width` bits (at most 8), as levels are stored. */
function runs(cursor: Cursor, width: number, count: number): Uint8Array {
  const values = new Uint8Array(count)
  for (let at = 0; at < count; ) {
    const head = varint(cursor)
    if (head % 2 === 0) {
      const value = width === 0 ? 0 : byteAt(cursor)
      const end = Math.min(count, at + head / 2)
      if (end === at) throw new RangeError('a run of nothing')
      values.fill(value, at, end)
      at = end
      continue
    }
    const groups = (head - 1) / 2
    if (groups === 0) throw new RangeError('a group of nothing')
    for (let group = 0; group < groups && at < count; group++) {
      const packed = taken(cursor, width)
      for (let k = 0; k < 8 && at < count; k++) values[at++] = bitsAt(packed, k * width, width)
    }
    // Groups behind the last value are padding.
  }
  return values
}

function bitsAt(bytes: Uint8Array, from: number, width: number): number {
  const word = bytes[from >> 3]! | ((bytes[(from >> 3) + 1] ?? 0) << 8)
  return (word >> (from & 7)) & ((1 << width) - 1)
}
