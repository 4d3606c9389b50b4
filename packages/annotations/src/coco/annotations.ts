// Annotations of one id in a COCO-like file: ids are only names, so two that differ are two regions, and only a copy counts once
// (cocodataset.org/#format-data gives each its own).
import type { RecordId } from '@maskwords/words'
import { idAt } from '../fields.ts'
import { sameJson } from '../same-json.ts'

export type RepeatedAnnotation = {
  readonly place: number
  readonly id: RecordId
  /** The place of the first of this id. */
  readonly first: number
  /** Alike to the letter: it counts once. */
  readonly isCopy: boolean
}

/** Of each annotation whose id an earlier one has. `places` limits it to some, as those of one picture. */
export function repeatedAnnotations(
  list: readonly unknown[],
  places?: readonly number[],
): RepeatedAnnotation[] {
  const first = new Map<RecordId, number>()
  const found: RepeatedAnnotation[] = []
  const note = (place: number) => {
    const id = idAt(list[place], 'id')
    if (id === undefined) return
    const before = first.get(id)
    if (before === undefined) first.set(id, place)
    else found.push({ place, id, first: before, isCopy: sameJson(list[place], list[before]) })
  }
  if (places === undefined) for (let place = 0; place < list.length; place++) note(place)
  else for (const place of places) note(place)
  return found
}
