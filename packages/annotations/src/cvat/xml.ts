// CVAT's XML: "CVAT for images 1.1" has <image> elements with shapes in them, "CVAT for video 1.1" <track> elements with a shape a
// frame. Shapes are read when a picture is asked for them: a job's polygons are many times its tags.
import { readCvatShape, type ShapeReading } from '@maskwords/mask'
import { AnnotationError } from '../error.ts'
import { sizeAt } from '../fields.ts'
import { type PlacedUnread, type ShapeList, sorted } from '../placed.ts'
import type { CvatPicture } from './picture.ts'
import { placeOf, scanTags, type Tag, tagAt } from './tags.ts'

/** Elements inside an image or track that are no shapes. */
const NO_SHAPES: readonly string[] = ['attribute', 'tag']

/** Frames between two shapes of a track, of which the first is not outside: an export of CVAT leaves none out. */
type Gap = {
  readonly from: number
  readonly to: number
  readonly at: string
  readonly label: string | undefined
}

type StatedShape = { readonly at: number; readonly label: string | undefined; readonly isOutside: boolean }

/** The images of a file, or the frames of a video. Throws AnnotationError where it has neither, so is not CVAT's. */
export function readCvatXml(text: string): CvatPicture[] {
  const images: { readonly tag: Tag; readonly shapes: StatedShape[] }[] = []
  const frames = new Map<string, StatedShape[]>()
  const sizes = new Set<string>()
  let first: string | undefined
  let isWhole = false
  let width: string | undefined
  let tracks = 0
  const gaps: Gap[] = []
  /** The last shape of the track that is being read. */
  let last: { readonly frame: number; readonly isOutside: boolean } | undefined
  let inside: { readonly into: StatedShape[] | 'frames'; readonly label: string | undefined } | undefined
  /** The name of a shape that holds others: a skeleton and its points. */
  let open: string | undefined
  for (const tag of scanTags(text)) {
    const { name, attributes, at, isEnd, isEmpty } = tag
    if (!isEnd) first ??= name
    // The last tag of a whole file ends its first element.
    isWhole = name === first && (isEnd || isEmpty)
    if (name === 'image' || name === 'track') {
      open = undefined
      inside = undefined
      last = undefined
      if (isEnd) continue
      const label = textOf(attributes.get('label'))
      if (name === 'track') tracks++
      else images.push({ tag, shapes: [] })
      if (!isEmpty) inside = { into: name === 'image' ? images.at(-1)!.shapes : 'frames', label }
      continue
    }
    if (inside === undefined) {
      if (isEnd) continue
      if (name === 'width') width = tag.text
      else if (name === 'height' && width !== undefined) sizes.add(`${width} ${tag.text}`)
      continue
    }
    if (open !== undefined) {
      if (isEnd && name === open) open = undefined
      continue
    }
    if (isEnd || NO_SHAPES.includes(name)) continue
    if (!isEmpty) open = name
    const shape = {
      at,
      label: textOf(attributes.get('label')) ?? inside.label,
      isOutside: attributes.get('outside') === '1',
    }
    if (inside.into !== 'frames') {
      inside.into.push(shape)
      continue
    }
    const frame = attributes.get('frame')
    if (frame === undefined) continue
    const number = Number(frame)
    if (last !== undefined && !last.isOutside && number > last.frame + 1)
      gaps.push({ from: last.frame + 1, to: number - 1, at: placeOf(at), label: shape.label })
    last = { frame: number, isOutside: shape.isOutside }
    const list = frames.get(frame)
    if (list === undefined) frames.set(frame, [shape])
    else list.push(shape)
  }
  if (images.length === 0 && tracks === 0) {
    throw new AnnotationError(
      'unsupported',
      `XML without <image> or <track>: not CVAT's${first === undefined ? '' : `, but <${first.slice(0, 40)}>`}`,
      { hint: 'of XML, "CVAT for images" and "CVAT for video" are read' },
    )
  }
  if (!isWhole) {
    throw new AnnotationError('malformed', `the XML ends before </${first}>`, {
      hint: 'the file is cut off: export it again',
    })
  }
  if (images.length > 0) {
    return images.map(({ tag: { attributes, at }, shapes }) => ({
      kind: 'image',
      id: attributes.get('id'),
      name: attributes.get('name'),
      subset: attributes.get('subset'),
      size: sizeAt(Object.fromEntries(attributes)),
      at: placeOf(at),
      shapes: () => readShapes(text, shapes),
    }))
  }
  const [only] = sizes
  const [widthPx, heightPx] = sizes.size === 1 ? only!.split(' ') : []
  const size = sizeAt({ width: widthPx, height: heightPx })
  return [...frames].map(([id, shapes]) => ({
    kind: 'frame',
    id,
    name: undefined,
    subset: undefined,
    size,
    at: `frame ${id}`,
    shapes: () => readShapes(text, shapes, passing(gaps, id)),
  }))
}

/** A label with something in it. */
function textOf(label: string | undefined): string | undefined {
  return label === undefined || label.trim() === '' ? undefined : label
}

/** Tracks that are there before and after a frame and say nothing of it. */
function passing(gaps: readonly Gap[], id: string): PlacedUnread[] {
  return gaps
    .filter(({ from, to }) => Number(id) >= from && Number(id) <= to)
    .map(({ at, label }) => ({
      why: 'unknown',
      type: 'track',
      message: `its track has no shape in frame ${id}, and one before it that is not outside; CVAT writes every frame`,
      at,
      label,
    }))
}

function readShapes(
  text: string,
  stated: readonly StatedShape[],
  unread: readonly PlacedUnread[] = [],
): ShapeList & { readonly outside: number } {
  const list = { shapes: [], unread: [...unread], outside: 0 } as ShapeList & { outside: number }
  for (const { at, label, isOutside } of stated) {
    if (isOutside) list.outside++
    else sorted(list, { at: placeOf(at), label }, shapeOf(tagAt(text, at)))
  }
  return list
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
  const malformed = (message: string): ShapeReading => ({
    unread: { why: 'malformed', type: tag.name, message },
  })
  const numbers = (values: readonly number[]): ShapeReading | undefined => {
    const bad = values.findIndex((value) => !Number.isFinite(value))
    if (bad < 0) return undefined
    return malformed(`<${tag.name}> has no number at entry ${bad}`)
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
      // A comma for a decimal point would make pairs of other numbers.
      return (tag.attributes.get('points') ?? '').split(';').every((pair) => pair.split(',').length === 2)
        ? read('polygon', list('points', /[;,]/))
        : malformed('its points are not pairs, as in "1,2;3,4"')
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
