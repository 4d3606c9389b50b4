// Pictures with their regions as writers of annotation files take them. Definition: ours.
import { type Ground, isEmpty, type Mask } from '@maskwords/mask'

/** A region to be written: its pixels, its class, and a text that refers to it. */
export type AnnotatedRegion = {
  /** Of the picture's size. */
  readonly mask: Mask
  /** Its class. */
  readonly category: string
  /** A text that means this region, for example `the cup on the left`; regions of one text are meant together. */
  readonly phrase?: string | undefined
}

/** A picture and all its regions. */
export type AnnotatedPicture = {
  /** The picture's file, relative to the folder of pictures, with forward slashes. */
  readonly file: string
  readonly widthPx: number
  readonly heightPx: number
  /** Whose pixels the masks lie on, of a file that says that viewers turn it; formats that can say so do. */
  readonly drawnOn?: Ground | undefined
  readonly regions: readonly AnnotatedRegion[]
}

/** What a writer made, and what its format could not carry: a sentence with a count each, empty where nothing was lost. */
export type Written<T> = { readonly value: T; readonly left: readonly string[] }

/** The pictures without their empty regions, for no format of outlines has any and no reader takes them; and how many those were. */
export function withPixels(pictures: readonly AnnotatedPicture[]): Written<AnnotatedPicture[]> {
  let empty = 0
  const value = pictures.map((picture) => {
    const regions = picture.regions.filter(({ mask }) => !isEmpty(mask))
    empty += picture.regions.length - regions.length
    return { ...picture, regions }
  })
  return { value, left: empty === 0 ? [] : [`${counted(empty, 'region')} without a pixel`] }
}

/** The classes of all pictures in the order in which they first stand there. */
export function categoriesOf(pictures: readonly AnnotatedPicture[]): string[] {
  return [...new Set(pictures.flatMap(({ regions }) => regions.map(({ category }) => category)))]
}

/** What is said of phrases by formats that have no place for them. */
export function leftPhrases(pictures: readonly AnnotatedPicture[]): string[] {
  const phrases = pictures.flatMap(({ regions }) => regions.filter(hasPhrase)).length
  return phrases === 0 ? [] : [counted(phrases, 'phrase')]
}

/** Whether a region has a phrase with something in it. */
export function hasPhrase(region: AnnotatedRegion): region is AnnotatedRegion & { readonly phrase: string } {
  return region.phrase !== undefined && region.phrase.trim() !== ''
}

/** `1 region`, `2 regions`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
}
