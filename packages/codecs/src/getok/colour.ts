// What a picture adds to the coarse decoder: colours of the likely foreground and background, and smoothing that stops
// at edges. In the manner of GrabCut (Rother et al. 2004) and the random walker (Grady 2006), on a raster of a few
// thousand samples: histograms for mixtures, relaxation for cuts. All constants were chosen by IoU on public masks.

import type { BoxXyxyPx, Pixels } from '../codec.ts'

export type ColourOptions = {
  /** Rounds of colour model and smoothing. */
  rounds: number
  /** Weight of a colour's log-odds beside the prior's. */
  colourWeight: number
  /** Weight of the neighbours against the sample itself. */
  smoothness: number
  /** Colour difference (0 to 1) at which neighbours stop to pull each other. */
  edgeContrast: number
}

export const COLOUR_DEFAULTS: ColourOptions = {
  rounds: 3,
  colourWeight: 1.2,
  smoothness: 40,
  edgeContrast: 0.05,
}

/** Bins of the histogram an axis: brightness and two colour differences. */
const BINS = 12

/** Mean colours on a raster over a window of the picture: brightness, red-blue, green-magenta; each 0 to 1. */
export function sampleColours(
  pixels: Pixels,
  window: BoxXyxyPx,
  width: number,
  height: number,
): Float32Array {
  const { rgb, widthPx, heightPx } = pixels
  const colours = new Float32Array(width * height * 3)
  const stepX = (window[2] - window[0]) / width
  const stepY = (window[3] - window[1]) / height
  const tapsX = Math.min(Math.max(Math.round(stepX), 1), 4)
  const tapsY = Math.min(Math.max(Math.round(stepY), 1), 4)
  const scale = 1 / (255 * tapsX * tapsY)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [r, g, b] = [0, 0, 0]
      for (let v = 0; v < tapsY; v++) {
        const py = Math.min(
          Math.max(Math.floor(window[1] + (y + (v + 0.5) / tapsY) * stepY), 0),
          heightPx - 1,
        )
        for (let u = 0; u < tapsX; u++) {
          const px = Math.min(
            Math.max(Math.floor(window[0] + (x + (u + 0.5) / tapsX) * stepX), 0),
            widthPx - 1,
          )
          const at = (py * widthPx + px) * 3
          r += rgb[at]!
          g += rgb[at + 1]!
          b += rgb[at + 2]!
        }
      }
      const at = (y * width + x) * 3
      colours[at] = ((r + g + b) / 3) * scale
      colours[at + 1] = 0.5 + ((r - b) / 2) * scale
      colours[at + 2] = 0.5 + ((2 * g - r - b) / 4) * scale
    }
  }
  return colours
}

/** Adds, or reads, a trilinear share of the eight bins around a colour. */
function histogramTaps(colours: Float32Array, sample: number, taps: Int32Array, shares: Float64Array): void {
  let [i0, i1, i2] = [0, 0, 0]
  let [f0, f1, f2] = [0, 0, 0]
  for (let axis = 0; axis < 3; axis++) {
    // Colour differences of photographs stay near the middle: their axes are stretched.
    const value = colours[3 * sample + axis]!
    const wide = axis === 0 ? value : Math.min(Math.max(0.5 + (value - 0.5) * 2, 0), 1)
    const position = Math.min(Math.max(wide * BINS - 0.5, 0), BINS - 1.001)
    const bin = Math.floor(position)
    if (axis === 0) [i0, f0] = [bin, position - bin]
    else if (axis === 1) [i1, f1] = [bin, position - bin]
    else [i2, f2] = [bin, position - bin]
  }
  for (let k = 0; k < 8; k++) {
    const [a, b, c] = [k & 1, (k >> 1) & 1, k >> 2]
    taps[k] = ((i0 + a) * BINS + i1 + b) * BINS + i2 + c
    shares[k] = (a === 1 ? f0 : 1 - f0) * (b === 1 ? f1 : 1 - f1) * (c === 1 ? f2 : 1 - f2)
  }
}

/** Log-odds of each sample's colour under the foreground against the background, both weighted by `logits`. */
function colourOdds(colours: Float32Array, logits: Float32Array): Float32Array {
  const count = logits.length
  const front = new Float64Array(BINS ** 3)
  const back = new Float64Array(BINS ** 3)
  const taps = new Int32Array(8)
  const shares = new Float64Array(8)
  let [fronts, backs] = [0, 0]
  for (let k = 0; k < count; k++) {
    const p = 1 / (1 + Math.exp(-logits[k]!))
    // Only what is fairly certain teaches a colour model.
    const f = Math.max(2 * p - 1, 0)
    const b = Math.max(1 - 2 * p, 0)
    histogramTaps(colours, k, taps, shares)
    for (let t = 0; t < 8; t++) {
      front[taps[t]!]! += f * shares[t]!
      back[taps[t]!]! += b * shares[t]!
    }
    fronts += f
    backs += b
  }
  const odds = new Float32Array(count)
  // A pseudo-count of 1 % of the samples a side keeps rare colours undecided.
  const floor = 0.01
  for (let k = 0; k < count; k++) {
    histogramTaps(colours, k, taps, shares)
    let [f, b] = [0, 0]
    for (let t = 0; t < 8; t++) {
      f += front[taps[t]!]! * shares[t]!
      b += back[taps[t]!]! * shares[t]!
    }
    odds[k] = Math.log((f / (fronts + 1) + floor) / (b / (backs + 1) + floor))
  }
  return odds
}

/** The prior's log-odds, corrected by what the picture shows. */
export function refineByColour(
  prior: Float32Array,
  colours: Float32Array,
  width: number,
  height: number,
  options: ColourOptions = COLOUR_DEFAULTS,
): Float32Array {
  const { rounds, colourWeight, smoothness, edgeContrast } = options
  const [right, down] = edgeWeights(colours, width, height, smoothness, edgeContrast)
  let logits = prior
  for (let round = 0; round < rounds; round++) {
    const odds = colourOdds(colours, logits)
    const wanted = new Float32Array(prior.length)
    for (let k = 0; k < wanted.length; k++) {
      wanted[k] = Math.min(Math.max(prior[k]! + colourWeight * odds[k]!, -6), 6)
    }
    logits = relax(wanted, right, down, width, height)
  }
  return logits
}

function edgeWeights(
  colours: Float32Array,
  width: number,
  height: number,
  smoothness: number,
  edgeContrast: number,
): [right: Float32Array, down: Float32Array] {
  const right = new Float32Array(width * height)
  const down = new Float32Array(width * height)
  const scale = 1 / (edgeContrast * edgeContrast)
  const weight = (a: number, b: number) => {
    const d0 = colours[3 * a]! - colours[3 * b]!
    const d1 = colours[3 * a + 1]! - colours[3 * b + 1]!
    const d2 = colours[3 * a + 2]! - colours[3 * b + 2]!
    return smoothness * Math.exp(-(d0 * d0 + 2 * d1 * d1 + 2 * d2 * d2) * scale)
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const k = y * width + x
      if (x + 1 < width) right[k] = weight(k, k + 1)
      if (y + 1 < height) down[k] = weight(k, k + width)
    }
  }
  return [right, down]
}

/** Sweeps of Gauss-Seidel with over-relaxation; to and fro, so that no side is favoured. */
const SWEEPS = 12
const OVER = 1.5

/** Minimises the sum of (z - wanted)^2 and of the edge weights times the squared differences of neighbours. */
function relax(
  wanted: Float32Array,
  right: Float32Array,
  down: Float32Array,
  width: number,
  height: number,
): Float32Array {
  const z = wanted.slice()
  const count = width * height
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let s = 0; s < count; s++) {
      const k = sweep % 2 === 0 ? s : count - 1 - s
      let sum = wanted[k]!
      let weight = 1
      // The weight across the raster's border is 0, whatever sample the index then names.
      const left = k > 0 ? right[k - 1]! : 0
      const up = k >= width ? down[k - width]! : 0
      if (left > 0) sum += left * z[k - 1]!
      if (up > 0) sum += up * z[k - width]!
      if (right[k]! > 0) sum += right[k]! * z[k + 1]!
      if (down[k]! > 0) sum += down[k]! * z[k + width]!
      weight += left + up + right[k]! + down[k]!
      z[k]! += OVER * (sum / weight - z[k]!)
    }
  }
  return z
}
