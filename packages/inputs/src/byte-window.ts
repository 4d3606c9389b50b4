// A window that moves over a file: sequential reads into one buffer, which can keep the bytes of a value until it ends. Definition: ours.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { messageOf } from '@maskwords/base'
import { DataError } from './error.ts'

/** Bytes by place. Reads are synchronous: they cost microseconds from the page cache, where a promise costs more. */
export type ByteInput = {
  readonly byteLength: number
  /** Fills `into` from `offset` on; gives how many bytes it read, 0 at the end. */
  read(into: Uint8Array, offset: number): number
  close(): void
}

/** A file as input. Throws DataError `io` where it cannot be opened or read. */
export function openFileInput(path: string, name: string): ByteInput {
  const failed = (what: string, cause: unknown) =>
    new DataError('io', `${name} cannot be ${what}: ${messageOf(cause)}`, {
      file: name,
      cause,
    })
  let descriptor: number
  let byteLength: number
  try {
    descriptor = openSync(path, 'r')
  } catch (cause) {
    throw failed('opened', cause)
  }
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) throw new Error('it is no file')
    byteLength = stat.size
  } catch (cause) {
    closeSync(descriptor)
    throw failed('opened', cause)
  }
  return {
    byteLength,
    read(into, offset) {
      try {
        return readSync(descriptor, into, 0, into.length, offset)
      } catch (cause) {
        throw failed('read', cause)
      }
    },
    close: () => closeSync(descriptor),
  }
}

export function inputOfBytes(bytes: Uint8Array): ByteInput {
  return {
    byteLength: bytes.length,
    read(into, offset) {
      const part = bytes.subarray(offset, offset + into.length)
      into.set(part)
      return part.length
    },
    close: () => {},
  }
}

/** Bytes read at a time: large enough that reading is cheap, small enough to stay in the cache. */
const READ_BYTES = 1024 * 1024

/** `bytes` from `position` to `end` are unread. `refill` moves on, and keeps what `keep` asked for. */
export class ByteWindow {
  bytes: Buffer
  position = 0
  end = 0
  private base = 0
  private readonly input: ByteInput
  private readonly name: string
  private readonly readBytes: number
  private keptFrom = -1
  private keepLimit = 0
  private tooLong = false

  constructor(input: ByteInput | Uint8Array, name: string, readBytes = READ_BYTES) {
    this.input = input instanceof Uint8Array ? inputOfBytes(input) : input
    this.name = name
    this.readBytes = readBytes
    this.bytes = Buffer.allocUnsafe(readBytes)
  }

  /** The file's byte at `position`. */
  get offset(): number {
    return this.base + this.position
  }

  /** Starts to keep bytes from here; beyond `limit` bytes they are let go again. */
  keep(limit: number): void {
    this.keptFrom = this.position
    this.keepLimit = limit
    this.tooLong = false
  }

  /** The bytes from `keep` to here (a view: use it before the next refill), or undefined where they passed the limit. */
  kept(): Buffer | undefined {
    if (this.tooLong || this.position - this.keptFrom > this.keepLimit) return undefined
    return this.bytes.subarray(this.keptFrom, this.position)
  }

  drop(): void {
    this.keptFrom = -1
    this.tooLong = false
  }

  /** Where all bytes are used up, reads more; false at the end of the file. */
  refill(): boolean {
    if (this.position < this.end) return true
    if (this.keptFrom >= 0 && this.end - this.keptFrom > this.keepLimit) {
      this.keptFrom = -1
      this.tooLong = true
    }
    const from = this.keptFrom >= 0 ? this.keptFrom : this.end
    const length = this.end - from
    if (length + this.readBytes > this.bytes.length) {
      this.bytes = this.grown(from, length)
    } else {
      this.bytes.copyWithin(0, from, this.end)
    }
    this.base += from
    this.position = this.end = length
    if (this.keptFrom >= 0) this.keptFrom = 0
    else if (this.bytes.length > 8 * this.readBytes) this.bytes = Buffer.allocUnsafe(this.readBytes)
    const got = this.input.read(this.bytes.subarray(length, length + this.readBytes), this.base + length)
    this.end = length + got
    return got > 0
  }

  private grown(from: number, length: number): Buffer {
    let bytes: Buffer
    try {
      bytes = Buffer.allocUnsafe(2 * length + this.readBytes)
    } catch (cause) {
      throw new DataError('too-large', `no memory for a value of ${length} bytes`, { file: this.name, cause })
    }
    this.bytes.copy(bytes, 0, from, this.end)
    return bytes
  }
}
