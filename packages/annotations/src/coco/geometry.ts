// What a COCO-like annotation covers, by its mask, its box and its area together: a sound mask is kept whatever its box says, a sound
// box whatever its mask says (cocodataset.org/#format-data).
import {
  area,
  type CocoSegmentation,
  type Mask,
  MaskError,
  maskFromCocoSegmentation,
  type SizePx,
  tightBox,
} from '@maskwords/mask'
import { type JsonObject, member, numberAt } from '../fields.ts'
import { bad, type Found, type Loss, shown } from '../found.ts'
import { type Box, boxContradiction, checkedBox, isNoBox, reachesOut } from './box.ts'
import { crowdFlag, isCrowd } from './lists.ts'
import { boxOfRings, plainSegmentation, type ReadSegmentation, readSegmentation } from './segmentation.ts'

/** Outlines or run lengths with the box beside them; or a box alone, and what is wrong with the mask where one was stated. */
export type CocoGeometry =
  | {
      readonly segmentation: CocoSegmentation
      /** Of run lengths, which are decoded to check them. */
      readonly mask?: Mask
      readonly boxXywhPx?: Box
    }
  | { readonly segmentation?: undefined; readonly boxXywhPx: Box; readonly maskFault?: Loss }

export type CocoGeometryOptions = SizePx & {
  /** The mask was made from the box by a network: where they differ, the box is no less right. */
  readonly isMaskOfBox?: boolean
}

/** A stated area may differ from the mask's pixels by so many, or by this part of them: COCO sums outlines, holes and all. */
const AREA_SLACK_PX = 64
const AREA_SLACK = 0.25

/**
 * What an annotation with `segmentation` and/or `bbox` (x, y, width, height) covers. Where one of the two is wrong, the other is
 * kept and the fault is a doubt; a wrong box gives way to that of the mask.
 */
export function cocoGeometry(annotation: JsonObject, options: CocoGeometryOptions): Found<CocoGeometry> {
  const rawBox = member(annotation, 'bbox')
  const box = isNoBox(rawBox) ? undefined : checkedBox(rawBox, options)
  const read = readSegmentation(member(annotation, 'segmentation'), options)
  const doubts: Loss[] = [...(read.lost === undefined ? (read.doubts ?? []) : [])]
  let segmentation = read.lost === undefined ? read.value : undefined
  let fault = read.lost
  const inverted =
    segmentation?.mask === undefined ? undefined : lacksLeadingZero(annotation, segmentation.mask, box)
  if (inverted !== undefined) {
    segmentation = undefined
    fault = inverted
  }
  const { odd, isCrowd } = crowdFlag(annotation)
  if (odd !== undefined) {
    const message = `its iscrowd is ${shown(odd)}, neither 0 nor 1; it is taken for ${isCrowd ? 1 : 0}`
    doubts.push({ kind: 'bad-field', message })
  }
  const found = (value: CocoGeometry): Found<CocoGeometry> =>
    doubts.length === 0 ? { value } : { value, doubts }
  if (segmentation === undefined) {
    // Of another size, the mask is that of another picture, or the box is.
    if (box === undefined || box.lost !== undefined || fault?.kind === 'wrong-size') {
      return { lost: fault ?? box?.lost ?? bad('empty-mask', 'it has neither segmentation nor box').lost }
    }
    if (reachesOut(box.value, options)) {
      const message = `its box ${shown(rawBox)} reaches out of ${options.widthPx} x ${options.heightPx}: x, y, width and height are wanted, not two corners`
      doubts.push({ kind: 'bad-geometry', message, about: 'box' })
    }
    return found({ boxXywhPx: box.value, ...(fault === undefined ? {} : { maskFault: fault }) })
  }
  const own = boxOfSegmentation(segmentation, options)
  const { isMaskOfBox = false } = options
  const wrong =
    box?.value === undefined || isMaskOfBox ? box?.lost?.message : boxContradiction(box.value, own, options)
  if (wrong !== undefined) {
    const message = `${wrong}; that of the mask is taken, ${shown(own)}`
    doubts.push({ kind: 'bad-geometry', message, about: 'box' })
  }
  const stated = numberAt(annotation, 'area')
  if (stated !== undefined && segmentation.mask !== undefined && !isNear(stated, area(segmentation.mask))) {
    const pixels = area(segmentation.mask)
    doubts.push({
      kind: 'bad-geometry',
      message: `its area is stated as ${stated}, its mask has ${pixels} pixels`,
      about: 'area',
    })
  }
  const boxXywhPx = wrong === undefined ? box?.value : own
  return found({ ...segmentation, ...(boxXywhPx === undefined ? {} : { boxXywhPx }) })
}

/**
 * The mask of an annotation, one without pixels too; what its box and area say against it is a doubt, or its loss where they say
 * that it is the rest of the picture.
 */
export function annotationMask(annotation: JsonObject, size: SizePx): Found<Mask> {
  const found = cocoGeometry(annotation, size)
  if (found.value?.segmentation !== undefined) {
    return over(found, found.value.mask ?? drawn(found.value.segmentation, size))
  }
  const fault = found.lost ?? found.value.maskFault
  if (fault !== undefined && fault.kind !== 'empty-mask') return { lost: fault }
  const plain = plainSegmentation(member(annotation, 'segmentation'), size)
  if (plain.lost !== undefined) return plain
  if (plain.value === undefined) return bad('empty-mask', 'it states no mask: its segmentation is empty')
  return over(plain, drawn(plain.value, size))
}

/** The mask with the doubts of what it was drawn from. */
function over(found: Found<unknown>, mask: Mask | { lost: Loss }): Found<Mask> {
  if ('lost' in mask) return mask
  const doubts = found.lost === undefined ? found.doubts : undefined
  return doubts === undefined ? { value: mask } : { value: mask, doubts }
}

function drawn(segmentation: CocoSegmentation, { widthPx, heightPx }: SizePx): Mask | { lost: Loss } {
  try {
    return maskFromCocoSegmentation({ widthPx, heightPx, segmentation })
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    return bad('bad-geometry', error.message)
  }
}

function boxOfSegmentation({ segmentation, mask }: NonNullable<ReadSegmentation>, size: SizePx): Box {
  if (mask === undefined) {
    const box = boxOfRings(segmentation as readonly (readonly number[])[])
    if (!reachesOut(box, size)) return box
    // What lies outside the picture has no pixels.
    const pixels = drawn(segmentation, size)
    return 'lost' in pixels || area(pixels) === 0 ? box : boxOfMask(pixels)
  }
  return boxOfMask(mask)
}

function boxOfMask(mask: Mask): Box {
  const { x, y, width, height } = tightBox(mask)
  return [x, y, width, height]
}

function isNear(stated: number, pixels: number): boolean {
  return Math.abs(stated - pixels) <= Math.max(AREA_SLACK_PX, AREA_SLACK * pixels)
}

/**
 * Run lengths begin with background, if only with 0 pixels of it. Where that 0 was left out all around the mask is read in its
 * place, and area and box fit that rest, not the mask.
 */
function lacksLeadingZero(annotation: JsonObject, mask: Mask, box: Found<Box> | undefined): Loss | undefined {
  const stated = numberAt(annotation, 'area')
  const pixels = area(mask)
  const rest = mask.widthPx * mask.heightPx - pixels
  const boxed = box?.lost === undefined ? box?.value : undefined
  const most = boxed === undefined ? undefined : (Math.ceil(boxed[2]) + 1) * (Math.ceil(boxed[3]) + 1)
  if (isCrowd(annotation) || rest === 0) return undefined
  const areaSaysRest = stated !== undefined && stated > 0 && fits(stated, rest) && !fits(stated, pixels)
  const boxSaysRest = most !== undefined && most < pixels && rest <= most
  // Both say so, or one does where the other is not there.
  if (
    stated === undefined ? !boxSaysRest : boxed === undefined ? !areaSaysRest : !(areaSaysRest && boxSaysRest)
  ) {
    return undefined
  }
  const said = [
    ...(stated === undefined ? [] : [`area ${stated}`]),
    ...(boxed === undefined ? [] : [`box ${shown(boxed)}`]),
  ]
  return {
    kind: 'bad-geometry',
    message: `its run lengths give ${pixels} pixels, all but ${rest} of the picture, against ${said.join(' and ')}: their leading 0 seems to be missing`,
    about: 'leading-zero',
  }
}

function fits(stated: number, pixels: number): boolean {
  return Math.abs(stated - pixels) <= Math.max(2, 0.02 * pixels)
}
