// Masks in CVAT's XML: of the one image, or the one frame of a video, that is meant.
import { type CvatPicture, readCvatXml } from '@maskwords/annotations'
import { MaskwordsError } from '../error.ts'
import type { FoundMasks, MaskJsonOptions } from './found-masks.ts'
import { ambiguous, picked, samePicture } from './picked.ts'
import { outsideNotes, placedMasks } from './placed-masks.ts'

/** Finds the masks that a CVAT XML states for one picture. Throws MaskwordsError and AnnotationError with the place. */
export function findCvatXml(text: string, options: MaskJsonOptions): FoundMasks {
  const chosen = chosenPicture(readCvatXml(text), options)
  if (chosen === undefined) return { stated: [], failures: [], notes: [] }
  const size = chosen.size ?? options.size
  // What the picture itself says counts, as in `prepare`: a width of 0 says nothing.
  if (chosen.kind === 'image' && size === undefined) {
    throw new MaskwordsError('malformed', '<image> has no whole number as width and height', {
      file: options.name,
      at: chosen.at,
      hint: 'give the picture, which has them',
    })
  }
  const list = chosen.shapes()
  const found = placedMasks(list, options, { size, label: 'mask' })
  return { ...found, notes: outsideNotes(list.outside, options) }
}

/** The one image or frame that is meant. Throws MaskwordsError `ambiguous` or `not-found`. */
function chosenPicture(
  pictures: readonly CvatPicture[],
  { name, picks, fileName, imageId }: MaskJsonOptions,
): CvatPicture | undefined {
  if (pictures[0]?.kind !== 'image') {
    const idOf = (picture: CvatPicture) => picture.id
    const choice = { items: pictures, what: 'frame', key: 'frame' as const, idOf, file: name }
    const left = picked({ ...choice, picks })
    if (left.length > 1) throw ambiguous(choice)
    return left[0]
  }
  // An image of a task is a frame of it, and its id the frame's number.
  const id = imageId ?? picks?.frame
  const hint = 'choose one: --image-id <id>'
  let left = pictures
  if (id !== undefined) left = pictures.filter((picture) => picture.id === id)
  else if (picks?.picture !== undefined) left = pictures.filter((picture) => picture.name === picks.picture)
  else if (fileName !== undefined && pictures.some((picture) => picture.name !== undefined)) {
    const names = pictures.map((picture) => picture.name)
    left = samePicture(names, fileName).map((i) => pictures[i]!)
  }
  if (left.length === 1) return left[0]
  const [first] = left.length === 0 ? pictures : left
  if (left.length === 0) {
    throw new MaskwordsError(
      'not-found',
      `no <image> matches the picture; the first is ${first!.name ?? first!.id}`,
      { file: name, hint },
    )
  }
  throw new MaskwordsError('ambiguous', `the file annotates ${left.length} pictures that could be meant`, {
    file: name,
    hint: `choose one: --image-id ${first!.id ?? 0}`,
  })
}
