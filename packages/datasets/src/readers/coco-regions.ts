// Regions from COCO-like annotations (cocodataset.org/#format-data); what they cover is read in @maskwords/annotations.
import {
  type CocoGeometryOptions,
  cocoGeometry,
  type Found,
  flagAt,
  idAt,
  isCrowd,
  type JsonObject,
  type Loss,
} from '@maskwords/annotations'
import type { Region } from '../record.ts'

export type CocoRegionOptions = CocoGeometryOptions & {
  readonly id: string
  readonly category?: string | undefined
  readonly isThing?: boolean | undefined
}

/** The region of an annotation with `segmentation` and/or `bbox`; what is wrong about it is a doubt where some of it is kept. */
export function cocoRegion(annotation: JsonObject, options: CocoRegionOptions): Found<Region> {
  const found = cocoGeometry(annotation, options)
  if (found.lost !== undefined) return found
  const geometry = found.value
  const doubts: Loss[] = [...(found.doubts ?? [])]
  if (geometry.segmentation === undefined && geometry.maskFault !== undefined) {
    const { kind, message } = geometry.maskFault
    doubts.push({ kind, message: `${message}; its box is kept` })
  }
  const { id, category, isThing } = options
  const { segmentation, boxXywhPx } = geometry
  const value: Region = {
    id,
    shape: segmentation === undefined ? { kind: 'box' } : { kind: 'coco', segmentation },
    ...(boxXywhPx === undefined ? {} : { boxXywhPx }),
    ...(category === undefined ? {} : { category }),
    ...(isThing === undefined ? {} : { isThing }),
    ...(isCrowd(annotation) ? { isCrowd: true } : {}),
    ...(flagAt(annotation, 'ignore') ? { isIgnored: true } : {}),
  }
  return doubts.length === 0 ? { value } : { value, doubts }
}

/** The id of an annotation's region: its own, or its place among the picture's. */
export function regionId(annotation: unknown, place: number): string {
  const id = idAt(annotation, 'id', 'ann_id', 'anno_id')
  return id === undefined ? `#${place}` : String(id)
}
