// Training loss of a HiMTok tokenizer: every level's prefix must decode to that level's target (HiMTok, ICCV 2025,
// supplement; weights and the form of Dice from its release), plus the quantiser's own terms.

import { type HimtokConfig, PROFILES } from '@maskwords/codecs'
import { bceWithLogits, divide, expand, input, sigmoid, subtract, type Tensor } from '@maskwords/graph'
import { titokDecoder, titokEncoder, titokQuantiser } from '@maskwords/models'

export type HimtokLossWeights = {
  readonly bce: number
  readonly dice: number
  readonly commitment: number
  readonly codebook: number
}

/** The release's: cross-entropy 1, Dice 0.25, commitment 0.01, codebook 1. */
export const HIMTOK_LOSS_WEIGHTS: HimtokLossWeights = { bce: 1, dice: 0.25, commitment: 0.01, codebook: 1 }

/** Keeps Dice defined for empty masks. */
const DICE_SMOOTH = 1e-6

export type HimtokLoss = {
  readonly total: Tensor
  /** Means over the levels of the two mask terms, and the quantiser's two. */
  readonly bce: Tensor
  readonly dice: Tensor
  readonly commitment: Tensor
  readonly codebook: Tensor
  /** int64 [masks, latents]. */
  readonly codes: Tensor
  /** [levels x masks, sizePx, sizePx], level by level. */
  readonly logits: Tensor
}

/** 1 - 2 Σ p t / (Σ p + Σ t) over the pixels of `axes` at once. */
function dice(logits: Tensor, targets: Tensor, all: readonly number[]): Tensor {
  const p = sigmoid(logits)
  const both = p.mul(targets).sum(all).mul(2).add(DICE_SMOOTH)
  return subtract(1, divide(both, p.sum(all).add(targets.sum(all)).add(DICE_SMOOTH)))
}

/**
 * The loss of one batch, with the inputs `masks` [masks, sizePx, sizePx], `targets` [levels, masks, sizePx, sizePx] and
 * `present` [levels, masks, latents] (1 for the tokens of a level's prefix). Terms of the levels are summed.
 */
export function himtokLoss(options: {
  config: HimtokConfig
  levels: number
  weights?: Partial<HimtokLossWeights>
  /** Dice of all masks of a level at once, as the release sums it (`batch`, the default), or of each mask. */
  diceOver?: 'batch' | 'mask'
  /**
   * A scalar from 0 to 1: how far the decoder sees quantised vectors (1, the default) instead of the encoder's directions.
   * Commitment counts in proportion.
   */
  quantisedShare?: Tensor
}): HimtokLoss {
  const { config, levels, diceOver = 'batch', quantisedShare } = options
  const weights = { ...HIMTOK_LOSS_WEIGHTS, ...options.weights }
  const { sizePx, latents, codeSize } = config
  const masks = input('masks', 'float32', ['masks', sizePx, sizePx])
  const targets = input('targets', 'float32', [levels, 'masks', sizePx, sizePx])
  const present = input('present', 'float32', [levels, 'masks', latents])
  const quantised = titokQuantiser(titokEncoder(masks, config, PROFILES[config.profile].layout), config)
  const vectors = quantisedShare === undefined ? quantised.vectors : quantised.mixed(quantisedShare)
  const repeated = expand(vectors.unsqueeze(0), [levels, 'masks', latents, codeSize])
  const logits = titokDecoder(
    repeated.reshape([-1, latents, codeSize]),
    present.reshape([-1, latents]),
    config,
  )
  const byLevel = logits.reshape([levels, 'masks', sizePx, sizePx])
  const bce = bceWithLogits(byLevel, targets)
  const overlap = dice(byLevel, targets, diceOver === 'batch' ? [1, 2, 3] : [2, 3]).mean()
  const commitment =
    quantisedShare === undefined ? quantised.commitment : quantised.commitment.mul(quantisedShare)
  const total = bce
    .mul(weights.bce * levels)
    .add(overlap.mul(weights.dice * levels))
    .add(commitment.mul(weights.commitment))
    .add(quantised.codebook.mul(weights.codebook))
  return {
    total,
    bce,
    dice: overlap,
    commitment: quantised.commitment,
    codebook: quantised.codebook,
    codes: quantised.codes,
    logits,
  }
}
