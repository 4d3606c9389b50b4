// The regions of a Label Studio annotation. Entries of one id are one region: a shape, and the labels, texts and choices that were
// given to it (Label Studio 1 documentation, "Export annotations": results).
import { readLabelStudioRegion } from '@maskwords/mask'
import { idAt, sizeAt } from '../fields.ts'
import type { PlacedShape, PlacedUnread, ShapeList } from '../placed.ts'
import { type LabelStudioEntry, textId } from './tasks.ts'

type Read = LabelStudioEntry & { readonly reading: NonNullable<ReturnType<typeof readLabelStudioRegion>> }

/** Regions of one picture of an annotation: of one control (`to_name`) and one page (`item_index`). */
export type LabelStudioGroup = {
  readonly toName: string | undefined
  readonly itemIndex: string | undefined
  readonly entries: readonly Read[]
}

/** The regions of an annotation by their pictures; entries that are no regions of a picture are left out. */
export function regionGroups(entries: readonly LabelStudioEntry[]): LabelStudioGroup[] {
  const groups = new Map<string, LabelStudioGroup & { readonly entries: Read[] }>()
  for (const { item, at } of entries) {
    const reading = readLabelStudioRegion(item)
    if (reading === undefined) continue
    const [toName, itemIndex] = [textId(item['to_name']), textId(item['item_index'])]
    const key = JSON.stringify([toName, itemIndex])
    const group = groups.get(key) ?? { toName, itemIndex, entries: [] }
    groups.set(key, group)
    group.entries.push({ item, at, reading })
  }
  return [...groups.values()]
}

/** The shapes of some entries; their labels are those of all entries of one id. */
export function regionShapes(entries: readonly Read[]): ShapeList {
  type Region = { readonly first: Read; readonly labels: string[]; shape?: PlacedShape['shape'] }
  const regions = new Map<string, Region>()
  const unread: PlacedUnread[] = []
  entries.forEach((entry, place) => {
    const { item, at, reading } = entry
    const id = textId(item['id'])
    const key = id === undefined ? `${place}` : `id ${id}`
    const region = regions.get(key) ?? { first: entry, labels: [] }
    regions.set(key, region)
    region.labels.push(...reading.labels.filter((label) => !region.labels.includes(label)))
    if ('unread' in reading) unread.push({ ...reading.unread, at, label: joined(reading.labels) })
    else region.shape ??= reading.shape
  })
  const shapes = [...regions.values()].flatMap(({ first: { item, at }, labels, shape }): PlacedShape[] =>
    shape === undefined
      ? []
      : [
          {
            at: `${at}.value`,
            label: joined(labels),
            ...(labels.length > 1 ? { labels } : {}),
            id: idAt(item, 'id'),
            size: sizeAt(item, 'original_width', 'original_height'),
            shape,
          },
        ],
  )
  return { shapes, unread }
}

function joined(labels: readonly string[]): string | undefined {
  return labels.length === 0 ? undefined : labels.join(', ')
}
