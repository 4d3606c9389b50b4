// A Parquet table on disk, a group of rows at a time (hyparquet), and what its columns hold: pictures, bits of masks, anything else.

import * as zlib from 'node:zlib'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { messageOf } from '@maskwords/base'
import type { AsyncBuffer, Compressors, FileMetaData, SchemaTree } from 'hyparquet'
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  snappyUncompress,
} from 'hyparquet'
import { type Bitmap, readBitmaps } from './bit-lists.ts'
import { DataError } from './error.ts'

/** A picture as the hub stores it, a mask row by row as bits, or anything else. */
export type ColumnKind = 'picture' | 'bits' | 'other'

export type TableRow = Readonly<Record<string, unknown>>

export type Table = {
  /** As errors call it. */
  readonly file: string
  readonly groups: readonly { readonly start: number; readonly rows: number }[]
  readonly columns: ReadonlyMap<string, ColumnKind>
  /** The rows of a group, these columns of them alone. Bytes stay bytes; whole numbers of 64 bits are bigint. */
  rows(group: number, columns: readonly string[]): Promise<TableRow[]>
  /** The masks of a column of bits, one a row of the group; a text where one cannot be read. */
  bits(group: number, column: string): Promise<Generator<Bitmap | string | undefined>>
}

/** A chunk is in memory as a whole; the hub's tables of pictures have a hundred rows a group, some tens of megabytes. */
const MAX_CHUNK_BYTES = 2 ** 31
const MAX_GROUPS = 1_000_000

type ZstdDecompress = ((bytes: Uint8Array) => Uint8Array) | undefined
const zstd = (zlib as { zstdDecompressSync?: ZstdDecompress }).zstdDecompressSync

const COMPRESSORS: Compressors = {
  GZIP: (bytes) => new Uint8Array(gunzipSync(bytes)),
  BROTLI: (bytes) => new Uint8Array(brotliDecompressSync(bytes)),
  ...(zstd !== undefined && { ZSTD: (bytes) => new Uint8Array(zstd(bytes)) }),
}

/**
 * Opens a table.
 * @throws DataError `io`, `bad-file` for what is no Parquet file or is cut short. Reading throws `bad-file` and `too-large`.
 */
export async function openTable(path: string, file: string): Promise<Table> {
  const fail = (error: unknown): DataError => {
    if (error instanceof DataError) return error
    const code = (error as NodeJS.ErrnoException).code
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
      return new DataError('io', `${file} cannot be read: ${messageOf(error)}`, { file, cause: error })
    }
    const isZstd = /compression codec: ZSTD/.test(messageOf(error))
    return new DataError('bad-file', `${file} cannot be read as a Parquet table: ${messageOf(error)}`, {
      file,
      cause: error,
      ...(isZstd && {
        hint: 'tables packed by zstd need Node.js 22.15 or newer; or write it again with snappy',
      }),
    })
  }
  let buffer: AsyncBuffer
  let metadata: FileMetaData
  let schema: SchemaTree
  try {
    buffer = await asyncBufferFromFile(path)
    metadata = await parquetMetadataAsync(buffer)
    schema = parquetSchema(metadata)
    if (metadata.row_groups.length > MAX_GROUPS) throw new Error(`${metadata.row_groups.length} row groups`)
  } catch (error) {
    throw fail(error)
  }
  let start = 0
  const groups = metadata.row_groups.map(({ num_rows }) => {
    const group = { start, rows: Number(num_rows) }
    start += group.rows
    return group
  })
  const chunkOf = (group: number, column: string) =>
    metadata.row_groups[group]!.columns.filter(
      ({ meta_data }) => meta_data?.path_in_schema[0] === column,
    ).map(({ meta_data }) => meta_data!)
  return {
    file,
    groups,
    columns: new Map(schema.children.map((child) => [child.element.name, kindOf(child)])),
    async rows(group, columns) {
      const { start: rowStart, rows } = groups[group]!
      for (const column of columns) {
        for (const { total_compressed_size } of chunkOf(group, column)) {
          if (Number(total_compressed_size) <= MAX_CHUNK_BYTES) continue
          throw new DataError(
            'too-large',
            `${file}: row group ${group} has ${total_compressed_size} bytes in column ${column}; at most ${MAX_CHUNK_BYTES} are read`,
            { file, hint: 'write the table again with smaller row groups (datasets: 100 rows)' },
          )
        }
      }
      try {
        const found = await parquetReadObjects({
          file: buffer,
          metadata,
          columns: [...columns],
          rowStart,
          rowEnd: rowStart + rows,
          compressors: COMPRESSORS,
          utf8: false,
        })
        if (found.length !== rows) throw new Error(`row group ${group} has ${found.length} of ${rows} rows`)
        return found
      } catch (error) {
        throw fail(error)
      }
    },
    async bits(group, column) {
      const node = schema.children.find((child) => child.element.name === column)!
      try {
        const [chunk] = chunkOf(group, column)
        if (chunk === undefined) throw new Error(`row group ${group} has no column ${column}`)
        const { codec, data_page_offset, dictionary_page_offset, total_compressed_size } = chunk
        const from = Number(dictionary_page_offset || data_page_offset)
        const bytes = new Uint8Array(await buffer.slice(from, from + Number(total_compressed_size)))
        return guarded(readBitmaps({ bytes, ...levelsOf(node), unpack: unpacker(codec) }), fail)
      } catch (error) {
        throw fail(error)
      }
    },
  }
}

/** The same values; errors of bytes become those of the table. */
function* guarded<T>(values: Generator<T>, fail: (error: unknown) => DataError): Generator<T> {
  try {
    yield* values
  } catch (error) {
    throw fail(error)
  }
}

function unpacker(codec: string): (bytes: Uint8Array, size: number) => Uint8Array {
  if (codec === 'UNCOMPRESSED') return (bytes) => bytes
  if (codec === 'SNAPPY') {
    return (bytes, size) => {
      const unpacked = new Uint8Array(size)
      snappyUncompress(bytes, unpacked)
      return unpacked
    }
  }
  const unpack = (
    COMPRESSORS as Record<string, ((bytes: Uint8Array, size: number) => Uint8Array) | undefined>
  )[codec]
  if (unpack === undefined) throw new Error(`parquet unsupported compression codec: ${codec}`)
  return unpack
}

function kindOf(node: SchemaTree): ColumnKind {
  const { element, children } = node
  if (children.length === 0) {
    const isText = element.converted_type === 'UTF8' || element.logical_type?.type === 'STRING'
    return element.type === 'BYTE_ARRAY' && !isText ? 'picture' : 'other'
  }
  const bytes = children.find((child) => child.element.name === 'bytes')
  if (bytes !== undefined && kindOf(bytes) === 'picture' && element.repetition_type !== 'REPEATED')
    return 'picture'
  const path = lonePath(node)
  const leaf = path?.at(-1)
  const lists = path?.filter((one) => one.element.repetition_type === 'REPEATED').length
  return leaf?.element.type === 'BOOLEAN' && lists === 2 ? 'bits' : 'other'
}

/** The nodes down to the only leaf; undefined where there are several. */
function lonePath(node: SchemaTree): SchemaTree[] | undefined {
  const path = [node]
  for (let at = node; at.children.length > 0; path.push(at)) {
    if (at.children.length > 1) return undefined
    at = at.children[0]!
  }
  return path
}

function levelsOf(node: SchemaTree): { lineLevel: number; valueLevel: number; presentLevel: number } {
  const lists: number[] = []
  let level = 0
  for (const { element } of lonePath(node)!) {
    if (element.repetition_type === 'REQUIRED') continue
    level++
    if (element.repetition_type === 'REPEATED') lists.push(level)
  }
  return { lineLevel: lists[0]!, valueLevel: lists[1]!, presentLevel: level }
}
