// Shapes of an annotation tool as stated masks, and those that are not read as failures.
import type { PlacedShape, ShapeList } from '@maskwords/annotations'
import type { FoundMasks, MaskJsonOptions, StatedMask, StatedSize } from './found-masks.ts'
import { stem } from './found-masks.ts'
import { unreadFailures } from './unread.ts'

/** `size`: of the picture, where a shape states none; `label` of shapes that have none. */
export function placedMasks(
  { shapes, unread }: ShapeList,
  options: MaskJsonOptions,
  { size = options.size, label = stem(options) }: { size?: StatedSize | undefined; label?: string } = {},
): FoundMasks {
  return {
    stated: shapes.map((one) => statedShape(one, size, label)),
    failures: unreadFailures(unread, options.name),
    notes: [],
  }
}

function statedShape(one: PlacedShape, size: StatedSize | undefined, label: string): StatedMask {
  return {
    dialect: 'shapes',
    label: one.label ?? label,
    id: one.id,
    at: one.at,
    iscrowd: false,
    size: one.size ?? size,
    shapes: [one.shape],
  }
}

/** Says how many shapes are outside the picture in the chosen frame. */
export function outsideNotes(outside: number, { name }: MaskJsonOptions): string[] {
  if (outside === 0) return []
  return [
    `${name}: ${outside} ${outside === 1 ? 'shape is' : 'shapes are'} outside the picture in this frame`,
  ]
}
