// Shapes that a file states and that give no mask, as failures: like ones together, with their number and the first place.
import type { PlacedUnread } from '@maskwords/annotations'
import type { UnreadShape } from '@maskwords/mask'
import type { ErrorReport } from '../error.ts'

/** One failure for each kind of loss; nothing where nothing was lost. */
export function unreadFailures(unread: readonly PlacedUnread[], file: string): ErrorReport[] {
  const groups = new Map<string, { first: PlacedUnread; count: number }>()
  for (const one of unread) {
    const key = `${one.why} ${one.message}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { first: one, count: 1 })
    else group.count++
  }
  return [...groups.values()].map(({ first, count }) => ({
    code: first.why === 'malformed' ? 'malformed' : 'unsupported',
    message: `${count === 1 ? `a shape${named(first)} is` : `${count} shapes are`} not read: ${first.message}`,
    ...(first.why === 'malformed' ? {} : { hint: hintOf(first) }),
    file,
    at: first.at.replace(/^\./, '') || 'top level',
  }))
}

function named({ label }: PlacedUnread): string {
  return label === undefined || label === '' ? '' : ` "${label.slice(0, 40)}"`
}

function hintOf({ why, type }: UnreadShape): string {
  if (type === 'track') return 'export it anew as "CVAT for video", which has a shape in every frame'
  return why === 'no-area'
    ? 'draw it as a polygon or brush where it stands for a region'
    : 'polygons, rectangles, ellipses, circles, turned ones, masks and brushes are read'
}
