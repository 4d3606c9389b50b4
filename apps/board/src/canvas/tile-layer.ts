// The layer of masks on the screen: tiles that are painted when they are seen, a few milliseconds of them a frame.
//
// A tile that has to be painted again is shown as it was, or from a coarser level, until its turn comes: panning and
// zooming never wait for masks.
import { type Paint, paintTile, TILE_SIDE, type TilePlace } from './tile.ts'
import type { Viewport } from './viewport.ts'

/** Time a frame that tiles may take; the first always gets painted, so work ends. */
const BUDGET_MS = 5
/** Tiles kept beyond those on the screen: about 48 MB at a quarter of one each. */
const SPARE_TILES = 192
/** Longest side of the overview in texels: what a fitted picture shows, some 16 tiles. */
const OVERVIEW_SIDE = 1024
const MIN_LEVEL = -6
const MAX_LEVEL = 8

type Tile = {
  readonly place: TilePlace
  /** Undefined where nothing is painted. */
  canvas: OffscreenCanvas | undefined
  stale: boolean
  seen: number
}
/** Left, top, right, bottom on the screen, in device pixels. */
type Area = readonly [number, number, number, number]
type Size = { readonly widthPx: number; readonly heightPx: number }

const pixels = new ImageData(TILE_SIDE, TILE_SIDE)

export class TileLayer {
  readonly #size: Size
  readonly #tiles = new Map<string, Tile>()
  /** A level of few tiles that show all of the picture, to fall back on. */
  readonly #overview: number
  #paints: readonly Paint[] = []
  #frame = 0
  #level = 0

  constructor(size: Size) {
    this.#size = size
    const longest = Math.max(size.widthPx, size.heightPx)
    this.#overview = Math.max(0, Math.ceil(Math.log2(longest / OVERVIEW_SIDE)))
  }

  /** What is painted from now on; `boxXyxyPx` is where it differs from before (all of the picture if left out). */
  setPaints(paints: readonly Paint[], boxXyxyPx?: readonly [number, number, number, number]): void {
    this.#paints = paints
    for (const tile of this.#tiles.values()) {
      if (boxXyxyPx === undefined || touches(tile.place, boxXyxyPx)) tile.stale = true
    }
  }

  /**
   * Draws an area of the screen (device pixels); false where tiles still wait, and the area is to be drawn again. While
   * zooming no tile is painted that would be of no use a moment later: the level from before does where it has all that is
   * seen, else the overview.
   */
  draw(
    context: CanvasRenderingContext2D,
    { view, area, zooming }: { readonly view: Viewport; readonly area: Area; readonly zooming: boolean },
  ): boolean {
    this.#frame++
    const ideal = Math.min(MAX_LEVEL, Math.max(MIN_LEVEL, Math.round(Math.log2(1 / view.scale))))
    let places = this.#seen(view, area, zooming ? this.#level : ideal)
    if (!zooming) this.#level = ideal
    else if (!places.every((place) => this.#tiles.get(keyOf(place))?.stale === false)) {
      this.#level = Math.max(ideal, this.#overview)
      places = this.#seen(view, area, this.#level)
    }
    const started = performance.now()
    let ready = true
    let painted = 0
    for (const place of places) {
      const tile = this.#tile(place)
      if (tile.stale && (painted === 0 || performance.now() - started < BUDGET_MS)) {
        this.#paint(tile)
        painted++
      }
      if (tile.stale) ready = false
      const to = onScreen(place, view, this.#size)
      if (tile.canvas !== undefined) {
        const { width, height } = partOf(place, this.#size)
        context.drawImage(tile.canvas, 0, 0, width, height, to[0], to[1], to[2] - to[0], to[3] - to[1])
      } else if (tile.stale) this.#drawFromOverview(context, place, to)
    }
    this.#forget()
    return ready
  }

  /** A tile that waits, from the tile of the overview that holds its place, if that was ever painted. */
  #drawFromOverview(context: CanvasRenderingContext2D, place: TilePlace, to: Area): void {
    const share = 2 ** (place.level - this.#overview)
    if (share > 1) return
    const column = Math.floor(place.column * share)
    const row = Math.floor(place.row * share)
    const from = this.#tiles.get(keyOf({ level: this.#overview, column, row }))?.canvas
    if (from === undefined) return
    const x = (place.column * share - column) * TILE_SIDE
    const y = (place.row * share - row) * TILE_SIDE
    const { width, height } = partOf(place, this.#size)
    context.drawImage(from, x, y, width * share, height * share, to[0], to[1], to[2] - to[0], to[3] - to[1])
  }

  #tile(place: TilePlace): Tile {
    const key = keyOf(place)
    let tile = this.#tiles.get(key)
    if (tile === undefined) {
      tile = { place, canvas: undefined, stale: true, seen: 0 }
      this.#tiles.set(key, tile)
    }
    tile.seen = this.#frame
    return tile
  }

  #paint(tile: Tile): void {
    tile.stale = false
    if (!paintTile(tile.place, this.#paints, pixels.data)) {
      tile.canvas = undefined
      return
    }
    tile.canvas ??= new OffscreenCanvas(TILE_SIDE, TILE_SIDE)
    tile.canvas.getContext('2d')!.putImageData(pixels, 0, 0)
  }

  /** Places of a level in an area of the screen, those in its middle first: that is where people look. */
  #seen(view: Viewport, [left, top, right, foot]: Area, level: number): TilePlace[] {
    const sidePx = TILE_SIDE * 2 ** level * view.scale
    const columns = Math.ceil(this.#size.widthPx / 2 ** level / TILE_SIDE)
    const rows = Math.ceil(this.#size.heightPx / 2 ** level / TILE_SIDE)
    const firstColumn = Math.max(0, Math.floor((left - 1 - view.xPx) / sidePx))
    const lastColumn = Math.min(columns - 1, Math.floor((right + 1 - view.xPx) / sidePx))
    const firstRow = Math.max(0, Math.floor((top - 1 - view.yPx) / sidePx))
    const lastRow = Math.min(rows - 1, Math.floor((foot + 1 - view.yPx) / sidePx))
    const places: TilePlace[] = []
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = firstColumn; column <= lastColumn; column++) places.push({ level, column, row })
    }
    const far = ({ column, row }: TilePlace) =>
      Math.hypot(
        view.xPx + (column + 0.5) * sidePx - (left + right) / 2,
        view.yPx + (row + 0.5) * sidePx - (top + foot) / 2,
      )
    return places.sort((a, b) => far(a) - far(b))
  }

  #forget(): void {
    if (this.#tiles.size <= SPARE_TILES) return
    const old = [...this.#tiles].filter(([, tile]) => tile.seen < this.#frame)
    old.sort(([, a], [, b]) => a.seen - b.seen)
    const inUse = this.#tiles.size - old.length
    for (const [key] of old.slice(0, Math.max(0, this.#tiles.size - inUse - SPARE_TILES)))
      this.#tiles.delete(key)
  }
}

const keyOf = ({ level, column, row }: TilePlace): string => `${level}/${column}/${row}`

function touches({ level, column, row }: TilePlace, [left, top, right, foot]: readonly number[]): boolean {
  const side = TILE_SIDE * 2 ** level
  // Outlines look two texels beyond the tile.
  const margin = 2 * 2 ** level
  return (
    left! < (column + 1) * side + margin &&
    right! > column * side - margin &&
    top! < (row + 1) * side + margin &&
    foot! > row * side - margin
  )
}

/** The part of a tile that lies in the picture, in texels. */
function partOf({ level, column, row }: TilePlace, size: Size): { width: number; height: number } {
  return {
    width: Math.min(TILE_SIDE, size.widthPx / 2 ** level - column * TILE_SIDE),
    height: Math.min(TILE_SIDE, size.heightPx / 2 ** level - row * TILE_SIDE),
  }
}

/** Where a tile stands on the screen, in whole pixels, so that neighbours meet without a seam. */
function onScreen(place: TilePlace, view: Viewport, size: Size): [number, number, number, number] {
  const { width, height } = partOf(place, size)
  const texel = 2 ** place.level * view.scale
  const left = place.column * TILE_SIDE
  const top = place.row * TILE_SIDE
  return [
    Math.round(view.xPx + left * texel),
    Math.round(view.yPx + top * texel),
    Math.round(view.xPx + (left + width) * texel),
    Math.round(view.yPx + (top + height) * texel),
  ]
}
