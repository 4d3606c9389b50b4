// The pictures of this visit: each keeps what a person made on it while another one is open.
import { create } from 'zustand'
import { type History, openPicture, undo, useStudio } from './store.ts'
import type { Document, Picture } from './types.ts'

export type Shelved = {
  readonly key: number
  readonly name: string
  /** Where it comes from: a file, or one of the samples. */
  readonly from: File | Blob | { readonly sample: string }
  /** Of its pixels, once it was open. */
  readonly pictureId: string | undefined
  /** What was made on it, when it was left. */
  readonly kept: { readonly document: Document; readonly history: History } | undefined
  /** A small copy, once it was open. */
  readonly thumb: ImageBitmap | undefined
}

export const useShelf = create<{
  readonly pictures: readonly Shelved[]
  readonly current: number | undefined
  /** The picture before this one. */
  readonly cameFrom: number | undefined
}>(() => ({ pictures: [], current: undefined, cameFrom: undefined }))

const set = useShelf.setState
const THUMB_PX = 96
let lastKey = 0

const isSame = (a: Shelved['from'], b: Shelved['from']): boolean => {
  if (a === b) return true
  if ('sample' in a || 'sample' in b) return 'sample' in a && 'sample' in b && a.sample === b.sample
  if (!(a instanceof File) || !(b instanceof File)) return false
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified
}

/** Puts a picture on the shelf, once; it is not opened. */
export function shelve(name: string, from: Shelved['from']): Shelved {
  const there = useShelf.getState().pictures.find((one) => isSame(one.from, from))
  if (there !== undefined) return there
  const one: Shelved = { key: ++lastKey, name, from, pictureId: undefined, kept: undefined, thumb: undefined }
  set(({ pictures }) => ({ pictures: [...pictures, one] }))
  return one
}

const change = (key: number, by: Partial<Shelved>): void =>
  set(({ pictures }) => ({ pictures: pictures.map((one) => (one.key === key ? { ...one, ...by } : one)) }))

/**
 * Opens a picture in the place of another one, which keeps its regions and their history on the shelf. Where this one has been open
 * in this visit, what was made on it is there again; a `document` that is `stated`, as by a session, stands then as a step after it.
 * Returns how many regions came back.
 */
export function openShelved(
  picture: Picture,
  document: Document,
  from: Shelved['from'],
  options: { readonly isStated?: boolean } = {},
): number {
  const { current } = useShelf.getState()
  const left = useStudio.getState()
  const known = useShelf.getState().pictures.find(({ pictureId }) => pictureId === picture.id)
  const one = known ?? shelve(picture.name, from)
  if (current !== undefined && current !== one.key && left.picture !== undefined) {
    change(current, { kept: { document: left.document, history: left.history } })
    set({ cameFrom: current })
  }
  const kept = current === one.key ? { document: left.document, history: left.history } : one.kept
  set({ current: one.key })
  change(one.key, { pictureId: picture.id })
  // Without a small copy the name says which picture it is.
  thumbOf(picture).then(
    (thumb) => change(one.key, { thumb }),
    () => {},
  )
  if (kept === undefined) {
    openPicture(picture, document)
    return 0
  }
  if (options.isStated === true) {
    openPicture(picture, document, { past: [...kept.history.past, kept.document], future: [] })
    return 0
  }
  openPicture(picture, kept.document, kept.history)
  // What only came with the picture is no work that came back.
  return kept.history.past.length === 0 ? 0 : kept.document.regions.length
}

async function thumbOf({ bitmap }: Picture): Promise<ImageBitmap> {
  const scale = THUMB_PX / Math.max(bitmap.width, bitmap.height)
  return createImageBitmap(bitmap, {
    resizeWidth: Math.max(1, Math.round(bitmap.width * scale)),
    resizeHeight: Math.max(1, Math.round(bitmap.height * scale)),
  })
}

/** The picture `step` places further on the shelf, around its ends; undefined where there is no other. */
export function neighbourOf(step: 1 | -1): Shelved | undefined {
  const { pictures, current } = useShelf.getState()
  const at = pictures.findIndex(({ key }) => key === current)
  if (pictures.length < 2 || at < 0) return undefined
  return pictures[(at + step + pictures.length) % pictures.length]
}

/** Takes a step back; where there is none on this picture, the picture before, with all that was made on it. */
export function pictureToReturnTo(): Shelved | undefined {
  if (useStudio.getState().history.past.length > 0) {
    undo()
    return undefined
  }
  const { pictures, cameFrom, current } = useShelf.getState()
  return cameFrom === current ? undefined : pictures.find(({ key }) => key === cameFrom)
}
