// A safetensors shard written anew with more rows in some tensors, everything else byte for byte, a few megabytes in memory.
import { type FileHandle, open } from 'node:fs/promises'
import { type ByteSource, openFileBytes, planSafetensors, type TensorInfo } from '@maskwords/checkpoint'
import { bytesOfType } from './rows.ts'
import type { RowTensor } from './weights.ts'

const CHUNK_BYTES = 8 * 1024 * 1024

export type NewRows = {
  readonly tensor: RowTensor
  /** Rows that are copied from the old tensor. */
  readonly keptRows: number
  /** Rows keptRows..keptRows+madeRows-1 are made. */
  readonly madeRows: number
  /** Old rows that follow them unchanged (padding that is not needed), then made padding up to `rows`. */
  readonly rows: number
  readonly madeRow: (index: number) => Uint8Array
  readonly paddingRow: () => Uint8Array
}

export type RewriteOptions = {
  readonly from: string
  readonly to: string
  readonly tensors: readonly TensorInfo[]
  readonly metadata: ReadonlyMap<string, string>
  readonly newRows: ReadonlyMap<string, NewRows>
  readonly signal?: AbortSignal
  readonly onBytes?: (bytes: number) => void
}

/** Writes the shard to `to`, which must not exist, and flushes it to the disk. Returns its size in bytes. */
export async function rewriteShard(options: RewriteOptions): Promise<number> {
  const { from, to, tensors, metadata, newRows, signal, onBytes } = options
  const plan = planSafetensors({
    order: 'given',
    metadata,
    tensors: tensors.map(({ name, dtype, shape }) => {
      const grown = newRows.get(name)
      const grownShape = grown === undefined ? shape : [grown.rows, ...shape.slice(1)]
      return { name, dtype, shape: grownShape, data: new Uint8Array(0) }
    }),
  })
  const source = await openFileBytes(from)
  try {
    const handle = await open(to, 'wx')
    try {
      const put = async (bytes: Uint8Array): Promise<void> => {
        signal?.throwIfAborted()
        await writeAll(handle, bytes)
        onBytes?.(bytes.byteLength)
      }
      await put(plan.header)
      for (const info of tensors) {
        const grown = newRows.get(info.name)
        if (grown === undefined) await copyRange(source, info.byteOffset, info.byteLength, put)
        else await writeGrown(source, grown, put)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
  } finally {
    await source.close()
  }
  return plan.byteLength
}

async function writeGrown(
  source: ByteSource,
  grown: NewRows,
  put: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const { tensor, keptRows, madeRows, rows } = grown
  const rowBytes = tensor.columns * bytesOfType(tensor.dtype)
  const { byteOffset } = tensor.info
  await copyRange(source, byteOffset, keptRows * rowBytes, put)
  await putRows(madeRows, rowBytes, grown.madeRow, put)
  const next = keptRows + madeRows
  const stay = Math.max(0, tensor.rows - next)
  await copyRange(source, byteOffset + next * rowBytes, stay * rowBytes, put)
  await putRows(rows - next - stay, rowBytes, grown.paddingRow, put)
}

async function putRows(
  count: number,
  rowBytes: number,
  make: (index: number) => Uint8Array,
  put: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes))
  for (let first = 0; first < count; first += perChunk) {
    const bytes = new Uint8Array(Math.min(perChunk, count - first) * rowBytes)
    for (let k = 0; k * rowBytes < bytes.length; k++) bytes.set(make(first + k), k * rowBytes)
    await put(bytes)
  }
}

async function copyRange(
  source: ByteSource,
  offset: number,
  length: number,
  put: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  for (let done = 0; done < length; done += CHUNK_BYTES) {
    await put(await source.read(offset + done, Math.min(CHUNK_BYTES, length - done)))
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done)
    done += bytesWritten
  }
}
