// Regions from COCO-like annotations, checked: outlines, run lengths, boxes, categories (cocodataset.org/#format-data).
import { type CocoSegmentation, isEmpty, MaskError, maskFromCocoSegmentation } from '@maskwords/mask'
import type { DataProblem, Region, RegionShape } from '../record.ts'
import { asObject, idAt, type JsonObject, member, numbersOf } from './fields.ts'
import type { Loss } from './reading.ts'

export type Box = readonly [number, number, number, number]
export type Found<T> = { readonly value: T; readonly lost?: undefined } | { readonly lost: Loss }

type Size = { readonly widthPx: number; readonly heightPx: number }

const lost = (kind: DataProblem['kind'], message: string): { lost: Loss } => ({ lost: { kind, message } })

/** A box x, y, width, height that touches the picture. Parts outside it are left as they are. */
export function checkedBox(value: unknown, size: Size): Found<Box> {
  const numbers = numbersOf(value)
  if (numbers === undefined || numbers.length !== 4) {
    return lost('bad-geometry', `its box ${shown(value)} should be four numbers x, y, width, height`)
  }
  const [x, y, width, height] = numbers as unknown as Box
  if (width < 0 || height < 0) return lost('bad-geometry', `its box ${shown(value)} has a negative side`)
  if (width === 0 || height === 0) return lost('empty-mask', `its box ${shown(value)} is empty`)
  if (x >= size.widthPx || y >= size.heightPx || x + width <= 0 || y + height <= 0) {
    return lost('bad-geometry', `its box ${shown(value)} lies outside ${size.widthPx} x ${size.heightPx}`)
  }
  return { value: [x, y, width, height] }
}

/** A box x1, y1, x2, y2 (corners) as x, y, width, height. */
export function boxFromCorners(value: unknown, size: Size): Found<Box> {
  const numbers = numbersOf(value)
  if (numbers === undefined || numbers.length !== 4) {
    return lost('bad-geometry', `its box ${shown(value)} should be four numbers x1, y1, x2, y2`)
  }
  const [x1, y1, x2, y2] = numbers as unknown as Box
  return checkedBox([x1, y1, x2 - x1, y2 - y1], size)
}

/** A `segmentation` that reads as a mask with pixels. Undefined value where it is absent or an empty list. */
export function checkedSegmentation(value: unknown, size: Size): Found<CocoSegmentation | undefined> {
  if (value === undefined || value === null) return { value: undefined }
  if (Array.isArray(value)) {
    if (value.length === 0) return { value: undefined }
    // One flat ring where a list of rings should stand is unambiguous.
    const rings = typeof value[0] === 'number' ? [value] : value
    let hasArea = false
    for (const ring of rings) {
      const numbers = numbersOf(ring)
      if (numbers === undefined || numbers.length % 2 !== 0) {
        return lost('bad-geometry', `an outline is no even list of numbers: ${shown(ring)}`)
      }
      hasArea ||= covers(numbers)
    }
    // Outlines of fewer than three points enclose nothing; published files hold some beside good ones.
    const usable = rings.filter((ring) => ring.length >= 6) as CocoSegmentation
    return hasArea ? { value: usable } : lost('empty-mask', 'its outlines enclose nothing')
  }
  const object = asObject(value)
  const rleSize = numbersOf(member(value, 'size'))
  const counts = member(value, 'counts')
  if (
    object === undefined ||
    rleSize?.length !== 2 ||
    !(typeof counts === 'string' || Array.isArray(counts))
  ) {
    return lost('bad-geometry', `its segmentation is neither outlines nor { size, counts }: ${shown(value)}`)
  }
  const segmentation = { size: [rleSize[0]!, rleSize[1]!], counts } as CocoSegmentation
  const { widthPx, heightPx } = size
  if (rleSize[0] !== heightPx || rleSize[1] !== widthPx) {
    const swapped = rleSize[0] === widthPx && rleSize[1] === heightPx ? ' (they look exchanged)' : ''
    return lost(
      'wrong-size',
      `its run lengths are of ${shown(rleSize)}, the picture of [${heightPx}, ${widthPx}] (height, width)${swapped}`,
    )
  }
  try {
    if (isEmpty(maskFromCocoSegmentation({ widthPx, heightPx, segmentation }))) {
      return lost('empty-mask', 'its run lengths hold no pixel')
    }
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    return lost('bad-geometry', error.message)
  }
  return { value: segmentation }
}

/** Whether a ring has both width and height. */
function covers(ring: readonly number[]): boolean {
  if (ring.length < 6) return false
  let [x0, y0] = ring as [number, number]
  let [x1, y1] = [x0, y0]
  for (let i = 2; i < ring.length; i += 2) {
    const x = ring[i]!
    const y = ring[i + 1]!
    if (x < x0) x0 = x
    else if (x > x1) x1 = x
    if (y < y0) y0 = y
    else if (y > y1) y1 = y
  }
  return x1 > x0 && y1 > y0
}

export type CocoRegionOptions = Size & {
  readonly id: string
  readonly category?: string | undefined
  readonly isThing?: boolean | undefined
}

/** The region of an annotation with `segmentation` and/or `bbox` (x, y, width, height). */
export function cocoRegion(annotation: JsonObject, options: CocoRegionOptions): Found<Region> {
  const segmentation = checkedSegmentation(member(annotation, 'segmentation'), options)
  if (segmentation.lost !== undefined) return segmentation
  const rawBox = member(annotation, 'bbox')
  const hasBox = rawBox !== undefined && rawBox !== null && !(Array.isArray(rawBox) && rawBox.length === 0)
  const box = hasBox ? checkedBox(rawBox, options) : undefined
  if (box?.lost !== undefined) return box
  if (segmentation.value === undefined && box === undefined) {
    return lost('empty-mask', 'it has neither segmentation nor box')
  }
  const shape: RegionShape =
    segmentation.value === undefined ? { kind: 'box' } : { kind: 'coco', segmentation: segmentation.value }
  const crowd = member(annotation, 'iscrowd')
  return {
    value: {
      id: options.id,
      shape,
      ...(box === undefined ? {} : { boxXywhPx: box.value }),
      ...(options.category === undefined ? {} : { category: options.category }),
      ...(options.isThing === undefined ? {} : { isThing: options.isThing }),
      ...(crowd === 1 || crowd === true ? { isCrowd: true } : {}),
    },
  }
}

/** The id of an annotation's region: its own, or its place among the picture's. */
export function regionId(annotation: unknown, place: number): string {
  const id = idAt(annotation, 'id', 'ann_id', 'anno_id')
  return id === undefined ? `#${place}` : String(id)
}

export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
