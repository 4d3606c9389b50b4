// Codes by trial: a mask's code row is decoded, the decoder's gradient says where its code vectors should have been, and the
// codes nearest to there are tried next (straight-through descent on discrete codes, after Bengio et al. 2013, arXiv 1308.3432;
// the encoder's own row is only where it starts, as in semi-amortised inference, Kim et al. 2018, arXiv 1802.02550). What the
// words mean is unchanged, so that any decoder reads them. Ours; the release takes the encoder's codes alone.
import {
  bceWithLogits,
  divide,
  full,
  gradients,
  input,
  sigmoid,
  subtract,
  type Tensor,
} from '@maskwords/graph'
import { titokDecoder } from '@maskwords/models'
import { coverageIou } from '../coverage.ts'
import { type Codebook, nearestCodes } from './codebook.ts'
import { type HimtokConfig, PROFILES } from './config.ts'

/** Step along the gradient of binary cross-entropy plus Dice, in lengths of a code vector, and what a step keeps of the last. */
const STEP = 1.2
const MOMENTUM = 0.5
const LEAST_SUM = 1e-6

/**
 * The decoder with its slope. Inputs `codes` [masks, latents, codeSize], `present` [masks, latents] and `targets` [masks, sizePx,
 * sizePx], shares of 0 to 1 -> `logits` [masks, sizePx, sizePx] and `slope`, the gradient of each mask's loss in its codes.
 */
export function searchNetwork(config: HimtokConfig): Record<'logits' | 'slope', Tensor> {
  const { sizePx, latents, codeSize } = config
  const codes = input('codes', 'float32', ['masks', latents, codeSize])
  const targets = input('targets', 'float32', ['masks', sizePx, sizePx])
  const logits = titokDecoder(codes, input('present', 'float32', ['masks', latents]), config)
  const p = sigmoid(logits)
  const sums = p
    .sum([1, 2])
    .add(targets.sum([1, 2]))
    .add(LEAST_SUM)
  const dice = subtract(1, divide(p.mul(targets).sum([1, 2]).mul(2), sums))
  const losses = bceWithLogits(logits, targets, { reduction: 'none' }).mean([1, 2]).add(dice)
  const [slope] = gradients([losses], [codes], { seeds: [full(['masks'], 1)] })
  return { logits, slope: slope! }
}

export type Trial = { readonly logits: Float32Array; readonly slope?: Float32Array }

/**
 * The best of `trials` code rows for each square, by IoU: the first are the codes nearest to the encoder's vectors `latents`
 * [masks, latents, codeSize], each further one is a step down the slope of the one before. `decode` gets codes [masks, latents]
 * and whether the slope is wanted; codes that it passes over have no slope and stay.
 */
export async function searchCodes(options: {
  readonly config: HimtokConfig
  readonly codebook: Codebook
  readonly latents: Float32Array
  readonly squares: Float32Array
  readonly trials: number
  readonly decode: (codes: Int32Array, slope: boolean) => Promise<Trial>
}): Promise<Int32Array> {
  const { config, codebook, latents, squares, trials, decode } = options
  const { codeSize } = config
  const pixels = config.sizePx ** 2
  const masks = squares.length / pixels
  const rows = latents.length / codeSize / masks
  const rawCodes = PROFILES[config.profile].codeScale === 'raw'
  const aims = latents.slice()
  const push = new Float32Array(latents.length)
  let codes = nearestCodes(codebook, latents)
  const best = codes.slice()
  const bestIou = new Float64Array(masks).fill(-1)
  for (let trial = 1; trial <= trials; trial++) {
    const last = trial === trials
    const { logits, slope } = await decode(codes, !last)
    for (let m = 0; m < masks; m++) {
      const square = [m * pixels, (m + 1) * pixels] as const
      const iou = coverageIou(logits.subarray(...square), squares.subarray(...square), 0)
      if (iou <= bestIou[m]!) continue
      bestIou[m] = iou
      best.set(codes.subarray(m * rows, (m + 1) * rows), m * rows)
    }
    if (last || slope === undefined) break
    for (let token = 0; token < codes.length; token++) {
      const scale = rawCodes ? lengthOf(codebook.raw, codes[token]! * codeSize, codeSize) : 1
      const from = token * codeSize
      const size = lengthOf(aims, from, codeSize) || 1
      for (let i = from; i < from + codeSize; i++) {
        push[i] = MOMENTUM * push[i]! + scale * slope[i]!
        aims[i] = aims[i]! / size - STEP * push[i]!
      }
    }
    codes = nearestCodes(codebook, aims)
  }
  return best
}

function lengthOf(values: ArrayLike<number>, from: number, count: number): number {
  let squares = 0
  for (let i = from; i < from + count; i++) squares += values[i]! ** 2
  return Math.sqrt(squares)
}
