// Where a checkpoint's bytes come from: the smallest interface that memory, a Blob, a file or a range server can serve.
import { messageOf } from '@maskwords/base'
import { CheckpointError } from './error.ts'

/** Bytes at known offsets. `read` returns exactly `length` bytes that the caller may keep and change. */
export type ByteSource = {
  readonly byteLength: number
  read(offset: number, length: number): Promise<Uint8Array>
  /** Lets go of a file handle; absent where there is nothing to let go of. */
  close?(): Promise<void>
}

/** A source over bytes in memory. Reads copy, so that what a reader changes stays its own. */
export function bytesFromMemory(bytes: Uint8Array | ArrayBuffer): ByteSource {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)
  return {
    byteLength: view.byteLength,
    read: async (offset, length) => new Uint8Array(view.subarray(offset, offset + length)),
  }
}

/** A source over a Blob or File (browser: a picked file is read by range, never whole). */
export function bytesFromBlob(blob: Blob): ByteSource {
  return {
    byteLength: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  }
}

/** A source that knows its name and never reads outside itself; what the parsers work with. */
export type NamedBytes = {
  readonly name: string
  readonly byteLength: number
  read(offset: number, length: number, what: string): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Wraps a source with range checks and typed errors: `truncated` where a range leaves the file or the source returns fewer
 * bytes, `io` where the source itself fails, `too-large` where memory for the bytes cannot be had.
 */
export function namedBytes(source: ByteSource, name: string): NamedBytes {
  const { byteLength } = source
  if (!Number.isSafeInteger(byteLength) || byteLength < 0) {
    throw new CheckpointError('io', `the source says that it holds ${byteLength} bytes`, { file: name })
  }
  return {
    name,
    byteLength,
    async read(offset, length, what) {
      if (!(offset >= 0 && length >= 0 && offset + length <= byteLength)) {
        throw new CheckpointError(
          'truncated',
          `${what} needs bytes ${offset} to ${offset + length}, the file has ${byteLength}`,
          { file: name, at: offset, hint: 'The file looks cut short: fetch it again and compare its size.' },
        )
      }
      if (length === 0) return new Uint8Array(0)
      let bytes: Uint8Array
      try {
        bytes = await source.read(offset, length)
      } catch (cause) {
        if (cause instanceof CheckpointError) throw cause
        if (cause instanceof RangeError) throw tooLarge(length, what, name, cause)
        throw new CheckpointError('io', `reading ${what} failed: ${messageOf(cause)}`, {
          file: name,
          at: offset,
          cause,
        })
      }
      if (bytes.byteLength !== length) {
        throw new CheckpointError(
          'truncated',
          `${what}: asked for ${length} bytes, the source gave ${bytes.byteLength}`,
          { file: name, at: offset, hint: 'The file changed or was cut while it was being read.' },
        )
      }
      return bytes
    },
    close: async () => source.close?.(),
  }
}

/** Runs an allocation, turning the engine's RangeError into a typed error. */
export function allocated<T>(byteLength: number, what: string, file: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(byteLength, what, file, cause)
    throw cause
  }
}

function tooLarge(byteLength: number, what: string, file: string, cause: unknown): CheckpointError {
  return new CheckpointError(
    'too-large',
    `${what} takes ${byteLength} bytes, more than can be had in one piece`,
    {
      file,
      cause,
      hint: 'Use the file in place (ONNX external data), or a machine with more memory.',
    },
  )
}
