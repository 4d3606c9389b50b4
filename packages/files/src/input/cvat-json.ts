// Masks in CVAT's JSON: of the one frame that is meant.
import { type CvatPicture, type CvatPlaced, cvatFrames } from '@maskwords/annotations'
import type { FoundMasks, MaskJsonOptions } from './found-masks.ts'
import { ambiguous, picked } from './picked.ts'
import { outsideNotes, placedMasks } from './placed-masks.ts'

/** The masks of some shapes, all of one frame or of the one that `--pick frame=` names. Throws MaskwordsError `ambiguous` or `not-found`. */
export function ofCvatShapes(placed: readonly CvatPlaced[], options: MaskJsonOptions): FoundMasks {
  const { name, picks } = options
  const stated = cvatFrames(placed)
  const idOf = ({ id }: CvatPicture) => id
  const choice = { items: stated, what: 'frame', key: 'frame' as const, idOf, file: name }
  // A frame may have nothing but tracks that pass through it.
  const [passed] = picks?.frame === undefined ? [] : framesWithTracks(placed, picks.frame)
  const chosen = passed === undefined ? picked({ ...choice, picks }) : [passed]
  if (chosen.length > 1) throw ambiguous(choice)
  const list = chosen[0]?.shapes()
  if (list === undefined) return { stated: [], failures: [], notes: [] }
  return { ...placedMasks(list, options), notes: outsideNotes(list.outside, options) }
}

function framesWithTracks(placed: readonly CvatPlaced[], frame: string): CvatPicture[] {
  const found = cvatFrames(placed, [frame]).filter(({ id }) => id === frame)
  return found.filter((one) => {
    const { shapes, unread, outside } = one.shapes()
    return shapes.length + unread.length + outside > 0
  })
}
