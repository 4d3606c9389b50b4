// The tool "Object": clicks on a thing and off it, or a box around it, and what they mean is shown until it is accepted.
import type { PromptBox, PromptPoint } from '@maskwords/selection'
import { pickObject } from '../engine/index.ts'
import { setOverlay } from '../state/overlay.ts'
import { nextColour } from '../state/regions.ts'
import { notifyError, say, setBusy, useStudio } from '../state/store.ts'
import { applyMask, combineOf, percentOf } from './select.ts'
import type { Stage } from './stage.ts'
import type { Point } from './stroke.ts'
import { type Keys, keyboardMoved, type ToolInUse, twoTone } from './tool.ts'
import { type Trial, useTrial } from './trial.ts'

/** A press that moved further than this, in CSS pixels, is a box. */
const BOX_FROM_PX = 6
const LAYER = 'object'

export class Choosing implements ToolInUse {
  readonly #stage: Stage
  #from: Point | undefined
  #to: Point = { x: 0, y: 0 }
  #minus = false
  /** Trials one after the other, the newest last; each is one click more than the one before. */
  #trials: Trial[] = []
  #asked: AbortController | undefined

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get busy(): boolean {
    return this.#from !== undefined
  }

  get #now(): Trial {
    return this.#trials.at(-1) ?? { points: [] }
  }

  press(at: Point, { altKey }: Keys): void {
    this.#from = at
    this.#to = at
    this.#minus = altKey !== (useTrial.getState().sign === 'minus')
    this.#stage.touchTop()
  }

  move(at: Point): void {
    this.#to = at
    if (this.busy) this.#stage.touchTop()
  }

  release(at: Point, keys: Keys): void {
    const from = this.#from
    this.#from = undefined
    const { picture } = this.#stage
    if (from === undefined || picture === undefined) return
    const { widthPx, heightPx } = picture.pixels
    const inside = ({ x, y }: Point): boolean => x >= 0 && y >= 0 && x < widthPx && y < heightPx
    const moved = Math.hypot(at.x - from.x, at.y - from.y) * this.#stage.scale
    if (moved >= BOX_FROM_PX * this.#stage.ratio) {
      const box: PromptBox = [
        Math.max(0, Math.min(from.x, at.x)),
        Math.max(0, Math.min(from.y, at.y)),
        Math.min(widthPx, Math.max(from.x, at.x)),
        Math.min(heightPx, Math.max(from.y, at.y)),
      ]
      if (box[0] < box[2] && box[1] < box[3]) this.#ask({ points: this.#now.points, box })
    } else if (inside(from)) {
      const plus = keys.shiftKey || !this.#minus
      const point: PromptPoint = { xPx: from.x, yPx: from.y, plus }
      this.#ask({ ...this.#now, points: [...this.#now.points, point] })
    }
    this.#stage.touchTop()
  }

  key(key: 'Enter' | 'Backspace' | 'Escape', at: Point, keys: Keys): boolean {
    if (key === 'Escape') {
      if (this.#trials.length === 0) return false
      this.cancel()
      say('Clicks taken away')
      return true
    }
    if (key === 'Backspace') return this.undo()
    // Where the cursor has moved since the last click, Enter clicks; where it has not, it accepts.
    const last = this.#now.points.at(-1)
    const isThere =
      this.#trials.length > 0 &&
      (last === undefined || Math.hypot(last.xPx - at.x, last.yPx - at.y) * this.#stage.scale < 2)
    if (isThere || !keyboardMoved(this.#stage)) return this.accept(keys)
    this.press(at, keys)
    this.release(at, keys)
    return true
  }

  /** Takes the newest click back; false where there is none. */
  undo(): boolean {
    if (this.#trials.length === 0) return false
    this.#asked?.abort()
    this.#trials.pop()
    this.#show()
    say(`Last click taken back, ${this.#trials.length} left`)
    return true
  }

  /** What is shown becomes a region, or part of one; false where nothing is. */
  accept(keys: Keys): boolean {
    const { mask } = this.#now
    if (mask === undefined) return false
    this.cancel()
    applyMask(mask, combineOf({ shiftKey: keys.shiftKey, altKey: false }))
    return true
  }

  cancel(): void {
    this.#from = undefined
    this.#asked?.abort()
    this.#trials = []
    this.#show()
  }

  async #ask(trial: Trial): Promise<void> {
    const { picture } = this.#stage
    if (picture === undefined) return
    this.#asked?.abort()
    const asked = new AbortController()
    this.#asked = asked
    const before = this.#now.shares
    // The click shows at once, with the mask before it.
    this.#trials.push({ ...trial, mask: this.#now.mask, shares: before })
    const at = this.#trials.length - 1
    this.#show()
    setBusy('Looking for the object')
    try {
      const { mask, shares } = await pickObject(picture, trial, { before, signal: asked.signal })
      if (asked.signal.aborted) return
      this.#trials[at] = { ...trial, mask, shares }
      this.#show()
      say(`The object covers ${percentOf(mask)} of the picture. Enter accepts it.`)
    } catch (error) {
      if (asked.signal.aborted) return
      this.#trials.splice(at)
      this.#show()
      notifyError(error, 'Looking for the object')
    } finally {
      if (this.#asked === asked) {
        this.#asked = undefined
        setBusy(undefined)
      }
    }
  }

  #show(): void {
    const { mask, points, box } = this.#now
    if (this.#asked?.signal.aborted) {
      this.#asked = undefined
      setBusy(undefined)
    }
    const label = `The object of ${points.length} clicks${box === undefined ? '' : ' and a box'}`
    const { regions } = useStudio.getState().document
    setOverlay(
      LAYER,
      mask === undefined
        ? undefined
        : { kind: 'mask', mask, colour: nextColour(regions), label, opacity: 0.5 },
    )
    useTrial.setState({ steps: this.#trials.length, hasMask: mask !== undefined })
    this.#stage.touchTop()
  }

  draw(context: CanvasRenderingContext2D): void {
    const { ratio } = this.#stage
    const { points, box } = this.#now
    const boxes: (readonly [Point, Point])[] = []
    if (box !== undefined) {
      boxes.push([
        { x: box[0], y: box[1] },
        { x: box[2], y: box[3] },
      ])
    }
    if (this.#from !== undefined) boxes.push([this.#from, this.#to])
    for (const [from, to] of boxes) {
      const [a, b] = [this.#stage.toScreen(from), this.#stage.toScreen(to)]
      twoTone(context, ratio, () => context.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y))
    }
    for (const { xPx, yPx, plus } of points) {
      const { x, y } = this.#stage.toScreen({ x: xPx, y: yPx })
      context.beginPath()
      context.arc(x, y, 7 * ratio, 0, 2 * Math.PI)
      // Not by colour alone: the sign stands in it.
      context.fillStyle = plus ? '#0072b2' : '#d55e00'
      context.fill()
      context.lineWidth = 1.5 * ratio
      context.strokeStyle = '#fff'
      context.stroke()
      const reach = 3.5 * ratio
      context.beginPath()
      context.moveTo(x - reach, y)
      context.lineTo(x + reach, y)
      if (plus) {
        context.moveTo(x, y - reach)
        context.lineTo(x, y + reach)
      }
      context.lineWidth = 2 * ratio
      context.stroke()
    }
  }
}
