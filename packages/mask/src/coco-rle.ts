// COCO RLE: run lengths in column-major order, as a list of counts or as the compressed text of the COCO API.
//
// The text writes each count from the third on as the difference to the one two before it, in groups of 5 bits, least
// significant first; a character is 48 + group, + 32 where more groups follow; the last group's top bit is the sign.
// Format as documented in the COCO API's mask module (common/maskApi.h, maskApi.c: rleToString, rleFrString).

import { closedEdges, countsFromEdges, edgesFromCounts, excerpt, wrongTotal } from './counts.ts'
import { MaskError } from './error.ts'
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
const ascii = new TextDecoder()

/** The mask's compressed COCO text alone, exactly as the C library writes it. */
export function cocoStringFromMask(mask: Mask): string {
  const { edges } = mask
  const pixels = mask.widthPx * mask.heightPx
  const n = edges.length
  const counts = n === 0 || edges[n - 1] !== pixels ? n + 1 : n
  let out = characters
  let length = 0
  let before = 0
  let previous = 0
  let beforePrevious = 0
  for (let i = 0; i < counts; i++) {
    const end = i < n ? edges[i]! : pixels
    const count = end - before
    before = end
    let value = i > 2 ? count - beforePrevious : count
    beforePrevious = previous
    previous = count
    if (length + MAX_GROUPS > out.length) {
      characters = new Uint8Array(out.length * 2)
      characters.set(out)
      out = characters
    }
    while (value < -16 || value > 15) {
      out[length++] = 80 + (value & 31)
      value >>= 5
    }
    out[length++] = 48 + (value & 31)
  }
  const text = ascii.decode(out.subarray(0, length))
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
  // A run has at least one character.
  if (runEnds.length <= length) runEnds = new Uint32Array(2 * length + 1)
  const ends = runEnds
  let n = 0
  let end = 0
  let read = 0
  let previous = 0
  let beforePrevious = 0
  for (let p = 0; p < length; ) {
    let group = text.charCodeAt(p++) - 48
    if (group & NOT_A_GROUP) throw badCharacter(text, p - 1)
    let value = group & 31
    let shift = 5
    while (group & 32) {
      if (p === length || shift === 5 * MAX_GROUPS) throw badNumber(p - 1, shift)
      group = text.charCodeAt(p++) - 48
      if (group & NOT_A_GROUP) throw badCharacter(text, p - 1)
      if (shift < 30) value |= (group & 31) << shift
      else value += (group & 31) * 2 ** shift
      shift += 5
    }
    if (group & 16) value -= shift < 31 ? 1 << shift : 2 ** shift
    const count = read > 2 ? value + beforePrevious : value
    if (count < 0) {
      throw new MaskError('malformed', `COCO RLE text: run ${read} has the negative length ${count}`, {
        at: p - 1,
      })
    }
    beforePrevious = previous
    previous = count
    end += count
    if (end > pixels) throw wrongTotal('COCO RLE text', read, end, pixels)
    read++
    if (n > 0 && ends[n - 1] === end) n--
    else ends[n++] = end
  }
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
    ? new MaskError('malformed', `COCO RLE text: the number at character ${at} has more than 7 groups`, {
        at,
      })
    : new MaskError('malformed', `COCO RLE text: ends within a number (character ${at} announces another)`, {
        at,
        hint: 'the text was cut off, or a backslash in it was lost or doubled on the way',
      })
}
