// Which picture of a file with several is meant: by the user's word (--pick task=2,frame=0), else by the picture's name. What could
// mean several is refused by name.
import { MaskwordsError } from '../error.ts'

/** What `--pick` names: a Label Studio task, annotation and item, a frame of CVAT, a picture by its name in the file. */
export const PICK_KEYS = ['task', 'annotation', 'item', 'frame', 'picture'] as const
export type PickKey = (typeof PICK_KEYS)[number]
export type Picks = Readonly<Partial<Record<PickKey, string>>>

/** Ids that an error lists. */
const LISTED = 6

/** `task=2,annotation=11` as picks. Throws MaskwordsError `usage`. */
export function parsePicks(text: string | undefined): Picks {
  const picks: Partial<Record<PickKey, string>> = {}
  for (const part of text === undefined ? [] : text.split(',')) {
    const [, key, value] = /^\s*([a-z]+)=(.+?)\s*$/.exec(part) ?? []
    if (key === undefined || value === undefined || !(PICK_KEYS as readonly string[]).includes(key)) {
      throw new MaskwordsError(
        'usage',
        `--pick takes ${PICK_KEYS.join('=, ')}= with commas between, got "${part}"`,
        {
          hint: 'as in --pick task=2,annotation=11 or --pick frame=0',
        },
      )
    }
    picks[key as PickKey] = value
  }
  return picks
}

export type Choice<T> = {
  readonly items: readonly T[]
  /** What the items are, in the singular: "task". */
  readonly what: string
  readonly key: PickKey
  readonly idOf: (item: T) => string | undefined
  readonly picks: Picks | undefined
  /** The file, for errors. */
  readonly file: string
}

/**
 * The items that `--pick` names, or all where it names none of this kind.
 * @throws MaskwordsError `not-found` where none has that id
 */
export function picked<T>({ items, what, key, idOf, picks, file }: Choice<T>): readonly T[] {
  const wanted = picks?.[key]
  if (wanted === undefined) return items
  const found = items.filter((item) => idOf(item) === wanted)
  if (found.length > 0) return found
  throw new MaskwordsError(
    'not-found',
    `there is no ${what} ${wanted}; there is ${listed(items.map(idOf))}`,
    { file },
  )
}

/** The error that several items could be meant. */
export function ambiguous<T>(choice: Omit<Choice<T>, 'picks'>, why = ''): MaskwordsError {
  const { items, what, key, idOf, file } = choice
  const ids = items.map(idOf)
  const [first] = ids.filter((id) => id !== undefined)
  return new MaskwordsError('ambiguous', `${items.length} ${what}s (${listed(ids)})${why}`, {
    file,
    hint: `choose one: --pick ${key}=${first ?? '<id>'}`,
  })
}

function listed(ids: readonly (string | undefined)[]): string {
  const named = ids.map((id) => id ?? '(no id)')
  return named.length > LISTED ? `${named.slice(0, LISTED).join(', ')}, ...` : named.join(', ') || 'none'
}

/**
 * Which of some names in a file are the picture's: those with as many last parts of their paths alike as any, at least the file
 * name. Letters of another case, and Unicode written otherwise, count as alike where nothing is alike to the letter.
 */
export function samePicture(names: readonly (string | undefined)[], wanted: string): number[] {
  for (const plain of [
    (text: string) => text.normalize('NFC'),
    (text: string) => text.normalize('NFC').toLowerCase(),
  ]) {
    const parts = partsOf(plain(wanted))
    const alike = names.map((name) => (name === undefined ? 0 : commonEnd(partsOf(plain(name)), parts)))
    const most = alike.reduce((a, b) => Math.max(a, b), 0)
    if (most > 0) return alike.flatMap((count, i) => (count === most ? [i] : []))
  }
  return []
}

function partsOf(path: string): string[] {
  return path.split(/[\\/]/).filter((part) => part !== '' && part !== '.')
}

function commonEnd(a: readonly string[], b: readonly string[]): number {
  let count = 0
  while (count < a.length && count < b.length && a[a.length - 1 - count] === b[b.length - 1 - count]) count++
  return count
}
