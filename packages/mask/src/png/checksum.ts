// The two checksums of a PNG file: CRC-32 over chunks (PNG specification, annex D) and Adler-32 over the picture data (RFC 1950).

const CRC_POLYNOMIAL = 0xedb88320

/** Four tables of 256, so that a word of four bytes costs four look-ups that do not wait for each other. */
const crcTables = makeCrcTables()

function makeCrcTables(): Int32Array {
  const tables = new Int32Array(1024)
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? CRC_POLYNOMIAL ^ (c >>> 1) : c >>> 1
    tables[n] = c
  }
  for (let n = 0; n < 256; n++) {
    let c = tables[n]!
    for (let t = 1; t < 4; t++) {
      c = tables[c & 255]! ^ (c >>> 8)
      tables[t * 256 + n] = c
    }
  }
  return tables
}

/** CRC-32 (as in PNG, gzip and zip) of bytes[start, end), as an unsigned number. */
export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  const t = crcTables
  let c = -1
  let i = start
  for (; i + 4 <= end; i += 4) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    c = t[768 + (c & 255)]! ^ t[512 + ((c >>> 8) & 255)]! ^ t[256 + ((c >>> 16) & 255)]! ^ t[c >>> 24]!
  }
  for (; i < end; i++) c = t[(c ^ bytes[i]!) & 255]! ^ (c >>> 8)
  return (c ^ -1) >>> 0
}

/**
 * Bytes summed without a modulo. RFC 1950 allows 5552 before 32 bits overflow; up to 3600 the sums stay below 2^31, so
 * that they are machine integers.
 */
const ADLER_RUN_BYTES = 3600

/** Adler-32 of the bytes, as an unsigned number. */
export function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (let i = 0; i < bytes.length; ) {
    const end = Math.min(i + ADLER_RUN_BYTES, bytes.length)
    for (; i + 4 <= end; i += 4) {
      const first = bytes[i]!
      const second = bytes[i + 1]!
      const third = bytes[i + 2]!
      const fourth = bytes[i + 3]!
      b = (b + 4 * a + 4 * first + 3 * second + 2 * third + fourth) | 0
      a = (a + first + second + third + fourth) | 0
    }
    for (; i < end; i++) {
      a = (a + bytes[i]!) | 0
      b = (b + a) | 0
    }
    a %= 65521
    b %= 65521
  }
  return ((b << 16) | a) >>> 0
}
