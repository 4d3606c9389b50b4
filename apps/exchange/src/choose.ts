// Which of a file's entries is the open picture: by its name, its name in another folder, its name with another ending, else by a
// size that only one has. Definition: ours, one for all formats.
import type { Ground, SizePx } from '@maskwords/mask'
import { StudioError } from './error.ts'
import { chosenGround, type Grounds } from './ground.ts'

type Entries<T> = {
  readonly entries: readonly T[]
  readonly namesOf: (entry: T) => readonly string[]
  readonly sizeOf: (entry: T) => SizePx | undefined
  /** Whether two entries of the picture's name are one and the same. */
  readonly isSame?: (a: T, b: T) => boolean
  readonly convention: Ground
  /** The member of the file that names pictures, for the hint. */
  readonly namedBy: string
}

/** The entry of the picture. Throws StudioError `malformed` for several that could be it, `missing` for none. */
export function chosenEntry<T>(picture: Grounds, options: Entries<T>): T {
  const { entries, namesOf, sizeOf, isSame = () => false, convention, namedBy } = options
  const alike = [
    (name: string) => name === picture.name,
    (name: string) => base(name) === base(picture.name),
    (name: string) => stem(name) === stem(picture.name),
  ]
  const found = alike
    .map((is) => entries.filter((entry) => namesOf(entry).some(is)))
    .find((list) => list.length > 0)
  const [named, ...others] = found ?? []
  if (named !== undefined) {
    const other = others.find((one) => !isSame(named, one))
    if (other === undefined) return named
    throw new StudioError(
      'malformed',
      `${namesOf(named)[0]} and ${namesOf(other)[0]} of the file could both be ${picture.name}`,
      { hint: 'Cut out the annotations of this picture first, or give the picture its whole name.' },
    )
  }
  const sized = entries.filter((entry) => {
    const size = sizeOf(entry)
    return size !== undefined && chosenGround(picture, { stated: [size], convention }) !== undefined
  })
  if (sized.length === 1) return sized[0]!
  throw new StudioError(
    'missing',
    `none of the file’s ${entries.length.toLocaleString('en')} pictures is called ${picture.name}, and ${sized.length.toLocaleString('en')} have its size (${picture.widthPx} x ${picture.heightPx})`,
    { hint: `Give the picture’s file the name that ${namedBy} says.` },
  )
}

export const base = (name: string): string => name.split(/[/\\]/).at(-1)!
export const stem = (name: string): string => base(name).replace(/\.[a-z0-9]+$/i, '')
