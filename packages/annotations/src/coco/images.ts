// Image entries of a COCO-like file: their ids, names and sizes, and what shares an id (cocodataset.org/#format-data gives each its
// own; merged files do not).
import type { Ground } from '@maskwords/mask'
import type { RecordId } from '@maskwords/words'
import { asObject, idAt, type JsonObject, numberAt, textAt } from '../fields.ts'

/** The picture's name in quotes, for messages and to compare. */
export function pictureName(entry: unknown): string {
  return JSON.stringify(textAt(entry, 'file_name', 'coco_url') ?? 'a picture without a name')
}

/** Whether two entries of one id can be meant as one picture: of one name, and of one size where both say theirs. */
export function isSamePicture(a: unknown, b: unknown): boolean {
  const agree = (key: string) => {
    const [p, q] = [numberAt(a, key), numberAt(b, key)]
    return p === undefined || q === undefined || p === q
  }
  return pictureName(a) === pictureName(b) && agree('width') && agree('height')
}

/**
 * Whose pixels an image says that its annotations lie on: `drawn_on`, a field of ours for pictures that EXIF turns and whose size
 * cannot tell. Undefined where it says nothing.
 */
export function drawnOnAt(image: unknown): Ground | undefined {
  const said = textAt(image, 'drawn_on')
  return said === 'stored' || said === 'shown' ? said : undefined
}

/** Which of two different entries of one id counts: none, for what lies under it could be of either; the first; the last. */
export type SameId = 'refuse' | 'first' | 'last'

export type Listed<T> = {
  /** The entries that count, by id. */
  readonly byId: ReadonlyMap<RecordId, T>
  /** Where in the list each of them stands. */
  readonly places: ReadonlyMap<RecordId, number>
  /** Ids of different entries, none of which counts, with their names in quotes. */
  readonly refused: ReadonlyMap<RecordId, readonly string[]>
  /** Each entry that does not simply count, in the order of the file. */
  readonly notes: readonly ListedNote[]
}

export type ListedNote = {
  readonly place: number
  readonly id: RecordId | undefined
  /** `no-id`, `copy` of an earlier one, or `shared` with one that is different. */
  readonly kind: 'no-id' | 'copy' | 'shared'
}

/** The images of a list by their ids. */
export function cocoImages(list: readonly unknown[], sameId: SameId = 'refuse'): Listed<JsonObject> {
  return listed(list, sameId, isSamePicture, pictureName, (entry) => idAt(entry, 'id', 'image_id'))
}

/** Entries of a list by their ids; `isSame` tells a copy, `nameOf` names one in messages. */
export function listed(
  list: readonly unknown[],
  sameId: SameId,
  isSame: (a: JsonObject, b: JsonObject) => boolean,
  nameOf: (entry: JsonObject) => string,
  idOf: (entry: JsonObject) => RecordId | undefined,
): Listed<JsonObject> {
  const byId = new Map<RecordId, JsonObject>()
  const places = new Map<RecordId, number>()
  const first = new Map<RecordId, JsonObject>()
  const refused = new Map<RecordId, string[]>()
  const notes: ListedNote[] = []
  for (const [place, item] of list.entries()) {
    const entry = asObject(item)
    const id = entry === undefined ? undefined : idOf(entry)
    if (entry === undefined || id === undefined) {
      notes.push({ place, id: undefined, kind: 'no-id' })
      continue
    }
    const before = first.get(id)
    if (before === undefined) {
      first.set(id, entry)
      byId.set(id, entry)
      places.set(id, place)
      continue
    }
    if (isSame(before, entry)) {
      notes.push({ place, id, kind: 'copy' })
      continue
    }
    notes.push({ place, id, kind: 'shared' })
    if (sameId === 'last') {
      byId.set(id, entry)
      places.set(id, place)
    } else if (sameId === 'refuse') {
      byId.delete(id)
      places.delete(id)
      const names = refused.get(id) ?? [nameOf(before)]
      const name = nameOf(entry)
      if (!names.includes(name)) names.push(name)
      refused.set(id, names)
    }
  }
  return { byId, places, refused, notes }
}

/** What to say of different pictures that share an id: `"a.png" and "b.png"`, or one name in different sizes. */
export function namesInWords(names: readonly string[], word = 'and'): string {
  return names.length > 1 ? names.join(` ${word} `) : `${names[0]} in different sizes`
}
