// What panels draw over the picture besides its regions: previews of decoded masks, GETok's grid, highlights.
//
// Each panel owns a key and replaces its own layer; the canvas draws all of them, keys in alphabetical order.
import type { Mask } from '@maskwords/mask'
import { create } from 'zustand'

/** A mask of the picture's size: a light fill and an outline, so that it is told from regions without colour. */
export type MaskLayer = {
  readonly kind: 'mask'
  readonly mask: Mask
  /** `#rrggbb`. */
  readonly colour: string
  /** What it is, for people who do not see it. */
  readonly label: string
  /** Of the fill, 0 to 1; default 0.35. */
  readonly opacity?: number
}

/** GETok's parts, in pixels of the picture (pixel (0, 0) covers 0 to 1). All parts are optional but `cells`. */
export type GetokLayer = {
  readonly kind: 'getok'
  /** `#rrggbb`. */
  readonly colour: string
  readonly label: string
  /** Cells a side of the grid. 0 draws no grid. */
  readonly cells: number
  readonly boxXyxyPx?: readonly [number, number, number, number]
  /** Chosen points: where they stand before offsets. */
  readonly points?: readonly { readonly xPx: number; readonly yPx: number }[]
  /** What offset words did: moved a point, or deleted it (then `to` is left out). */
  readonly offsets?: readonly {
    readonly fromXyPx: readonly [number, number]
    readonly toXyPx?: readonly [number, number]
  }[]
  /** Boxes that are lit, for example the cell under a hovered word. */
  readonly lit?: readonly (readonly [number, number, number, number])[]
}

export type OverlayLayer = MaskLayer | GetokLayer

export const useOverlays = create<{ readonly layers: Readonly<Record<string, OverlayLayer>> }>(() => ({
  layers: {},
}))

/** Draws `layer` for `key` from now on; undefined takes it away. Cheap: call it on every hover. */
export function setOverlay(key: string, layer: OverlayLayer | undefined): void {
  useOverlays.setState(({ layers }) => {
    if (layer === undefined && !(key in layers)) return { layers }
    const { [key]: _, ...others } = layers
    return { layers: layer === undefined ? others : { ...others, [key]: layer } }
  })
}
