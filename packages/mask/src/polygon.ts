// Polygons to masks, by two rules: exactly the pixels that the C COCO mask library fills (maskApi.c: rleFrPoly), and
// the geometric rule that a pixel is in where its centre is.
//
// Everything outside is checked here: numbers, sizes, and the work that an outline would make.

import { MaskError } from './error.ts'
import { excerpt } from './excerpt.ts'
import { type BoxXywhPx, checkSize, MAX_DENSE_PIXELS, type Mask, maskFromEdges } from './mask.ts'
import { CENTRE_RULE, COCO_RULE, type CrossingBudget, type FlatRing, parityEdges } from './polygon-fill.ts'
import { unionAll } from './set-operations.ts'

/**
 * Vertices must lie within this distance of the origin, in pixels: then every number of COCO's rule fits 32 bits, and
 * its result is defined. The largest pictures in use have sides of about 10^5 pixels.
 */
export const MAX_VERTEX_PX = 2 ** 27

/** Longest side of a picture to fill polygons into: there is one counter a column. About ten times the largest scans. */
export const MAX_POLYGON_SIDE_PX = 2 ** 20

/**
 * Crossings of all polygons of a call with columns of the picture: the horizontal way that their outlines go inside
 * it, in pixels. The most complex outlines of published data sets are below 10^5.
 */
export const MAX_CROSSINGS = 2 ** 25

/**
 * The mask of COCO polygons: exactly the pixels of the C library, each polygon filled by parity, several of them
 * united. No polygon, or fewer than three vertices, gives no pixel. Throws MaskError for an odd number of coordinates,
 * for NaN and infinities, vertices beyond MAX_VERTEX_PX, and outlines beyond MAX_CROSSINGS.
 */
export function maskFromCocoPolygons(input: {
  readonly widthPx: number
  readonly heightPx: number
  readonly polygons: readonly FlatRing[]
}): Mask {
  const { widthPx, heightPx, polygons } = input
  const budget = checkedBudget(widthPx, heightPx, polygons)
  const masks = polygons.map((ring, index) => {
    checkRing(ring, index)
    return maskFromEdges(widthPx, heightPx, parityEdges(widthPx, heightPx, [ring], COCO_RULE, budget))
  })
  return unionAll(masks, { widthPx, heightPx })
}

/**
 * The mask of a box by COCO's rule, as the C library makes one (rleFrBbox): the box as a polygon of four vertices, which
 * need not be whole pixels. Throws like `maskFromCocoPolygons`.
 */
export function maskFromCocoBox(input: {
  readonly widthPx: number
  readonly heightPx: number
  readonly box: BoxXywhPx
}): Mask {
  const { widthPx, heightPx, box } = input
  if (typeof box !== 'object' || box === null || Array.isArray(box)) {
    throw new MaskError('malformed', `box must be { x, y, width, height }, got ${excerpt(box)}`, {
      hint: 'of a list [x, y, width, height], name the four numbers',
    })
  }
  const { x, y, width, height } = box
  for (const side of [x, y, width, height] as unknown[]) {
    if (typeof side === 'number') continue
    throw new MaskError(
      'malformed',
      `box must have four numbers x, y, width, height, one is ${excerpt(side)}`,
    )
  }
  const right = x + width
  const foot = y + height
  return maskFromCocoPolygons({ widthPx, heightPx, polygons: [[x, y, x, foot, right, foot, right, y]] })
}

/**
 * The mask of rings filled together by parity (even-odd): a pixel is in where its centre (x + 0.5, y + 0.5) is inside
 * an odd number of rings, so that rings within rings are holes. A centre exactly on a left or upper border is in.
 * Rings of `contoursFromMask` give back their mask. Throws like `maskFromCocoPolygons`.
 */
export function maskFromRings(input: {
  readonly widthPx: number
  readonly heightPx: number
  readonly rings: readonly FlatRing[]
}): Mask {
  const { widthPx, heightPx, rings } = input
  const budget = checkedBudget(widthPx, heightPx, rings)
  rings.forEach(checkRing)
  return maskFromEdges(widthPx, heightPx, parityEdges(widthPx, heightPx, rings, CENTRE_RULE, budget))
}

function checkedBudget(widthPx: number, heightPx: number, rings: unknown): CrossingBudget {
  checkSize(widthPx, heightPx, MAX_DENSE_PIXELS)
  if (widthPx > MAX_POLYGON_SIDE_PX || heightPx > MAX_POLYGON_SIDE_PX) {
    throw new MaskError(
      'too-large',
      `polygons are filled in pictures of sides up to ${MAX_POLYGON_SIDE_PX} pixels`,
    )
  }
  if (!Array.isArray(rings))
    throw new MaskError('malformed', `polygons must be a list, got ${excerpt(rings)}`)
  return { left: MAX_CROSSINGS, of: MAX_CROSSINGS }
}

function checkRing(ring: FlatRing, index: number): void {
  if (typeof ring !== 'object' || ring === null || !Number.isInteger(ring.length)) {
    throw new MaskError('malformed', `polygon ${index} must be a list of numbers, got ${excerpt(ring)}`, {
      at: index,
    })
  }
  if (ring.length % 2 !== 0) {
    throw new MaskError('malformed', `polygon ${index} has ${ring.length} coordinates, an odd number`, {
      at: index,
    })
  }
  for (let i = 0; i < ring.length; i++) {
    const c = ring[i]!
    if (typeof c !== 'number' || !(Math.abs(c) <= MAX_VERTEX_PX)) {
      throw new MaskError(
        typeof c === 'number' ? 'out-of-range' : 'malformed',
        `polygon ${index}: coordinate ${i} is ${excerpt(c)}, must be a number within +-${MAX_VERTEX_PX} pixels`,
        { at: index },
      )
    }
  }
}
