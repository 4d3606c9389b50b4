// Masks in CVAT's XML ("CVAT for images 1.1"): <mask rle left top width height>, <polygon points>, <box> inside <image>.
import { MaskwordsError } from '../error.ts'
import { baseName, type MaskJsonOptions, type StatedMask } from './mask-json.ts'

type Tag = { readonly name: string; readonly attributes: ReadonlyMap<string, string>; readonly at: number }

/** Tags of one file. A CVAT job of 10,000 pictures has some 200,000. */
const MAX_TAGS = 5_000_000

/** Finds the masks that a CVAT XML states for one picture. Throws MaskwordsError with the place (`character n`). */
export function findCvatXml(text: string, options: MaskJsonOptions): StatedMask[] {
  const found: StatedMask[] = []
  let size = options.size
  let wanted = true
  let images = 0
  let unmatched: string | undefined
  for (const tag of scanTags(text, options.name)) {
    if (tag.name === 'image') {
      const id = tag.attributes.get('id')
      const name = tag.attributes.get('name')
      wanted =
        options.imageId !== undefined
          ? id === options.imageId
          : options.fileName === undefined ||
            name === undefined ||
            baseName(name) === baseName(options.fileName)
      if (!wanted) unmatched ??= name ?? id
      else if (++images > 1) {
        throw new MaskwordsError('ambiguous', 'the file annotates several pictures', {
          file: options.name,
          hint: `choose one: --image-id ${id ?? 0}`,
        })
      }
      if (wanted) size = { widthPx: whole(tag, 'width', options), heightPx: whole(tag, 'height', options) }
      continue
    }
    if (!wanted) continue
    const common = {
      label: tag.attributes.get('label') ?? 'mask',
      id: undefined,
      at: `character ${tag.at}`,
      iscrowd: false,
      size,
    }
    if (tag.name === 'mask') {
      const runs = numbers(tag, 'rle', /,/, options)
      const left = whole(tag, 'left', options)
      const top = whole(tag, 'top', options)
      const right = left + whole(tag, 'width', options) - 1
      const bottom = top + whole(tag, 'height', options) - 1
      found.push({ ...common, dialect: 'cvat-rle', points: [...runs, left, top, right, bottom] })
    } else if (tag.name === 'polygon') {
      found.push({ ...common, dialect: 'coco-polygon', rings: [numbers(tag, 'points', /[;,]/, options)] })
    } else if (tag.name === 'box') {
      const [x0, y0, x1, y1] = ['xtl', 'ytl', 'xbr', 'ybr'].map((key) => Number(tag.attributes.get(key)))
      found.push({ ...common, dialect: 'coco-polygon', rings: [[x0!, y0!, x1!, y0!, x1!, y1!, x0!, y1!]] })
    }
  }
  if (found.length === 0 && images === 0 && unmatched !== undefined) {
    throw new MaskwordsError('not-found', `no <image> matches the picture; the first is ${unmatched}`, {
      file: options.name,
      hint: 'choose one: --image-id <id>',
    })
  }
  return found
}

/** Opening tags with their attributes, one at a time. Text between them, comments and declarations are skipped. */
function* scanTags(text: string, name: string): Generator<Tag> {
  let at = 0
  for (let count = 0; count < MAX_TAGS; count++) {
    const open = text.indexOf('<', at)
    if (open < 0) return
    if (text.startsWith('<!--', open)) {
      const close = text.indexOf('-->', open)
      if (close < 0) return
      at = close + 3
      continue
    }
    const close = text.indexOf('>', open)
    if (close < 0) {
      throw new MaskwordsError('malformed', 'the XML ends inside a tag', {
        file: name,
        at: `character ${open}`,
        hint: 'the file is cut off: export it again',
      })
    }
    at = close + 1
    const first = text[open + 1]
    if (first === '/' || first === '?' || first === '!') continue
    const inside = text.slice(open + 1, close)
    const tagName = /^[\w:-]{1,40}/.exec(inside)?.[0]
    if (tagName === undefined) continue
    const attributes = new Map<string, string>()
    for (const match of inside
      .slice(tagName.length)
      .matchAll(/([\w:-]{1,40})\s{0,8}=\s{0,8}(?:"([^"]*)"|'([^']*)')/g)) {
      attributes.set(match[1]!, unescapeXml(match[2] ?? match[3]!))
    }
    yield { name: tagName, attributes, at: open }
  }
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

function numbers(tag: Tag, key: string, separator: RegExp, options: MaskJsonOptions): number[] {
  const values = (tag.attributes.get(key) ?? '')
    .split(separator)
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return values
  throw new MaskwordsError('malformed', `${key} of <${tag.name}> has no number at entry ${bad}`, {
    file: options.name,
    at: `character ${tag.at}`,
  })
}

function whole(tag: Tag, key: string, options: MaskJsonOptions): number {
  const value = Number(tag.attributes.get(key) ?? Number.NaN)
  if (Number.isInteger(value)) return value
  throw new MaskwordsError('malformed', `<${tag.name}> has no whole number as ${key}`, {
    file: options.name,
    at: `character ${tag.at}`,
  })
}
