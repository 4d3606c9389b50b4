// Headers of Parquet pages: the fields that reading bits needs, out of Thrift's compact protocol (apache/parquet-format, parquet.thrift;
// apache/thrift, doc/specs/thrift-compact-protocol.md).

/** A place in bytes. */
export type Cursor = { readonly bytes: Uint8Array; offset: number }

type Field = number | Struct | undefined
type Struct = ReadonlyMap<number, Field>

/** Structures within structures: statistics of a page stand three deep. */
const MAX_DEPTH = 8

export type PageHeader = {
  readonly kind: 'data' | 'data-v2' | 'other'
  readonly bytes: number
  readonly packedBytes: number
  readonly values: number
  /** Number of the encoding: 0 plain, 3 run lengths. */
  readonly encoding: number
  /** Of the second version: bytes of levels before the values, which are never packed. */
  readonly definitionBytes: number
  readonly repetitionBytes: number
  readonly isPacked: boolean
}

/** The header at the cursor, which is moved behind it. Throws RangeError where there is none. */
export function readPageHeader(cursor: Cursor): PageHeader {
  const header = struct(cursor, 0)
  const type = header.get(1)
  const kind = type === 0 ? 'data' : type === 3 ? 'data-v2' : 'other'
  const details = kind === 'data' ? header.get(5) : header.get(8)
  const field = (number: number) => (details instanceof Map ? details.get(number) : undefined)
  const whole = (value: Field): number => {
    if (value === undefined) return 0
    if (typeof value === 'number' && value >= 0) return value
    throw new RangeError('a page header has a negative count')
  }
  return {
    kind,
    bytes: whole(header.get(2)),
    packedBytes: whole(header.get(3)),
    values: whole(field(1)),
    encoding: whole(field(kind === 'data' ? 2 : 4)),
    definitionBytes: kind === 'data-v2' ? whole(field(5)) : 0,
    repetitionBytes: kind === 'data-v2' ? whole(field(6)) : 0,
    isPacked: kind !== 'data-v2' || field(7) !== 0,
  }
}

export function byteAt(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.offset++]
  if (byte === undefined) throw new RangeError('the bytes end within a page')
  return byte
}

/** An unsigned number in groups of 7 bits, the lowest first. */
export function varint(cursor: Cursor): number {
  let value = 0
  for (let place = 1; place <= 2 ** 49; place *= 128) {
    const byte = byteAt(cursor)
    value += (byte & 127) * place
    if (byte < 128) return value
  }
  throw new RangeError('a number of a page is longer than 56 bits')
}

function zigzag(cursor: Cursor): number {
  const value = varint(cursor)
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

function struct(cursor: Cursor, depth: number): Struct {
  if (depth > MAX_DEPTH) throw new RangeError('a page header nests too deep')
  const fields = new Map<number, Field>()
  let id = 0
  for (;;) {
    const head = byteAt(cursor)
    const type = head & 15
    if (type === 0) return fields
    id = head >> 4 === 0 ? zigzag(cursor) : id + (head >> 4)
    fields.set(id, value(cursor, type, depth))
  }
}

function value(cursor: Cursor, type: number, depth: number): Field {
  switch (type) {
    case 1:
      return 1
    case 2:
      return 0
    case 3:
      return byteAt(cursor)
    case 4:
    case 5:
    case 6:
      return zigzag(cursor)
    case 7:
      cursor.offset += 8
      return undefined
    case 8:
      cursor.offset += varint(cursor)
      return undefined
    case 9:
    case 10: {
      const head = byteAt(cursor)
      const count = head >> 4 === 15 ? varint(cursor) : head >> 4
      // Elements that are yes or no take a byte each.
      const of = head & 15
      for (let i = 0; i < count && cursor.offset < cursor.bytes.length; i++) {
        if (of <= 2) cursor.offset++
        else value(cursor, of, depth + 1)
      }
      return undefined
    }
    case 12:
      return struct(cursor, depth + 1)
    default:
      throw new RangeError(`a page header has a field of type ${type}`)
  }
}
