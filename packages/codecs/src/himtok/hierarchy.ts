// The hierarchical mask loss of HiMTok (ICCV 2025, supplement): which prefixes are trained and how blurred their targets are.

/** `paper`: the prefix of l tokens aims at the target of level l. `released`: the published code, off by one and with level -1. */
export type HierarchyVariant = 'paper' | 'released'

/** A prefix that is trained and the blur of its target; a standard deviation of 0 leaves the target as it is. */
export type TrainedLevel = { readonly tokens: number; readonly sigmaPx: number }

/** The side that the published standard deviations belong to. */
const PUBLISHED_SIDE_PX = 256

/** Standard deviation of the target's blur after l tokens: 100 / (l + 1) - 2 pixels of 256, in proportion for other sides. */
export function levelSigmaPx(tokens: number, sizePx: number): number {
  return Math.max(0, 100 / (tokens + 1) - 2) * (sizePx / PUBLISHED_SIDE_PX)
}

/** How likely each prefix 1 ... latents - 1 is in one draw: in proportion to 1 / (l + 8). */
export function levelProbabilities(latents: number): Float64Array {
  const weights = Float64Array.from({ length: latents - 1 }, (_, i) => 1 / (i + 9))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / total)
}

/** Draws `count` different indices with the given weights; `random` gives numbers in [0, 1). */
function drawDistinct(weights: Float64Array, count: number, random: () => number): number[] {
  const left = weights.slice()
  const drawn: number[] = []
  while (drawn.length < Math.min(count, weights.length)) {
    let rest = random() * left.reduce((a, b) => a + b, 0)
    // The last index with weight also takes what rounding leaves over.
    let at = left.length - 1
    while (left[at] === 0) at--
    for (let i = 0; i < left.length; i++) {
      if (left[i] === 0) continue
      rest -= left[i]!
      if (rest < 0) {
        at = i
        break
      }
    }
    drawn.push(at)
    left[at] = 0
  }
  return drawn
}

/**
 * The levels of one training step: all tokens with the target as it is, and `partial` different prefixes (3 in the paper).
 * The released variant draws from 0 ... latents - 1 and lowers the draw by one: prefix -1 keeps all but the last
 * token and aims at the target of level -1, prefix 0 has no token at all. It trains one of its levels with the
 * weight of all; here every level is returned and the loss decides.
 */
export function sampleLevels(options: {
  latents: number
  sizePx: number
  partial?: number
  variant?: HierarchyVariant
  random: () => number
}): TrainedLevel[] {
  const { latents, sizePx, partial = 3, variant = 'paper', random } = options
  const whole: TrainedLevel = { tokens: latents, sigmaPx: 0 }
  if (variant === 'paper') {
    const drawn = drawDistinct(levelProbabilities(latents), partial, random)
    return [whole, ...drawn.map((at) => ({ tokens: at + 1, sigmaPx: levelSigmaPx(at + 1, sizePx) }))]
  }
  const weights = Float64Array.from({ length: latents }, (_, x) => 1 / (x + 9))
  return [
    whole,
    ...drawDistinct(weights, partial, random).map((x) => ({
      tokens: x === 0 ? latents - 1 : x - 1,
      sigmaPx: levelSigmaPx(x, sizePx),
    })),
  ]
}

/**
 * A square target [sizePx, sizePx] blurred by a Gaussian of `sigmaPx` cut off at 3 standard deviations, zeros outside, and
 * divided by its largest value, as the published code does so that wide blurs keep their peak. Sigma 0 copies.
 */
export function blurTarget(square: Float32Array, sizePx: number, sigmaPx: number): Float32Array {
  if (sigmaPx <= 0) return square.slice()
  const kernel = gaussianKernel(sigmaPx)
  const across = blurRows(square, sizePx, kernel)
  const out = transposed(blurRows(transposed(across, sizePx), sizePx, kernel), sizePx)
  let peak = 1e-6
  for (const value of out) if (value > peak) peak = value
  for (let i = 0; i < out.length; i++) out[i] = out[i]! / peak
  return out
}

/** Weights of offsets -r ... r with r = ceil(3 sigma), summing to 1. */
export function gaussianKernel(sigmaPx: number): Float64Array {
  const radius = Math.ceil(3 * sigmaPx)
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigmaPx ** 2)),
  )
  const total = kernel.reduce((a, b) => a + b, 0)
  return kernel.map((weight) => weight / total)
}

function blurRows(values: Float32Array, side: number, kernel: Float64Array): Float32Array {
  const radius = (kernel.length - 1) / 2
  const out = new Float32Array(values.length)
  for (let y = 0; y < side; y++) {
    const line = y * side
    let first = 0
    let last = side - 1
    // Most rows of a mask are background at both ends; only what is not zero can spread.
    while (first < side && values[line + first] === 0) first++
    while (last > first && values[line + last] === 0) last--
    if (first === side) continue
    const end = Math.min(side - 1, last + radius)
    for (let x = Math.max(0, first - radius); x <= end; x++) {
      let sum = 0
      const to = Math.min(last, x + radius)
      for (let from = Math.max(first, x - radius); from <= to; from++)
        sum += values[line + from]! * kernel[from - x + radius]!
      out[line + x] = sum
    }
  }
  return out
}

function transposed(values: Float32Array, side: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) out[x * side + y] = values[y * side + x]!
  return out
}
