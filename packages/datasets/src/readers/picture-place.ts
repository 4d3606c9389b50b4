// Where the picture of an annotation lies: names as other machines and systems write them, held inside the dataset's folder.
// Definition: ours. Windows' slashes, folders beside the annotation's, absolute paths of another machine, letters of another case,
// Unicode composed or not.
import { readdirSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { fileExists, folderExists, safeRelativePath } from '../paths.ts'

/** Endings of picture files that are read, small letters. */
export const PICTURE_EXTENSIONS: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.avif',
  '.tif',
  '.tiff',
  '.gif',
  '.heic',
  '.heif',
]

/** Longest path that is taken from an annotation; file systems stop at 4,096 bytes. */
const MAX_PATH_LENGTH = 4096

export type StatedPath = {
  /** Inside the root, with forward slashes. */
  readonly path: string
  /** Whether it begins at the root; else it is looked for in the folders of pictures, too. */
  readonly isFromRoot: boolean
  /** Whether it is the end of a path that leads elsewhere on this machine. */
  readonly isGuess: boolean
}

/** What a relative name begins at: the folders of pictures, or (labelme) the folder of the annotation file alone. */
export type NameStart = 'pictures' | 'annotation'

/**
 * Where the name of a picture in the annotation file `file` may lead, in the order to be tried; nothing where it leaves the root,
 * is no path. Of an address its path counts, as one of another machine.
 */
export function statedPaths(
  name: unknown,
  file: string,
  root: string,
  start: NameStart = 'pictures',
): StatedPath[] {
  if (typeof name !== 'string' || name === '' || name.length > MAX_PATH_LENGTH || name.includes('\0'))
    return []
  // Exports of web tools write names as addresses have them: `a%20b.png`. A file of that very name comes first.
  const plainName = decodedName(name)
  return plainName === name
    ? pathsOf(name, file, root, start)
    : [...pathsOf(name, file, root, start), ...pathsOf(plainName, file, root, start)]
}

/** A name without percent codes; itself where they are none, or would end it. */
function decodedName(name: string): string {
  if (!/%[0-9A-Fa-f]{2}/.test(name)) return name
  try {
    const plain = decodeURIComponent(name)
    return plain.includes('\0') ? name : plain
  } catch {
    return name
  }
}

/** The path of an address (`https://host/a/b.png?key=1`, `file:///a/b.png`), absolute: its end may lie here. Nothing is fetched. */
function pathOfAddress(name: string): string {
  const [, path] = /^[A-Za-z][\w+.-]*:\/\/[^/]*(\/[^?#]*)/.exec(name) ?? []
  return path ?? name
}

function pathsOf(name: string, file: string, root: string, start: NameStart): StatedPath[] {
  const slashed = pathOfAddress(name.replaceAll('\\', '/'))
  const isDrive = /^[A-Za-z]:/.test(slashed)
  if (!isDrive && /^[A-Za-z][A-Za-z0-9+.-]*:/.test(slashed)) return []
  const folder = file.replaceAll('\\', '/').split('/').slice(0, -1)
  if (isDrive || slashed.startsWith('/')) {
    return absolutePaths(slashed.replace(/^[A-Za-z]:/, ''), folder, root)
  }
  const plain = normalised(slashed.split('/'))
  if (plain !== undefined && start === 'pictures')
    return plain === '' ? [] : [{ path: plain, isFromRoot: false, isGuess: false }]
  // `..\images\a.png` is meant from the annotation's own folder.
  const beside = normalised([...folder, ...slashed.split('/')])
  return beside === undefined || beside === '' ? [] : [{ path: beside, isFromRoot: true, isGuess: false }]
}

/** An absolute path: its rest where it leads into the root, else its ends, the longest first: beside the annotation, then elsewhere. */
function absolutePaths(slashed: string, folder: readonly string[], root: string): StatedPath[] {
  const inside = normalised(slashed.split('/'))
  if (inside === undefined || inside === '') return []
  const own = normalised(
    resolve(root)
      .split(sep)
      .join('/')
      .replace(/^[A-Za-z]:/, '')
      .split('/'),
  )!
  if (inside.startsWith(`${own}/`))
    return [{ path: inside.slice(own.length + 1), isFromRoot: true, isGuess: false }]
  const parts = inside.split('/')
  return parts.flatMap((_, i) => {
    const end = parts.slice(i)
    return [
      { path: [...folder, ...end].join('/'), isFromRoot: true, isGuess: true },
      { path: end.join('/'), isFromRoot: false, isGuess: true },
    ]
  })
}

/** Without empty parts, `.` and `..`; undefined where it climbs out. */
function normalised(parts: readonly string[]): string | undefined {
  const kept: string[] = []
  for (const part of parts) {
    if (part === '' || part === '.') continue
    if (part !== '..') kept.push(part)
    else if (kept.pop() === undefined) return undefined
  }
  return kept.join('/')
}

/** Files of a root by names that differ in letters' case or Unicode's form. Folders are listed once. */
export class AlikeNames {
  private readonly root: string
  /** Names of each folder by their plain form. */
  private readonly listings = new Map<string, ReadonlyMap<string, readonly string[]>>()

  constructor(root: string) {
    this.root = root
  }

  /** The one file that a path means, or all that it could mean; nothing where there is none. */
  files(path: string): readonly string[] {
    const parts = safeRelativePath(path)?.split('/') ?? []
    let found: readonly string[] = ['']
    parts.forEach((part, i) => {
      const isLast = i === parts.length - 1
      found = found.flatMap((folder) =>
        this.alike(folder, part)
          .map((name) => (folder === '' ? name : `${folder}/${name}`))
          .filter((one) => (isLast ? fileExists(this.root, one) : folderExists(this.root, one))),
      )
    })
    return parts.length === 0 ? [] : found
  }

  /** Files beside a path without its ending, with the ending of a picture. */
  pictures(stem: string): readonly string[] {
    const [folder, name] = [
      stem.slice(0, Math.max(0, stem.lastIndexOf('/'))),
      stem.slice(stem.lastIndexOf('/') + 1),
    ]
    const found = PICTURE_EXTENSIONS.flatMap((end) => this.alike(folder, name + end))
    // `a.json` is of `a.jpg`, whatever `A.jpg` beside it is.
    const exact = found.filter((one) => one.replace(/\.[^.]*$/, '') === name)
    return (exact.length > 0 ? exact : found).map((one) => (folder === '' ? one : `${folder}/${one}`))
  }

  private alike(folder: string, name: string): readonly string[] {
    let listing = this.listings.get(folder)
    if (listing === undefined) {
      listing = listed(join(this.root, folder))
      this.listings.set(folder, listing)
    }
    const all = listing.get(plainForm(name)) ?? []
    const composed = all.filter((one) => one.normalize('NFC') === name.normalize('NFC'))
    const exact = all.filter((one) => one === name)
    return exact.length > 0 ? exact : composed.length > 0 ? composed : all
  }
}

function listed(path: string): Map<string, string[]> {
  const listing = new Map<string, string[]>()
  let names: string[]
  try {
    names = readdirSync(path)
  } catch {
    return listing
  }
  for (const name of names.sort()) {
    const key = plainForm(name)
    const same = listing.get(key)
    if (same === undefined) listing.set(key, [name])
    else same.push(name)
  }
  return listing
}

/** Composed, in small letters: what two spellings of one name have in common. */
export function plainForm(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
