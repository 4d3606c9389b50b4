// The training step of a SAMTok: pictures and masks in, one update of networks and codebooks (arXiv 2601.16093, section 3.2;
// several pictures a step, so that one pass of the picture encoder serves many masks).

import { SAMTOK_PREFIX, type SamtokConfig } from '@maskwords/codecs'
import { input, randomSource, repeatInterleave, type Weights } from '@maskwords/graph'
import { type ImageFeatures, normalisedPixels, promptSide, sam2ImageEncoder } from '@maskwords/models'
import { buildTrainStep, type NamePattern, type Optimiser, type TrainStep } from '@maskwords/train'
import { hardIou } from '../sets/measures.ts'
import { type PointSampling, type SamtokLossWeights, samtokLoss } from './loss.ts'
import { batchPerplexity, movingCodebooks } from './moving-codebooks.ts'

export type SamtokTrainingOptions = {
  readonly config: SamtokConfig
  readonly pictures: number
  readonly masksPerPicture: number
  readonly optimiser: Optimiser
  readonly lossWeights?: Partial<SamtokLossWeights>
  readonly sampling?: PointSampling
  /** Which of the decoder's alternatives is trained. Weights that start from nothing train the first alone. */
  readonly alternative?: 'best' | 'first'
  /** The logit that masks will be decoded at. */
  readonly evenLogit?: number
  /** Codebooks that move; without it they stay as they are. */
  readonly codebooks?: { readonly decay: number; readonly restartBelow: number }
  readonly frozen?: readonly NamePattern[]
  readonly weights: Weights
  readonly clipNorm?: number
  readonly averageDecay?: number
  readonly seed: number
}

/** What no training moves: the matrix of random features. */
const ALWAYS_FROZEN: readonly NamePattern[] = [/positional_encoding_gaussian_matrix$/]

/** The training step, fed by `samtokBatches`. Metrics: loss, bce, dice, commitment, iou (of the squares), perplexity, restarts. */
export function samtokTrainStep(options: SamtokTrainingOptions): TrainStep {
  const { config, pictures, masksPerPicture, evenLogit = 0 } = options
  const { sam2, prefix = SAMTOK_PREFIX, codesPerLevel, levels } = config
  const pixels = input('pixels', 'uint8', [pictures, sam2.imagePx, sam2.imagePx, 3])
  const maps = sam2ImageEncoder(normalisedPixels(pixels), sam2, prefix, { differentiable: true })
  const each = (map: ImageFeatures['coarse']) =>
    masksPerPicture === 1 ? map : repeatInterleave(map, 0, masksPerPicture)
  const features = { coarse: each(maps.coarse), middle: each(maps.middle), fine: each(maps.fine) }
  const count = pictures * masksPerPicture
  const loss = samtokLoss({
    config,
    features,
    count,
    evenLogit,
    alternative: options.alternative ?? 'best',
    quantisedShare: input('quantisedShare', 'float32', []),
    ...(options.lossWeights === undefined ? {} : { weights: options.lossWeights }),
    ...(options.sampling === undefined ? {} : { sampling: options.sampling }),
  })
  const side = 4 * promptSide(sam2)
  const targets = input('targets', 'float32', [count, side, side])
  const quantiser = {
    codes: codesPerLevel,
    levels,
    width: sam2.width,
    shared: config.sharedCodebook === true,
    paddingRows: 1,
  }
  const seed = input('seed', 'int64', [])
  const moving =
    options.codebooks === undefined
      ? undefined
      : movingCodebooks(loss.quantised, quantiser, { ...options.codebooks, random: randomSource(seed) })
  const even = evenLogit === 0 ? loss.logits : loss.logits.sub(evenLogit)
  return buildTrainStep({
    loss: loss.total,
    optimiser: options.optimiser,
    metrics: {
      bce: loss.bce,
      dice: loss.dice,
      commitment: loss.quantised.commitment,
      iou: hardIou(even, targets).mean(),
      perplexity: batchPerplexity(loss.quantised.codes, quantiser),
      ...(loss.iouError === undefined ? {} : { iouError: loss.iouError }),
      ...(moving === undefined ? {} : { restarts: moving.restarted }),
    },
    ...(moving === undefined
      ? {}
      : { followed: moving.followed, random: { input: seed, seed: options.seed } }),
    frozen: [...ALWAYS_FROZEN, ...(moving === undefined ? [/^quantizer\./] : []), ...(options.frozen ?? [])],
    weights: options.weights,
    groups: [
      { match: [/\.bias$/, /norm\d?\./, /_token/, /embed/, /mask_downscaling\.[14]\./], weightDecay: 0 },
    ],
    ...(options.clipNorm === undefined ? {} : { clipNorm: options.clipNorm }),
    ...(options.averageDecay === undefined
      ? {}
      : { averageDecay: options.averageDecay, averageWarmUp: true }),
  })
}
