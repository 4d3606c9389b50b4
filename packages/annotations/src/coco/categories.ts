// Category entries of a COCO-like file by their ids; of two names under one id, nobody knows which its annotations mean
// (cocodataset.org/#format-data).
import { idAt, type JsonObject, memberOfAny, textAt } from '../fields.ts'
import { type Listed, listed, type SameId } from './images.ts'

/** A category's name: text, or a number as it is written. */
export function categoryName(entry: unknown): string | undefined {
  const name = memberOfAny(entry, ['name'])
  return typeof name === 'number' ? String(name) : textAt(entry, 'name')
}

/** The categories of a list by their ids. Entries of one id and one name are one category. */
export function cocoCategories(list: readonly unknown[], sameId: SameId = 'refuse'): Listed<JsonObject> {
  const nameOf = (entry: JsonObject) => JSON.stringify(categoryName(entry) ?? '')
  return listed(
    list,
    sameId,
    (a, b) => nameOf(a) === nameOf(b),
    nameOf,
    (entry) => idAt(entry, 'id'),
  )
}
