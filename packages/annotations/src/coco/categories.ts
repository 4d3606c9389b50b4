// Category entries of a COCO-like file by their ids; of two names under one id, nobody knows which its annotations mean
// (cocodataset.org/#format-data).
import { idAt, type JsonObject, textAt } from '../fields.ts'
import { type Listed, listed, type SameId } from './images.ts'

/** The categories of a list by their ids. Entries of one id and one name are one category. */
export function cocoCategories(list: readonly unknown[], sameId: SameId = 'refuse'): Listed<JsonObject> {
  const nameOf = (entry: JsonObject) => JSON.stringify(textAt(entry, 'name') ?? '')
  return listed(
    list,
    sameId,
    (a, b) => nameOf(a) === nameOf(b),
    nameOf,
    (entry) => idAt(entry, 'id'),
  )
}
