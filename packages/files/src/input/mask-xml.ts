// Masks in CVAT's XML: "CVAT for images 1.1" has <image> elements with shapes in them, "CVAT for video 1.1" <track> elements with a
// shape a frame. One image, or one frame, at a time.
import { sizeAt } from '@maskwords/annotations'
import { readCvatShape, type ShapeReading } from '@maskwords/mask'
import { MaskwordsError } from '../error.ts'
import type { FoundMasks, MaskJsonOptions, StatedMask } from './found-masks.ts'
import { ambiguous, picked, samePicture } from './picked.ts'
import { type PlacedUnread, unreadFailures } from './unread.ts'

type Tag = {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
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

/** Elements inside an image or track that are no shapes. */
const NO_SHAPES: readonly string[] = ['attribute', 'tag']

type ImageTag = { readonly at: number; readonly id: string | undefined; readonly name: string | undefined }
type Wanted = { readonly image: number } | { readonly frame: string | undefined }

/** Finds the masks that a CVAT XML states for one picture. Throws MaskwordsError with the place (`character n`). */
export function findCvatXml(text: string, options: MaskJsonOptions): FoundMasks {
  const contents = contentsOf(text, options)
  const wanted = chosen(contents, options)
  const stated: StatedMask[] = []
  const unread: PlacedUnread[] = []
  let size = contents.size ?? options.size
  let inside: { readonly isWanted: boolean; readonly label: string | undefined } | undefined
  let outside = 0
  /** The name of a shape that holds others: a skeleton and its points. */
  let open: string | undefined
  for (const tag of scanTags(text, options.name)) {
    if (tag.name === 'image' || tag.name === 'track') {
      open = undefined
      const isWanted = tag.name === 'track' ? 'frame' in wanted : 'image' in wanted && wanted.image === tag.at
      inside = tag.isEnd || tag.isEmpty ? undefined : { isWanted, label: tag.attributes.get('label') }
      if (!tag.isEnd && isWanted && tag.name === 'image') {
        size = { widthPx: whole(tag, 'width', options), heightPx: whole(tag, 'height', options) }
      }
      continue
    }
    if (open !== undefined) {
      if (tag.isEnd && tag.name === open) open = undefined
      continue
    }
    if (tag.isEnd || inside === undefined || NO_SHAPES.includes(tag.name)) continue
    if (!tag.isEmpty) open = tag.name
    if (!inside.isWanted || ('frame' in wanted && tag.attributes.get('frame') !== wanted.frame)) continue
    if (tag.attributes.get('outside') === '1') {
      outside++
      continue
    }
    const at = `character ${tag.at}`
    const label = tag.attributes.get('label') ?? inside.label ?? 'mask'
    const reading = shapeOf(tag)
    if ('unread' in reading) unread.push({ ...reading.unread, at, label })
    else
      stated.push({
        dialect: 'shapes',
        label,
        id: undefined,
        at,
        iscrowd: false,
        size,
        shapes: [reading.shape],
      })
  }
  const notes =
    outside === 0
      ? []
      : [
          `${options.name}: ${outside} ${outside === 1 ? 'shape is' : 'shapes are'} outside the picture in this frame`,
        ]
  return { stated, failures: unreadFailures(unread, options.name), notes }
}

type Contents = {
  readonly images: readonly ImageTag[]
  readonly frames: readonly string[]
  /** The size of a video's frames, where the file says one. */
  readonly size: { widthPx: number; heightPx: number } | undefined
}

/** The images and frames of a file. Throws MaskwordsError where it has neither, so is not CVAT's. */
function contentsOf(text: string, options: MaskJsonOptions): Contents {
  const images: ImageTag[] = []
  const frames = new Set<string>()
  const sizes = new Set<string>()
  let tracks = 0
  let width: string | undefined
  let first: string | undefined
  for (const { name, attributes, at, isEnd, text: inner } of scanTags(text, options.name)) {
    if (isEnd) continue
    first ??= name
    if (name === 'image') images.push({ at, id: attributes.get('id'), name: attributes.get('name') })
    else if (name === 'track') tracks++
    else if (name === 'width') width = inner
    else if (name === 'height' && width !== undefined) sizes.add(`${width} ${inner}`)
    else if (tracks > 0 && attributes.has('frame')) frames.add(attributes.get('frame')!)
  }
  if (images.length === 0 && tracks === 0) {
    throw new MaskwordsError(
      'unsupported',
      `XML without <image> or <track>: not CVAT's${first === undefined ? '' : `, but <${first.slice(0, 40)}>`}`,
      {
        file: options.name,
        hint: 'of XML, "CVAT for images" and "CVAT for video" are read',
      },
    )
  }
  const [only] = sizes
  const [widthPx, heightPx] = sizes.size === 1 ? only!.split(' ').map(Number) : []
  return { images, frames: [...frames], size: sizeAt({ width: widthPx, height: heightPx }) }
}

/** The one image or frame that is meant. Throws MaskwordsError `ambiguous` or `not-found`. */
function chosen({ images, frames }: Contents, options: MaskJsonOptions): Wanted {
  const { name, picks, fileName, imageId } = options
  if (images.length === 0) {
    const choice = {
      items: frames,
      what: 'frame',
      key: 'frame' as const,
      idOf: (one: string) => one,
      file: name,
    }
    const left = picked({ ...choice, picks })
    if (left.length > 1) throw ambiguous(choice)
    return { frame: left[0] }
  }
  // An image of a task is a frame of it, and its id the frame's number.
  const id = imageId ?? picks?.frame
  const hint = 'choose one: --image-id <id>'
  let left: readonly ImageTag[] = images
  if (id !== undefined) left = images.filter((image) => image.id === id)
  else if (picks?.picture !== undefined) left = images.filter((image) => image.name === picks.picture)
  else if (fileName !== undefined && images.some((image) => image.name !== undefined)) {
    left = samePicture(
      images.map((image) => image.name),
      fileName,
    ).map((i) => images[i]!)
  }
  if (left.length === 1) return { image: left[0]!.at }
  if (left.length === 0) {
    throw new MaskwordsError(
      'not-found',
      `no <image> matches the picture; the first is ${images[0]!.name ?? images[0]!.id}`,
      { file: name, hint },
    )
  }
  throw new MaskwordsError('ambiguous', `the file annotates ${left.length} pictures that could be meant`, {
    file: name,
    hint: `choose one: --image-id ${left[0]!.id ?? 0}`,
  })
}

/** A shape's element as CVAT's JSON would write it, read by the same code. */
function shapeOf(tag: Tag): ShapeReading {
  const number = (key: string) => {
    const text = tag.attributes.get(key)
    return text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  }
  const rotation = tag.attributes.has('rotation') ? number('rotation') : 0
  const list = (key: string, separator: RegExp) =>
    (tag.attributes.get(key) ?? '')
      .split(separator)
      .map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const numbers = (values: readonly number[]): ShapeReading | undefined => {
    const bad = values.findIndex((value) => !Number.isFinite(value))
    if (bad < 0) return undefined
    return {
      unread: { why: 'malformed', type: tag.name, message: `<${tag.name}> has no number at entry ${bad}` },
    }
  }
  const read = (type: string, points: readonly number[]): ShapeReading =>
    numbers([...points, rotation]) ?? readCvatShape({ type, points, rotation })
  switch (tag.name) {
    case 'mask': {
      const [left, top, width, height] = ['left', 'top', 'width', 'height'].map(number) as [
        number,
        number,
        number,
        number,
      ]
      return read('mask', [...list('rle', /,/), left, top, left + width - 1, top + height - 1])
    }
    case 'polygon':
      return read('polygon', list('points', /[;,]/))
    case 'box':
      return read('rectangle', ['xtl', 'ytl', 'xbr', 'ybr'].map(number))
    case 'ellipse': {
      const [cx, cy, rx, ry] = ['cx', 'cy', 'rx', 'ry'].map(number) as [number, number, number, number]
      return read('ellipse', [cx, cy, cx + rx, cy - ry])
    }
    default:
      return readCvatShape({ type: tag.name })
  }
}

/** Tags with their attributes, one at a time. Comments and declarations are skipped. */
function* scanTags(text: string, name: string): Generator<Tag> {
  let at = 0
  for (let count = 0; ; count++) {
    const open = text.indexOf('<', at)
    if (open < 0) return
    if (count >= MAX_TAGS) {
      throw new MaskwordsError('too-large', `more than ${MAX_TAGS.toLocaleString('en-US')} tags`, {
        file: name,
      })
    }
    if (text.startsWith('<!--', open)) {
      const close = text.indexOf('-->', open)
      if (close < 0) return
      at = close + 3
      continue
    }
    const close = tagEnd(text, open)
    if (close < 0) {
      throw new MaskwordsError('malformed', 'the XML ends inside a tag', {
        file: name,
        at: `character ${open}`,
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
    const attributes = new Map<string, string>()
    for (const match of inside
      .slice(tagName.length)
      .matchAll(/([\w:-]{1,40})\s{0,8}=\s{0,8}(?:"([^"]*)"|'([^']*)')/g)) {
      attributes.set(match[1]!, unescapeXml(match[2] ?? match[3]!))
    }
    const next = text.indexOf('<', at)
    const inner = text.slice(at, Math.min(next < 0 ? text.length : next, at + MAX_TEXT)).trim()
    yield { name: tagName, attributes, at: open, isEnd, isEmpty: inside.endsWith('/'), text: inner }
  }
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

function whole(tag: Tag, key: string, options: MaskJsonOptions): number {
  const value = Number(tag.attributes.get(key) ?? Number.NaN)
  if (Number.isInteger(value)) return value
  throw new MaskwordsError('malformed', `<${tag.name}> has no whole number as ${key}`, {
    file: options.name,
    at: `character ${tag.at}`,
  })
}
