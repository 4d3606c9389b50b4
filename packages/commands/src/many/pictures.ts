// Which pictures a command line means, and which file beside each: masks or words of the same name.
import { basename, join } from 'node:path'
import { keysOf, nameIn, photoOf, photosByName, saysMask } from '@maskwords/datasets'
import {
  counted,
  isPictureName,
  listFiles,
  MaskwordsError,
  meansMany,
  type NamedMask,
  type PictureList,
} from '@maskwords/files'
import { type Item, type ManyContext, RESULTS_FILE } from './run-many.ts'

/** Pictures that no mask is kept as: several of them before a folder are what a shell made of a pattern. */
const PHOTO = /\.(?:jpe?g|webp|avif|heic|heif)$/i

/** How many of the first arguments are pictures, where they are many; undefined for one picture. */
export async function manyPictures(context: ManyContext): Promise<number | undefined> {
  const { io, args } = context
  if (args.length < 2) return undefined
  if (await meansMany(io, args[0]!)) return 1
  const others = args.findIndex((name) => !PHOTO.test(name))
  const [first] = others < 2 ? [] : [args[others]!]
  return first !== undefined && ((await meansMany(io, first)) || /\.jsonl$/i.test(first)) ? others : undefined
}

/** The pictures that the first `count` arguments mean, without those of the other arguments and the output. */
export async function picturesOf(context: ManyContext, count: number): Promise<PictureList> {
  const { io, args, options } = context
  const { output } = options
  const without = [...args.slice(count), ...(output === undefined ? [] : [output])]
  return await listFiles(io, args.slice(0, count), { without })
}

export type Beside = {
  /** How the files are called: `mask`, `file of words`. */
  readonly noun: string
  /** Whether a file of this name may be one. */
  readonly takes: (name: string) => boolean
}

/** A file beside the pictures: relative to its folder, and as the user names it. */
type Found = { readonly name: string; readonly path: string }

/**
 * Each picture with its files: those of its name in the folders among `places`, and every other file of `places`, which all
 * pictures share. Pictures without any are left out, with a note. Throws MaskwordsError `not-found` where none has any.
 */
export async function itemsOf(
  context: ManyContext,
  pictures: PictureList,
  places: readonly string[],
  beside: Beside,
): Promise<{ readonly items: readonly Item[]; readonly shared: readonly string[] }> {
  const { io, talk } = context
  const shared: string[] = []
  const found: Found[] = []
  for (const place of places) {
    if (!(await meansMany(io, place))) {
      shared.push(place)
      continue
    }
    const list = await listFiles(io, [place], { takes: beside.takes, without: outputs(context) })
    // What a run keeps of itself is nobody's.
    const names = list.names.filter((name) => basename(name) !== RESULTS_FILE)
    for (const name of names) found.push({ name, path: join(list.folder, name) })
  }
  const paths = new Map(pictures.names.map((name) => [name, join(pictures.folder, name)]))
  const { owned, ofPicture, shows, alone } = paired(pictures, paths, found)
  const named = pictures.names.filter((name) => !owned.has(paths.get(name)!))
  const items = named.flatMap((picture): Item[] => {
    const inputs = [...(ofPicture.get(picture) ?? []), ...shared]
    return inputs.length === 0 ? [] : [{ picture, path: paths.get(picture)!, inputs, shows }]
  })
  if (items.length === 0) {
    throw new MaskwordsError(
      'not-found',
      `none of ${counted(named.length, 'picture')} has a ${beside.noun}`,
      {
        file: places.join(', '),
        hint: `they are paired by name: a.jpg with a.png, a_mask.png, a_1.png, a.txt${alone.length === 0 ? '' : `; ${basename(alone[0]!)} is of no picture`}`,
      },
    )
  }
  const bare = named.length - items.length
  if (bare > 0) await talk.note(`${bare} of ${counted(named.length, 'picture')} have no ${beside.noun}`)
  if (alone.length > 0)
    await talk.note(
      `${counted(alone.length, beside.noun)} of no picture${shared.length > 0 ? '' : ', left out'}: ${alone[0]}`,
    )
  return { items, shared }
}

const outputs = ({ options }: ManyContext): string[] => {
  const { output } = options
  return output === undefined ? [] : [output]
}

const folderOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')))

function paired(pictures: PictureList, paths: ReadonlyMap<string, string>, found: readonly Found[]) {
  const nameOf = new Map([...paths].map(([name, path]) => [path, name]))
  // Of two files of one name the PNG is the mask. By paths: photo and mask may have one name in two folders.
  const names = [...pictures.names].sort((a, b) => Number(/\.png$/i.test(a)) - Number(/\.png$/i.test(b)))
  const byName = (some: readonly string[]) => photosByName(some.map((name) => paths.get(name)!))
  const everywhere = byName(names)
  const inFolder = new Map<string, string[]>()
  for (const name of names) {
    const list = inFolder.get(folderOf(name))
    if (list === undefined) inFolder.set(folderOf(name), [name])
    else list.push(name)
  }
  const nearby = new Map([...inFolder].map(([folder, some]) => [folder, byName(some)]))
  const ofPicture = new Map<string, string[]>()
  const owned = new Set<string>()
  const shows = new Map<string, string>()
  const alone: string[] = []
  for (const { name, path } of [...found].sort((a, b) => a.name.length - b.name.length)) {
    const near = nearby.get(folderOf(name))
    const own = basename(folderOf(name))
    const owner =
      (near && photoOf(path, near)) ??
      photoOf(path, everywhere) ??
      (own === '' ? undefined : photoOf(own, everywhere))
    // Beside photos, `scene_2.png` may be the next photo of a scene.
    const mayBePhoto = nameOf.has(path)
    if (owner === undefined || (mayBePhoto && /\.png$/i.test(owner.photo) && !saysMask(owner.rest))) {
      if (!mayBePhoto) alone.push(path)
      continue
    }
    owned.add(path)
    // What is a mask itself (a_cup.png) owns no other (a_cup_2.png).
    for (const map of mayBePhoto ? [everywhere, near] : [])
      for (const key of keysOf(path)) if (map?.get(key) === path) map.delete(key)
    const picture = nameOf.get(owner.photo)!
    const isOfClass = near === undefined && stemOf(path) === stemOf(owner.photo)
    const shown = nameIn(owner.rest) ?? (isOfClass ? nameIn(own) : undefined)
    if (shown !== undefined) shows.set(path, shown)
    const list = ofPicture.get(picture)
    if (list === undefined) ofPicture.set(picture, [path])
    else list.push(path)
  }
  for (const list of ofPicture.values()) list.sort()
  return { owned, ofPicture, shows, alone }
}

const stemOf = (path: string): string => basename(path).replace(/\.[^.]*$/, '')

/**
 * The masks of one of many pictures, called by what their names say beyond the picture's: a file's own name says only whose it
 * is, so that its masks are `object`, or the values of a label map. Annotations have names of their own.
 */
export function named(masks: readonly NamedMask[], { shows }: Item): NamedMask[] {
  return masks.map((mask) => {
    if (!isPictureName(mask.file)) return mask
    const own = stemOf(mask.file)
    const value = mask.label.startsWith(`${own}/`) ? mask.label.slice(own.length + 1) : undefined
    const shown = shows?.get(mask.file)
    const label = [shown, value].filter((part) => part !== undefined).join('/')
    return { ...mask, label: label === '' ? UNNAMED : label }
  })
}

/** What a region is called that nobody named. */
export const UNNAMED = 'object'

/** Names for what is written of each picture: its own without its ending, with it where two would be one. */
export function stemsOf(items: readonly Item[]): (picture: string) => string {
  const counts = new Map<string, number>()
  const stem = (picture: string) => picture.replace(/\.[^./]*$/, '')
  for (const { picture } of items) counts.set(stem(picture), (counts.get(stem(picture)) ?? 0) + 1)
  return (picture) => (counts.get(stem(picture)) === 1 ? stem(picture) : picture)
}

/** Files that hold masks. */
export const takesMasks = (name: string): boolean => isPictureName(name) || /\.(?:json|xml)$/i.test(name)
/** Files that hold words. */
export const takesWords = (name: string): boolean =>
  /\.(?:txt|md|json|jsonl|log)$/i.test(name) || !/\.[^/.]*$/.test(name)
