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

/** Zero bytes that a stream is given at its end, so that the bit reader may look ahead without asking. */
export const STREAM_PADDING_BYTES = 8

/** A match at least this long, from at least as far back, is copied as a block. */
const BLOCK_COPY_BYTES = 24

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
  private readonly end: number
  private readonly out: Uint8Array
  private position = 2
  private hold = 0
  private held = 0
  private written = 0

  constructor(input: Uint8Array, end: number, out: Uint8Array) {
    this.input = input
    this.end = end
    this.out = out
  }

  run(): void {
    for (let last = 0; last === 0; ) {
      last = this.take(1)
      const kind = this.take(2)
      if (kind === 0) this.stored()
      else if (kind === 1) this.fixed()
      else if (kind === 2) this.dynamic()
      else throw fault('has a block of the reserved type 3', this.position)
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
    return this.position - (this.held >> 3)
  }

  /** Takes up to 16 bits, lowest first. */
  private take(count: number): number {
    while (this.held < count) {
      if (this.position >= this.end) throw fault('is cut off', this.end)
      this.hold |= this.input[this.position++]! << this.held
      this.held += 8
    }
    const value = this.hold & ((1 << count) - 1)
    this.hold >>>= count
    this.held -= count
    return value
  }

  private stored(): void {
    const at = this.alignedPosition()
    this.hold = 0
    this.held = 0
    if (at + 4 > this.end) throw fault('is cut off', this.end)
    const size = this.input[at]! | (this.input[at + 1]! << 8)
    const check = this.input[at + 2]! | (this.input[at + 3]! << 8)
    if ((size ^ 0xffff) !== check) throw fault('has a stored block whose size fails its check', at)
    if (at + 4 + size > this.end) throw fault('is cut off', this.end)
    if (this.written + size > this.out.length) throw this.tooMuch(at)
    this.out.set(this.input.subarray(at + 4, at + 4 + size), this.written)
    this.written += size
    this.position = at + 4 + size
  }

  private fixed(): void {
    if (fixedTables === undefined) {
      const lengths = fixedCodeLengths()
      const literals = prefixTable(lengths, 0, 288)
      const distances = prefixTable(lengths, 288, 320)
      if (typeof literals === 'string' || typeof distances === 'string') throw new Error('unreachable')
      fixedTables = { literals, distances }
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

  /** One symbol by the slow, careful way: for the few hundred symbols of a block's head. */
  private symbol(table: PrefixTable): number {
    while (this.held < 16 && this.position < this.end) {
      this.hold |= this.input[this.position++]! << this.held
      this.held += 8
    }
    // A code length code has 7 bits at most: it never reaches a second table.
    const entry = table.entries[this.hold & ((1 << table.rootBits) - 1)]!
    if (entry < 0) throw fault('holds a bit pattern that is no code', this.alignedPosition())
    const bits = entry & 15
    if (bits > this.held) throw fault('is cut off', this.end)
    this.hold >>>= bits
    this.held -= bits
    return entry >> 4
  }

  private tooMuch(at: number): MaskError {
    return fault(`goes on after the ${this.out.length} bytes that the header promises`, at)
  }

  /** The body of a block. State lives in locals: this loop is where the time goes. */
  private codes(literals: PrefixTable, distances: PrefixTable): void {
    const input = this.input
    const out = this.out
    const outEnd = out.length
    // The loop may look past the end by a few bytes of padding; anything taken there is found out below.
    const inputEnd = this.end + 4
    const literalEntries = literals.entries
    const literalMask = (1 << literals.rootBits) - 1
    const literalRoot = literals.rootBits
    const distanceEntries = distances.entries
    const distanceMask = (1 << distances.rootBits) - 1
    const distanceRoot = distances.rootBits
    let position = this.position
    let hold = this.hold
    let held = this.held
    let written = this.written

    for (;;) {
      if (held < 16) {
        if (position > inputEnd) throw fault('is cut off', this.end)
        hold |= (input[position]! | (input[position + 1]! << 8)) << held
        position += 2
        held += 16
      }
      let entry = literalEntries[hold & literalMask]!
      // Literals of the first table, by far the most common: everything else has a larger entry, or a negative one.
      if (entry >>> 0 < END_OF_BLOCK << 4) {
        if (written >= outEnd) throw this.tooMuch(position)
        hold >>>= entry & 15
        held -= entry & 15
        out[written++] = entry >> 4
        continue
      }
      if (entry >= 0 && (entry & 15) === 0) {
        entry = literalEntries[(entry >> 8) + ((hold >>> literalRoot) & ((1 << ((entry >> 4) & 15)) - 1))]!
      }
      if (entry < 0) throw fault('holds a bit pattern that is no code', position)
      hold >>>= entry & 15
      held -= entry & 15
      let symbol = entry >> 4
      if (symbol < END_OF_BLOCK) {
        if (written >= outEnd) throw this.tooMuch(position)
        out[written++] = symbol
        continue
      }
      if (symbol === END_OF_BLOCK) break
      symbol -= 257
      if (symbol >= 29) throw fault('holds a length symbol that DEFLATE does not have', position)
      if (held < 16) {
        hold |= (input[position]! | (input[position + 1]! << 8)) << held
        position += 2
        held += 16
      }
      const lengthExtra = LENGTH_EXTRA[symbol]!
      const length = LENGTH_BASE[symbol]! + (hold & ((1 << lengthExtra) - 1))
      hold >>>= lengthExtra
      held -= lengthExtra
      if (held < 16) {
        if (position > inputEnd) throw fault('is cut off', this.end)
        hold |= (input[position]! | (input[position + 1]! << 8)) << held
        position += 2
        held += 16
      }
      entry = distanceEntries[hold & distanceMask]!
      if (entry >= 0 && (entry & 15) === 0) {
        entry = distanceEntries[(entry >> 8) + ((hold >>> distanceRoot) & ((1 << ((entry >> 4) & 15)) - 1))]!
      }
      if (entry < 0) throw fault('holds a bit pattern that is no code', position)
      hold >>>= entry & 15
      held -= entry & 15
      symbol = entry >> 4
      if (symbol >= 30) throw fault('holds a distance symbol that DEFLATE does not have', position)
      if (held < 16) {
        if (position > inputEnd) throw fault('is cut off', this.end)
        hold |= (input[position]! | (input[position + 1]! << 8)) << held
        position += 2
        held += 16
      }
      const distanceExtra = DISTANCE_EXTRA[symbol]!
      const distance = DISTANCE_BASE[symbol]! + (hold & ((1 << distanceExtra) - 1))
      hold >>>= distanceExtra
      held -= distanceExtra

      if (distance > written)
        throw fault(`refers to ${distance} bytes back, ${written} were written`, position)
      if (written + length > outEnd) throw this.tooMuch(position)
      if (distance === 1) {
        out.fill(out[written - 1]!, written, written + length)
      } else if (length >= BLOCK_COPY_BYTES && distance >= length) {
        out.copyWithin(written, written - distance, written - distance + length)
      } else {
        for (let from = written - distance, to = written, stop = written + length; to < stop; )
          out[to++] = out[from++]!
      }
      written += length
    }

    this.position = position
    this.hold = hold
    this.held = held
    this.written = written
    // Give whole bytes back, so that `take` and stored blocks, which check the end, see where the block really ended.
    const spare = held >> 3
    this.position -= spare
    this.held -= spare * 8
    this.hold = this.held === 0 ? 0 : hold & ((1 << this.held) - 1)
    if (this.position > this.end) throw fault('is cut off', this.end)
  }
}
