// What a code draws, as a small grey picture: the mask it draws alone, or what it changes where others are said before it.

/** Pixels a side of a tile. */
export const TILE_PX = 32

/** A tile of `change`: this byte is no change; above, the code adds; below, it takes away. */
export const NO_CHANGE = 128

/**
 * Logits of a square, row-major, as the probability 0 to 1 of each pixel of a tile (boxes of pixels are averaged).
 * `threshold` is the logit above which the decoder draws. The side must be a multiple of TILE_PX.
 */
export function tileOf(logits: Float32Array, side: number, threshold: number): Float32Array {
  const step = side / TILE_PX
  const tile = new Float32Array(TILE_PX * TILE_PX)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const share = 1 / (1 + Math.exp(threshold - logits[y * side + x]!))
      tile[Math.floor(y / step) * TILE_PX + Math.floor(x / step)]! += share / (step * step)
    }
  }
  return tile
}

/** Probabilities as bytes. */
export function maskTile(tile: Float32Array): Uint8Array {
  return Uint8Array.from(tile, (share) => Math.round(share * 255))
}

/** Differences of probabilities, -1 to 1, as bytes about NO_CHANGE. */
export function changeTile(difference: Float32Array): Uint8Array {
  return Uint8Array.from(difference, (value) =>
    Math.max(0, Math.min(255, Math.round(NO_CHANGE + value * 127))),
  )
}

export type TileKind = 'mask' | 'change'

const GROUND = [23, 26, 31] as const
const INK = [236, 240, 245] as const
/** Sky and orange stay apart for colour-blind people, and one is lighter than the other. */
const ADDED = [56, 189, 248] as const
const TAKEN = [234, 110, 20] as const
/** Changes by one word among several are faint. */
const CHANGE_GAIN = 3

/** A tile as RGBA on a dark ground; in `change` tiles sky is added and orange taken away. */
export function tileRgba(tile: Uint8Array, kind: TileKind): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(tile.length * 4)
  for (let i = 0; i < tile.length; i++) {
    const value = tile[i]!
    const ink = kind === 'mask' ? INK : value >= NO_CHANGE ? ADDED : TAKEN
    const share =
      kind === 'mask' ? value / 255 : Math.min(1, (CHANGE_GAIN * Math.abs(value - NO_CHANGE)) / 127)
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = GROUND[c]! + (ink[c]! - GROUND[c]!) * share
    rgba[4 * i + 3] = 255
  }
  return rgba
}
