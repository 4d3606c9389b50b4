// The canvas with picture and masks. Scaling pixels is what costs here, so as little as possible is drawn: after a pan
// the pixels that are there are moved and only the uncovered strips drawn; after a stroke only the place of the stroke;
// and while a zoom is slow, pixels are taken as they are and smoothed once it is at rest.
import type { Picture } from '../state/types.ts'
import { Pyramid } from './pyramid.ts'
import type { Paint } from './tile.ts'
import { TileLayer } from './tile-layer.ts'
import type { Viewport } from './viewport.ts'

/** Left, top, right, bottom. */
export type Box = readonly [number, number, number, number]
type Size = { readonly widthPx: number; readonly heightPx: number }

/** From this scale on pixels are shown as squares. */
const SQUARES_FROM = 3
/** A view that did not change for this long is at rest. */
const REST_MS = 140
/** A frame that took longer than this missed its turn at 60 a second. */
const SLOW_FRAME_MS = 22
const SLOW_FRAMES = 2
/** Outlines and smoothing reach this much further than a change, in device pixels. */
const MARGIN_PX = 4

export class BaseLayer {
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #request: () => void
  #picture: Picture | undefined
  #pyramid: Pyramid | undefined
  #tiles: TileLayer | undefined
  #view: Viewport = { scale: 1, xPx: 0, yPx: 0 }
  /** Where the canvas is wrong, after it was moved by `shift`. */
  #areas: Box[] = []
  #shift = { x: 0, y: 0 }
  #zooming = false
  #restTimer: ReturnType<typeof setTimeout> | undefined
  #lastFrameMs = 0
  #slowFrames = 0

  /** `request` asks for a frame, in which the owner calls `draw`. */
  constructor(canvas: HTMLCanvasElement, request: () => void) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')!
    this.#request = request
  }

  open(picture: Picture | undefined): void {
    this.#pyramid?.close()
    this.#picture = picture
    this.#pyramid = undefined
    this.#tiles = undefined
    if (picture !== undefined) {
      this.#pyramid = new Pyramid(picture.bitmap)
      void this.#pyramid.build(() => this.touchAll())
      this.#tiles = new TileLayer(picture.pixels)
    }
    this.touchAll()
  }

  close(): void {
    clearTimeout(this.#restTimer)
    this.#pyramid?.close()
  }

  /** What is painted from now on; `box` in the picture is where it differs, all of it if left out. */
  setPaints(paints: readonly Paint[], box?: Box): void {
    this.#tiles?.setPaints(paints, box)
    if (box === undefined) this.touchAll()
    else {
      const { scale, xPx, yPx } = this.#view
      this.#touch([
        box[0] * scale + xPx - MARGIN_PX,
        box[1] * scale + yPx - MARGIN_PX,
        box[2] * scale + xPx + MARGIN_PX,
        box[3] * scale + yPx + MARGIN_PX,
      ])
    }
  }

  setView(view: Viewport): void {
    const before = this.#view
    this.#view = view
    const x = view.xPx - before.xPx
    const y = view.yPx - before.yPx
    if (view.scale !== before.scale) {
      this.#zooming = true
      clearTimeout(this.#restTimer)
      this.#restTimer = setTimeout(() => this.#rest(), REST_MS)
      this.touchAll()
    } else if (Number.isInteger(x) && Number.isInteger(y)) this.#pan(x, y)
    else this.touchAll()
  }

  touchAll(): void {
    this.#shift = { x: 0, y: 0 }
    this.#areas = [[0, 0, this.#canvas.width, this.#canvas.height]]
    this.#request()
  }

  get dirty(): boolean {
    return this.#areas.length > 0 || this.#shift.x !== 0 || this.#shift.y !== 0
  }

  #touch([left, top, right, foot]: Box): void {
    const { width, height } = this.#canvas
    const box: Box = [
      Math.max(0, Math.floor(left)),
      Math.max(0, Math.floor(top)),
      Math.min(width, Math.ceil(right)),
      Math.min(height, Math.ceil(foot)),
    ]
    if (box[0] >= box[2] || box[1] >= box[3]) return
    this.#areas.push(box)
    // Many small areas cost more than the one around them.
    if (this.#areas.length > 4) {
      this.#areas = [
        this.#areas.reduce((a, b) => [
          Math.min(a[0], b[0]),
          Math.min(a[1], b[1]),
          Math.max(a[2], b[2]),
          Math.max(a[3], b[3]),
        ]),
      ]
    }
    this.#request()
  }

  #pan(x: number, y: number): void {
    const { width, height } = this.#canvas
    if (x === 0 && y === 0) return
    this.#shift = { x: this.#shift.x + x, y: this.#shift.y + y }
    if (Math.abs(this.#shift.x) >= width || Math.abs(this.#shift.y) >= height) {
      this.touchAll()
      return
    }
    const moved = this.#areas
    this.#areas = []
    for (const area of moved) this.#touch([area[0] + x, area[1] + y, area[2] + x, area[3] + y])
    if (x > 0) this.#touch([0, 0, x, height])
    if (x < 0) this.#touch([width + x, 0, width, height])
    if (y > 0) this.#touch([0, 0, width, y])
    if (y < 0) this.#touch([0, height + y, width, height])
    this.#request()
  }

  #rest(): void {
    this.#zooming = false
    this.touchAll()
  }

  /** Draws what is wrong. `nowMs` is the frame's time. */
  draw(nowMs: number): void {
    if (this.#zooming) {
      const slow = nowMs - this.#lastFrameMs > SLOW_FRAME_MS && nowMs - this.#lastFrameMs < 500
      this.#slowFrames = Math.max(0, Math.min(20, this.#slowFrames + (slow ? 1 : -0.1)))
    }
    this.#lastFrameMs = nowMs
    const context = this.#context
    if (this.#shift.x !== 0 || this.#shift.y !== 0) {
      context.globalCompositeOperation = 'copy'
      context.drawImage(this.#canvas, this.#shift.x, this.#shift.y)
      context.globalCompositeOperation = 'source-over'
      this.#shift = { x: 0, y: 0 }
    }
    const areas = this.#areas
    this.#areas = []
    for (const area of areas) {
      context.save()
      context.beginPath()
      context.rect(area[0], area[1], area[2] - area[0], area[3] - area[1])
      context.clip()
      context.clearRect(area[0], area[1], area[2] - area[0], area[3] - area[1])
      if (!this.#drawArea(area)) this.#touch(area)
      context.restore()
    }
  }

  /** False where tiles still wait, and the area is to be drawn again. */
  #drawArea(area: Box): boolean {
    if (this.#picture === undefined) return true
    const { scale } = this.#view
    const hurries = this.#zooming && this.#slowFrames > SLOW_FRAMES
    this.#context.imageSmoothingEnabled = !hurries && scale < SQUARES_FROM
    this.#drawPicture(this.#picture.pixels, area)
    this.#context.imageSmoothingEnabled = !hurries
    return this.#tiles!.draw(this.#context, { view: this.#view, area, zooming: this.#zooming })
  }

  #drawPicture({ widthPx, heightPx }: Size, area: Box): void {
    const { scale, xPx, yPx } = this.#view
    const bitmap = this.#pyramid!.at(scale)
    const shareX = bitmap.width / widthPx
    const shareY = bitmap.height / heightPx
    // Two texels more than the area: smoothing looks beyond its border.
    const marginX = 2 / shareX
    const marginY = 2 / shareY
    const left = Math.max(0, Math.floor((area[0] - xPx) / scale - marginX))
    const top = Math.max(0, Math.floor((area[1] - yPx) / scale - marginY))
    const right = Math.min(widthPx, Math.ceil((area[2] - xPx) / scale + marginX))
    const foot = Math.min(heightPx, Math.ceil((area[3] - yPx) / scale + marginY))
    if (right <= left || foot <= top) return
    this.#context.drawImage(
      bitmap,
      left * shareX,
      top * shareY,
      (right - left) * shareX,
      (foot - top) * shareY,
      xPx + left * scale,
      yPx + top * scale,
      (right - left) * scale,
      (foot - top) * scale,
    )
  }
}
