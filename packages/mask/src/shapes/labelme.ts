// Shapes of labelme and of the tools that write its format (labelme 5 source: `shape_to_mask`; X-AnyLabeling 3 adds `rotation`,
// `quadrilateral` and rectangles of four points).
import { isRecord } from '@maskwords/base'
import { MaskError } from '../error.ts'
import { excerpt } from '../excerpt.ts'
import { maskFromPng } from '../png/mask-png.ts'
import { readPngHeader } from '../png/read.ts'
import { ellipseOutline, type Point, quadrangleOutline, rectangleOutline } from './outline.ts'
import {
  type DrawnShape,
  malformed,
  noArea,
  outlines,
  pointsOf,
  readOrMalformed,
  type ShapeReading,
  type UnreadShape,
  unknownType,
  unread,
} from './shape.ts'

/** Shapes that are one thing: of one label and one group, or a single shape. */
export type LabelmeRegion = {
  readonly label: string
  readonly group: string | undefined
  readonly shapes: readonly DrawnShape[]
  /** Which entries of `shapes` they are. */
  readonly places: readonly number[]
}

export type UnreadLabelmeShape = UnreadShape & { readonly place: number; readonly label: string }

/** Types that cover nothing, in labelme and its relatives. */
const WITHOUT_AREA: readonly string[] = ['point', 'points', 'line', 'linestrip', 'polyline']

/** Longest text of one mask's PNG, in characters: one of a 100-megapixel picture takes far less. */
const MAX_MASK_TEXT = 64 * 2 ** 20

/** One entry of labelme's `shapes`. Never throws, whatever it holds. */
export function readLabelmeShape(entry: unknown): ShapeReading {
  if (!isRecord(entry)) return malformed('shape', `a shape is no object: ${excerpt(entry)}`)
  const stated = entry['shape_type'] ?? 'polygon'
  if (typeof stated !== 'string') return malformed('shape', `its type is no text: ${excerpt(stated)}`)
  const type = stated.toLowerCase()
  if (WITHOUT_AREA.includes(type)) return noArea(type)
  const points = pointsOf(entry['points'])
  if (points === undefined) return malformed(type, `the points of a ${type} are not all pairs of numbers`)
  const wrong = (wanted: string) => malformed(type, `a ${type} has ${points.length} points, wanted ${wanted}`)
  const [a, b] = points
  switch (type) {
    case 'polygon':
      return points.length < 3
        ? unread('no-area', type, `a polygon of ${points.length} points covers no area`)
        : outlines(points.flat())
    case 'rectangle':
    case 'rotation':
    case 'quadrilateral':
    case 'oriented_rectangle':
    case 'rotated_rectangle':
      if (points.length === 4) return outlines(quadrangleOutline(points as [Point, Point, Point, Point]))
      return type === 'rectangle' && points.length === 2
        ? outlines(rectangleOutline(a!, b!))
        : wrong(type === 'rectangle' ? '2 or 4' : '4')
    case 'circle':
      if (points.length !== 2) return wrong('2: the centre and a point of the edge')
      return outlines(ellipseOutline(a!, ...both(Math.hypot(b![0] - a![0], b![1] - a![1]))))
    case 'mask':
      if (points.length !== 2) return wrong('2: left upper and right lower corner')
      return readOrMalformed(type, () => bitmap(entry['mask'], a!, b!))
    default:
      return unknownType(stated)
  }
}

function both(radius: number): [number, number] {
  return [radius, radius]
}

/** `mask`: a PNG in base64 that covers the box between the two points, both inclusive. */
function bitmap(text: unknown, a: Point, b: Point): ShapeReading {
  if (typeof text !== 'string' || text === '') return malformed('mask', 'a mask has no picture in `mask`')
  if (text.length > MAX_MASK_TEXT) return malformed('mask', `its picture has ${text.length} characters`)
  const png = bytesOfBase64(text)
  // The header first: a few bytes may claim more pixels than the box has.
  const size = readPngHeader(png)
  const [x, y] = [Math.trunc(a[0]), Math.trunc(a[1])]
  const [widthPx, heightPx] = [Math.trunc(b[0]) - x + 1, Math.trunc(b[1]) - y + 1]
  // labelme writes corners inclusive; some converters write them exclusive. The picture says which.
  const isExclusive = size.widthPx === widthPx - 1 && size.heightPx === heightPx - 1
  if (!isExclusive && (size.widthPx !== widthPx || size.heightPx !== heightPx)) {
    return malformed(
      'mask',
      `its picture is ${size.widthPx} x ${size.heightPx}, its corners make ${widthPx} x ${heightPx} (width x height)`,
    )
  }
  return { shape: { kind: 'bitmap', x, y, mask: maskFromPng(png) } }
}

/** The bytes of base64 text; a `data:` address is read, too. Throws MaskError `malformed`. */
export function bytesOfBase64(text: string): Uint8Array {
  const data = text.startsWith('data:') ? text.slice(text.indexOf(',') + 1) : text
  let binary: string
  try {
    binary = atob(data)
  } catch (cause) {
    throw new MaskError('malformed', 'a picture in the text is no base64', { cause })
  }
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

/**
 * The regions of a labelme file's `shapes`. Shapes of one label with one `group_id` are parts of one region; a region of which a
 * part is malformed or of an unknown type is not read at all, for the rest of it would be a false mask.
 */
export function readLabelmeShapes(shapes: readonly unknown[]): {
  readonly regions: readonly LabelmeRegion[]
  readonly unread: readonly UnreadLabelmeShape[]
} {
  type Open = {
    label: string
    group: string | undefined
    shapes: DrawnShape[]
    places: number[]
    broken: boolean
  }
  const open = new Map<string, Open>()
  const left: UnreadLabelmeShape[] = []
  shapes.forEach((entry, place) => {
    const label = labelOf(entry)
    const group = groupOf(entry)
    const key = group === undefined ? `${place}` : `group ${group} ${label}`
    let region = open.get(key)
    if (region === undefined) {
      region = { label, group, shapes: [], places: [], broken: false }
      open.set(key, region)
    }
    const reading = readLabelmeShape(entry)
    if ('shape' in reading) {
      region.shapes.push(reading.shape)
      region.places.push(place)
      return
    }
    left.push({ ...reading.unread, place, label })
    if (reading.unread.why !== 'no-area') region.broken = true
  })
  const regions: LabelmeRegion[] = []
  for (const { broken, ...region } of open.values()) {
    if (!broken && region.shapes.length > 0) regions.push(region)
    if (!broken) continue
    for (const place of region.places) {
      const message = `another part of group ${region.group} is not read, so the group is not`
      left.push({ why: 'malformed', type: 'part', message, place, label: region.label })
    }
  }
  left.sort((a, b) => a.place - b.place)
  return { regions, unread: left }
}

function labelOf(entry: unknown): string {
  const label = isRecord(entry) ? entry['label'] : undefined
  return typeof label === 'number' ? String(label) : typeof label === 'string' ? label : ''
}

function groupOf(entry: unknown): string | undefined {
  const group = isRecord(entry) ? entry['group_id'] : undefined
  if (typeof group === 'number' && Number.isFinite(group)) return String(group)
  return typeof group === 'string' && group.trim() !== '' && group.length <= 500 ? group : undefined
}
