// Shapes of an annotation tool as masks of the open picture, and what was not read of them, counted by its cause.
import type { PlacedShape, ShapeList } from '@maskwords/annotations'
import { isEmpty, MaskError, maskFromShapes, type SizePx } from '@maskwords/mask'
import { StudioError } from './error.ts'
import { chosenGround, type Grounds } from './ground.ts'
import { checkCount, type LoadedMasks, labelled, type NamedMask } from './loaded.ts'

/** Masks of shapes that people drew on the picture as it is shown. Throws StudioError where nothing of it can be read. */
export function loadedShapes(
  { shapes, unread }: ShapeList,
  picture: Grounds,
  file: { readonly size: SizePx | undefined; readonly readAs: string; readonly said?: readonly string[] },
): LoadedMasks {
  checkCount(shapes.length)
  const stated = [file.size, ...shapes.map(({ size }) => size)].filter((size) => size !== undefined)
  const ground = chosenGround(picture, {
    stated,
    convention: 'shown',
    outlines: shapes.map(
      ({ shape }) =>
        (on) =>
          maskFromShapes([shape], on),
    ),
  })
  if (ground === undefined) {
    const [size] = stated
    throw new StudioError(
      'size-mismatch',
      `the file says that its picture has ${size?.widthPx} x ${size?.heightPx} pixels; the open picture has ${picture.widthPx} x ${picture.heightPx}`,
      { hint: 'Open the picture that was annotated, in that size.' },
    )
  }
  const causes = unread.map(({ message }) => message)
  const masks = shapes.flatMap((one: PlacedShape, i): NamedMask[] => {
    try {
      const mask = ground.shown(maskFromShapes([one.shape], ground.size))
      if (!isEmpty(mask)) return [labelled(mask, one.label, `Shape ${i + 1}`)]
      causes.push('a shape covers no pixel of the picture')
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      causes.push(error.message)
    }
    return []
  })
  if (masks.length === 0) {
    throw new StudioError(
      'malformed',
      causes.length === 0 ? 'the file has no shape of this picture' : inCounts(causes),
      {
        hint: 'Polygons, rectangles, ellipses, masks and brushes are read; points, lines and skeletons cover nothing.',
      },
    )
  }
  return {
    masks,
    refused: causes.length,
    ...(causes.length > 0 && { cause: inCounts(causes) }),
    readAs: [file.readAs, ...(file.said ?? []), ...ground.said].join('; '),
  }
}

/** Causes with their numbers, the most frequent first. */
export function inCounts(causes: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const cause of causes) counts.set(cause, (counts.get(cause) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([cause, count]) => (count === 1 ? cause : `${count} times: ${cause}`))
    .join('; ')
}
