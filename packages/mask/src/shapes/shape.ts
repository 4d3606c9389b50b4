// What a drawn shape of an annotation tool covers, and what becomes of shapes that cover nothing or are not understood. One place
// for all commands: labelme.ts, cvat.ts and label-studio.ts say how each tool writes its shapes. Definition: ours.
import { maskFromCvatRle } from '../cvat-rle.ts'
import { MaskError } from '../error.ts'
import { excerpt } from '../excerpt.ts'
import { maskFromLabelStudioRle } from '../label-studio-rle.ts'
import type { Mask } from '../mask.ts'
import { paste } from '../placement.ts'
import { maskFromCocoPolygons } from '../polygon.ts'
import { unionAll } from '../set-operations.ts'
import type { Point } from './outline.ts'

/** What a shape covers; pixels of the picture. */
export type DrawnShape =
  /** Filled outlines, united: x, y, x, y, ... each. */
  | { readonly kind: 'outlines'; readonly rings: readonly (readonly number[])[] }
  /** CVAT's run lengths in a box; `maskFromCvatRle`. */
  | { readonly kind: 'cvat-rle'; readonly points: readonly number[] }
  /** Label Studio's brush, of the whole picture; `maskFromLabelStudioRle`. */
  | { readonly kind: 'labelstudio-rle'; readonly rle: readonly number[] }
  /** A mask of its own size, its left upper corner at x, y. */
  | { readonly kind: 'bitmap'; readonly x: number; readonly y: number; readonly mask: Mask }

/** Why a shape gives no mask. */
export type UnreadShape = {
  /** `no-area`: points and lines, which cover nothing. `unknown`: a type that is not read. `malformed`: one that is, badly written. */
  readonly why: 'no-area' | 'unknown' | 'malformed'
  /** The shape's type as its file names it. */
  readonly type: string
  /** What is wrong, in one phrase without the place. */
  readonly message: string
}

export type ShapeReading = { readonly shape: DrawnShape } | { readonly unread: UnreadShape }

/** The mask of shapes together in a picture of widthPx x heightPx. Throws MaskError as the readers of their forms do. */
export function maskFromShapes(
  shapes: readonly DrawnShape[],
  size: { readonly widthPx: number; readonly heightPx: number },
): Mask {
  const { widthPx, heightPx } = size
  const masks = shapes.map((shape) => maskFromShape(shape, { widthPx, heightPx }))
  return masks.length === 1 ? masks[0]! : unionAll(masks, { widthPx, heightPx })
}

function maskFromShape(shape: DrawnShape, size: { widthPx: number; heightPx: number }): Mask {
  switch (shape.kind) {
    case 'outlines':
      return maskFromCocoPolygons({ ...size, polygons: shape.rings })
    case 'cvat-rle':
      return maskFromCvatRle({ ...size, points: shape.points })
    case 'labelstudio-rle':
      return maskFromLabelStudioRle({ ...size, rle: shape.rle })
    case 'bitmap':
      return paste(shape.mask, { ...size, x: shape.x, y: shape.y })
  }
}

export function outlines(...rings: readonly (readonly number[])[]): ShapeReading {
  return { shape: { kind: 'outlines', rings } }
}

export function unread(why: UnreadShape['why'], type: string, message: string): ShapeReading {
  return { unread: { why, type, message } }
}

export function noArea(type: string): ShapeReading {
  return unread('no-area', type, `a ${type} covers no area`)
}

export function unknownType(type: string): ShapeReading {
  return unread('unknown', type, `shapes of the type ${excerpt(type)} are not read`)
}

export function malformed(type: string, message: string): ShapeReading {
  return unread('malformed', type, message)
}

/** `read`, with a MaskError of it as a malformed shape. */
export function readOrMalformed(type: string, read: () => ShapeReading): ShapeReading {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    return malformed(type, error.message)
  }
}

/** A number with a value, or a text that is one, as XML has them; undefined else. */
export function finite(value: unknown): number | undefined {
  if (typeof value === 'string' && value.trim() !== '' && value.length < 64) value = Number(value)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Points out of a list of pairs, or of x, y, x, y, ...; undefined where it is neither. */
export function pointsOf(value: unknown): Point[] | undefined {
  if (!Array.isArray(value)) return undefined
  const isPairs = value.length > 0 && Array.isArray(value[0])
  const points: Point[] = []
  if (!isPairs && value.length % 2 !== 0) return undefined
  for (let i = 0; i < value.length; i += isPairs ? 1 : 2) {
    const pair: unknown = isPairs ? value[i] : [value[i], value[i + 1]]
    if (!Array.isArray(pair) || pair.length !== 2) return undefined
    const [x, y] = pair.map(finite)
    if (x === undefined || y === undefined) return undefined
    points.push([x, y])
  }
  return points
}
