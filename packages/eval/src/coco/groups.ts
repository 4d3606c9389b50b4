// Truths and detections sorted into groups of one category and one picture, as columns. Definition: the order of the published
// evaluation (cocoeval.py: evaluate, evaluateImg): categories and pictures by id, inside a group the order of the file.

import { compareRecordIds } from '@maskwords/words'
import { EvalError } from '../error.ts'
import type { CocoCategory, CocoDetection, CocoId, CocoPicture, CocoTruth } from './input.ts'

/** Records of a group are `order[start[i]] ... order[start[i + 1] - 1]`; group i has the number `group[i]`. */
export type Grouped = {
  readonly order: Uint32Array
  readonly group: Float64Array
  readonly start: Uint32Array
}

export type Groups = {
  readonly pictures: readonly CocoPicture[]
  /** Rows of the result: the categories, or one for all of them where categories are not used. */
  readonly rows: readonly (CocoCategory | undefined)[]
  /** Group number: row * pictures.length + picture. */
  readonly truths: Grouped
  readonly detections: Grouped
  /** Detections of categories that are not evaluated: left out, as in the published evaluation. */
  readonly otherCategory: number
}

export type GroupsInput = {
  readonly pictures: readonly CocoPicture[]
  readonly categories: readonly CocoCategory[]
  readonly truths: readonly CocoTruth[]
  readonly detections: readonly CocoDetection[]
  readonly useCategories: boolean
}

/** Sorts all records. Throws EvalError for duplicate ids and pictures that are not listed. */
export function groupsOf(input: GroupsInput): Groups {
  const { truths, detections, useCategories } = input
  const pictures = [...input.pictures].sort((a, b) => compareRecordIds(a.id, b.id))
  const categories = [...input.categories].sort((a, b) => compareRecordIds(a.id, b.id))
  const pictureIndex = indexOf(pictures, 'picture')
  const categoryIndex = indexOf(categories, 'category')
  const place = { pictureIndex, categoryIndex, useCategories }
  const groupedDetections = grouped(detections, 'detection', place)
  return {
    pictures,
    rows: useCategories ? categories : [undefined],
    truths: grouped(truths, 'truth', place),
    detections: groupedDetections,
    otherCategory: detections.length - groupedDetections.order.length,
  }
}

function indexOf(items: readonly { readonly id: CocoId }[], what: string): Map<CocoId, number> {
  const index = new Map<CocoId, number>()
  items.forEach(({ id }, i) => {
    if (index.has(id))
      throw new EvalError('duplicate', `${what} ${id} is listed twice`, { at: `${what} ${id}` })
    index.set(id, i)
  })
  return index
}

function grouped(
  records: readonly { readonly pictureId: CocoId; readonly categoryId: CocoId }[],
  what: string,
  place: {
    readonly pictureIndex: ReadonlyMap<CocoId, number>
    readonly categoryIndex: ReadonlyMap<CocoId, number>
    readonly useCategories: boolean
  },
): Grouped {
  const { pictureIndex, categoryIndex, useCategories } = place
  const pictures = pictureIndex.size
  const categories = categoryIndex.size
  // One number a record, sorted as a whole: group, category (which orders groups of all categories), place in the list.
  if (pictures * categories * Math.max(1, records.length) > Number.MAX_SAFE_INTEGER) {
    throw new EvalError(
      'too-large',
      `${pictures} pictures x ${categories} categories x ${records.length} records`,
    )
  }
  const keys = new Float64Array(records.length)
  let n = 0
  records.forEach(({ pictureId, categoryId }, i) => {
    const p = pictureIndex.get(pictureId)
    if (p === undefined) {
      throw new EvalError('not-found', `${what} ${i} is in picture ${pictureId}, which is not listed`, {
        at: `${what} ${i}`,
        hint: 'predictions and truth seem to be of different splits',
      })
    }
    const c = categoryIndex.get(categoryId)
    if (c === undefined) return
    const key = useCategories ? c * pictures + p : p * categories + c
    keys[n++] = key * records.length + i
  })
  const sorted = keys.subarray(0, n).sort()
  const order = new Uint32Array(n)
  const group: number[] = []
  const start: number[] = []
  for (let i = 0; i < n; i++) {
    const key = Math.floor(sorted[i]! / records.length)
    order[i] = sorted[i]! - key * records.length
    const number = useCategories ? key : Math.floor(key / categories)
    if (group.length === 0 || group[group.length - 1] !== number) {
      group.push(number)
      start.push(i)
    }
  }
  start.push(n)
  return { order, group: Float64Array.from(group), start: Uint32Array.from(start) }
}
