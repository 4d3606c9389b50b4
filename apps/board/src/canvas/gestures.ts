// From pointers, wheel and keys on the canvas to views and tools.
import { say, setBrush, useStudio } from '../state/store.ts'
import type { Stage } from './stage.ts'
import type { Point } from './stroke.ts'
import { type Keys, keyboardMoved, setKeyboardMoved, type ToolInUse, twoTone } from './tool.ts'
import { toolInUse } from './tools.ts'

/** A press that moved less than this is a click, in CSS pixels. */
const CLICK_PX = 4
/** Steps of the arrow keys in CSS pixels of the screen: the view, the cursor, and the cursor with Shift. */
const PAN_STEP_PX = 48
const CURSOR_STEP_PX = 12
const FINE_STEP_PX = 1
/** Zoom a pixel of the wheel; a pinch on a touch pad sends a tenth of a wheel's numbers. */
const WHEEL_RATE = 0.0016
const PINCH_RATE = 0.012
const WHEEL_LINE_PX = 16
const WHEEL_PAGE_PX = 400
/** One step of the keys + and -. */
export const ZOOM_STEP = 1.25

type Finger = { readonly at: Point; readonly startedAt: Point }

/** Connects a stage with what people do on it; `close` takes all of it back. */
export class Gestures {
  readonly #stage: Stage
  readonly #canvas: HTMLElement
  readonly #stops: (() => void)[] = []
  readonly #fingers = new Map<number, Finger>()
  #tool: ToolInUse
  /** The cursor in the picture, by pointer or arrow keys. */
  #cursor: Point = { x: 0, y: 0 }
  #over = false
  /** What the one pressed pointer does. */
  #doing: 'tool' | 'pan' | undefined
  #moved = false
  #space = false

  constructor(stage: Stage, canvas: HTMLElement) {
    this.#stage = stage
    this.#canvas = canvas
    this.#tool = toolInUse(useStudio.getState().tool, stage)
    stage.drawTool = (context) => this.#draw(context)
    stage.tool = () => this.#tool
    this.#showCursor()
    this.#listen('pointerdown', (event) => this.#down(event))
    this.#listen('pointermove', (event) => this.#move(event))
    this.#listen('pointerup', (event) => this.#up(event))
    this.#listen('pointercancel', (event) => this.#lost(event))
    this.#listen('pointerleave', () => this.#leave())
    this.#listen('keydown', (event) => this.#key(event))
    this.#listen('keyup', (event) => this.#keyUp(event))
    this.#listen('blur', () => this.#setSpace(false))
    this.#listen('contextmenu', (event) => event.preventDefault())
    this.#listen('wheel', (event) => this.#wheel(event), { passive: false })
    this.#stops.push(
      useStudio.subscribe((state, before) => {
        if (state.tool !== before.tool) this.#change()
        else if (state.picture !== before.picture) this.#tool.cancel()
        else if (state.brushPx !== before.brushPx || state.document !== before.document) stage.touchTop()
      }),
    )
  }

  close(): void {
    this.#tool.cancel()
    this.#stage.drawTool = undefined
    for (const stop of this.#stops) stop()
  }

  #listen<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ): void {
    this.#canvas.addEventListener(type, listener, options)
    this.#stops.push(() => this.#canvas.removeEventListener(type, listener))
  }

  #change(): void {
    this.#tool.cancel()
    this.#tool = toolInUse(useStudio.getState().tool, this.#stage)
    this.#showCursor()
    this.#stage.touchTop()
  }

  /** The right button is a minus where clicks have a sign. */
  #minus({ button }: PointerEvent): boolean {
    return button === 2 && useStudio.getState().tool === 'object'
  }

  #showCursor(): void {
    const { tool } = useStudio.getState()
    const pans = this.#space || this.#doing === 'pan'
    this.#canvas.style.cursor = pans
      ? this.#doing === 'pan'
        ? 'grabbing'
        : 'grab'
      : tool === 'pan'
        ? 'default'
        : tool === 'brush' || tool === 'eraser'
          ? 'none'
          : 'crosshair'
  }

  #down(event: PointerEvent): void {
    if (this.#stage.picture === undefined || event.button > (this.#minus(event) ? 2 : 1)) return
    this.#canvas.focus({ preventScroll: true })
    try {
      this.#canvas.setPointerCapture(event.pointerId)
    } catch {
      // A pointer that is gone already: its events end by themselves.
    }
    const at = this.#stage.pointOf(event)
    this.#fingers.set(event.pointerId, { at, startedAt: at })
    if (this.#fingers.size === 2) {
      // Two fingers move the view; what the first began was not meant.
      this.#tool.cancel()
      this.#doing = 'pan'
      return
    }
    if (this.#fingers.size > 2) return
    this.#moved = false
    setKeyboardMoved(this.#stage, false)
    this.#cursor = this.#stage.toPicture(at)
    const pans = event.button === 1 || this.#space || useStudio.getState().tool === 'pan'
    this.#doing = pans ? 'pan' : 'tool'
    if (event.button === 1) event.preventDefault()
    if (!pans)
      this.#tool.press(this.#cursor, { shiftKey: event.shiftKey, altKey: event.altKey || this.#minus(event) })
    this.#showCursor()
  }

  #move(event: PointerEvent): void {
    this.#over = event.pointerType !== 'touch'
    const finger = this.#fingers.get(event.pointerId)
    const at = this.#stage.pointOf(event)
    if (finger === undefined || this.#fingers.size > 1) {
      if (finger !== undefined) this.#pinch(event.pointerId, at)
      else this.#point(at)
      return
    }
    this.#fingers.set(event.pointerId, { at, startedAt: finger.startedAt })
    const way = Math.hypot(at.x - finger.startedAt.x, at.y - finger.startedAt.y)
    if (way > CLICK_PX * this.#stage.ratio) this.#moved = true
    if (this.#doing === 'pan') {
      if (this.#moved) this.#stage.pan(at.x - finger.at.x, at.y - finger.at.y)
      return
    }
    // Between two events the pointer passed places that a fast stroke must not cut off.
    const passed = event.getCoalescedEvents?.() ?? []
    for (const one of passed.length > 0 ? passed : [event]) this.#point(this.#stage.pointOf(one))
  }

  #point(at: Point): void {
    this.#cursor = this.#stage.toPicture(at)
    setKeyboardMoved(this.#stage, false)
    this.#tool.move(this.#cursor)
    this.#stage.touchTop()
  }

  #pinch(id: number, at: Point): void {
    const [a, b] = [...this.#fingers]
    if (a === undefined || b === undefined) return
    const [other] = a[0] === id ? [b[1], a[1]] : [a[1], b[1]]
    const before = this.#fingers.get(id)!
    this.#fingers.set(id, { at, startedAt: before.startedAt })
    if (a[0] !== id && b[0] !== id) return
    const was = Math.hypot(before.at.x - other.at.x, before.at.y - other.at.y)
    const is = Math.hypot(at.x - other.at.x, at.y - other.at.y)
    const middle = { x: (at.x + other.at.x) / 2, y: (at.y + other.at.y) / 2 }
    this.#stage.pan((at.x - before.at.x) / 2, (at.y - before.at.y) / 2)
    if (was > 1 && is > 1) this.#stage.zoom(is / was, middle)
  }

  #up(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId)) return
    if (this.#fingers.size > 0) return
    const doing = this.#doing
    this.#doing = undefined
    const at = this.#stage.toPicture(this.#stage.pointOf(event))
    // Only the tool "pan" takes clicks of panning: with the space key held, a click is an accident.
    if (doing === 'tool' || (doing === 'pan' && !this.#moved && !this.#space && event.button === 0)) {
      this.#tool.release(at, event)
    }
    this.#showCursor()
  }

  #lost(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId)) return
    this.#tool.cancel()
    if (this.#fingers.size === 0) this.#doing = undefined
    this.#showCursor()
  }

  #leave(): void {
    this.#over = false
    this.#stage.touchTop()
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault()
    const unit = event.deltaMode === 1 ? WHEEL_LINE_PX : event.deltaMode === 2 ? WHEEL_PAGE_PX : 1
    if (event.shiftKey && !event.ctrlKey) {
      this.#stage.pan(-(event.deltaX || event.deltaY) * unit * this.#stage.ratio, 0)
      return
    }
    const rate = event.ctrlKey ? PINCH_RATE : WHEEL_RATE
    this.#stage.zoom(Math.exp(-event.deltaY * unit * rate), this.#stage.pointOf(event))
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || this.#stage.picture === undefined) return
    const { key } = event
    if (key === ' ') this.#setSpace(true)
    else if (key.startsWith('Arrow')) this.#arrow(key, event)
    else if (key === 'Enter' || key === 'Backspace' || key === 'Escape') {
      if (!this.#tool.key?.(key, this.#cursor, event)) return
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  #keyUp(event: KeyboardEvent): void {
    if (event.key === ' ') this.#setSpace(false)
  }

  #setSpace(space: boolean): void {
    this.#space = space
    this.#showCursor()
  }

  #arrow(key: string, keys: Keys): void {
    const x = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0
    const y = key === 'ArrowUp' ? -1 : key === 'ArrowDown' ? 1 : 0
    const stage = this.#stage
    if (useStudio.getState().tool === 'pan' || this.#space) {
      stage.pan(-x * PAN_STEP_PX * stage.ratio, -y * PAN_STEP_PX * stage.ratio)
      return
    }
    const { widthPx, heightPx } = stage.picture!.pixels
    if (!keyboardMoved(stage) && !this.#over) {
      // The first arrow key finds the cursor in the middle of what is seen.
      this.#cursor = stage.toPicture({ x: stage.screen.widthPx / 2, y: stage.screen.heightPx / 2 })
    }
    setKeyboardMoved(stage, true)
    const step = keys.shiftKey ? FINE_STEP_PX : Math.max(1, (CURSOR_STEP_PX * stage.ratio) / stage.scale)
    this.#cursor = {
      x: Math.round(Math.min(widthPx, Math.max(0, this.#cursor.x + x * step))),
      y: Math.round(Math.min(heightPx, Math.max(0, this.#cursor.y + y * step))),
    }
    stage.reveal(this.#cursor)
    this.#tool.move(this.#cursor)
    stage.touchTop()
    say(`${this.#cursor.x}, ${this.#cursor.y}`)
  }

  #draw(context: CanvasRenderingContext2D): void {
    this.#tool.draw(context)
    const byKeys = keyboardMoved(this.#stage)
    const { tool, brushPx } = useStudio.getState()
    if (tool === 'pan' || this.#space || this.#doing === 'pan') return
    if (!(this.#over || byKeys || this.#doing === 'tool')) return
    const { ratio, scale } = this.#stage
    const { x, y } = this.#stage.toScreen(this.#cursor)
    if (tool === 'brush' || tool === 'eraser') {
      const radius = Math.max(1.5 * ratio, (brushPx / 2) * scale)
      twoTone(context, ratio * 0.8, () => {
        context.setLineDash(tool === 'eraser' ? [4 * ratio, 3 * ratio] : [])
        context.beginPath()
        context.arc(x, y, radius, 0, 2 * Math.PI)
        context.stroke()
        context.setLineDash([])
      })
    }
    if (byKeys) {
      const reach = 12 * ratio
      twoTone(context, ratio, () => {
        context.beginPath()
        context.moveTo(x - reach, y)
        context.lineTo(x + reach, y)
        context.moveTo(x, y - reach)
        context.lineTo(x, y + reach)
        context.stroke()
      })
    }
  }
}

/** The next smaller or larger brush: about a fifth of its size, at least a pixel. */
export function stepBrush(direction: 1 | -1): void {
  const { brushPx } = useStudio.getState()
  setBrush(Math.round(brushPx + direction * Math.max(1, brushPx / 5)))
}
