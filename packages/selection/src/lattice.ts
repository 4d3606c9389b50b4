// A picture as a lattice of cells: their colours, and how alike neighbours are.
import { resizeBilinear } from '@maskwords/mask'

/** Cells [heightCells x widthCells], row-major. Weights join a cell with its neighbours and are 0 where there is none. */
export type Lattice = {
  readonly widthPx: number
  readonly heightPx: number
  readonly widthCells: number
  readonly heightCells: number
  /** The bin of its colour, of `bins`. */
  readonly bin: Uint16Array
  readonly bins: number
  /** With the cell to the right, below, below and to the right; and of the right neighbour with the cell below. */
  readonly right: Float32Array
  readonly below: Float32Array
  readonly falling: Float32Array
  readonly rising: Float32Array
}

export type LatticeOptions = {
  /** Cells of the longer side. Default 160: a picture's cells are solved for within some ten milliseconds. */
  readonly longCells?: number
  /** How fast weights fall with difference, for the mean difference of the picture's neighbours. Default 2. */
  readonly sharpness?: number
}

const LONG_CELLS = 160
const SHARPNESS = 2
/** Weight of neighbours that have nothing in common: answers must still cross noise. */
const LEAST_WEIGHT = 1e-3
const STEPS_PER_CHANNEL = 8

/** The lattice of a picture of interleaved RGB, rows from the top. */
export function latticeOf(
  picture: { readonly widthPx: number; readonly heightPx: number; readonly rgb: Uint8Array },
  options: LatticeOptions = {},
): Lattice {
  const { longCells = LONG_CELLS, sharpness = SHARPNESS } = options
  const { widthPx, heightPx } = picture
  const scale = Math.min(1, longCells / Math.max(widthPx, heightPx))
  const widthCells = Math.max(1, Math.round(widthPx * scale))
  const heightCells = Math.max(1, Math.round(heightPx * scale))
  const cells = widthCells * heightCells
  const channels = opponents(picture, { widthPx: widthCells, heightPx: heightCells })
  const apart = (a: number, b: number): number => {
    let sum = 0
    for (const channel of channels) sum += (channel[a]! - channel[b]!) ** 2
    return sum
  }
  const weights = (): Float32Array => new Float32Array(cells)
  const [right, below, falling, rising] = [weights(), weights(), weights(), weights()]
  let [sum, count] = [0, 0]
  for (let y = 0, at = 0; y < heightCells; y++) {
    for (let x = 0; x < widthCells; x++, at++) {
      const isLast = x + 1 === widthCells
      if (!isLast) {
        right[at] = apart(at, at + 1)
        sum += right[at]!
        count++
      }
      if (y + 1 === heightCells) continue
      below[at] = apart(at, at + widthCells)
      sum += below[at]!
      count++
      if (isLast) continue
      falling[at] = apart(at, at + widthCells + 1)
      rising[at] = apart(at + 1, at + widthCells)
    }
  }
  const rate = sharpness / Math.max(sum / Math.max(1, count), 1e-9)
  const weightOf = (difference: number): number => Math.exp(-rate * difference) + LEAST_WEIGHT
  for (let y = 0, at = 0; y < heightCells; y++) {
    for (let x = 0; x < widthCells; x++, at++) {
      const [isLast, isFoot] = [x + 1 === widthCells, y + 1 === heightCells]
      right[at] = isLast ? 0 : weightOf(right[at]!)
      below[at] = isFoot ? 0 : weightOf(below[at]!)
      // Further apart, and there are as many of them: half as strong.
      falling[at] = isLast || isFoot ? 0 : weightOf(falling[at]!) / 2
      rising[at] = isLast || isFoot ? 0 : weightOf(rising[at]!) / 2
    }
  }
  return {
    widthPx,
    heightPx,
    widthCells,
    heightCells,
    bin: binsOf(channels),
    bins: STEPS_PER_CHANNEL ** 3,
    right,
    below,
    falling,
    rising,
  }
}

/** Mean colours of cells as lightness and two opponent colours, of the square roots of the channels. */
function opponents(
  {
    widthPx,
    heightPx,
    rgb,
  }: { readonly widthPx: number; readonly heightPx: number; readonly rgb: Uint8Array },
  to: { readonly widthPx: number; readonly heightPx: number },
): readonly [Float32Array, Float32Array, Float32Array] {
  const [red, green, blue] = [0, 1, 2].map((channel) => {
    const values = new Float32Array(widthPx * heightPx)
    for (let i = 0; i < values.length; i++) values[i] = Math.sqrt(rgb[3 * i + channel]! / 255)
    return resizeBilinear({ widthPx, heightPx, values }, to, { antialias: true }).values
  }) as [Float32Array, Float32Array, Float32Array]
  for (let i = 0; i < red.length; i++) {
    const [r, g, b] = [red[i]!, green[i]!, blue[i]!]
    red[i] = (r + g + b) / 3
    green[i] = 1.5 * (r - b)
    blue[i] = 1.5 * (g - (r + b) / 2)
  }
  return [red, green, blue]
}

const RANGES = [
  [0, 1],
  [-0.6, 0.6],
  [-0.4, 0.4],
] as const

function binsOf(channels: readonly Float32Array[]): Uint16Array {
  const bins = new Uint16Array(channels[0]!.length)
  channels.forEach((channel, c) => {
    const [low, high] = RANGES[c]!
    for (let i = 0; i < bins.length; i++) {
      const step = Math.floor(((channel[i]! - low) / (high - low)) * STEPS_PER_CHANNEL)
      bins[i] = bins[i]! * STEPS_PER_CHANNEL + Math.min(STEPS_PER_CHANNEL - 1, Math.max(0, step))
    }
  })
  return bins
}
