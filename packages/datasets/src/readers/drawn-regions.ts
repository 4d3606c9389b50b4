// Regions from what annotation tools draw: outlines stay outlines, whatever else becomes run lengths. Definition: ours.
import { checkedSegmentation, type Found, type ShapeList } from '@maskwords/annotations'
import {
  type CocoSegmentation,
  cocoRleFromMask,
  type DrawnShape,
  MaskError,
  maskFromShapes,
  type SizePx,
} from '@maskwords/mask'
import type { Region } from '../record.ts'
import type { Reading } from './reading.ts'

/** What shapes of one region cover. */
export function drawnSegmentation(
  shapes: readonly DrawnShape[],
  size: SizePx,
): Found<CocoSegmentation | undefined> {
  const { widthPx, heightPx } = size
  if (shapes.every((shape) => shape.kind === 'outlines'))
    return checkedSegmentation(
      shapes.flatMap((shape) => shape.rings),
      size,
    )
  try {
    return checkedSegmentation(cocoRleFromMask(maskFromShapes(shapes, { widthPx, heightPx })), size)
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    return { lost: { kind: 'bad-geometry', message: error.message } }
  }
}

/** The regions of a picture's shapes, a shape each; each that is not read, or of another size than the picture, is a problem. */
export function drawnRegions(
  reading: Reading,
  { shapes, unread }: ShapeList,
  size: SizePx,
  file: string,
): Region[] {
  for (const { at, label, message } of unread)
    reading.lostRegion({ kind: 'bad-geometry', message }, label, file, placeOf(at))
  return shapes.flatMap(({ at, label, id, shape, size: own }, place) => {
    const where = placeOf(at)
    if (own !== undefined && (own.widthPx !== size.widthPx || own.heightPx !== size.heightPx)) {
      const message = `it is drawn on ${own.widthPx} x ${own.heightPx} pixels, its picture has ${size.widthPx} x ${size.heightPx}`
      reading.lostRegion({ kind: 'wrong-size', message }, label, file, where)
      return []
    }
    const segmentation = reading.keep(drawnSegmentation([shape], size), file, where, label)
    if (segmentation === undefined) return []
    return [
      {
        id: id === undefined ? `#${place}` : String(id),
        shape: { kind: 'coco' as const, segmentation },
        ...(label === undefined ? {} : { category: label }),
      },
    ]
  })
}

function placeOf(at: string): string {
  return at.replace(/^\./, '')
}
