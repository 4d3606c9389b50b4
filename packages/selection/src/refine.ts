// A rough answer made exact: the random walker of Grady (2006, "Random Walks for Image Segmentation") with the rough answer and the
// colours inside and outside of it as priors, and clicks as seeds that hold.
import { type Mask, maskFromRowMajor, resizeBilinear } from '@maskwords/mask'
import type { Lattice } from './lattice.ts'
import type { Prompt } from './prompt.ts'

export type RefineOptions = {
  /** What a cell's prior weighs against an edge to a neighbour that is the same. Default 0.05. */
  readonly priorWeight?: number
  /** What colours weigh in the prior against the rough answer. Default 0.5. */
  readonly colourWeight?: number
}

const PRIOR_WEIGHT = 0.05
const COLOUR_WEIGHT = 0.5
/** More evidence than this is not taken from colour alone. */
const MOST_COLOUR = 2
/** Cells that a colour model is worth before it has seen any. */
const DOUBT_CELLS = 50
const SEED_WEIGHT = 1000
/** The solution is looked at as more or less than one half: a few steps say it. */
const MOST_STEPS = 40
const SOLVED = 1e-6

/**
 * The object of a picture of which `logits` [side x side, row-major, squashed to a square] are a rough answer. Points of the prompt
 * are on it or off it, whatever the answer says.
 */
export function refined(
  lattice: Lattice,
  logits: { readonly side: number; readonly values: Float32Array },
  prompt: Prompt,
  options: RefineOptions = {},
): Mask {
  const { widthCells, heightCells, widthPx, heightPx } = lattice
  const { priorWeight = PRIOR_WEIGHT, colourWeight = COLOUR_WEIGHT } = options
  const { side, values } = logits
  const rough = resizeBilinear(
    { widthPx: side, heightPx: side, values },
    { widthPx: widthCells, heightPx: heightCells },
  ).values
  const prior = withColours(lattice, rough, colourWeight)
  const weight = new Float32Array(prior.length).fill(priorWeight)
  for (const { xPx, yPx, plus } of prompt.points) {
    const x = Math.floor((xPx * widthCells) / widthPx)
    const y = Math.floor((yPx * heightCells) / heightPx)
    if (x < 0 || y < 0 || x >= widthCells || y >= heightCells) continue
    prior[y * widthCells + x] = plus ? 1 : 0
    weight[y * widthCells + x] = SEED_WEIGHT
  }
  const share = walked(lattice, prior, weight)
  const whole = resizeBilinear(
    { widthPx: widthCells, heightPx: heightCells, values: share },
    { widthPx, heightPx },
  ).values
  const bytes = new Uint8Array(whole.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = whole[i]! > 0.5 ? 1 : 0
  return maskFromRowMajor({ widthPx, heightPx, bytes })
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** The rough answer as shares, moved by how common each cell's colour is inside and outside of it. */
function withColours({ bin, bins }: Lattice, rough: Float32Array, colourWeight: number): Float32Array {
  const [inside, outside] = [new Float64Array(bins), new Float64Array(bins)]
  let [insideSum, outsideSum] = [DOUBT_CELLS, DOUBT_CELLS]
  for (let i = 0; i < rough.length; i++) {
    const share = sigmoid(rough[i]!)
    inside[bin[i]!]! += share ** 2
    outside[bin[i]!]! += (1 - share) ** 2
    insideSum += share ** 2
    outsideSum += (1 - share) ** 2
  }
  return rough.map((logit, i) => {
    const [within, without] = [inside[bin[i]!]!, outside[bin[i]!]!]
    const evidence = Math.log((within + 1) / insideSum) - Math.log((without + 1) / outsideSum)
    return sigmoid(logit + colourWeight * Math.max(-MOST_COLOUR, Math.min(MOST_COLOUR, evidence)))
  })
}

/**
 * The shares x that make the sum of weight (x - prior)² over cells and of w (x - y)² over neighbours least, by conjugate gradients
 * with the diagonal as preconditioner.
 */
function walked(lattice: Lattice, prior: Float32Array, weight: Float32Array): Float32Array {
  const { widthCells: w, right, below, falling, rising } = lattice
  const n = prior.length
  const diagonal = weight.slice()
  const join = (edges: Float32Array, from: number, to: number): void => {
    for (let i = 0; i < n; i++) {
      const edge = edges[i]!
      if (edge === 0) continue
      diagonal[i + from]! += edge
      diagonal[i + to]! += edge
    }
  }
  join(right, 0, 1)
  join(below, 0, w)
  join(falling, 0, w + 1)
  join(rising, 1, w)
  const times = (x: Float32Array, out: Float32Array): void => {
    for (let i = 0; i < n; i++) out[i] = diagonal[i]! * x[i]!
    for (let i = 0; i < n; i++) {
      const [toRight, down, fall, rise] = [right[i]!, below[i]!, falling[i]!, rising[i]!]
      if (toRight > 0) {
        out[i]! -= toRight * x[i + 1]!
        out[i + 1]! -= toRight * x[i]!
      }
      if (down > 0) {
        out[i]! -= down * x[i + w]!
        out[i + w]! -= down * x[i]!
      }
      if (fall > 0) {
        out[i]! -= fall * x[i + w + 1]!
        out[i + w + 1]! -= fall * x[i]!
      }
      if (rise > 0) {
        out[i + 1]! -= rise * x[i + w]!
        out[i + w]! -= rise * x[i + 1]!
      }
    }
  }
  const x = prior.slice()
  const residual = new Float32Array(n)
  const direction = new Float32Array(n)
  const applied = new Float32Array(n)
  times(x, applied)
  let size = 0
  for (let i = 0; i < n; i++) {
    residual[i] = weight[i]! * prior[i]! - applied[i]!
    direction[i] = residual[i]! / diagonal[i]!
    size += residual[i]! * direction[i]!
  }
  const enough = size * SOLVED
  for (let step = 0; step < MOST_STEPS && size > enough; step++) {
    times(direction, applied)
    let along = 0
    for (let i = 0; i < n; i++) along += direction[i]! * applied[i]!
    const by = size / along
    let next = 0
    for (let i = 0; i < n; i++) {
      x[i]! += by * direction[i]!
      residual[i]! -= by * applied[i]!
      next += (residual[i]! * residual[i]!) / diagonal[i]!
    }
    const keep = next / size
    size = next
    for (let i = 0; i < n; i++) direction[i] = residual[i]! / diagonal[i]! + keep * direction[i]!
  }
  return x
}
