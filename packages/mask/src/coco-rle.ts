// COCO RLE: run lengths in column-major order, as a list of counts or as the compressed text of the COCO API.
//
// The text writes each count from the third on as the difference to the one two before it, in groups of 5 bits, least
// significant first; a character is 48 + group, + 32 where more groups follow; the last group's top bit is the sign.
// Format as documented in the COCO API's mask module (common/maskApi.h, maskApi.c: rleToString, rleFrString).

import { closedEdges, countsFromEdges, edgesFromCounts, wrongTotal } from './counts.ts'
import { MaskError } from './error.ts'
import { excerpt } from './excerpt.ts'
import { checkSize, type Mask, maskFromEdges } from './mask.ts'

/** COCO's object for a mask: size is [height, width]. */
export type CocoRle = { readonly size: readonly [number, number]; readonly counts: string }

/** The same with plain counts, as crowd annotations in COCO's own files have it. */
export type CocoCounts = { readonly size: readonly [number, number]; readonly counts: readonly number[] }

/** The mask as COCO's compressed object: exactly the text that the C library writes. */
export function cocoRleFromMask(mask: Mask): { size: [number, number]; counts: string } {
  return { size: [mask.heightPx, mask.widthPx], counts: cocoStringFromMask(mask) }
}

/** The mask as COCO's uncompressed object: run lengths, background first. */
export function cocoCountsFromMask(mask: Mask): { size: [number, number]; counts: number[] } {
  return {
    size: [mask.heightPx, mask.widthPx],
    counts: Array.from(countsFromEdges(mask.edges, mask.widthPx * mask.heightPx)),
  }
}

/**
 * The mask of a COCO object `{ size: [height, width], counts }` with compressed text or plain counts. Throws MaskError
 * (size-mismatch) unless the runs cover exactly height * width pixels, and (malformed) for anything that is not text
 * of the format; nothing is allocated beyond the length of the input.
 */
export function maskFromCocoRle(rle: CocoRle | CocoCounts): Mask {
  if (typeof rle !== 'object' || rle === null) {
    throw new MaskError('malformed', `COCO RLE must be an object with size and counts, got ${excerpt(rle)}`)
  }
  const { size, counts } = rle as { size: unknown; counts: unknown }
  if (!Array.isArray(size) || size.length !== 2) {
    throw new MaskError('malformed', `COCO RLE: size must be [height, width], got ${excerpt(size)}`)
  }
  const [heightPx, widthPx] = size as [number, number]
  checkSize(widthPx, heightPx)
  if (typeof counts === 'string') return maskFromCocoString({ widthPx, heightPx, text: counts })
  if (Array.isArray(counts) || counts instanceof Uint32Array || counts instanceof Int32Array) {
    return maskFromEdges(widthPx, heightPx, edgesFromCounts(counts, widthPx * heightPx, 'COCO counts'))
  }
  throw new MaskError(
    'malformed',
    `COCO RLE: counts must be text or a list of numbers, got ${excerpt(counts)}`,
    {
      ...(counts instanceof Uint8Array ? { hint: 'decode the bytes as ASCII text first' } : {}),
    },
  )
}

/** Where text is put together. Shared by all calls; it grows to the longest text and shrinks back after a huge one. */
let characters = new Uint8Array(4096)
const KEPT_CHARACTERS = 2 ** 20
/** A 32-bit difference has at most this many groups. */
const MAX_GROUPS = 7
const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** The mask's compressed COCO text alone, exactly as the C library writes it. */
export function cocoStringFromMask(mask: Mask): string {
  const { edges } = mask
  const pixels = mask.widthPx * mask.heightPx
  const n = edges.length
  // The last count, of background up to the end, has its end beside the list.
  const counts = n === 0 || edges[n - 1] !== pixels ? n + 1 : n
  let out = characters
  let length = 0
  let before = 0
  let previous = 0
  let beforePrevious = 0
  for (let i = 0; i < counts; ) {
    const room = Math.floor((out.length - length) / MAX_GROUPS)
    if (room === 0) {
      characters = new Uint8Array(out.length * 2)
      characters.set(out)
      out = characters
      continue
    }
    const stop = Math.min(i < n ? n : counts, i + room)
    for (; i < stop; i++) {
      // Positions fit 31 bits; saying so keeps the arithmetic in machine integers.
      const end = (i < n ? edges[i]! : pixels) | 0
      const count = (end - before) | 0
      let value = i > 2 ? (count - beforePrevious) | 0 : count
      before = end
      beforePrevious = previous
      previous = count
      while ((value + 16) >>> 0 > 31) {
        out[length++] = 80 + (value & 31)
        value >>= 5
      }
      out[length++] = 48 + (value & 31)
    }
  }
  const text = decoder.decode(out.subarray(0, length))
  if (characters.length > KEPT_CHARACTERS) characters = new Uint8Array(4096)
  return text
}

/** Where run ends are collected before their number is known; shared and kept small like `characters`. */
let runEnds = new Uint32Array(1024)
const KEPT_RUN_ENDS = 2 ** 18

/**
 * The mask of compressed COCO text and its size. Throws MaskError with the place (character number) for characters
 * outside the format, for a group cut off at the end, a negative length, and (size-mismatch) unless the runs cover
 * exactly widthPx * heightPx pixels.
 */
export function maskFromCocoString(input: {
  readonly widthPx: number
  readonly heightPx: number
  readonly text: string
}): Mask {
  const { widthPx, heightPx, text } = input
  checkSize(widthPx, heightPx)
  const pixels = widthPx * heightPx
  const length = text.length
  if (characters.length < length) characters = new Uint8Array(length)
  const bytes = characters
  // Bytes read faster than characters; as many of them as characters means that all is ASCII.
  if (encoder.encodeInto(text, bytes).written !== length) throw badCharacter(text, text.search(/[^0-o]/))
  // A run has at least one character.
  if (runEnds.length <= length) runEnds = new Uint32Array(2 * length + 1)
  const ends = runEnds
  let n = 0
  let end = 0
  let read = 0
  let previous = 0
  let beforePrevious = 0
  for (let p = 0; p < length; ) {
    let group = bytes[p++]! - 48
    if (group & NOT_A_GROUP) throw badCharacter(text, p - 1)
    let value = group & 31
    let shift = 5
    while (group & 32) {
      if (p === length || shift === 5 * MAX_GROUPS) throw badNumber(p - 1, shift)
      group = bytes[p++]! - 48
      if (group & NOT_A_GROUP) throw badCharacter(text, p - 1)
      // All in 32-bit integers: of a seventh group only the lowest two bits are new, the others repeat the sign.
      if (shift === 30 && (group & 30) !== 0 && (group & 30) !== 30) throw badNumber(p - 1, 5 * MAX_GROUPS)
      value |= (group & 31) << shift
      shift += 5
    }
    if (group & 16 && shift < 32) value |= -1 << shift
    const count = read > 2 ? (value + beforePrevious) | 0 : value
    if (count < 0 || count > pixels - end) {
      const length = read > 2 ? value + beforePrevious : value
      if (length >= 0) throw wrongTotal('COCO RLE text', read, end + length, pixels)
      throw new MaskError('malformed', `COCO RLE text: run ${read} has the negative length ${length}`, {
        at: p - 1,
      })
    }
    beforePrevious = previous
    previous = count
    end = (end + count) | 0
    read++
    if (count === 0 && n > 0 && ends[n - 1] === end) n--
    else ends[n++] = end
  }
  if (characters.length > KEPT_CHARACTERS) characters = new Uint8Array(4096)
  if (runEnds.length > KEPT_RUN_ENDS) runEnds = new Uint32Array(1024)
  return maskFromEdges(widthPx, heightPx, closedEdges(ends, n, end, pixels, 'COCO RLE text', read))
}

/** Bits that a character minus 48 must not have (a negative number has them all). */
const NOT_A_GROUP = ~63

function badCharacter(text: string, at: number): MaskError {
  const looksLikeBytes = /^b['"]/.test(text)
  return new MaskError(
    'malformed',
    `COCO RLE text: ${excerpt(text.charAt(at))} at character ${at} is not in '0'..'o'`,
    {
      at,
      ...(looksLikeBytes
        ? { hint: "this is Python's b'...' notation: pass only what is between the quotes" }
        : {}),
    },
  )
}

function badNumber(at: number, shift: number): MaskError {
  return shift === 5 * MAX_GROUPS
    ? new MaskError('malformed', `COCO RLE text: the number at character ${at} is longer than 32 bits`, {
        at,
      })
    : new MaskError('malformed', `COCO RLE text: ends within a number (character ${at} announces another)`, {
        at,
        hint: 'the text was cut off, or a backslash in it was lost or doubled on the way',
      })
}
