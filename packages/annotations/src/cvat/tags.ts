// The tags of an XML text, one at a time, without a tree: what annotation files need of XML 1.0. Comments and declarations are skipped.
import { AnnotationError } from '../error.ts'

export type Tag = {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  /** The character at which it begins. */
  readonly at: number
  /** Whether the element ends here: `</name>`. */
  readonly isEnd: boolean
  /** Whether it has nothing inside: `<name/>`. */
  readonly isEmpty: boolean
  /** The text behind it, to the next tag, at most a few dozen characters. */
  readonly text: string
}

/** Tags of one file. A CVAT job of 10,000 pictures has some 200,000, and as many ends. */
const MAX_TAGS = 10_000_000
const MAX_TEXT = 40

/** Throws AnnotationError `malformed` where the text ends inside a tag, `too-large` for more than MAX_TAGS. */
export function* scanTags(text: string): Generator<Tag> {
  let at = 0
  for (let count = 0; ; count++) {
    const open = text.indexOf('<', at)
    if (open < 0) return
    if (count >= MAX_TAGS)
      throw new AnnotationError('too-large', `more than ${MAX_TAGS.toLocaleString('en-US')} tags`)
    if (text.startsWith('<!--', open)) {
      const close = text.indexOf('-->', open)
      if (close < 0) return
      at = close + 3
      continue
    }
    const close = tagEnd(text, open)
    if (close < 0) {
      throw new AnnotationError('malformed', 'the XML ends inside a tag', {
        at: placeOf(open),
        hint: 'the file is cut off: export it again',
      })
    }
    at = close + 1
    const first = text[open + 1]
    if (first === '?' || first === '!') continue
    const isEnd = first === '/'
    const inside = text.slice(open + (isEnd ? 2 : 1), close)
    const tagName = /^[\w:-]{1,40}/.exec(inside)?.[0]
    if (tagName === undefined) continue
    const next = text.indexOf('<', at)
    const inner = text.slice(at, Math.min(next < 0 ? text.length : next, at + MAX_TEXT)).trim()
    const attributes = attributesOf(inside.slice(tagName.length))
    yield { name: tagName, attributes, at: open, isEnd, isEmpty: inside.endsWith('/'), text: inner }
  }
}

/** The tag that begins at a character, read again. */
export function tagAt(text: string, at: number): Tag {
  for (const tag of scanTags(text.slice(at, tagEnd(text, at) + 1))) return { ...tag, at }
  throw new AnnotationError('malformed', 'no tag', { at: placeOf(at) })
}

/** A place in the text, for messages. */
export function placeOf(character: number): string {
  return `character ${character}`
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  for (const match of text.matchAll(/([\w:-]{1,40})\s{0,8}=\s{0,8}(?:"([^"]*)"|'([^']*)')/g))
    attributes.set(match[1]!, unescapeXml(match[2] ?? match[3]!))
  return attributes
}

/** Where the tag that begins at `open` ends: a `>` in quotes is part of a label. */
function tagEnd(text: string, open: number): number {
  let quote: string | undefined
  for (let i = open + 1; i < text.length; i++) {
    const sign = text[i]!
    if (quote !== undefined) {
      if (sign === quote) quote = undefined
    } else if (sign === '"' || sign === "'") quote = sign
    else if (sign === '>') return i
  }
  return -1
}

function unescapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replace(
    /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\da-fA-F]{1,6}));/g,
    (whole, name, decimal, hex) => {
      if (name !== undefined) return names[name]!
      const point = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole
    },
  )
}
