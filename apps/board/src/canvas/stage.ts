// The canvas itself: picture, masks and overlays, drawn when something changed and never by React.
//
// Two canvases lie on each other: picture and masks below (base-layer.ts), what follows the pointer above. A frame draws
// what is dirty of each.
import { type Mask, tightBox } from '@maskwords/mask'
import { type OverlayLayer, useOverlays } from '../state/overlay.ts'
import { useStudio } from '../state/store.ts'
import type { Document, Picture, Region } from '../state/types.ts'
import { BaseLayer, type Box } from './base-layer.ts'
import { drawGetok } from './getok.ts'
import { type Rows, rowsOf } from './rows.ts'
import { type Paint, rgbOf } from './tile.ts'
import {
  centred,
  centreOf,
  fitScale,
  fitted,
  panned,
  toPicture,
  toScreen,
  type Viewport,
  zoomedAt,
} from './viewport.ts'

/** More device pixels than this a CSS pixel cost time and show nothing. */
const MAX_RATIO = 2
const MASK_LAYER_OPACITY = 0.35

type Point = { readonly x: number; readonly y: number }

/** A region as it is while a stroke is drawn; without `id` it is a new one. */
export type Live = { readonly id: string | undefined; readonly colour: string; readonly opacity: number }

/** What buttons and keys elsewhere may do with a tool. */
export type ToolHandle = {
  /** Takes the newest part of what is under way back; false where there is none. */
  undo?(): boolean
  /** What is under way counts; false where nothing is. */
  accept?(keys: { readonly shiftKey: boolean; readonly altKey: boolean }): boolean
  /** Gives up what is under way. */
  cancel(): void
}

export class Stage {
  /** Draws what the tool in use shows, in device pixels. */
  drawTool: ((context: CanvasRenderingContext2D) => void) | undefined
  /** The tool in use, for buttons and keys elsewhere. */
  tool: (() => ToolHandle) | undefined
  readonly host: HTMLElement
  readonly #base: BaseLayer
  readonly #canvases: readonly HTMLCanvasElement[]
  readonly #top: HTMLCanvasElement
  readonly #watch: ResizeObserver
  readonly #stops: (() => void)[] = []
  #screen = { widthPx: 1, heightPx: 1 }
  #ratio = 1
  #view: Viewport = { scale: 1, xPx: 0, yPx: 0 }
  #picture: Picture | undefined
  #document: Document
  #layers: Readonly<Record<string, OverlayLayer>> = {}
  #live: (Live & { readonly rows: Rows }) | undefined
  #topDirty = true
  #frame = 0
  /** True while the view is the fitted one: it then follows the size of the window. */
  #fits = true

  constructor(host: HTMLElement, base: HTMLCanvasElement, top: HTMLCanvasElement) {
    this.host = host
    this.#base = new BaseLayer(base, () => this.#request())
    this.#canvases = [base, top]
    this.#top = top
    const { picture, document } = useStudio.getState()
    this.#document = document
    this.#watch = new ResizeObserver(() => this.#resize())
    this.#watch.observe(host)
    this.#resize()
    this.#open(picture)
    this.#layers = useOverlays.getState().layers
    this.#repaint()
    this.#stops.push(
      useStudio.subscribe((state) => {
        if (state.picture !== this.#picture) this.#open(state.picture)
        if (state.document !== this.#document) this.#changeDocument(state.document)
      }),
      useOverlays.subscribe(({ layers }) => this.#changeLayers(layers)),
    )
  }

  close(): void {
    cancelAnimationFrame(this.#frame)
    this.#watch.disconnect()
    for (const stop of this.#stops) stop()
    this.#base.close()
  }

  get picture(): Picture | undefined {
    return this.#picture
  }

  /** Device pixels a CSS pixel. */
  get ratio(): number {
    return this.#ratio
  }

  get scale(): number {
    return this.#view.scale
  }

  get screen(): { readonly widthPx: number; readonly heightPx: number } {
    return this.#screen
  }

  /** Where the middle of the screen is in the picture, and the scale in CSS pixels: what a session keeps. */
  get place(): { readonly zoom: number; readonly x: number; readonly y: number } {
    return { zoom: this.#view.scale / this.#ratio, ...centreOf(this.#screen, this.#view) }
  }

  show(place: { readonly zoom: number; readonly x: number; readonly y: number }): void {
    if (this.#picture === undefined) return
    this.#fits = false
    this.#move(centred(this.#picture.pixels, this.#screen, place.zoom * this.#ratio, place))
  }

  fit(): void {
    if (this.#picture === undefined) return
    this.#fits = true
    this.#move(fitted(this.#picture.pixels, this.#screen))
  }

  /** Scales by a factor about a point of the screen (device pixels), its middle if left out. */
  zoom(factor: number, at: Point = { x: this.#screen.widthPx / 2, y: this.#screen.heightPx / 2 }): void {
    if (this.#picture === undefined) return
    this.#fits = false
    this.#move(zoomedAt(this.#picture.pixels, this.#screen, this.#view, factor, at))
  }

  /** One pixel of the picture for one of CSS. */
  actualSize(): void {
    this.zoom(this.#ratio / this.#view.scale)
  }

  pan(dxPx: number, dyPx: number): void {
    if (this.#picture === undefined) return
    this.#fits = false
    this.#move(panned(this.#picture.pixels, this.#screen, this.#view, dxPx, dyPx))
  }

  toPicture(screen: Point): Point {
    return toPicture(this.#view, screen)
  }

  toScreen(picture: Point): Point {
    return toScreen(this.#view, picture)
  }

  /** A pointer's place on the canvas in device pixels. */
  pointOf(event: { readonly clientX: number; readonly clientY: number }): Point {
    const box = this.host.getBoundingClientRect()
    return { x: (event.clientX - box.left) * this.#ratio, y: (event.clientY - box.top) * this.#ratio }
  }

  /** Pans as little as needed for a point of the picture to be well inside the screen. */
  reveal(point: Point): void {
    const margin = 40 * this.#ratio
    const { x, y } = this.toScreen(point)
    const push = (at: number, length: number) =>
      at < margin ? margin - at : at > length - margin ? length - margin - at : 0
    const dx = push(x, this.#screen.widthPx)
    const dy = push(y, this.#screen.heightPx)
    if (dx !== 0 || dy !== 0) this.pan(dx, dy)
  }

  /** Shows a region as it is while a stroke is drawn; `box` is where it changed since the last call. */
  setLive(live: Live & { readonly rows: Rows }, box: Box): void {
    this.#live = live
    this.#repaint(box)
  }

  /** Back to the regions of the document; `box` is where the stroke was. */
  clearLive(box: Box): void {
    this.#live = undefined
    this.#repaint(box)
  }

  /** The layer above changed: tool, pointer. */
  touchTop(): void {
    this.#topDirty = true
    this.#request()
  }

  #move(view: Viewport): void {
    this.#view = view
    this.#base.setView(view)
    this.touchTop()
    for (const listener of viewListeners) listener()
  }

  #open(picture: Picture | undefined): void {
    this.#picture = picture
    this.#live = undefined
    this.#base.open(picture)
    if (picture !== undefined) this.fit()
    this.#document = useStudio.getState().document
    this.#repaint()
    this.touchTop()
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.host
    // Another view is open: the canvas keeps what it had.
    if (clientWidth === 0 || clientHeight === 0) return
    const ratio = Math.min(MAX_RATIO, globalThis.devicePixelRatio || 1)
    const widthPx = Math.max(1, Math.round(clientWidth * ratio))
    const heightPx = Math.max(1, Math.round(clientHeight * ratio))
    if (widthPx === this.#screen.widthPx && heightPx === this.#screen.heightPx && ratio === this.#ratio)
      return
    const { zoom, x, y } = this.place
    this.#screen = { widthPx, heightPx }
    this.#ratio = ratio
    for (const canvas of this.#canvases) {
      canvas.width = widthPx
      canvas.height = heightPx
    }
    if (this.#fits) this.fit()
    else this.show({ zoom, x, y })
    // A canvas of a new size is blank: drawing at once leaves no blank frame.
    this.#base.touchAll()
    this.#topDirty = true
    this.#draw(performance.now())
  }

  #changeDocument(document: Document): void {
    const before = this.#document
    this.#document = document
    this.#repaint(changedBox(before, document))
  }

  #changeLayers(layers: Readonly<Record<string, OverlayLayer>>): void {
    const before = this.#layers
    this.#layers = layers
    let box: Box | undefined
    for (const key of new Set([...Object.keys(before), ...Object.keys(layers)])) {
      if (before[key] === layers[key]) continue
      for (const layer of [before[key], layers[key]]) {
        if (layer?.kind === 'mask') box = joined(box, boxOf(layer.mask))
      }
    }
    if (box !== undefined) this.#repaint(box)
    this.touchTop()
  }

  #repaint(box?: Box): void {
    this.#base.setPaints(this.#paints(), box)
  }

  #paints(): Paint[] {
    const { regions, selectedId } = this.#document
    const live = this.#live
    const paints: Paint[] = []
    for (const region of regions) {
      if (!region.visible && live?.id !== region.id) continue
      paints.push({
        rows: live?.id === region.id ? live.rows : rowsOf(region.mask),
        rgb: rgbOf(region.colour),
        opacity: region.opacity,
        outline: region.id === selectedId && live === undefined ? 'selected' : 'none',
      })
    }
    if (live !== undefined && live.id === undefined) {
      paints.push({ rows: live.rows, rgb: rgbOf(live.colour), opacity: live.opacity, outline: 'none' })
    }
    const size = this.#picture?.pixels
    for (const key of Object.keys(this.#layers).sort()) {
      const layer = this.#layers[key]!
      if (layer.kind !== 'mask') continue
      if (layer.mask.widthPx !== size?.widthPx || layer.mask.heightPx !== size.heightPx) continue
      paints.push({
        rows: rowsOf(layer.mask),
        rgb: rgbOf(layer.colour),
        opacity: layer.opacity ?? MASK_LAYER_OPACITY,
        outline: 'colour',
      })
    }
    return paints
  }

  #request(): void {
    if (this.#frame !== 0) return
    this.#frame = requestAnimationFrame((nowMs) => {
      this.#frame = 0
      this.#draw(nowMs)
    })
  }

  #draw(nowMs: number): void {
    if (this.#base.dirty) this.#base.draw(nowMs)
    if (this.#topDirty) this.#drawTop()
  }

  #drawTop(): void {
    this.#topDirty = false
    const context = this.#top.getContext('2d')!
    context.clearRect(0, 0, this.#screen.widthPx, this.#screen.heightPx)
    if (this.#picture === undefined) return
    for (const key of Object.keys(this.#layers).sort()) {
      const layer = this.#layers[key]!
      if (layer.kind === 'getok') {
        drawGetok(context, layer, {
          size: this.#picture.pixels,
          ratio: this.#ratio,
          toScreen: (x, y) => this.toScreen({ x, y }),
        })
      }
    }
    this.drawTool?.(context)
  }

  /** The scale at which all of the picture is seen. */
  get fitScale(): number {
    return this.#picture === undefined ? 1 : fitScale(this.#picture.pixels, this.#screen)
  }
}

function boxOf(mask: Mask): Box {
  const { x, y, width, height } = tightBox(mask)
  return [x, y, x + width, y + height]
}

function joined(a: Box | undefined, b: Box): Box {
  if (a === undefined) return b
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])]
}

/** Where two documents look different; all of the picture where they are about different sizes or orders. */
function changedBox(before: Document, after: Document): Box {
  let box: Box | undefined
  const was = new Map(before.regions.map((region) => [region.id, region]))
  const add = (region: Region | undefined) => {
    if (region !== undefined) box = joined(box, boxOf(region.mask))
  }
  for (const region of after.regions) {
    const old = was.get(region.id)
    was.delete(region.id)
    if (old === region) continue
    add(old)
    add(region)
  }
  for (const region of was.values()) add(region)
  if (before.selectedId !== after.selectedId) {
    add(before.regions.find(({ id }) => id === before.selectedId))
    add(after.regions.find(({ id }) => id === after.selectedId))
  }
  return box ?? [0, 0, 0, 0]
}

const viewListeners = new Set<() => void>()

/** Calls `listener` whenever the view moved or its scale changed; returns what ends it. */
export function onView(listener: () => void): () => void {
  viewListeners.add(listener)
  return () => viewListeners.delete(listener)
}

let current: Stage | undefined

/** The stage on the page, where there is one. */
export const currentStage = (): Stage | undefined => current
export function setCurrentStage(stage: Stage | undefined): void {
  current = stage
}
