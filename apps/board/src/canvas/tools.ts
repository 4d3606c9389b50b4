// The tools: what a press, a move and a release do, with a pointer or with the keyboard's cursor.
//
// Positions are picture coordinates. A tool holds what is under way and nothing else; regions change through actions.
import { emptyMask, type Mask, maskFromRings } from '@maskwords/mask'
import { runJob } from '../engine/job.ts'
import { addRegions, DEFAULT_OPACITY, nextColour } from '../state/regions.ts'
import {
  notify,
  notifyError,
  paintedRegion,
  say,
  selectedRegion,
  setBusy,
  useStudio,
} from '../state/store.ts'
import type { Combine, Region, Tool } from '../state/types.ts'
import { type FloodJob, similarRegion } from './flood.ts'
import type { Flooded } from './flood.worker.ts'
import { Later } from './later-tool.ts'
import { Choosing } from './object-tool.ts'
import { rememberRows } from './rows.ts'
import { applyMask, changeMask, combineOf, NOTHING_SELECTED, sayArea, selectAt } from './select.ts'
import type { Stage } from './stage.ts'
import { type Point, Stroke } from './stroke.ts'
import { type Keys, keyboardMoved, type ToolInUse, twoTone } from './tool.ts'

export function toolInUse(tool: Tool, stage: Stage): ToolInUse {
  switch (tool) {
    case 'pan':
      return new Selecting()
    case 'brush':
    case 'eraser':
      return new Brushing(stage, tool === 'eraser')
    case 'box':
      return new Boxing(stage)
    case 'polygon':
      return new Outlining(stage)
    case 'magic':
      return new Picking(stage)
    case 'object':
      return new Choosing(stage)
    case 'place':
      return new Later(stage, async () => new (await import('./reshape-tools.ts')).Placing(stage))
    case 'corners':
      return new Later(stage, async () => new (await import('./reshape-tools.ts')).Cornering(stage))
  }
}

/** Panning is done by the gestures; a click selects. */
class Selecting implements ToolInUse {
  readonly busy = false
  press(): void {}
  move(): void {}
  release(at: Point): void {
    selectAt(Math.floor(at.x), Math.floor(at.y))
  }
  cancel(): void {}
  draw(): void {}
}

type Box = [number, number, number, number]

class Brushing implements ToolInUse {
  readonly #stage: Stage
  readonly #erases: boolean
  #stroke: Stroke | undefined
  #region: Region | undefined
  #whole: Box = [0, 0, 0, 0]
  #fresh: Box | undefined
  #colour = ''

  constructor(stage: Stage, erases: boolean) {
    this.#stage = stage
    this.#erases = erases
  }

  get busy(): boolean {
    return this.#stroke !== undefined
  }

  press(at: Point, { altKey }: Keys): void {
    const { picture } = this.#stage
    if (picture === undefined) return
    const state = useStudio.getState()
    const erase = this.#erases || altKey
    this.#region = erase ? selectedRegion(state) : paintedRegion(state)
    if (erase && this.#region === undefined) {
      notify(NOTHING_SELECTED)
      return
    }
    const { widthPx, heightPx } = picture.pixels
    const radiusPx = state.brushPx / 2
    this.#colour = nextColour(state.document.regions)
    this.#stroke = new Stroke({
      mask: this.#region?.mask ?? emptyMask(widthPx, heightPx),
      radiusPx,
      erase,
      at,
    })
    const reach = radiusPx + 2
    this.#whole = [at.x - reach, at.y - reach, at.x + reach, at.y + reach]
    this.#fresh = this.#whole
    this.#show()
  }

  move(at: Point): void {
    if (this.#stroke === undefined) return
    const box = this.#stroke.moveTo(at)
    this.#whole = joined(this.#whole, box)
    // Many moves come between two frames; the rows are counted once for all of them.
    const waiting = this.#fresh !== undefined
    this.#fresh = this.#fresh === undefined ? box : joined(this.#fresh, box)
    if (!waiting) requestAnimationFrame(() => this.#show())
  }

  #show(): void {
    if (this.#stroke === undefined || this.#fresh === undefined) return
    const { id, colour, opacity } = this.#region ?? {
      id: undefined,
      colour: this.#colour,
      opacity: DEFAULT_OPACITY,
    }
    this.#stage.setLive({ id, colour, opacity, rows: this.#stroke.rows() }, this.#fresh)
    this.#fresh = undefined
  }

  release(): void {
    const stroke = this.#stroke
    if (stroke === undefined) return
    this.cancel()
    const mask = stroke.mask()
    if (this.#region !== undefined) changeMask(this.#region, mask)
    else if (mask.edges.length > 0) {
      addRegions([{ mask }])
      sayArea(selectedRegion(useStudio.getState())!, 'added')
    }
  }

  key(key: 'Enter' | 'Backspace' | 'Escape', at: Point, keys: Keys): boolean {
    if (key === 'Escape' && this.busy) {
      this.cancel()
      say('Stroke given up')
      return true
    }
    if (key !== 'Enter') return false
    if (this.busy) {
      this.release()
      return true
    }
    this.press(at, keys)
    say('Brush down: arrow keys draw, Enter ends the stroke')
    return true
  }

  cancel(): void {
    this.#stroke = undefined
    this.#fresh = undefined
    this.#stage.clearLive(this.#whole)
  }

  draw(): void {}
}

/** Whole pixels of a box between two corners. */
export function boxMask(size: { widthPx: number; heightPx: number }, a: Point, b: Point): Mask {
  const left = Math.round(Math.min(a.x, b.x))
  const right = Math.round(Math.max(a.x, b.x))
  const top = Math.round(Math.min(a.y, b.y))
  const foot = Math.round(Math.max(a.y, b.y))
  return maskFromRings({
    widthPx: size.widthPx,
    heightPx: size.heightPx,
    rings: [[left, top, right, top, right, foot, left, foot]],
  })
}

class Boxing implements ToolInUse {
  readonly #stage: Stage
  #from: Point | undefined
  #to: Point = { x: 0, y: 0 }

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get busy(): boolean {
    return this.#from !== undefined
  }

  press(at: Point): void {
    this.#from = at
    this.#to = at
    this.#stage.touchTop()
  }

  move(at: Point): void {
    this.#to = at
    if (this.busy) this.#stage.touchTop()
  }

  release(at: Point, keys: Keys): void {
    const from = this.#from
    const { picture } = this.#stage
    this.cancel()
    if (from === undefined || picture === undefined) return
    const moved = Math.hypot(at.x - from.x, at.y - from.y) * this.#stage.scale
    // A click that was meant for something else makes no region of one pixel.
    if (moved >= 3) applyMask(boxMask(picture.pixels, from, at), combineOf(keys))
  }

  key(key: 'Enter' | 'Backspace' | 'Escape', at: Point, keys: Keys): boolean {
    if (key === 'Enter' && !this.busy) {
      this.press(at)
      say('First corner set: move the cursor with the arrow keys, Enter sets the second')
    } else if (key === 'Enter') this.release(at, keys)
    else if (key === 'Escape' && this.busy) this.cancel()
    else return false
    return true
  }

  cancel(): void {
    this.#from = undefined
    this.#stage.touchTop()
  }

  draw(context: CanvasRenderingContext2D): void {
    if (this.#from === undefined) return
    const a = this.#stage.toScreen(this.#from)
    const b = this.#stage.toScreen(this.#to)
    twoTone(context, this.#stage.ratio, () => context.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y))
  }
}

/** A click this close to the first corner closes the outline, in CSS pixels. */
const CLOSES_WITHIN_PX = 9

class Outlining implements ToolInUse {
  readonly #stage: Stage
  #corners: Point[] = []
  #at: Point = { x: 0, y: 0 }

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get busy(): boolean {
    return this.#corners.length > 0
  }

  press(at: Point, keys: Keys): void {
    const [first] = this.#corners
    const last = this.#corners.at(-1)
    const near = CLOSES_WITHIN_PX * this.#stage.ratio
    if (first !== undefined && this.#corners.length > 2 && this.#apart(first, at) < near) this.#close(keys)
    else if (last !== undefined && this.#apart(last, at) < 2 * this.#stage.ratio) {
      // The second click of a double click.
      if (this.#corners.length > 2) this.#close(keys)
    } else {
      this.#corners.push(at)
      this.#at = at
      say(`Corner ${this.#corners.length}`)
    }
    this.#stage.touchTop()
  }

  move(at: Point): void {
    this.#at = at
    if (this.busy) this.#stage.touchTop()
  }

  release(): void {}

  key(key: 'Enter' | 'Backspace' | 'Escape', at: Point, keys: Keys): boolean {
    const last = this.#corners.at(-1)
    if (key === 'Escape' && this.busy) {
      this.cancel()
      say('Outline given up')
    } else if (key === 'Backspace' && last !== undefined) {
      this.#corners.pop()
      this.#stage.touchTop()
      say(`Last corner removed, ${this.#corners.length} left`)
    } else if (key === 'Enter') {
      // The keyboard's cursor that stands elsewhere sets a corner; where it did not move, Enter closes.
      if (last === undefined || (keyboardMoved(this.#stage) && this.#apart(last, at) >= 1))
        this.press(at, keys)
      else if (this.#corners.length > 2) this.#close(keys)
      else say('An outline needs at least three corners')
    } else return false
    return true
  }

  cancel(): void {
    this.#corners = []
    this.#stage.touchTop()
  }

  #apart(a: Point, b: Point): number {
    return Math.hypot(a.x - b.x, a.y - b.y) * this.#stage.scale
  }

  #close(keys: Keys): void {
    const corners = this.#corners
    const { picture } = this.#stage
    this.cancel()
    if (picture === undefined) return
    const { widthPx, heightPx } = picture.pixels
    const ring = corners.flatMap(({ x, y }) => [x, y])
    applyMask(maskFromRings({ widthPx, heightPx, rings: [ring] }), combineOf(keys))
  }

  draw(context: CanvasRenderingContext2D): void {
    if (!this.busy) return
    const { ratio } = this.#stage
    const points = [...this.#corners, this.#at].map((point) => this.#stage.toScreen(point))
    twoTone(context, ratio, () => {
      context.beginPath()
      for (const { x, y } of points) context.lineTo(x, y)
      context.stroke()
    })
    for (const [i, { x, y }] of points.slice(0, -1).entries()) {
      context.beginPath()
      context.arc(x, y, (i === 0 ? 5 : 3.5) * ratio, 0, 2 * Math.PI)
      context.fillStyle = '#fff'
      context.fill()
      context.lineWidth = 1.5 * ratio
      context.strokeStyle = '#000'
      context.stroke()
    }
  }
}

/** From this size on the search is longer than a frame: a worker does it, and the page goes on. */
const IN_WORKER_FROM_PX = 1e6
/** A picture of the largest size with a run for every other pixel takes three seconds. */
const PICKS_WITHIN_MS = 60_000

class Picking implements ToolInUse {
  readonly busy = false
  readonly #stage: Stage
  #underWay: AbortController | undefined

  constructor(stage: Stage) {
    this.#stage = stage
  }

  press(at: Point, keys: Keys): void {
    this.cancel()
    const { picture } = this.#stage
    if (picture === undefined) return
    const x = Math.floor(at.x)
    const y = Math.floor(at.y)
    const { widthPx, heightPx, rgb } = picture.pixels
    if (x < 0 || y < 0 || x >= widthPx || y >= heightPx) return
    const how = combineOf(keys)
    const job: FloodJob = { widthPx, heightPx, rgb, x, y, tolerance: useStudio.getState().tolerance }
    if (widthPx * heightPx < IN_WORKER_FROM_PX) applyMask(similarRegion(job), how)
    else void this.#pick(job, how)
  }

  async #pick(job: FloodJob, how: Combine): Promise<void> {
    const underWay = new AbortController()
    this.#underWay = underWay
    setBusy('Selecting similar colours, Esc gives up')
    try {
      const worker = new Worker(new URL('./flood.worker.ts', import.meta.url), { type: 'module' })
      await runJob<Flooded>(worker, job, {
        signal: underWay.signal,
        timeoutMs: PICKS_WITHIN_MS,
        onPart: ({ mask, rows }) => {
          rememberRows(mask, rows)
          applyMask(mask, how)
        },
      })
    } catch (error) {
      if (!underWay.signal.aborted) notifyError(error, 'Magic selection')
    } finally {
      if (this.#underWay === underWay) this.#end()
    }
  }

  #end(): void {
    this.#underWay = undefined
    setBusy(undefined)
  }

  move(): void {}
  release(): void {}

  key(key: 'Enter' | 'Backspace' | 'Escape', at: Point, keys: Keys): boolean {
    if (key === 'Escape' && this.#underWay !== undefined) {
      this.cancel()
      say('Selection given up')
      return true
    }
    if (key === 'Enter') this.press(at, keys)
    return key === 'Enter'
  }

  cancel(): void {
    if (this.#underWay === undefined) return
    this.#underWay.abort()
    this.#end()
  }

  draw(): void {}
}

function joined(a: Box, b: Box): Box {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])]
}
