// Shapes of CVAT, as its API, its job and task backups and its XML write them (CVAT 2 documentation: "CVAT for images", "CVAT for
// video"; cvat-core, ObjectState). Rotation is in degrees, clockwise, about the shape's centre.
import { isRecord } from '@maskwords/base'
import { excerpt } from '../excerpt.ts'
import { ellipseOutline, rectangleOutline } from './outline.ts'
import { finite, malformed, noArea, outlines, pointsOf, type ShapeReading, unknownType } from './shape.ts'

/** A CVAT shape: `type`, `points` as a flat list, `rotation`. Never throws, whatever it holds. */
export function readCvatShape(entry: unknown): ShapeReading {
  if (!isRecord(entry)) return malformed('shape', `a shape is no object: ${excerpt(entry)}`)
  const type = entry['type'] ?? 'polygon'
  if (typeof type !== 'string') return malformed('shape', `its type is no text: ${excerpt(type)}`)
  if (type === 'polyline' || type === 'points' || type === 'skeleton' || type === 'tag') return noArea(type)
  if (type === 'cuboid') {
    // Eight projected corners: which pixels the body covers is the viewer's guess.
    return unknownType(type)
  }
  if (type !== 'polygon' && type !== 'rectangle' && type !== 'ellipse' && type !== 'mask')
    return unknownType(type)
  const stated = entry['rotation'] ?? 0
  const rotation = finite(stated)
  if (rotation === undefined) return malformed(type, `its rotation is no number: ${excerpt(stated)}`)
  if (type === 'mask') {
    const points = entry['points']
    if (!Array.isArray(points) || points.some((value) => typeof value !== 'number')) {
      return malformed(type, 'the points of a mask are not all numbers')
    }
    if (rotation % 360 !== 0) return malformed(type, `a mask turned by ${rotation} degrees`)
    return { shape: { kind: 'cvat-rle', points: points as number[] } }
  }
  const points = pointsOf(entry['points'])
  if (points === undefined) return malformed(type, `the points of a ${type} are not all pairs of numbers`)
  const [a, b] = points
  if (type === 'polygon') {
    if (rotation % 360 !== 0) return malformed(type, `a polygon turned by ${rotation} degrees`)
    return points.length < 3
      ? malformed(type, `a polygon has ${points.length} points, wanted 3 or more`)
      : outlines(points.flat())
  }
  if (points.length !== 2) return malformed(type, `a ${type} has ${points.length} points, wanted 2`)
  if (type === 'rectangle') return outlines(rectangleOutline(a!, b!, rotation))
  // The centre, then the rightmost x and the topmost y.
  return outlines(ellipseOutline(a!, Math.abs(b![0] - a![0]), Math.abs(b![1] - a![1]), rotation))
}
