// Regions from COCO-like annotations: a sound mask is kept whatever its box says, a sound box whatever its mask says
// (cocodataset.org/#format-data).
import { area, type Mask, tightBox } from '@maskwords/mask'
import type { Region, RegionShape } from '../record.ts'
import { type Box, bad, boxContradiction, checkedBox, isNoBox, type Size, shown } from './coco-box.ts'
import { boxOfRings, type ReadSegmentation, readSegmentation } from './coco-segmentation.ts'
import { flagAt, idAt, type JsonObject, member, numberAt } from './fields.ts'
import type { Found, Loss } from './reading.ts'

export type CocoRegionOptions = Size & {
  readonly id: string
  readonly category?: string | undefined
  readonly isThing?: boolean | undefined
  /** The mask was made from the box by a network: where they differ, the box is no less right. */
  readonly isMaskOfBox?: boolean
}

/** A stated area may differ from the mask's pixels by so many, or by this part of them: COCO sums outlines, holes and all. */
const AREA_SLACK_PX = 64
const AREA_SLACK = 0.25

/**
 * The region of an annotation with `segmentation` and/or `bbox` (x, y, width, height). Where one of the two is wrong, the
 * other is kept and the fault is a doubt; a wrong box gives way to that of the mask.
 */
export function cocoRegion(annotation: JsonObject, options: CocoRegionOptions): Found<Region> {
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
  if (segmentation === undefined) {
    // Of another size, the mask is that of another picture, or the box is.
    if (box === undefined || box.lost !== undefined || fault?.kind === 'wrong-size') {
      return { lost: fault ?? box?.lost ?? bad('empty-mask', 'it has neither segmentation nor box').lost }
    }
    if (fault !== undefined) doubts.push({ kind: fault.kind, message: `${fault.message}; its box is kept` })
    return found({ kind: 'box' }, box.value, doubts)
  }
  const own = boxOfSegmentation(segmentation)
  const { isMaskOfBox = false } = options
  const wrong =
    box?.value === undefined || isMaskOfBox ? box?.lost?.message : boxContradiction(box.value, own, options)
  if (wrong !== undefined) {
    doubts.push({ kind: 'bad-geometry', message: `${wrong}; that of the mask is taken, ${shown(own)}` })
  }
  const stated = numberAt(annotation, 'area')
  if (stated !== undefined && segmentation.mask !== undefined && !isNear(stated, area(segmentation.mask))) {
    const pixels = area(segmentation.mask)
    doubts.push({
      kind: 'bad-geometry',
      message: `its area is stated as ${stated}, its mask has ${pixels} pixels`,
    })
  }
  const shape: RegionShape = { kind: 'coco', segmentation: segmentation.segmentation }
  return found(shape, wrong !== undefined ? own : box?.value, doubts)

  function found(kind: RegionShape, xywh: Box | undefined, said: readonly Loss[]): Found<Region> {
    const value: Region = {
      id: options.id,
      shape: kind,
      ...(xywh === undefined ? {} : { boxXywhPx: xywh }),
      ...(options.category === undefined ? {} : { category: options.category }),
      ...(options.isThing === undefined ? {} : { isThing: options.isThing }),
      ...(flagAt(annotation, 'iscrowd') ? { isCrowd: true } : {}),
      ...(flagAt(annotation, 'ignore') ? { isIgnored: true } : {}),
    }
    return said.length === 0 ? { value } : { value, doubts: said }
  }
}

function boxOfSegmentation({ segmentation, mask }: NonNullable<ReadSegmentation>): Box {
  if (mask === undefined) return boxOfRings(segmentation as readonly (readonly number[])[])
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
  if (flagAt(annotation, 'iscrowd') || rest === 0) return undefined
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
  }
}

function fits(stated: number, pixels: number): boolean {
  return Math.abs(stated - pixels) <= Math.max(2, 0.02 * pixels)
}

/** The id of an annotation's region: its own, or its place among the picture's. */
export function regionId(annotation: unknown, place: number): string {
  const id = idAt(annotation, 'id', 'ann_id', 'anno_id')
  return id === undefined ? `#${place}` : String(id)
}
