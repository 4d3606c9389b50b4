// The geometry of regions that are moved, resized, or edited by their corners. Definition: ours.
//
// A mask has no corners: those that are shown are of its outline, simplified. An edit changes the pixels that the outline gains and
// loses by it and no others, so that what was drawn finer than the corners stays.
import {
  contoursFromMask,
  crop,
  type Mask,
  maskFromRings,
  paste,
  resizeMaskNearest,
  ringsOfPolygons,
  subtract,
  tightBox,
  union,
} from '@maskwords/mask'
import type { Point } from './stroke.ts'

/** Left, top, right and foot in whole pixels; right and foot are behind the last one. */
export type Box = readonly [number, number, number, number]
/** x, y, x, y, ... in pixels, not closed. */
export type Ring = readonly number[]

/** The eight places of a box that can be pulled, by compass. */
export const HANDLES = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'] as const
export type Handle = (typeof HANDLES)[number]

/** The box around a mask's pixels. */
export function boxOf(mask: Mask): Box {
  const { x, y, width, height } = tightBox(mask)
  return [x, y, x + width, y + height]
}

/** Where a handle stands. */
export function handleAt([left, top, right, foot]: Box, handle: Handle): Point {
  const x = handle.includes('w') ? left : handle.includes('e') ? right : (left + right) / 2
  const y = handle.includes('n') ? top : handle.includes('s') ? foot : (top + foot) / 2
  return { x, y }
}

/** The box whose handle was pulled to a place: at least a pixel wide and high. */
export function pulledBox([left, top, right, foot]: Box, handle: Handle, to: Point): Box {
  const [x, y] = [Math.round(to.x), Math.round(to.y)]
  return [
    handle.includes('w') ? Math.min(x, right - 1) : left,
    handle.includes('n') ? Math.min(y, foot - 1) : top,
    handle.includes('e') ? Math.max(x, left + 1) : right,
    handle.includes('s') ? Math.max(y, top + 1) : foot,
  ]
}

/** The mask with the pixels of one box laid into another; what falls out of the picture is lost. */
export function placedMask(mask: Mask, from: Box, to: Box): Mask {
  const [left, top, right, foot] = from
  const { widthPx, heightPx } = mask
  const part = crop(mask, { x: left, y: top, width: right - left, height: foot - top })
  const size = { widthPx: to[2] - to[0], heightPx: to[3] - to[1] }
  const same = size.widthPx === part.widthPx && size.heightPx === part.heightPx
  const resized = same ? part : resizeMaskNearest(part, size)
  return paste(resized, { x: to[0], y: to[1], widthPx, heightPx })
}

/** The box moved by whole pixels. */
export function movedBox([left, top, right, foot]: Box, from: Point, to: Point): Box {
  const [dx, dy] = [Math.round(to.x - from.x), Math.round(to.y - from.y)]
  return [left + dx, top + dy, right + dx, foot + dy]
}

/** More corners than a person pulls at: the outline is simplified further. */
const MAX_CORNERS = 160
const LEAST_TOLERANCE_PX = 0.75
const COARSER = 1.6

const remembered = new WeakMap<Mask, readonly Ring[]>()

/** The rings of a mask's outline with few corners; those of an edit are remembered with the mask that it made. */
export function ringsOf(mask: Mask): readonly Ring[] {
  const known = remembered.get(mask)
  if (known !== undefined) return known
  let tolerancePx = Math.max(LEAST_TOLERANCE_PX, Math.max(mask.widthPx, mask.heightPx) / 800)
  let rings: Ring[]
  do {
    rings = ringsOfPolygons(contoursFromMask(mask, { tolerancePx })).map((ring) => Array.from(ring))
    tolerancePx *= COARSER
  } while (rings.reduce((sum, ring) => sum + ring.length / 2, 0) > MAX_CORNERS && tolerancePx < mask.widthPx)
  remembered.set(mask, rings)
  return rings
}

/** The mask whose outline was changed from `before` to `after`. Rings of fewer than three corners are gone. */
export function reshaped(mask: Mask, before: readonly Ring[], after: readonly Ring[]): Mask {
  const { widthPx, heightPx } = mask
  const kept = after.filter((ring) => ring.length >= 6)
  const [was, is] = [before, kept].map((rings) =>
    maskFromRings({ widthPx, heightPx, rings: rings as number[][] }),
  ) as [Mask, Mask]
  const made = union(subtract(mask, subtract(was, is)), subtract(is, was))
  remembered.set(made, kept)
  return made
}

/** A corner: which ring, and which of its corners. */
export type Corner = { readonly ring: number; readonly corner: number }

const apart = (ax: number, ay: number, { x, y }: Point): number => Math.hypot(ax - x, ay - y)

/** The corner nearest to a place, within `reachPx` of it. */
export function cornerNear(rings: readonly Ring[], at: Point, reachPx: number): Corner | undefined {
  let best: Corner | undefined
  let least = reachPx
  for (const [ring, points] of rings.entries()) {
    for (let i = 0; i < points.length; i += 2) {
      const way = apart(points[i]!, points[i + 1]!, at)
      if (way <= least) {
        least = way
        best = { ring, corner: i / 2 }
      }
    }
  }
  return best
}

/** The corner behind which a new one would stand where a side passes within `reachPx` of a place. */
export function sideNear(rings: readonly Ring[], at: Point, reachPx: number): Corner | undefined {
  let best: Corner | undefined
  let least = reachPx
  for (const [ring, points] of rings.entries()) {
    for (let i = 0; i < points.length; i += 2) {
      const [ax, ay] = [points[i]!, points[i + 1]!]
      const j = (i + 2) % points.length
      const [bx, by] = [points[j]! - ax, points[j + 1]! - ay]
      const length = bx * bx + by * by
      const along =
        length === 0 ? 0 : Math.max(0, Math.min(1, ((at.x - ax) * bx + (at.y - ay) * by) / length))
      const way = apart(ax + along * bx, ay + along * by, at)
      if (way < least) {
        least = way
        best = { ring, corner: i / 2 }
      }
    }
  }
  return best
}

const changed = (rings: readonly Ring[], at: number, ring: Ring): Ring[] =>
  rings.map((one, i) => (i === at ? ring : one))

/** The rings with a corner at another place. */
export const withCornerAt = (rings: readonly Ring[], { ring, corner }: Corner, { x, y }: Point): Ring[] =>
  changed(rings, ring, rings[ring]!.toSpliced(2 * corner, 2, x, y))

/** The rings with one corner more, behind another. */
export const withCornerAfter = (rings: readonly Ring[], { ring, corner }: Corner, { x, y }: Point): Ring[] =>
  changed(rings, ring, rings[ring]!.toSpliced(2 * corner + 2, 0, x, y))

/** The rings without a corner. */
export const withoutCorner = (rings: readonly Ring[], { ring, corner }: Corner): Ring[] =>
  changed(rings, ring, rings[ring]!.toSpliced(2 * corner, 2))
