// The lists of a COCO-like file (`images`, `annotations`, `categories`); some writers make objects of them, an entry a key.
import { recordFlag } from '@maskwords/words'
import { asObject, type JsonObject, member } from '../fields.ts'

export type CocoLists = {
  readonly images: readonly unknown[]
  readonly annotations: readonly unknown[]
  readonly categories: readonly unknown[]
}

/** The entries of a list, or of an object in its place; undefined where it is neither. */
export function entriesAt(value: unknown, key: string): readonly unknown[] | undefined {
  const found = member(value, key)
  if (Array.isArray(found)) return found
  const object = asObject(found)
  return object === undefined ? undefined : Object.values(object)
}

/** The lists of a dataset; undefined for what has not both images and annotations. */
export function cocoLists(value: unknown): CocoLists | undefined {
  const images = entriesAt(value, 'images')
  const annotations = entriesAt(value, 'annotations')
  if (images === undefined || annotations === undefined) return undefined
  return { images, annotations, categories: entriesAt(value, 'categories') ?? [] }
}

/** Whether annotations stand for many objects together: COCO's readers take any value but 0 and false for yes. */
export function isCrowd(annotation: JsonObject): boolean {
  return crowdFlag(annotation).isCrowd
}

/** The same, and what was written where that is neither yes nor no. */
export function crowdFlag(annotation: JsonObject): { readonly isCrowd: boolean; readonly odd?: unknown } {
  const value = member(annotation, 'iscrowd')
  const flag = recordFlag(value)
  if (flag !== undefined) return { isCrowd: flag }
  if (value === undefined || value === null) return { isCrowd: false }
  return { isCrowd: Boolean(value), odd: value }
}
