// A tiny writer of pickles, ZIP archives and torch files for tests: written from the format documents, apart from the readers.

/** Joins bytes and ASCII texts. */
export function joinBytes(...parts: (Uint8Array | readonly number[] | string)[]): Uint8Array<ArrayBuffer> {
  const pieces = parts.map((part) =>
    typeof part === 'string' ? new TextEncoder().encode(part) : Uint8Array.from(part),
  )
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}

function littleEndian(value: number, byteCount: number): number[] {
  return Array.from({ length: byteCount }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256)
}

/** The opcodes that tests compose, protocol 2 and later. */
export const op = {
  proto: (version: number) => [0x80, version],
  stop: [0x2e],
  mark: [0x28],
  text: (value: string) => {
    const bytes = new TextEncoder().encode(value)
    return [0x58, ...littleEndian(bytes.length, 4), ...bytes]
  },
  int: (value: number) =>
    value < 2 ** 31 ? [0x4a, ...littleEndian(value >>> 0, 4)] : [0x8a, 8, ...littleEndian(value, 8)],
  global: (module: string, name: string) => [0x63, ...new TextEncoder().encode(`${module}\n${name}\n`)],
  emptyTuple: [0x29],
  tuple: (...items: number[][]) => [0x28, ...items.flat(), 0x74],
  reduce: [0x52],
  build: [0x62],
  dict: (...pairs: number[][]) => [0x7d, 0x28, ...pairs.flat(), 0x75],
  list: (...items: number[][]) => [0x5d, 0x28, ...items.flat(), 0x65],
  false: [0x89],
  persistentId: [0x51],
}

export type WrittenStorage = { className: string; key: string; size: number }

/** What torch.save writes for a tensor: a rebuild call over a storage's persistent id. */
export function tensorPickle(
  storage: WrittenStorage,
  shape: readonly number[],
  strides: readonly number[],
  storageOffset = 0,
): number[] {
  const id = op.tuple(
    op.text('storage'),
    op.global('torch', storage.className),
    op.text(storage.key),
    op.text('cpu'),
    op.int(storage.size),
  )
  return [
    ...op.global('torch._utils', '_rebuild_tensor_v2'),
    ...op.tuple(
      [...id, ...op.persistentId],
      op.int(storageOffset),
      op.tuple(...shape.map(op.int)),
      op.tuple(...strides.map(op.int)),
      op.false,
      [...op.global('collections', 'OrderedDict'), ...op.emptyTuple, ...op.reduce],
    ),
    ...op.reduce,
  ]
}

export type ZipWriterOptions = {
  /** Data begin at multiples of this, by padding in local extra fields, as torch does. */
  alignBytes?: number
  /** Compression method to claim. */
  method?: number
  zip64?: boolean
  comment?: string
}

/** A stored ZIP archive. */
export function writeZip(
  entries: readonly [string, Uint8Array | readonly number[] | string][],
  options: ZipWriterOptions = {},
): Uint8Array<ArrayBuffer> {
  const { alignBytes = 64, method = 0, zip64 = false, comment = '' } = options
  const local: Uint8Array[] = []
  const central: Uint8Array[] = []
  let at = 0
  for (const [name, contents] of entries) {
    const nameBytes = joinBytes(name)
    const data = joinBytes(contents)
    const bare = at + 30 + nameBytes.length
    const padding = (alignBytes - ((bare + 4) % alignBytes)) % alignBytes
    const sizes = [...littleEndian(data.length, 4), ...littleEndian(data.length, 4)]
    const common = [...littleEndian(0x800, 2), ...littleEndian(method, 2), 0, 0, 0, 0, 0, 0, 0, 0]
    const extra = joinBytes('FB', littleEndian(padding, 2), new Uint8Array(padding))
    const header = joinBytes(
      'PK\x03\x04',
      [20, 0],
      common,
      sizes,
      littleEndian(nameBytes.length, 2),
      littleEndian(extra.length, 2),
      nameBytes,
      extra,
    )
    const wide = zip64
      ? joinBytes(
          [1, 0, 24, 0],
          littleEndian(data.length, 8),
          littleEndian(data.length, 8),
          littleEndian(at, 8),
        )
      : joinBytes()
    const narrow = [255, 255, 255, 255]
    central.push(
      joinBytes(
        'PK\x01\x02',
        [20, 0, 20, 0],
        common,
        zip64 ? [...narrow, ...narrow] : sizes,
        littleEndian(nameBytes.length, 2),
        littleEndian(wide.length, 2),
        new Uint8Array(10),
        zip64 ? narrow : littleEndian(at, 4),
        nameBytes,
        wide,
      ),
    )
    local.push(header, data)
    at += header.length + data.length
  }
  const directory = joinBytes(...central)
  const count = littleEndian(entries.length, zip64 ? 8 : 2)
  const end64 = zip64
    ? joinBytes(
        'PK\x06\x06',
        littleEndian(44, 8),
        [45, 0, 45, 0],
        new Uint8Array(8),
        count,
        count,
        littleEndian(directory.length, 8),
        littleEndian(at, 8),
        'PK\x06\x07',
        new Uint8Array(4),
        littleEndian(at + directory.length, 8),
        [1, 0, 0, 0],
      )
    : joinBytes()
  const end = zip64
    ? joinBytes('PK\x05\x06', new Uint8Array(4), new Uint8Array(12).fill(255))
    : joinBytes(
        'PK\x05\x06',
        new Uint8Array(4),
        count,
        count,
        littleEndian(directory.length, 4),
        littleEndian(at, 4),
      )
  return joinBytes(...local, directory, end64, end, littleEndian(comment.length, 2), comment)
}

/** A torch file (ZIP format) of a pickled value and its storages. */
export function writeTorchZip(
  value: readonly number[],
  storages: Readonly<Record<string, Uint8Array | readonly number[]>>,
  options: ZipWriterOptions & { byteOrder?: string; root?: string } = {},
): Uint8Array<ArrayBuffer> {
  const root = options.root ?? 'archive'
  return writeZip(
    [
      [`${root}/data.pkl`, [...op.proto(2), ...value, ...op.stop]],
      ...(options.byteOrder === undefined
        ? []
        : [[`${root}/byteorder`, options.byteOrder] as [string, string]]),
      ...Object.entries(storages).map(([key, data]) => [`${root}/data/${key}`, data] as [string, Uint8Array]),
      [`${root}/version`, '3\n'],
    ],
    options,
  )
}

/** A torch file of the format before 1.6: magic, protocol, machine, value, keys, then size and bytes of every storage. */
export function writeTorchLegacy(
  value: readonly number[],
  storages: readonly { key: string; size: number; data: Uint8Array | readonly number[] }[],
): Uint8Array<ArrayBuffer> {
  const pickle = (body: readonly number[]): Uint8Array => joinBytes(op.proto(2), body, op.stop)
  const magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
  return joinBytes(
    pickle(magic),
    pickle(op.int(1001)),
    pickle(op.dict(op.text('protocol_version'), op.int(1001), op.text('little_endian'), [0x88])),
    pickle(value),
    pickle(op.list(...storages.map(({ key }) => op.text(key)))),
    ...storages.map(({ size, data }) => joinBytes(littleEndian(size, 8), data)),
  )
}

/** A source that fails the test when it is asked for anything outside itself. */
export function guardedSource(bytes: Uint8Array): {
  byteLength: number
  reads: [number, number][]
  read(offset: number, length: number): Promise<Uint8Array>
} {
  const reads: [number, number][] = []
  return {
    byteLength: bytes.length,
    reads,
    async read(offset, length) {
      if (
        !(
          Number.isSafeInteger(offset) &&
          Number.isSafeInteger(length) &&
          offset >= 0 &&
          length >= 0 &&
          offset + length <= bytes.length
        )
      ) {
        throw new Error(`read outside the file: ${offset}+${length} of ${bytes.length}`)
      }
      reads.push([offset, length])
      return bytes.slice(offset, offset + length)
    },
  }
}
