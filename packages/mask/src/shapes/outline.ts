// Outlines of the plain shapes that annotation tools draw: rectangles and ellipses, turned or not. Definition: geometry; angles in
// degrees, clockwise as shown, because y grows downwards (CVAT's and Label Studio's `rotation`).

export type Point = readonly [x: number, y: number]

/** How far the corners of an outline that stands for a curve may lie from it; far below what fills a pixel. */
const CURVE_TOLERANCE_PX = 0.02
const LEAST_CORNERS = 32
/** Enough for a radius of 40,000 px within the tolerance. */
const MOST_CORNERS = 2048

/** The points turned by `degrees` about `centre`. */
export function turned(points: readonly Point[], degrees: number, centre: Point): Point[] {
  if (degrees % 360 === 0) return [...points]
  const quarter = ((degrees % 360) + 360) % 360
  const angle = (quarter * Math.PI) / 180
  // Quarter turns are exact: a rectangle turned by 90 degrees has whole corners again.
  const cos = quarter % 180 === 90 ? 0 : quarter === 180 ? -1 : Math.cos(angle)
  const sin = quarter === 180 ? 0 : quarter === 90 ? 1 : quarter === 270 ? -1 : Math.sin(angle)
  return points.map(([x, y]): Point => {
    const [dx, dy] = [x - centre[0], y - centre[1]]
    return [centre[0] + dx * cos - dy * sin, centre[1] + dx * sin + dy * cos]
  })
}

/** A rectangle between two opposite corners, turned by `degrees` about its centre or another point. */
export function rectangleOutline(a: Point, b: Point, degrees = 0, about?: Point): number[] {
  const corners: Point[] = [
    [a[0], a[1]],
    [b[0], a[1]],
    [b[0], b[1]],
    [a[0], b[1]],
  ]
  return turned(corners, degrees, about ?? [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]).flat()
}

/** An ellipse about `centre`, turned by `degrees`. */
export function ellipseOutline(centre: Point, radiusX: number, radiusY: number, degrees = 0): number[] {
  const radius = Math.max(Math.abs(radiusX), Math.abs(radiusY))
  const wanted = Math.ceil(Math.PI / Math.sqrt((2 * CURVE_TOLERANCE_PX) / Math.max(radius, 1)))
  // A multiple of four: the ends of both axes are corners.
  const corners = 4 * Math.ceil(Math.min(MOST_CORNERS, Math.max(LEAST_CORNERS, wanted)) / 4)
  const points = Array.from({ length: corners }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / corners
    return [centre[0] + radiusX * Math.cos(angle), centre[1] + radiusY * Math.sin(angle)]
  })
  return turned(points, degrees, centre).flat()
}

/**
 * Four corners in the order that goes round them once: as they stand, unless their sides cross, as where a tool wrote the left
 * ones before the right ones.
 */
export function quadrangleOutline(corners: readonly [Point, Point, Point, Point]): number[] {
  const [a, b, c, d] = corners
  if (cross(a, b, c, d)) return [a, c, b, d].flat()
  return cross(b, c, d, a) ? [a, b, d, c].flat() : [a, b, c, d].flat()
}

/** Whether the segments a-b and c-d cross inside both. */
function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point) =>
    Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
}
