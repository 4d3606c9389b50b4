// The tools that change a region's form: by the box around it, and by the corners of its outline.
import { contoursFromMask, isEmpty, type Mask, ringsOfPolygons } from '@maskwords/mask'
import { notify, notifyError, say, selectedRegion, useStudio } from '../state/store.ts'
import type { Region } from '../state/types.ts'
import {
  type Box,
  boxOf,
  type Corner,
  cornerNear,
  HANDLES,
  type Handle,
  handleAt,
  movedBox,
  placedMask,
  pulledBox,
  type Ring,
  reshaped,
  ringsOf,
  sideNear,
  withCornerAfter,
  withCornerAt,
  withoutCorner,
} from './reshape.ts'
import { changeMask, selectAt } from './select.ts'
import type { Stage } from './stage.ts'
import type { Point } from './stroke.ts'
import { type Keys, type ToolInUse, twoTone } from './tool.ts'

/** Handles and corners are taken within this way of them, in CSS pixels; fingers are thick. */
const REACH_PX = 10
const HANDLE_PX = 4.5

/** The selected region with something in it. */
function regionInUse(): Region | undefined {
  const region = selectedRegion(useStudio.getState())
  return region === undefined || isEmpty(region.mask) ? undefined : region
}

/** The region under a place becomes the selected one. */
function takeAt(at: Point): Region | undefined {
  const before = useStudio.getState().document.selectedId
  selectAt(Math.floor(at.x), Math.floor(at.y))
  const region = regionInUse()
  return region?.id === before ? undefined : region
}

function reachOf(stage: Stage): number {
  return (REACH_PX * stage.ratio) / stage.scale
}

function change(region: Region, made: () => Mask): void {
  try {
    const mask = made()
    changeMask(region, mask)
    if (isEmpty(mask))
      notify({
        kind: 'info',
        message: `${region.name} has no pixel in the picture any more.`,
        hint: 'Undo brings it back.',
      })
  } catch (error) {
    notifyError(error, `Changing ${region.name}`)
  }
}

function drawRings(
  context: CanvasRenderingContext2D,
  stage: Stage,
  rings: readonly ArrayLike<number>[],
): void {
  twoTone(context, stage.ratio * 0.8, () => {
    context.beginPath()
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i += 2) {
        const { x, y } = stage.toScreen({ x: ring[i]!, y: ring[i + 1]! })
        if (i === 0) context.moveTo(x, y)
        else context.lineTo(x, y)
      }
      context.closePath()
    }
    context.stroke()
  })
}

function drawHandle(context: CanvasRenderingContext2D, stage: Stage, at: Point, lit: boolean): void {
  const { x, y } = stage.toScreen(at)
  const half = (lit ? 1.4 : 1) * HANDLE_PX * stage.ratio
  context.fillStyle = lit ? '#000' : '#fff'
  context.fillRect(x - half, y - half, 2 * half, 2 * half)
  context.lineWidth = 1.5 * stage.ratio
  context.strokeStyle = lit ? '#fff' : '#000'
  context.strokeRect(x - half, y - half, 2 * half, 2 * half)
}

/** Moves the selected region, or pulls the box around it by its handles. */
export class Placing implements ToolInUse {
  readonly #stage: Stage
  #held:
    | { readonly region: Region; readonly from: Box; readonly at: Point; readonly by: Handle | 'all' }
    | undefined
  #to: Box | undefined
  #hover: Handle | undefined
  #outline: { readonly mask: Mask; readonly rings: readonly Float64Array[] } | undefined

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get busy(): boolean {
    return this.#held !== undefined
  }

  #handleNear(box: Box, at: Point): Handle | undefined {
    const reach = reachOf(this.#stage)
    return HANDLES.map((handle) => {
      const place = handleAt(box, handle)
      return { handle, way: Math.hypot(place.x - at.x, place.y - at.y) }
    })
      .filter(({ way }) => way <= reach)
      .sort((a, b) => a.way - b.way)[0]?.handle
  }

  press(at: Point): void {
    const region = regionInUse()
    const from = region === undefined ? undefined : boxOf(region.mask)
    const handle = from === undefined ? undefined : this.#handleNear(from, at)
    if (region !== undefined && from !== undefined && handle !== undefined) {
      this.#held = { region, from, at, by: handle }
    } else if (
      region !== undefined &&
      from !== undefined &&
      at.x >= from[0] &&
      at.x < from[2] &&
      at.y >= from[1] &&
      at.y < from[3]
    ) {
      this.#held = { region, from, at, by: 'all' }
    } else {
      const taken = takeAt(at)
      if (taken !== undefined) this.#held = { region: taken, from: boxOf(taken.mask), at, by: 'all' }
    }
    this.#stage.touchTop()
  }

  move(at: Point): void {
    const held = this.#held
    if (held !== undefined) {
      this.#to = held.by === 'all' ? movedBox(held.from, held.at, at) : pulledBox(held.from, held.by, at)
    } else {
      const region = regionInUse()
      this.#hover = region === undefined ? undefined : this.#handleNear(boxOf(region.mask), at)
    }
    this.#stage.touchTop()
  }

  release(): void {
    const held = this.#held
    const to = this.#to
    this.cancel()
    if (held === undefined || to === undefined || to.every((side, i) => side === held.from[i])) return
    change(held.region, () => placedMask(held.region.mask, held.from, to))
  }

  key(key: 'Enter' | 'Backspace' | 'Escape', at: Point): boolean {
    if (key === 'Enter' && this.busy) this.release()
    else if (key === 'Enter') {
      this.press(at)
      if (this.#held !== undefined)
        say(
          `${this.#held.region.name} ${this.#held.by === 'all' ? 'is moved' : 'is resized'} by the arrow keys, Enter ends it`,
        )
    } else if (key === 'Escape' && this.busy) {
      this.cancel()
      say('Given up')
    } else return false
    return true
  }

  cancel(): void {
    this.#held = undefined
    this.#to = undefined
    this.#stage.touchTop()
  }

  draw(context: CanvasRenderingContext2D): void {
    const region = this.#held?.region ?? regionInUse()
    if (region === undefined) return
    const from = this.#held?.from ?? boxOf(region.mask)
    const box = this.#to ?? from
    if (this.#to !== undefined) drawRings(context, this.#stage, this.#movedRings(region.mask, from, box))
    const [left, top, right, foot] = box
    drawRings(context, this.#stage, [[left, top, right, top, right, foot, left, foot]])
    for (const handle of HANDLES)
      drawHandle(context, this.#stage, handleAt(box, handle), handle === (this.#held?.by ?? this.#hover))
  }

  /** The region's outline as it will be. */
  #movedRings(mask: Mask, from: Box, to: Box): Float64Array[] {
    if (this.#outline?.mask !== mask)
      this.#outline = { mask, rings: ringsOfPolygons(contoursFromMask(mask, { tolerancePx: 1 })) }
    const [x, y] = [(to[2] - to[0]) / (from[2] - from[0]), (to[3] - to[1]) / (from[3] - from[1])]
    return this.#outline.rings.map((ring) =>
      ring.map((at, i) => (i % 2 === 0 ? to[0] + (at - from[0]) * x : to[1] + (at - from[1]) * y)),
    )
  }
}

/** Pulls the corners of the selected region's outline, adds one on a side, takes one away. */
export class Cornering implements ToolInUse {
  readonly #stage: Stage
  #held: { readonly region: Region; readonly before: readonly Ring[]; readonly corner: Corner } | undefined
  #after: readonly Ring[] | undefined
  /** The corner that was touched last, for the key that takes it away. */
  #last: { readonly mask: Mask; readonly corner: Corner } | undefined
  #hover: Corner | undefined

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get busy(): boolean {
    return this.#held !== undefined
  }

  press(at: Point, { altKey }: Keys): void {
    const region = regionInUse()
    const before = region === undefined ? [] : ringsOf(region.mask)
    const reach = reachOf(this.#stage)
    const corner = cornerNear(before, at, reach)
    if (region !== undefined && corner !== undefined) {
      if (altKey) this.#remove(region, corner)
      else this.#held = { region, before, corner }
    } else if (region !== undefined) {
      const side = sideNear(before, at, reach)
      if (side === undefined) takeAt(at)
      else {
        this.#after = withCornerAfter(before, side, at)
        this.#held = { region, before, corner: { ring: side.ring, corner: side.corner + 1 } }
      }
    } else takeAt(at)
    this.#stage.touchTop()
  }

  #remove(region: Region, corner: Corner): void {
    const before = ringsOf(region.mask)
    this.#last = undefined
    change(region, () => reshaped(region.mask, before, withoutCorner(before, corner)))
  }

  move(at: Point): void {
    const held = this.#held
    if (held !== undefined) this.#after = withCornerAt(this.#after ?? held.before, held.corner, at)
    else {
      const region = regionInUse()
      this.#hover =
        region === undefined ? undefined : cornerNear(ringsOf(region.mask), at, reachOf(this.#stage))
    }
    this.#stage.touchTop()
  }

  release(): void {
    const held = this.#held
    const after = this.#after
    this.cancel()
    if (held === undefined) return
    if (after === undefined) {
      this.#last = { mask: held.region.mask, corner: held.corner }
      return
    }
    change(held.region, () => reshaped(held.region.mask, held.before, after))
    const mask = regionInUse()?.mask
    if (mask !== undefined) this.#last = { mask, corner: held.corner }
  }

  key(key: 'Enter' | 'Backspace' | 'Escape', at: Point, keys: Keys): boolean {
    const region = regionInUse()
    if (key === 'Backspace' && region !== undefined && !this.busy) {
      const here = cornerNear(ringsOf(region.mask), at, reachOf(this.#stage))
      const corner = here ?? (this.#last?.mask === region.mask ? this.#last.corner : undefined)
      if (corner === undefined) say('No corner is here')
      else this.#remove(region, corner)
    } else if (key === 'Enter' && this.busy) this.release()
    else if (key === 'Enter') {
      this.press(at, keys)
      if (this.busy) say('The corner is moved by the arrow keys, Enter ends it')
    } else if (key === 'Escape' && this.busy) {
      this.cancel()
      say('Given up')
    } else return false
    return true
  }

  cancel(): void {
    this.#held = undefined
    this.#after = undefined
    this.#stage.touchTop()
  }

  draw(context: CanvasRenderingContext2D): void {
    const region = this.#held?.region ?? regionInUse()
    if (region === undefined) return
    const rings = this.#after ?? ringsOf(region.mask)
    drawRings(context, this.#stage, rings)
    const lit = this.#held?.corner ?? this.#hover
    for (const [ring, points] of rings.entries()) {
      for (let i = 0; i < points.length; i += 2) {
        const isLit = lit?.ring === ring && lit.corner === i / 2
        drawHandle(context, this.#stage, { x: points[i]!, y: points[i + 1]! }, isLit)
      }
    }
  }
}
