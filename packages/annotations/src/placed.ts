// Shapes with their place in a file, as the readers of every tool hand them on. Definition: ours.
import type { DrawnShape, ShapeReading, SizePx, UnreadShape } from '@maskwords/mask'

/** A shape that is not read, with its place; `label` where it has one. */
export type PlacedUnread = UnreadShape & { readonly at: string; readonly label?: string | undefined }

export type PlacedShape = {
  readonly at: string
  /** Undefined where nothing names it. */
  readonly label: string | undefined
  /** Where it has several, which `label` joins. */
  readonly labels?: readonly string[]
  readonly id?: number | string | undefined
  /** Of its picture, where the shape states it itself. */
  readonly size?: SizePx | undefined
  readonly shape: DrawnShape
}

/** Shapes of one picture: those that are read, and those that are not. */
export type ShapeList = { readonly shapes: PlacedShape[]; readonly unread: PlacedUnread[] }

/** Puts a reading where it belongs. */
export function sorted(list: ShapeList, place: Omit<PlacedShape, 'shape'>, reading: ShapeReading): void {
  if ('shape' in reading) list.shapes.push({ ...place, shape: reading.shape })
  else list.unread.push({ ...reading.unread, at: place.at, label: place.label })
}
