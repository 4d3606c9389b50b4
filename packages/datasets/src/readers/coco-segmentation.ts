// `segmentation` of COCO-like annotations in the forms that files hold: outlines, run lengths, and what tools made of them
// (cocodataset.org/#format-data). Read where its meaning is plain; what was odd about it is said.
import {
  type CocoSegmentation,
  cocoStringFromMask,
  isEmpty,
  type Mask,
  MaskError,
  maskFromCocoSegmentation,
  unionAll,
} from '@maskwords/mask'
import { bad, readNumbers, type Size, shown } from './coco-box.ts'
import { asObject, member } from './fields.ts'
import type { Found, Loss } from './reading.ts'

/** What a `segmentation` says, and its mask where that was made to check it. Undefined where it says nothing. */
export type ReadSegmentation = { readonly segmentation: CocoSegmentation; readonly mask?: Mask } | undefined

/** A `segmentation` that reads as a mask with pixels. Undefined value where it is absent or an empty list. */
export function readSegmentation(value: unknown, size: Size): Found<ReadSegmentation> {
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

/** The same for a region that has nothing but its outlines or run lengths. */
export function checkedSegmentation(value: unknown, size: Size): Found<CocoSegmentation | undefined> {
  const read = readSegmentation(value, size)
  return read.lost === undefined ? { ...read, value: read.value?.segmentation } : read
}

/** Tables hold JSON within a text. */
function fromText(text: string, size: Size): Found<ReadSegmentation> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object')
    return bad('bad-geometry', `its segmentation is neither outlines nor { size, counts }: ${shown(text)}`)
  return withDoubt(readSegmentation(value, size), 'its segmentation is JSON inside a text')
}

function fromOutlines(value: readonly unknown[]): Found<ReadSegmentation> {
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
    // Outlines of fewer than three points enclose nothing; published files hold some beside good ones.
    if (numbers.length >= 6) rings.push(numbers)
  }
  if (!rings.some(covers)) return bad('empty-mask', 'its outlines enclose nothing')
  return { value: { segmentation: rings as CocoSegmentation }, ...(doubts.length === 0 ? {} : { doubts }) }
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
function fromRuns(list: readonly unknown[], size: Size): Found<ReadSegmentation> {
  const masks: Mask[] = []
  for (const entry of list) {
    const read = fromRunLengths(entry, size)
    if (read.lost !== undefined) return read
    masks.push(read.value!.mask!)
  }
  const mask = unionAll(masks)
  const segmentation = {
    size: [size.heightPx, size.widthPx],
    counts: cocoStringFromMask(mask),
  } as CocoSegmentation
  return { value: { segmentation, mask } }
}

function fromRunLengths(value: unknown, size: Size): Found<ReadSegmentation> {
  const { widthPx, heightPx } = size
  const stated = member(value, 'size')
  const rleSize = stated === undefined || stated === null ? [heightPx, widthPx] : readNumbers(stated)
  const counts = cleanCounts(member(value, 'counts'))
  if (asObject(value) === undefined || rleSize?.length !== 2 || counts === undefined) {
    return bad('bad-geometry', `its segmentation is neither outlines nor { size, counts }: ${shown(value)}`)
  }
  if (rleSize[0] !== heightPx || rleSize[1] !== widthPx) {
    const swapped = rleSize[0] === widthPx && rleSize[1] === heightPx ? ' (they look exchanged)' : ''
    return bad(
      'wrong-size',
      `its run lengths are of ${shown(rleSize)}, the picture of [${heightPx}, ${widthPx}] (height, width)${swapped}`,
    )
  }
  const segmentation = { size: [heightPx, widthPx], counts } as CocoSegmentation
  let mask: Mask
  try {
    mask = maskFromCocoSegmentation({ widthPx, heightPx, segmentation })
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    return bad('bad-geometry', error.message)
  }
  if (isEmpty(mask)) return bad('empty-mask', 'its run lengths hold no pixel')
  const read: Found<ReadSegmentation> = { value: { segmentation, mask } }
  return stated === undefined || stated === null
    ? withDoubt(read, 'its run lengths state no size; they fit that of the picture')
    : read
}

/** Counts as a text or list; Python's `str` of bytes, b'...', is unwrapped: no sign of it can stand in counts. */
function cleanCounts(counts: unknown): string | readonly number[] | undefined {
  if (Array.isArray(counts)) return readNumbers(counts)
  if (typeof counts !== 'string') return undefined
  const bytes = /^b'(.*)'$/s.exec(counts) ?? /^b"(.*)"$/s.exec(counts)
  return bytes === null ? counts : bytes[1]!.replaceAll('\\\\', '\\')
}

function withDoubt<T>(found: Found<T>, message: string): Found<T> {
  if (found.lost !== undefined) return found
  return { ...found, doubts: [...(found.doubts ?? []), { kind: 'bad-geometry', message }] }
}

/** Whether a ring has both width and height. */
function covers(ring: readonly number[]): boolean {
  const [, , width, height] = boxOfRings([ring])
  return width > 0 && height > 0
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
