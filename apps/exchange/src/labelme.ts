// labelme's JSON (and X-AnyLabeling's): the shapes of one picture as regions, by the code that the command reads them with.
import { sizeAt } from '@maskwords/annotations'
import { isEmpty, MaskError, maskFromShapes, readLabelmeShapes } from '@maskwords/mask'
import { StudioError } from './error.ts'
import { chosenGround, type Grounds } from './ground.ts'
import { type LoadedMasks, labelled, type NamedMask } from './loaded.ts'

type Labelme = {
  readonly shapes: readonly unknown[]
  readonly imageWidth?: unknown
  readonly imageHeight?: unknown
}

/** Whether a parsed JSON value is a labelme file. */
export function isLabelme(json: unknown): json is Labelme {
  return typeof json === 'object' && json !== null && Array.isArray((json as Partial<Labelme>).shapes)
}

/** The regions of a labelme file for a picture. Throws StudioError where its size is another, or nothing can be read. */
export function masksFromLabelme(json: Labelme, picture: Grounds): LoadedMasks {
  const stated = sizeAt(json, 'imageWidth', 'imageHeight')
  const { regions, unread } = readLabelmeShapes(json.shapes)
  const ground = chosenGround(picture, {
    stated: stated === undefined ? [] : [stated],
    // labelme turns pictures before anyone draws on them.
    convention: 'shown',
    outlines: regions.map(
      ({ shapes }) =>
        (on) =>
          maskFromShapes(shapes, on),
    ),
  })
  if (ground === undefined) {
    throw new StudioError(
      'size-mismatch',
      `the file says that its picture has ${stated?.widthPx} x ${stated?.heightPx} pixels; the open picture has ${picture.widthPx} x ${picture.heightPx}`,
      { hint: 'Open the picture that was annotated, in that size.' },
    )
  }
  const causes = unread.map(({ place, message }) => `shape ${place}: ${message}`)
  const masks = regions.flatMap(({ label, shapes, places }): NamedMask[] => {
    try {
      const mask = ground.shown(maskFromShapes(shapes, ground.size))
      if (!isEmpty(mask)) return [labelled(mask, label, `Shape ${places[0]! + 1}`)]
      causes.push(`shape ${places[0]}: it covers no pixel of the picture`)
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      causes.push(`shape ${places[0]}: ${error.message}`)
    }
    return []
  })
  if (masks.length === 0) {
    throw new StudioError('malformed', causes[0] ?? 'the file has no shape', {
      hint: 'Polygons, rectangles, turned ones, circles and masks of labelme are read.',
    })
  }
  const [cause] = causes
  return {
    masks,
    refused: causes.length,
    ...(cause === undefined ? {} : { cause }),
    readAs: ['labelme shapes', ...ground.said].join('; '),
  }
}
