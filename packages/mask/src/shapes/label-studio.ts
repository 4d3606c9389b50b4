// Regions of Label Studio's results: brushes, polygons, rectangles, ellipses and bitmasks, in percent of the picture (Label Studio 1
// documentation: tags BrushLabels, PolygonLabels, RectangleLabels, EllipseLabels, BitmaskLabels; "Units of image annotations").
import { isRecord } from '@maskwords/base'
import { excerpt } from '../excerpt.ts'
import { maskFromPng } from '../png/mask-png.ts'
import { readPngHeader } from '../png/read.ts'
import { bytesOfBase64 } from './labelme.ts'
import { ellipseOutline, type Point, rectangleOutline } from './outline.ts'
import {
  finite,
  malformed,
  noArea,
  outlines,
  pointsOf,
  readOrMalformed,
  type ShapeReading,
  unknownType,
  unread,
} from './shape.ts'

export type LabelStudioReading = ShapeReading & {
  /** Empty where it has none of its own. */
  readonly labels: readonly string[]
}

/** Controls that say something of a region, a picture or another medium: their results are no regions of a picture. */
const NO_REGIONS =
  /^(?:labels|choices|taxonomy|textarea|rating|number|datetime|pairwise|relation|ranker|list|hypertext|paragraph|timeseries|timeline|audio|chat)/i

/** Kinds of region by the member of `value` that only they have, in the order in which they are looked for. */
type Kind = 'brush' | 'bitmask' | 'polygon' | 'ellipse' | 'rectangle' | 'keypoint' | 'video' | 'vector'

/**
 * One region of a result: `type`, `value`, `original_width`, `original_height`, `image_rotation`. Undefined for results that are
 * no regions of a picture (choices, texts, ratings, relations). Never throws, whatever it holds.
 */
export function readLabelStudioRegion(entry: unknown): LabelStudioReading | undefined {
  if (!isRecord(entry)) return undefined
  const { type, value } = entry
  const kind = kindOf(type, isRecord(value) ? value : {})
  if (!isRecord(value)) {
    return kind && { ...malformed(kind, `a ${kind} has no \`value\``), labels: [] }
  }
  if (kind !== undefined) return { ...readRegion(kind, entry, value), labels: labelsOf(value) }
  if (typeof type !== 'string' || NO_REGIONS.test(type)) return undefined
  return { ...unknownType(type), labels: labelsOf(value) }
}

/** What a control's `type` or, without one, the members of `value` say. */
function kindOf(type: unknown, value: Readonly<Record<string, unknown>>): Kind | undefined {
  const byMember = (): Kind | undefined => {
    if ('rle' in value) return 'brush'
    if ('imageDataURL' in value) return 'bitmask'
    if ('sequence' in value) return 'video'
    if ('vertices' in value) return 'vector'
    if ('points' in value) return 'polygon'
    if ('radiusX' in value || 'radiusY' in value) return 'ellipse'
    if ('x' in value && 'y' in value && 'height' in value) return 'rectangle'
    return 'x' in value && 'y' in value ? 'keypoint' : undefined
  }
  if (typeof type !== 'string' || type === 'labels') return byMember()
  const name = type.toLowerCase()
  if (name.startsWith('brush') || name.startsWith('magicwand')) return 'brush'
  if (name.startsWith('bitmask')) return 'bitmask'
  if (name.startsWith('polygon')) return 'polygon'
  if (name.startsWith('ellipse')) return 'ellipse'
  if (name.startsWith('rectangle')) return 'rectangle'
  if (name.startsWith('keypoint')) return 'keypoint'
  if (name.startsWith('video')) return 'video'
  return name.startsWith('vector') ? 'vector' : undefined
}

function readRegion(
  kind: Kind,
  entry: Readonly<Record<string, unknown>>,
  value: Readonly<Record<string, unknown>>,
): ShapeReading {
  if (kind === 'keypoint') return noArea('keypoint')
  if (kind === 'video') return unknownType('video region')
  const turn = finite(entry['image_rotation'] ?? 0)
  if (turn === undefined || turn % 360 !== 0) {
    return unread(
      'unknown',
      kind,
      `its picture was turned by ${excerpt(entry['image_rotation'])} degrees while it was drawn`,
    )
  }
  if (kind === 'brush') {
    const { rle } = value
    if (!Array.isArray(rle) || rle.some((byte) => typeof byte !== 'number')) {
      return malformed(kind, 'a brush has no list of numbers in `rle`')
    }
    return { shape: { kind: 'labelstudio-rle', rle: rle as number[] } }
  }
  if (kind === 'bitmask') {
    const url = value['imageDataURL']
    if (typeof url !== 'string') return malformed(kind, 'a bitmask has no picture in `imageDataURL`')
    return readOrMalformed(kind, () =>
      bitmask(url, finite(entry['original_width']), finite(entry['original_height'])),
    )
  }
  const [width, height] = [finite(entry['original_width']), finite(entry['original_height'])]
  if (width === undefined || height === undefined || width <= 0 || height <= 0) {
    return malformed(kind, 'it does not say how large its picture is: original_width, original_height')
  }
  const scaled = ([x, y]: Point): Point => [(x * width) / 100, (y * height) / 100]
  if (kind === 'polygon' || kind === 'vector') {
    if (value['closed'] === false)
      return unread('no-area', kind, `a ${kind} that is not closed covers no area`)
    if (kind === 'vector') return unknownType('vector')
    const points = pointsOf(value['points'])
    if (points === undefined || points.length < 3) {
      return malformed(kind, 'a polygon has no three or more pairs of numbers in `points`')
    }
    return outlines(points.flatMap(scaled))
  }
  const wanted = kind === 'ellipse' ? ['x', 'y', 'radiusX', 'radiusY'] : ['x', 'y', 'width', 'height']
  const [x, y, a, b] = wanted.map((key) => finite(value[key])) as [number, number, number, number]
  const rotation = finite(value['rotation'] ?? 0)
  if ([x, y, a, b, rotation].includes(undefined as never)) {
    return malformed(kind, `${wanted.join(', ')} and rotation of a ${kind} are not all numbers`)
  }
  const [centreOrCorner, sides] = [scaled([x, y]), scaled([a, b])]
  if (kind === 'ellipse')
    return outlines(ellipseOutline(centreOrCorner, ...(sides as [number, number]), rotation))
  // A rectangle is turned about its left upper corner, which stays where x and y say.
  const [left, top] = centreOrCorner
  return outlines(rectangleOutline([left, top], [left + sides[0], top + sides[1]], rotation, [left, top]))
}

function bitmask(url: string, width: number | undefined, height: number | undefined): ShapeReading {
  const png = bytesOfBase64(url)
  const size = readPngHeader(png)
  if (size.widthPx !== width || size.heightPx !== height) {
    return malformed(
      'bitmask',
      `its picture is ${size.widthPx} x ${size.heightPx}, not ${width ?? '?'} x ${height ?? '?'} (width x height)`,
    )
  }
  return { shape: { kind: 'bitmap', x: 0, y: 0, mask: maskFromPng(png) } }
}

/** `brushlabels`, `polygonlabels`, ..., `labels`: whichever list of texts the value has. */
function labelsOf(value: Readonly<Record<string, unknown>>): string[] {
  for (const [key, labels] of Object.entries(value)) {
    if (!/labels$/i.test(key) || !Array.isArray(labels)) continue
    const named = labels.filter((label): label is string => typeof label === 'string' && label !== '')
    if (named.length > 0) return named
  }
  return []
}
