// Label Studio's brush RLE: bit-packed runs of RGBA bytes, row by row; the mask is where alpha is not 0.
//
// Bits, most significant first: 32 bits number of values (4 a pixel), 5 bits value width - 1, four times 4 bits
// length width - 1; then blocks until all values are there: 1 bit (1 = one value repeated, 0 = values listed), 2 bits
// which of the four length widths, the length - 1, and the value or values. The format is the one of the npm package
// @thi.ng/rle-pack; Label Studio's converter (label_studio_converter/brush.py) writes it with values of 8 bits, length
// widths 3, 4, 8 and 16, and fills up with 1 to 8 zero bits.

import { MAX_TURNED_EDGES } from './cvat-rle.ts'
import { MaskError } from './error.ts'
import { excerpt } from './excerpt.ts'
import { RunList } from './lines.ts'
import { checkSize, MAX_DENSE_PIXELS, type Mask, maskFromEdges } from './mask.ts'
import { NumberList } from './number-list.ts'
import { transposedEdges } from './transpose.ts'

const CHANNELS = 4
const ALPHA = 3
const HEADER_BITS = 32 + 5 + 4 * 4

/**
 * The mask of a Label Studio brush annotation: `rle` is the list of bytes from its JSON, widthPx and heightPx its
 * original_width and original_height. Foreground is where the fourth of each four values is not 0. Throws MaskError
 * unless the list is bytes of this format for exactly that many pixels.
 */
export function maskFromLabelStudioRle(input: {
  readonly widthPx: number
  readonly heightPx: number
  readonly rle: ArrayLike<number>
}): Mask {
  const { widthPx, heightPx } = input
  checkSize(widthPx, heightPx, MAX_DENSE_PIXELS)
  const bits = new BitReader(checkedBytes(input.rle))
  const values = bits.read(32)
  const expected = widthPx * heightPx * CHANNELS
  if (values !== expected) {
    throw new MaskError(
      'size-mismatch',
      `Label Studio RLE holds ${values} values, a picture of ${widthPx} x ${heightPx} needs ${expected} (4 a pixel)`,
      { hint: 'pass original_width and original_height of the annotation' },
    )
  }
  const valueBits = bits.read(5) + 1
  const lengthBits = [0, 0, 0, 0].map(() => bits.read(4) + 1)
  const rows = new RunList()
  let i = 0
  while (i < values) {
    const repeated = bits.read(1) === 1
    const end = i + 1 + bits.read(lengthBits[bits.read(2)]!)
    if (end > values) {
      throw new MaskError('malformed', `Label Studio RLE: a block ends at value ${end} of ${values}`, {
        at: bits.byte,
      })
    }
    if (repeated) {
      // The alpha values among i..end-1 belong to the pixels from ceil((i - 3) / 4) to before ceil((end - 3) / 4).
      if (bits.read(valueBits) !== 0) rows.add((i - ALPHA + 3) >> 2, (end - ALPHA + 3) >> 2)
      i = end
    } else {
      for (; i < end; i++) {
        const value = bits.read(valueBits)
        if (i % CHANNELS === ALPHA && value !== 0) rows.add(i >> 2, (i >> 2) + 1)
      }
    }
  }
  const turned = maskFromEdges(heightPx, widthPx, rows.edges())
  return maskFromEdges(widthPx, heightPx, transposedEdges(turned, MAX_TURNED_EDGES))
}

/**
 * The bytes of a Label Studio brush annotation, exactly as its converter writes a mask of 0 and 255: all four channels
 * of a foreground pixel are 255. In JSON this is a plain list of numbers: `Array.from` it.
 */
export function labelStudioRleFromMask(mask: Mask): Uint8Array {
  const { widthPx, heightPx } = mask
  checkSize(widthPx, heightPx, MAX_DENSE_PIXELS)
  const values = widthPx * heightPx * CHANNELS
  const bits = new BitWriter()
  bits.write(values, 32)
  bits.write(VALUE_BITS - 1, 5)
  for (const width of LENGTH_BITS) bits.write(width - 1, 4)
  const rows = transposedEdges(mask)
  let at = 0
  for (let i = 0; i < rows.length; i += 2) {
    writeRun(bits, rows[i]! * CHANNELS - at, 0)
    writeRun(bits, (rows[i + 1]! - rows[i]!) * CHANNELS, 255)
    at = rows[i + 1]! * CHANNELS
  }
  writeRun(bits, values - at, 0)
  return bits.padded()
}

const VALUE_BITS = 8
const LENGTH_BITS = [3, 4, 8, 16] as const

/** A run of one value in the narrowest block that holds it; longer ones than 2^16 in several. All runs are 4 n long. */
function writeRun(bits: BitWriter, length: number, value: number): void {
  while (length > 0) {
    const part = Math.min(length, 2 ** 16)
    const width = part <= 8 ? 0 : part <= 16 ? 1 : part <= 256 ? 2 : 3
    bits.write(0b100 | width, 3)
    bits.write(part - 1, LENGTH_BITS[width]!)
    bits.write(value, VALUE_BITS)
    length -= part
  }
}

function checkedBytes(rle: ArrayLike<number>): Uint8Array {
  if (rle instanceof Uint8Array) return rle
  if (!Array.isArray(rle)) {
    throw new MaskError('malformed', `Label Studio RLE must be a list of bytes, got ${excerpt(rle)}`)
  }
  const bytes = new Uint8Array(rle.length)
  for (let i = 0; i < rle.length; i++) {
    const byte = rle[i]
    if (!Number.isInteger(byte) || byte < 0 || byte > 255) {
      throw new MaskError('malformed', `Label Studio RLE: entry ${i} is ${excerpt(byte)}, must be 0 to 255`, {
        at: i,
      })
    }
    bytes[i] = byte
  }
  return bytes
}

class BitReader {
  private readonly bytes: Uint8Array
  private position = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    if (bytes.length * 8 < HEADER_BITS) {
      throw new MaskError('malformed', `Label Studio RLE: ${bytes.length} bytes are too few for its header`)
    }
  }

  /** The byte that is read next. */
  get byte(): number {
    return this.position >> 3
  }

  /** The next `count` (1 to 32) bits as a number. */
  read(count: number): number {
    if (this.position + count > this.bytes.length * 8) {
      throw new MaskError(
        'malformed',
        `Label Studio RLE: ends within a block, after ${this.bytes.length} bytes`,
        {
          at: this.bytes.length,
          hint: 'the list was cut off',
        },
      )
    }
    let value = 0
    while (count > 0) {
      const left = 8 - (this.position & 7)
      const taken = Math.min(left, count)
      const bits = (this.bytes[this.position >> 3]! >> (left - taken)) & ((1 << taken) - 1)
      value = value * 2 ** taken + bits
      this.position += taken
      count -= taken
    }
    return value
  }
}

class BitWriter {
  private readonly list = new NumberList(64)
  private count = 0
  /** Bits that do not fill a byte yet. */
  private pending = 0
  private pendingBits = 0

  write(value: number, count: number): void {
    for (let left = count; left > 0; ) {
      const taken = Math.min(8 - this.pendingBits, left)
      left -= taken
      this.pending = (this.pending << taken) | (Math.floor(value / 2 ** left) & ((1 << taken) - 1))
      this.pendingBits += taken
      if (this.pendingBits === 8) this.endByte()
    }
  }

  /** All bytes, filled up with zeros; one byte of zeros where nothing was left to fill, as the converter does. */
  padded(): Uint8Array {
    this.pending <<= 8 - this.pendingBits
    this.endByte()
    return Uint8Array.from(this.list.view(this.count))
  }

  private endByte(): void {
    this.list.room(this.count, 1)[this.count++] = this.pending
    this.pending = 0
    this.pendingBits = 0
  }
}
