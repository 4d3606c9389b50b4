// `segmentation` of COCO-like annotations in the forms that files hold: outlines, run lengths, and what tools made of them
// (cocodataset.org/#format-data). Read where its meaning is plain; what was odd about it is said.
import {
  type CocoSegmentation,
  cocoStringFromMask,
  isEmpty,
  MAX_VERTEX_PX,
  type Mask,
  MaskError,
  maskFromCocoSegmentation,
  type SizePx,
  unionAll,
} from '@maskwords/mask'
import { parseExactJson } from '@maskwords/words'
import { asObject, member, readNumbers } from '../fields.ts'
import { bad, type Found, type Loss, shown, withDoubt } from '../found.ts'

/** What a `segmentation` says, and its mask where that was made to check it. Undefined where it says nothing. */
export type ReadSegmentation = { readonly segmentation: CocoSegmentation; readonly mask?: Mask } | undefined

/**
 * The outlines or run lengths of a `segmentation` in COCO's own forms, whatever it was written as: undefined where it is absent,
 * null or an empty list. Its form alone is checked, for evaluations count empty masks as any other; without `size`, run lengths
 * have the size that they state.
 */
export function plainSegmentation(
  value: unknown,
  size: SizePx | undefined,
): Found<CocoSegmentation | undefined> {
  if (value === undefined || value === null) return { value: undefined }
  if (typeof value === 'string') return fromText(value, size)
  if (Array.isArray(value)) {
    if (value.length === 0) return { value: undefined }
    return asObject(value[0]) !== undefined && !('x' in value[0])
      ? fromRuns(value, size)
      : fromOutlines(value)
  }
  return fromRunLengths(value, size)
}

/** A `segmentation` that reads as a mask with pixels. Undefined value where it is absent or an empty list. */
export function readSegmentation(value: unknown, size: SizePx): Found<ReadSegmentation> {
  const plain = plainSegmentation(value, size)
  if (plain.value === undefined) return plain as Found<undefined>
  const segmentation = plain.value
  if (Array.isArray(segmentation)) return coveringOutlines({ ...plain, value: segmentation }, size)
  const mask = maskOf(segmentation, size)
  if (mask.lost !== undefined) return mask
  if (isEmpty(mask.value)) return bad('empty-mask', 'its run lengths hold no pixel')
  return { ...plain, value: { segmentation, mask: mask.value } }
}

/** The same for a region that has nothing but its outlines or run lengths. */
export function checkedSegmentation(value: unknown, size: SizePx): Found<CocoSegmentation | undefined> {
  const read = readSegmentation(value, size)
  return read.lost === undefined ? { ...read, value: read.value?.segmentation } : read
}

/** Tables hold JSON within a text. */
function fromText(text: string, size: SizePx | undefined): Found<CocoSegmentation | undefined> {
  let value: unknown
  try {
    value = parseExactJson(text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object') return neither(text)
  return withDoubt(plainSegmentation(value, size), 'its segmentation is JSON inside a text')
}

function neither(value: unknown): { lost: Loss } {
  return bad('bad-geometry', `its segmentation is neither outlines nor { size, counts }: ${shown(value)}`)
}

function fromOutlines(value: readonly unknown[]): Found<CocoSegmentation> {
  const doubts: Loss[] = []
  const rings: (readonly number[])[] = []
  for (const ring of outlinesOf(value)) {
    const numbers = readNumbers(pointsOf(ring))
    if (numbers === undefined)
      return bad('bad-geometry', `an outline is no even list of numbers: ${shown(ring)}`)
    if (numbers.length % 2 !== 0) {
      // Too few for a third point whatever the number without a partner was.
      if (numbers.length > 5)
        return bad('bad-geometry', `an outline is no even list of numbers: ${shown(ring)}`)
      doubts.push({
        kind: 'bad-geometry',
        message: `an outline of ${numbers.length} numbers is left out: ${shown(ring)}`,
      })
      continue
    }
    for (let i = 0; i < numbers.length; i++) {
      if (Math.abs(numbers[i]!) > MAX_VERTEX_PX)
        return bad('bad-geometry', `an outline reaches to ${numbers[i]}, farther than any picture`)
    }
    rings.push(numbers)
  }
  if (rings.length === 0) return bad('empty-mask', 'its outlines enclose nothing')
  return { value: rings, ...(doubts.length === 0 ? {} : { doubts }) }
}

/** Outlines around less than this, or that reach out of the picture, are drawn to see whether they hold a pixel of it at all. */
const SMALL_PX2 = 4

/** Outlines of fewer than three points enclose nothing; published files hold some beside good ones. */
function coveringOutlines(
  plain: {
    readonly value: readonly (ArrayLike<number> & Iterable<number>)[]
    readonly doubts?: readonly Loss[]
  },
  size: SizePx,
): Found<ReadSegmentation> {
  const rings = (plain.value as readonly (readonly number[])[]).filter(({ length }) => length >= 6)
  if (!rings.some(covers)) return bad('empty-mask', 'its outlines enclose nothing')
  const [x, y, width, height] = boxOfRings(rings)
  const { widthPx, heightPx } = size
  if (x >= widthPx || y >= heightPx || x + width <= 0 || y + height <= 0)
    return bad('empty-mask', `its outlines lie outside ${widthPx} x ${heightPx}`)
  const isOut = x < 0 || y < 0 || x + width > widthPx || y + height > heightPx
  if (isOut || rings.reduce((sum, ring) => sum + around(ring), 0) < SMALL_PX2) {
    const mask = maskOf(rings, size)
    if (mask.lost !== undefined) return mask
    const parts = x >= 0 && y >= 0 && x + width <= 1 && y + height <= 1
    if (isEmpty(mask.value))
      return bad(
        'empty-mask',
        `its outlines hold no pixel${parts ? ': they look like parts of the sides, 0 to 1' : ''}`,
      )
  }
  return { ...plain, value: { segmentation: rings } }
}

/** A list of outlines, of whatever was written: one outline, one as points, outlines one level too deep. */
function outlinesOf(value: readonly unknown[]): readonly unknown[] {
  const first = value[0]
  if (!Array.isArray(first)) return [value]
  // Points where outlines should stand: a list of pairs is one outline, for a pair is none.
  if (
    value.length >= 3 &&
    value.every((entry) => Array.isArray(entry) && entry.length === 2 && !Array.isArray(entry[0]))
  )
    return [value]
  if (Array.isArray(first[0]) && first[0].length !== 2) return value.flatMap((entry) => entry as unknown[])
  return value
}

/** The numbers of an outline; points as [x, y] or { x, y } are laid in a row. */
function pointsOf(ring: unknown): unknown {
  if (!Array.isArray(ring)) return ring
  const [first] = ring
  if (Array.isArray(first))
    return ring.every((point) => Array.isArray(point) && point.length === 2) ? ring.flat() : undefined
  return asObject(first) === undefined
    ? ring
    : ring.flatMap((point) => [member(point, 'x'), member(point, 'y')])
}

/** Run lengths in a list: one, or the parts of one region. */
function fromRuns(list: readonly unknown[], size: SizePx | undefined): Found<CocoSegmentation> {
  const masks: Mask[] = []
  let known = size
  for (const entry of list) {
    const read = fromRunLengths(entry, known)
    if (read.lost !== undefined) return read
    // Without a size from outside, the first part's is that of all.
    const { size: sides } = read.value as { readonly size: readonly [number, number] }
    known ??= { widthPx: sides[1], heightPx: sides[0] }
    const mask = maskOf(read.value, known)
    if (mask.lost !== undefined) return mask
    masks.push(mask.value)
  }
  const mask = unionAll(masks)
  return { value: { size: [mask.heightPx, mask.widthPx], counts: cocoStringFromMask(mask) } }
}

function fromRunLengths(value: unknown, size: SizePx | undefined): Found<CocoSegmentation> {
  const stated = member(value, 'size')
  const isStated = stated !== undefined && stated !== null
  const own = size === undefined ? undefined : [size.heightPx, size.widthPx]
  const rleSize = isStated ? readNumbers(stated) : own
  const counts = cleanCounts(member(value, 'counts'))
  if (asObject(value) === undefined || rleSize?.length !== 2 || counts === undefined) return neither(value)
  if (own !== undefined && (rleSize[0] !== own[0] || rleSize[1] !== own[1])) {
    const isExchanged = rleSize[0] === own[1] && rleSize[1] === own[0]
    const looks = isExchanged ? ' (they look exchanged)' : ''
    const message = `its run lengths are of ${shown(rleSize)}, the picture of [${own[0]}, ${own[1]}] (height, width)${looks}`
    return { lost: { kind: 'wrong-size', message, ...(isExchanged && { about: 'exchanged-sides' }) } }
  }
  const read: Found<CocoSegmentation> = {
    value: { size: [rleSize[0]!, rleSize[1]!], counts } as CocoSegmentation,
  }
  return isStated ? read : withDoubt(read, 'its run lengths state no size; they fit that of the picture')
}

/** Run lengths decoded; a fault of them is a loss. */
function maskOf(segmentation: CocoSegmentation, size: SizePx): Found<Mask> {
  try {
    return { value: maskFromCocoSegmentation({ ...sizeOnly(size), segmentation }) }
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    return bad('bad-geometry', error.message)
  }
}

function sizeOnly({ widthPx, heightPx }: SizePx): SizePx {
  return { widthPx, heightPx }
}

/** Counts as a text or list; Python's `str` of bytes, b'...', is unwrapped: no sign of it can stand in counts. */
function cleanCounts(counts: unknown): string | readonly number[] | undefined {
  if (Array.isArray(counts)) return readNumbers(counts)
  if (typeof counts !== 'string') return undefined
  const text = counts.trim()
  const bytes = /^b'(.*)'$/s.exec(text) ?? /^b"(.*)"$/s.exec(text)
  return bytes === null ? text : bytes[1]!.replaceAll('\\\\', '\\')
}

/** Whether a ring has both width and height. */
function covers(ring: readonly number[]): boolean {
  const [, , width, height] = boxOfRings([ring])
  return width > 0 && height > 0
}

/** The area of a ring that does not cross itself; of one that does, less. */
function around(ring: readonly number[]): number {
  let twice = 0
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length
    twice += ring[i]! * ring[next + 1]! - ring[next]! * ring[i + 1]!
  }
  return Math.abs(twice) / 2
}

/** The box around the points of outlines: x, y, width, height. */
export function boxOfRings(rings: readonly (readonly number[])[]): [number, number, number, number] {
  let [x0, y0, x1, y1] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const x = ring[i]!
      const y = ring[i + 1]!
      if (x < x0) x0 = x
      if (x > x1) x1 = x
      if (y < y0) y0 = y
      if (y > y1) y1 = y
    }
  }
  return [x0, y0, x1 - x0, y1 - y0]
}
