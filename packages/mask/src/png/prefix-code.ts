// Canonical prefix ("Huffman") codes of DEFLATE (RFC 1951, section 3.2.2): decoding tables and length-limited construction.

/** Longest code of a literal, length or distance symbol in DEFLATE. */
export const MAX_CODE_BITS = 15

/** Bits that the first look-up takes; longer codes go through a second, smaller table. */
const ROOT_BITS = 9

/**
 * A decoding table. `entries[low ROOT_BITS bits]` is `symbol << 4 | bits`, or, for codes that are longer than the root,
 * `offset << 8 | extra bits << 4 | 0` pointing at a second table. NO_CODE marks bit patterns that are no code.
 */
export type PrefixTable = { readonly entries: Int32Array; readonly rootBits: number }

/** The entry of a bit pattern without a symbol: the only negative one. */
const NO_CODE = -1

/** Why a set of code lengths is not a prefix code, or undefined where it is one. */
export type PrefixCodeFault = 'over-subscribed' | 'incomplete'

/**
 * Builds the decoding table of the canonical code with these lengths (0 = symbol unused).
 * A code with bit patterns left over is accepted only where its single symbol has one bit, or where it has no symbol
 * at all, as zlib does (an encoder that uses one distance writes such a code).
 */
export function prefixTable(lengths: Uint8Array, start: number, end: number): PrefixTable | PrefixCodeFault {
  const counts = new Int32Array(MAX_CODE_BITS + 1)
  for (let i = start; i < end; i++) counts[lengths[i]!]!++
  counts[0] = 0
  let longest = MAX_CODE_BITS
  while (longest > 0 && counts[longest] === 0) longest--

  let left = 1
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    left = left * 2 - counts[bits]!
    if (left < 0) return 'over-subscribed'
  }
  if (left > 0 && longest > 1) return 'incomplete'

  const rootBits = Math.min(ROOT_BITS, Math.max(longest, 1))
  const nextCode = new Int32Array(MAX_CODE_BITS + 2)
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++)
    nextCode[bits + 1] = (nextCode[bits]! + counts[bits]!) << 1

  // A first walk over the long codes finds how deep each second table must be.
  const subBits = new Uint8Array(1 << rootBits)
  const codes = nextCode.slice()
  if (longest > rootBits) {
    for (let i = start; i < end; i++) {
      const bits = lengths[i]!
      if (bits === 0) continue
      const code = codes[bits]!++
      if (bits <= rootBits) continue
      const low = reverseBits(code, bits) & ((1 << rootBits) - 1)
      if (bits - rootBits > subBits[low]!) subBits[low] = bits - rootBits
    }
  }
  let size = 1 << rootBits
  for (let low = 0; low < subBits.length; low++) if (subBits[low]! > 0) size += 1 << subBits[low]!
  const entries = new Int32Array(size).fill(NO_CODE)
  let free = 1 << rootBits
  for (let low = 0; low < subBits.length; low++) {
    if (subBits[low] === 0) continue
    entries[low] = (free << 8) | (subBits[low]! << 4)
    free += 1 << subBits[low]!
  }

  for (let i = start; i < end; i++) {
    const bits = lengths[i]!
    if (bits === 0) continue
    const reversed = reverseBits(nextCode[bits]!++, bits)
    const entry = ((i - start) << 4) | bits
    if (bits <= rootBits) {
      for (let at = reversed; at < 1 << rootBits; at += 1 << bits) entries[at] = entry
      continue
    }
    const link = entries[reversed & ((1 << rootBits) - 1)]!
    const offset = link >> 8
    const depth = (link >> 4) & 15
    for (let at = reversed >> rootBits; at < 1 << depth; at += 1 << (bits - rootBits))
      entries[offset + at] = entry
  }
  return { entries, rootBits }
}

/** The lowest `bits` bits of `code` in reverse order: DEFLATE sends codes from their top bit, everything else from the lowest. */
export function reverseBits(code: number, bits: number): number {
  let out = 0
  for (let i = 0; i < bits; i++) {
    out = (out << 1) | (code & 1)
    code >>= 1
  }
  return out
}

/**
 * Code lengths of at most `limit` bits for the given symbol counts (0 = unused, gets length 0). Huffman's lengths, and
 * where one exceeds the limit the shortest repair that keeps the code complete. One used symbol gets length 1.
 */
export function codeLengths(frequencies: Uint32Array, limit: number): Uint8Array {
  const lengths = new Uint8Array(frequencies.length)
  const used: number[] = []
  for (let i = 0; i < frequencies.length; i++) if (frequencies[i]! > 0) used.push(i)
  if (used.length === 0) return lengths
  if (used.length === 1) {
    lengths[used[0]!] = 1
    return lengths
  }
  used.sort((a, b) => frequencies[a]! - frequencies[b]! || a - b)

  // Two queues: leaves in order of weight, and inner nodes, which are born in order of weight.
  const n = used.length
  const weight = new Float64Array(2 * n - 1)
  const parent = new Int32Array(2 * n - 1)
  for (let i = 0; i < n; i++) weight[i] = frequencies[used[i]!]!
  let leaf = 0
  let inner = n
  for (let made = n; made < 2 * n - 1; made++) {
    for (let pick = 0; pick < 2; pick++) {
      const takeLeaf = leaf < n && (inner >= made || weight[leaf]! <= weight[inner]!)
      const child = takeLeaf ? leaf++ : inner++
      weight[made] = weight[made]! + weight[child]!
      parent[child] = made
    }
  }
  const depth = new Int32Array(2 * n - 1)
  const perLength = new Int32Array(limit + 1)
  let kraft = 0
  for (let i = 2 * n - 3; i >= 0; i--) {
    depth[i] = depth[parent[i]!]! + 1
    if (i < n) {
      const bits = Math.min(depth[i]!, limit)
      perLength[bits]!++
      kraft += 2 ** (limit - bits)
    }
  }
  // Each step gives back one unit: one code of a shorter length becomes the sibling of a code of the limit.
  for (let excess = kraft - 2 ** limit; excess > 0; excess--) {
    let bits = limit - 1
    while (perLength[bits] === 0) bits--
    perLength[bits]!--
    perLength[bits + 1]! += 2
    perLength[limit]!--
  }
  let at = 0
  for (let bits = limit; bits >= 1; bits--) {
    for (let i = 0; i < perLength[bits]!; i++) lengths[used[at++]!] = bits
  }
  return lengths
}

/** The canonical codes of the given lengths, bits already reversed for sending lowest bit first. */
export function canonicalCodes(lengths: Uint8Array): Uint16Array {
  const next = new Int32Array(MAX_CODE_BITS + 2)
  const counts = new Int32Array(MAX_CODE_BITS + 1)
  for (const bits of lengths) counts[bits]!++
  counts[0] = 0
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) next[bits + 1] = (next[bits]! + counts[bits]!) << 1
  const codes = new Uint16Array(lengths.length)
  for (let i = 0; i < lengths.length; i++) {
    const bits = lengths[i]!
    if (bits > 0) codes[i] = reverseBits(next[bits]!++, bits)
  }
  return codes
}
