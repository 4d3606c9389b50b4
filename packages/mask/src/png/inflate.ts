// DEFLATE decompression into a buffer of known size (RFC 1950 and 1951). It never writes, nor allocates, past that size.

import { MaskError } from '../error.ts'
import { adler32 } from './checksum.ts'
import {
  CODE_LENGTH_ORDER,
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  END_OF_BLOCK,
  fixedCodeLengths,
  LENGTH_BASE,
  LENGTH_EXTRA,
} from './deflate-tables.ts'
import { type PrefixTable, prefixTable } from './prefix-code.ts'

/** DEFLATE cannot expand more than this: 258 bytes for one bit of length and one bit of distance. */
export const MAX_DEFLATE_RATIO = 1032

/** Bytes of any value that a stream is given at its end, so that the bit reader may look ahead without asking. */
export const STREAM_PADDING_BYTES = 8

/** Largest stream: bit positions must stay 32-bit numbers. A PNG file of 100 megapixels has about 200 MB at worst. */
const MAX_STREAM_BYTES = 2 ** 28 - 64

/** A match at least this long, from at least as far back, is copied as a block. */
const BLOCK_COPY_BYTES = 40

let fixedTables: { literals: PrefixTable; distances: PrefixTable } | undefined

/**
 * Decompresses a zlib stream whose decompressed size is known.
 *
 * `padded` holds the stream followed by STREAM_PADDING_BYTES bytes of any value. Returns exactly `outputBytes` bytes.
 * Throws MaskError `malformed` (with `at`, the byte in the stream) where the stream is cut off, holds an impossible
 * code or a distance before its start, gives fewer or more bytes than `outputBytes` (it stops at the first byte too
 * many), or where the Adler-32 sum differs. A stream too short to ever fill the output is refused before anything
 * is allocated.
 */
export function inflateZlib(padded: Uint8Array, outputBytes: number): Uint8Array {
  const end = padded.length - STREAM_PADDING_BYTES
  if (end < 6) throw fault('is cut off', end)
  if (end > MAX_STREAM_BYTES) {
    throw new MaskError(
      'too-large',
      `the compressed picture data has ${end} bytes, the limit is ${MAX_STREAM_BYTES}`,
    )
  }
  const method = padded[0]!
  if ((method & 15) !== 8 || method >> 4 > 7 || ((method << 8) | padded[1]!) % 31 !== 0) {
    throw fault(`does not begin with a zlib header (bytes ${method} ${padded[1]})`, 0)
  }
  if (padded[1]! & 32) throw fault('asks for a preset dictionary, which PNG does not allow', 1)
  if (outputBytes > end * MAX_DEFLATE_RATIO) {
    throw fault(`has ${end} bytes, too few to hold the ${outputBytes} bytes that the header promises`, end)
  }
  const out = new Uint8Array(outputBytes)
  const reader = new Inflater(padded, end, out)
  reader.run()
  const at = reader.alignedPosition()
  if (at + 4 > end) throw fault('is cut off before its Adler-32 sum', end)
  const sum = ((padded[at]! << 24) | (padded[at + 1]! << 16) | (padded[at + 2]! << 8) | padded[at + 3]!) >>> 0
  const computed = adler32(out)
  if (sum !== computed) {
    throw fault(`has the Adler-32 sum ${hex(computed)}, the file says ${hex(sum)}`, at)
  }
  return out
}

function fault(what: string, at: number): MaskError {
  return new MaskError('malformed', `the compressed picture data ${what}`, {
    at,
    hint: 'the file is damaged or cut off: fetch or export it again',
  })
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0')
}

class Inflater {
  private readonly input: Uint8Array
  private readonly view: DataView
  private readonly endBit: number
  private readonly out: Uint8Array
  /** Position of the next bit, the lowest of each byte first. The two bytes of the zlib header are done. */
  private bit = 16
  private written = 0

  constructor(input: Uint8Array, end: number, out: Uint8Array) {
    this.input = input
    this.view = new DataView(input.buffer, input.byteOffset, input.length)
    this.endBit = end * 8
    this.out = out
  }

  run(): void {
    for (let last = 0; last === 0; ) {
      last = this.take(1)
      const kind = this.take(2)
      if (kind === 0) this.stored()
      else if (kind === 1) this.fixed()
      else if (kind === 2) this.dynamic()
      else throw fault('has a block of the reserved type 3', this.alignedPosition())
    }
    if (this.written < this.out.length) {
      throw fault(
        `ends after ${this.written} bytes, the header promises ${this.out.length}`,
        this.alignedPosition(),
      )
    }
  }

  /** The first byte that no bit was taken of. */
  alignedPosition(): number {
    return (this.bit + 7) >> 3
  }

  private cutOff(): MaskError {
    return fault('is cut off', this.endBit >> 3)
  }

  private tooMuch(at: number): MaskError {
    return fault(`goes on after the ${this.out.length} bytes that the header promises`, at)
  }

  /** Takes up to 16 bits, lowest first. */
  private take(count: number): number {
    const { bit } = this
    if (bit + count > this.endBit) throw this.cutOff()
    this.bit = bit + count
    return (this.view.getUint32(bit >> 3, true) >>> (bit & 7)) & ((1 << count) - 1)
  }

  private stored(): void {
    const at = this.alignedPosition()
    const end = this.endBit >> 3
    if (at + 4 > end) throw this.cutOff()
    const size = this.view.getUint16(at, true)
    if ((size ^ 0xffff) !== this.view.getUint16(at + 2, true)) {
      throw fault('has a stored block whose size fails its check', at)
    }
    if (at + 4 + size > end) throw this.cutOff()
    if (this.written + size > this.out.length) throw this.tooMuch(at)
    this.out.set(this.input.subarray(at + 4, at + 4 + size), this.written)
    this.written += size
    this.bit = (at + 4 + size) * 8
  }

  private fixed(): void {
    if (fixedTables === undefined) {
      const lengths = fixedCodeLengths()
      const at = this.alignedPosition()
      fixedTables = {
        literals: this.table(lengths, 0, 288, 'literal', at),
        distances: this.table(lengths, 288, 320, 'distance', at),
      }
    }
    this.codes(fixedTables.literals, fixedTables.distances)
  }

  private dynamic(): void {
    const at = this.alignedPosition()
    const literalCount = this.take(5) + 257
    const distanceCount = this.take(5) + 1
    const codeCount = this.take(4) + 4
    if (literalCount > 286 || distanceCount > 30) throw fault('declares more symbols than DEFLATE has', at)
    const codeLengths = new Uint8Array(19)
    for (let i = 0; i < codeCount; i++) codeLengths[CODE_LENGTH_ORDER[i]!] = this.take(3)
    const codeTable = this.table(codeLengths, 0, 19, 'code length', at)

    const lengths = new Uint8Array(320)
    const total = literalCount + distanceCount
    for (let i = 0; i < total; ) {
      const symbol = this.symbol(codeTable)
      if (symbol < 16) {
        lengths[i++] = symbol
        continue
      }
      let value = 0
      let repeat = 0
      if (symbol === 16) {
        if (i === 0) throw fault('repeats a code length before the first one', at)
        value = lengths[i - 1]!
        repeat = 3 + this.take(2)
      } else {
        repeat = symbol === 17 ? 3 + this.take(3) : 11 + this.take(7)
      }
      if (i + repeat > total) throw fault('repeats a code length past the last symbol', at)
      lengths.fill(value, i, i + repeat)
      i += repeat
    }
    if (lengths[END_OF_BLOCK] === 0) throw fault('has a block that cannot end', at)
    this.codes(
      this.table(lengths, 0, literalCount, 'literal', at),
      this.table(lengths, literalCount, total, 'distance', at),
    )
  }

  private table(lengths: Uint8Array, start: number, end: number, what: string, at: number): PrefixTable {
    const table = prefixTable(lengths, start, end)
    if (typeof table === 'string') throw fault(`has an ${table} ${what} code`, at)
    return table
  }

  /** One symbol of a block's head. A code length code has 7 bits at most: it never reaches a second table. */
  private symbol(table: PrefixTable): number {
    const { bit } = this
    if (bit >= this.endBit) throw this.cutOff()
    const bits = this.view.getUint32(bit >> 3, true) >>> (bit & 7)
    const entry = table.entries[bits & ((1 << table.rootBits) - 1)]!
    if (entry < 0) throw fault('holds a bit pattern that is no code', bit >> 3)
    this.bit = bit + (entry & 15)
    return entry >> 4
  }

  /**
   * The body of a block. Each look-up reads the 25 bits or more that four bytes at the current bit hold: a loop that
   * keeps bits in a variable must ask before each symbol whether enough are left, which no processor can foresee.
   */
  private codes(literals: PrefixTable, distances: PrefixTable): void {
    const { view, out, endBit } = this
    const outEnd = out.length
    const literalEntries = literals.entries
    const literalRoot = literals.rootBits
    const literalMask = (1 << literalRoot) - 1
    const distanceEntries = distances.entries
    const distanceRoot = distances.rootBits
    const distanceMask = (1 << distanceRoot) - 1
    let bit = this.bit
    let written = this.written

    for (;;) {
      // A symbol may read into the padding, and is found out here before the next one.
      if (bit > endBit) throw this.cutOff()
      let hold = view.getInt32(bit >> 3, true) >> (bit & 7)
      let entry = literalEntries[hold & literalMask]!
      // Literals of the first table, by far the most common: everything else has a larger entry, or a negative one.
      if (entry >>> 0 < END_OF_BLOCK << 4) {
        if (written >= outEnd) throw this.tooMuch(bit >> 3)
        bit += entry & 15
        out[written++] = entry >> 4
        continue
      }
      if (entry >= 0 && (entry & 15) === 0) {
        const low = (hold >> literalRoot) & ((1 << ((entry >> 4) & 15)) - 1)
        entry = literalEntries[(entry >> 8) + low]!
      }
      if (entry < 0) throw fault('holds a bit pattern that is no code', bit >> 3)
      bit += entry & 15
      let symbol = entry >> 4
      if (symbol < END_OF_BLOCK) {
        if (written >= outEnd) throw this.tooMuch(bit >> 3)
        out[written++] = symbol
        continue
      }
      if (symbol === END_OF_BLOCK) break
      symbol -= 257
      if (symbol >= 29) throw fault('holds a length symbol that DEFLATE does not have', bit >> 3)
      // The code and its extra bits are 20 bits at most: they came with the same four bytes.
      const lengthExtra = LENGTH_EXTRA[symbol]!
      const length = LENGTH_BASE[symbol]! + ((hold >> (entry & 15)) & ((1 << lengthExtra) - 1))
      bit += lengthExtra

      if (bit > endBit) throw this.cutOff()
      hold = view.getInt32(bit >> 3, true) >> (bit & 7)
      entry = distanceEntries[hold & distanceMask]!
      if (entry >= 0 && (entry & 15) === 0) {
        const low = (hold >> distanceRoot) & ((1 << ((entry >> 4) & 15)) - 1)
        entry = distanceEntries[(entry >> 8) + low]!
      }
      if (entry < 0) throw fault('holds a bit pattern that is no code', bit >> 3)
      bit += entry & 15
      symbol = entry >> 4
      if (symbol >= 30) throw fault('holds a distance symbol that DEFLATE does not have', bit >> 3)
      if (bit > endBit) throw this.cutOff()
      const distanceExtra = DISTANCE_EXTRA[symbol]!
      hold = view.getInt32(bit >> 3, true) >> (bit & 7)
      const distance = DISTANCE_BASE[symbol]! + (hold & ((1 << distanceExtra) - 1))
      bit += distanceExtra

      if (distance > written)
        throw fault(`refers to ${distance} bytes back, ${written} were written`, bit >> 3)
      if (written + length > outEnd) throw this.tooMuch(bit >> 3)
      if (length >= BLOCK_COPY_BYTES && distance === 1) {
        out.fill(out[written - 1]!, written, written + length)
      } else if (length >= BLOCK_COPY_BYTES && distance >= length) {
        out.copyWithin(written, written - distance, written - distance + length)
      } else {
        for (let from = written - distance, to = written, stop = written + length; to < stop; ) {
          out[to++] = out[from++]!
        }
      }
      written += length
    }
    if (bit > endBit) throw this.cutOff()
    this.bit = bit
    this.written = written
  }
}
