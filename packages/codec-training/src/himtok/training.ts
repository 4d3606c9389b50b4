// The training step of a HiMTok: masks and the targets of their prefixes in, one update out (HiMTok, ICCV 2025, supplement).

import type { HimtokConfig } from '@maskwords/codecs'
import { input, type Weights } from '@maskwords/graph'
import { buildTrainStep, type Optimiser, type TrainStep } from '@maskwords/train'
import { hardIou, perplexity } from '../sets/measures.ts'
import { type HimtokLossWeights, himtokLoss } from './loss.ts'

export type HimtokTrainingOptions = {
  readonly config: HimtokConfig
  /** Levels of a batch: prefixes that every mask is decoded with. */
  readonly levels: number
  readonly optimiser: Optimiser
  readonly lossWeights?: Partial<HimtokLossWeights>
  readonly diceOver?: 'batch' | 'mask'
  readonly weights: Weights
  readonly clipNorm?: number
  readonly averageDecay?: number
  /** Batches whose gradients are averaged into one update. Default 1. */
  readonly accumulate?: number
}

/** The training step, fed by `himtokBatches`. Metrics: loss, bce, dice, commitment, codebook, iou (of the squares), perplexity. */
export function himtokTrainStep(options: HimtokTrainingOptions): TrainStep {
  const { config, levels } = options
  const loss = himtokLoss({
    config,
    levels,
    diceOver: options.diceOver ?? 'mask',
    quantisedShare: input('quantisedShare', 'float32', []),
    ...(options.lossWeights === undefined ? {} : { weights: options.lossWeights }),
  })
  const targets = input('targets', 'float32', [levels, 'masks', config.sizePx, config.sizePx])
  return buildTrainStep({
    loss: loss.total,
    optimiser: options.optimiser,
    metrics: {
      bce: loss.bce,
      dice: loss.dice,
      commitment: loss.commitment,
      codebook: loss.codebook,
      iou: hardIou(loss.logits.reshape([levels, 'masks', config.sizePx, config.sizePx]), targets).mean(),
      perplexity: perplexity(loss.codes, config.codebookSize),
    },
    weights: options.weights,
    groups: [{ match: [/bias$/, /\.ln_/, /norm/, /embedding$/, /token/, /^quantize\./], weightDecay: 0 }],
    accumulate: options.accumulate ?? 1,
    ...(options.clipNorm === undefined ? {} : { clipNorm: options.clipNorm }),
    ...(options.averageDecay === undefined
      ? {}
      : { averageDecay: options.averageDecay, averageWarmUp: true }),
  })
}
