// DEFLATE compression of a whole buffer (RFC 1950 and 1951): hash chains with one step of lazy matching, blocks stored, fixed or dynamic.

import { adler32 } from './checksum.ts'
import {
  CODE_LENGTH_ORDER,
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  DISTANCE_SYMBOLS,
  END_OF_BLOCK,
  fixedCodeLengths,
  LENGTH_BASE,
  LENGTH_EXTRA,
  LITERAL_SYMBOLS,
  MAX_MATCH,
  MIN_MATCH,
  WINDOW_BYTES,
} from './deflate-tables.ts'
import { canonicalCodes, codeLengths, MAX_CODE_BITS } from './prefix-code.ts'

const HASH_BITS = 15
const WINDOW_MASK = WINDOW_BYTES - 1
/** Candidates that are tried for one match, and how many once a good one is in hand (zlib level 6 has the same). */
const MAX_CHAIN = 128
const SHORT_CHAIN = 32
const GOOD_MATCH = 8
/** A match this long ends the search at its position. */
const NICE_MATCH = 128
/** A match this long is taken without looking at the next position. */
const LAZY_LIMIT = 16
/** Literals and matches in one block: enough to pay for its own code, few enough to follow a change of content. */
const BLOCK_SYMBOLS = 1 << 15
const MAX_STORED_BYTES = 65535

const lengthSymbols = makeLengthSymbols()
const distanceSymbols = makeDistanceSymbols()

function makeLengthSymbols(): Uint8Array {
  const symbols = new Uint8Array(MAX_MATCH + 1)
  for (let length = MIN_MATCH, s = 0; length <= MAX_MATCH; length++) {
    while (s + 1 < LENGTH_BASE.length && LENGTH_BASE[s + 1]! <= length) s++
    symbols[length] = s
  }
  return symbols
}

/** Distances up to 256 at distance - 1, larger ones at 256 + ((distance - 1) >> 7): their symbols change on such steps only. */
function makeDistanceSymbols(): Uint8Array {
  const symbols = new Uint8Array(512)
  let s = 0
  for (let distance = 1; distance <= WINDOW_BYTES; distance++) {
    while (s + 1 < DISTANCE_SYMBOLS && DISTANCE_BASE[s + 1]! <= distance) s++
    symbols[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)] = s
  }
  return symbols
}

function distanceSymbol(distance: number): number {
  return distanceSymbols[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)]!
}

/** Compresses bytes to a zlib stream (header, blocks, Adler-32). The same bytes always give the same stream. */
export function deflateZlib(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / BLOCK_SYMBOLS) + Math.ceil(bytes.length / MAX_STORED_BYTES) + 1
  const writer = new BitWriter(bytes.length + 5 * blocks + 16)
  writer.put(0x78, 8)
  writer.put(0x9c, 8)
  compress(bytes, writer)
  writer.align()
  const sum = adler32(bytes)
  for (let shift = 24; shift >= 0; shift -= 8) writer.put((sum >>> shift) & 255, 8)
  return writer.finish()
}

class BitWriter {
  readonly bytes: Uint8Array
  length = 0
  private hold = 0
  private held = 0

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity)
  }

  /** Appends up to 16 bits, lowest first. */
  put(value: number, bits: number): void {
    this.hold |= value << this.held
    this.held += bits
    while (this.held >= 8) {
      this.bytes[this.length++] = this.hold & 255
      this.hold >>>= 8
      this.held -= 8
    }
  }

  align(): void {
    if (this.held > 0) this.put(0, 8 - this.held)
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}

/** One block in the making: literals as their value, matches as `length << 16 | distance`. */
type Block = {
  readonly symbols: Uint32Array
  count: number
  readonly literals: Uint32Array
  readonly distances: Uint32Array
}

function compress(bytes: Uint8Array, writer: BitWriter): void {
  const n = bytes.length
  const head = new Int32Array(1 << HASH_BITS).fill(-1)
  const previous = new Int32Array(WINDOW_BYTES)
  const block: Block = {
    symbols: new Uint32Array(BLOCK_SYMBOLS),
    count: 0,
    literals: new Uint32Array(LITERAL_SYMBOLS),
    distances: new Uint32Array(DISTANCE_SYMBOLS),
  }
  const { symbols, literals, distances } = block
  const hashEnd = n - MIN_MATCH
  let blockStart = 0
  let at = 0
  // The match that was found one position back and waits for this one to be no better.
  let waitingLength = 0
  let waitingDistance = 0
  let waiting = false

  while (at < n) {
    let bestLength = waitingLength < MIN_MATCH ? MIN_MATCH - 1 : waitingLength
    let bestDistance = 0
    if (at <= hashEnd) {
      const hash = hashOf(bytes, at)
      let candidate = head[hash]!
      const oldest = at - WINDOW_BYTES
      const longest = Math.min(MAX_MATCH, n - at)
      const niceLength = Math.min(NICE_MATCH, longest)
      let chain = waitingLength >= GOOD_MATCH ? SHORT_CHAIN : MAX_CHAIN
      if (waitingLength < LAZY_LIMIT) {
        while (candidate >= 0 && candidate >= oldest && chain-- > 0) {
          if (
            bestLength < longest &&
            bytes[candidate + bestLength] === bytes[at + bestLength] &&
            bytes[candidate + bestLength - 1] === bytes[at + bestLength - 1] &&
            bytes[candidate] === bytes[at]
          ) {
            let length = 1
            while (length < longest && bytes[candidate + length] === bytes[at + length]) length++
            if (length > bestLength) {
              bestLength = length
              bestDistance = at - candidate
              if (length >= niceLength) break
            }
          }
          const older = previous[candidate & WINDOW_MASK]!
          if (older >= candidate) break
          candidate = older
        }
      }
      previous[at & WINDOW_MASK] = head[hash]!
      head[hash] = at
    }
    if (block.count >= BLOCK_SYMBOLS - 2) {
      const covered = waiting ? at - 1 : at
      writeBlock(writer, block, bytes, blockStart, covered, false)
      blockStart = covered
    }

    if (waiting && waitingLength >= MIN_MATCH && bestDistance === 0) {
      symbols[block.count++] = (waitingLength << 16) | waitingDistance
      literals[257 + lengthSymbols[waitingLength]!]!++
      distances[distanceSymbol(waitingDistance)]!++
      // Enter what the match covers into the chains; `at` itself was entered above.
      const stop = at - 1 + waitingLength
      for (let i = at + 1; i < stop && i <= hashEnd; i++) {
        const hash = hashOf(bytes, i)
        previous[i & WINDOW_MASK] = head[hash]!
        head[hash] = i
      }
      at = stop
      waiting = false
      waitingLength = 0
      continue
    }
    if (waiting) {
      const literal = bytes[at - 1]!
      symbols[block.count++] = literal
      literals[literal]!++
    }
    waiting = true
    waitingLength = bestDistance > 0 ? bestLength : 0
    waitingDistance = bestDistance
    at++
  }
  if (waiting) {
    // A match never waits here: it needs three bytes, so the position after its first one was looked at.
    const literal = bytes[n - 1]!
    symbols[block.count++] = literal
    literals[literal]!++
  }
  writeBlock(writer, block, bytes, blockStart, n, true)
}

function hashOf(bytes: Uint8Array, at: number): number {
  const three = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
  return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS)
}

/** A dynamic block's head: the two codes, and their lengths packed by the code-length code. */
type DynamicHead = {
  readonly literalLengths: Uint8Array
  readonly distanceLengths: Uint8Array
  readonly literalCount: number
  readonly distanceCount: number
  /** Code-length symbols as `extra value << 8 | symbol`. */
  readonly packed: number[]
  readonly packedLengths: Uint8Array
  readonly orderCount: number
  readonly headBits: number
}

const PACKED_EXTRA_BITS = [2, 3, 7]

function dynamicHead(block: Block): DynamicHead {
  const literalLengths = codeLengths(block.literals, MAX_CODE_BITS)
  const distanceLengths = codeLengths(block.distances, MAX_CODE_BITS)
  let literalCount = LITERAL_SYMBOLS
  while (literalCount > 257 && literalLengths[literalCount - 1] === 0) literalCount--
  let distanceCount = DISTANCE_SYMBOLS
  while (distanceCount > 1 && distanceLengths[distanceCount - 1] === 0) distanceCount--

  const all = new Uint8Array(literalCount + distanceCount)
  all.set(literalLengths.subarray(0, literalCount))
  all.set(distanceLengths.subarray(0, distanceCount), literalCount)
  const packed: number[] = []
  const frequencies = new Uint32Array(19)
  for (let i = 0; i < all.length; ) {
    const value = all[i]!
    let run = 1
    while (i + run < all.length && all[i + run] === value) run++
    i += run
    if (value === 0) {
      for (; run >= 11; run -= Math.min(run, 138)) packed.push(((Math.min(run, 138) - 11) << 8) | 18)
      if (run >= 3) {
        packed.push(((run - 3) << 8) | 17)
        run = 0
      }
    } else {
      packed.push(value)
      run--
      for (; run >= 3; run -= Math.min(run, 6)) packed.push(((Math.min(run, 6) - 3) << 8) | 16)
    }
    for (; run > 0; run--) packed.push(value)
  }
  for (const p of packed) frequencies[p & 255]!++
  const packedLengths = codeLengths(frequencies, 7)
  let orderCount = 19
  while (orderCount > 4 && packedLengths[CODE_LENGTH_ORDER[orderCount - 1]!] === 0) orderCount--
  let headBits = 14 + 3 * orderCount
  for (const p of packed) {
    const symbol = p & 255
    headBits += packedLengths[symbol]! + (symbol >= 16 ? PACKED_EXTRA_BITS[symbol - 16]! : 0)
  }
  return {
    literalLengths,
    distanceLengths,
    literalCount,
    distanceCount,
    packed,
    packedLengths,
    orderCount,
    headBits,
  }
}

function bodyBits(block: Block, literalLengths: Uint8Array, distanceLengths: Uint8Array): number {
  let bits = 0
  for (let i = 0; i < LITERAL_SYMBOLS; i++) {
    bits += block.literals[i]! * (literalLengths[i]! + (i > 256 ? LENGTH_EXTRA[i - 257]! : 0))
  }
  for (let i = 0; i < DISTANCE_SYMBOLS; i++) {
    bits += block.distances[i]! * (distanceLengths[i]! + DISTANCE_EXTRA[i]!)
  }
  return bits
}

/** Writes the block by the cheapest of the three ways and empties it. bytes[start, end) is what it stands for. */
function writeBlock(
  writer: BitWriter,
  block: Block,
  bytes: Uint8Array,
  start: number,
  end: number,
  last: boolean,
): void {
  block.literals[END_OF_BLOCK] = 1
  const head = dynamicHead(block)
  const fixed = fixedCodeLengths()
  const fixedDistances = fixed.subarray(288, 288 + DISTANCE_SYMBOLS)
  const dynamicCost = head.headBits + bodyBits(block, head.literalLengths, head.distanceLengths)
  const fixedCost = bodyBits(block, fixed, fixedDistances)
  const storedCost = (end - start) * 8 + 40 * Math.max(1, Math.ceil((end - start) / MAX_STORED_BYTES))

  if (storedCost <= Math.min(dynamicCost, fixedCost)) {
    writeStored(writer, bytes, start, end, last)
  } else if (fixedCost <= dynamicCost) {
    writer.put(last ? 3 : 2, 3)
    writeBody(writer, block, fixed.subarray(0, 288), fixedDistances)
  } else {
    writer.put(last ? 5 : 4, 3)
    writer.put(head.literalCount - 257, 5)
    writer.put(head.distanceCount - 1, 5)
    writer.put(head.orderCount - 4, 4)
    for (let i = 0; i < head.orderCount; i++) writer.put(head.packedLengths[CODE_LENGTH_ORDER[i]!]!, 3)
    const codes = canonicalCodes(head.packedLengths)
    for (const p of head.packed) {
      const symbol = p & 255
      writer.put(codes[symbol]!, head.packedLengths[symbol]!)
      if (symbol >= 16) writer.put(p >> 8, PACKED_EXTRA_BITS[symbol - 16]!)
    }
    writeBody(writer, block, head.literalLengths, head.distanceLengths)
  }
  block.count = 0
  block.literals.fill(0)
  block.distances.fill(0)
}

function writeBody(
  writer: BitWriter,
  block: Block,
  literalLengths: Uint8Array,
  distanceLengths: Uint8Array,
): void {
  const literalCodes = canonicalCodes(literalLengths)
  const distanceCodes = canonicalCodes(distanceLengths)
  for (let i = 0; i < block.count; i++) {
    const symbol = block.symbols[i]!
    if (symbol < 256) {
      writer.put(literalCodes[symbol]!, literalLengths[symbol]!)
      continue
    }
    const length = symbol >>> 16
    const distance = symbol & 0xffff
    const l = lengthSymbols[length]!
    writer.put(literalCodes[257 + l]!, literalLengths[257 + l]!)
    writer.put(length - LENGTH_BASE[l]!, LENGTH_EXTRA[l]!)
    const d = distanceSymbol(distance)
    writer.put(distanceCodes[d]!, distanceLengths[d]!)
    writer.put(distance - DISTANCE_BASE[d]!, DISTANCE_EXTRA[d]!)
  }
  writer.put(literalCodes[END_OF_BLOCK]!, literalLengths[END_OF_BLOCK]!)
}

function writeStored(writer: BitWriter, bytes: Uint8Array, start: number, end: number, last: boolean): void {
  do {
    const size = Math.min(end - start, MAX_STORED_BYTES)
    writer.put(last && start + size === end ? 1 : 0, 3)
    writer.align()
    writer.put(size, 16)
    writer.put(size ^ 0xffff, 16)
    writer.bytes.set(bytes.subarray(start, start + size), writer.length)
    writer.length += size
    start += size
  } while (start < end)
}
