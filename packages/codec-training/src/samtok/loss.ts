// Training loss of a SAMTok tokenizer: cross-entropy and Dice of the decoded mask, at uncertain points or everywhere, and
// commitment (arXiv 2601.16093, section 3.2, with the weights and reductions of its release; points: PointRend, arXiv 1912.08193).

import { SAMTOK_PREFIX, type SamtokConfig } from '@maskwords/codecs'
import {
  abs,
  bceWithLogits,
  concat,
  diceLoss,
  expand,
  gatherElements,
  gridSample,
  input,
  negate,
  sigmoid,
  stopGradient,
  subtract,
  type Tensor,
  topK,
} from '@maskwords/graph'
import {
  type ImageFeatures,
  maskEncoder,
  promptSide,
  type Quantised,
  residualQuantiser,
  vectorDecoder,
} from '@maskwords/models'
import { hardIou } from '../sets/measures.ts'

export type SamtokLossWeights = {
  readonly bce: number
  readonly dice: number
  readonly commitment: number
  /** Of the squared error of the predicted IoU. The release leaves SAM 2's IoU head as it is: 0. */
  readonly iou: number
}

/** The release's training configurations. */
export const SAMTOK_LOSS_WEIGHTS: SamtokLossWeights = { bce: 2, dice: 0.5, commitment: 1, iou: 0 }

/**
 * Points of a mask at which the loss looks. The release: 12544 points, the most uncertain three quarters of them chosen
 * from 3 x 12544 candidates, the rest anywhere.
 */
export type PointSampling = {
  readonly points: number
  readonly oversample: number
  readonly uncertainShare: number
}
export const SAMTOK_POINTS: PointSampling = { points: 12_544, oversample: 3, uncertainShare: 0.75 }

export type SamtokLoss = {
  readonly total: Tensor
  /** Weighted cross-entropy plus weighted Dice. */
  readonly reconstruction: Tensor
  readonly bce: Tensor
  readonly dice: Tensor
  /** Mean squared error of the predicted IoU, where `iou` has a weight. */
  readonly iouError: Tensor | undefined
  readonly quantised: Quantised
  /** [masks, 4 side, 4 side]. */
  readonly logits: Tensor
}

/** How many random coordinates the loss is fed for each mask. */
export function randomPoints({ points, oversample, uncertainShare }: PointSampling): {
  candidates: number
  anywhere: number
} {
  return {
    candidates: Math.floor(points * oversample),
    anywhere: points - Math.floor(points * uncertainShare),
  }
}

/** Values of planes [masks, side, side] at points [masks, points, 2], x and y from 0 to 1: [masks, points]. */
function valuesAt(planes: Tensor, points: Tensor): Tensor {
  const [masks, side] = planes.shape as readonly [Tensor['shape'][number], number]
  const count = points.shape[1]!
  const grid = points.mul(2).sub(1).reshape([masks, count, 1, 2])
  return gridSample(planes.reshape([masks, 1, side, side]), grid).reshape([masks, count])
}

/** The points at which the loss is taken: the most uncertain candidates, then the points from anywhere. [masks, points, 2]. */
function lossPoints(logits: Tensor, sampling: PointSampling): Tensor {
  const { candidates, anywhere } = randomPoints(sampling)
  const objects = logits.shape[0]!
  const drawn = input('candidates', 'float32', [objects, candidates, 2])
  const free = input('anywhere', 'float32', [objects, anywhere, 2])
  const uncertain = sampling.points - anywhere
  const { indices } = topK(negate(abs(valuesAt(stopGradient(logits), drawn))), uncertain, { axis: 1 })
  const chosen = gatherElements(drawn, expand(indices.unsqueeze(2), [objects, uncertain, 2]), 1)
  return concat([chosen, free], 1)
}

/**
 * The loss of the masks of one picture (or of several, with `features` repeated for each mask and their number as `count`),
 * with the inputs `masks` [masks, 4 side, 4 side] (prompts, 0 to 1), `boxes` [masks, 4]
 * (pixels of the frame), `targets` [masks, 4 side, 4 side] (0 or 1) and, with `sampling`, the random coordinates `candidates`
 * and `anywhere`. `features` are the picture's maps, computed in the same graph or fed.
 */
export function samtokLoss(options: {
  config: SamtokConfig
  features: ImageFeatures
  sampling?: PointSampling
  weights?: Partial<SamtokLossWeights>
  /** Number of masks where it is fixed. Default: any. */
  count?: number
  /**
   * A scalar from 0 to 1: how far the decoder sees quantised vectors (1, the default) instead of the encoder's own.
   * Commitment counts in proportion: before codes mean anything it would only pull all vectors together.
   */
  quantisedShare?: Tensor
  /** Another quantiser of the vectors [masks, width], to compare it. Default: the residual one of the configuration. */
  quantiser?: (vectors: Tensor) => Quantised
  /** Which of the decoder's alternatives is trained: the one it predicts to be best (the default), or the first. */
  alternative?: 'best' | 'first'
  /** The logit that means one half: the threshold that masks will be decoded with. Default 0, as the release trains. */
  evenLogit?: number
}): SamtokLoss {
  const { config, features, sampling, quantisedShare, evenLogit = 0 } = options
  const { sam2, codesPerLevel, levels, prefix = SAMTOK_PREFIX } = config
  const weights = { ...SAMTOK_LOSS_WEIGHTS, ...options.weights }
  const side = 4 * promptSide(sam2)
  const objects = options.count ?? 'masks'
  const plane = [objects, side, side] as const
  const prompts = {
    coarse: features.coarse,
    masks: input('masks', 'float32', plane),
    boxes: input('boxes', 'float32', [objects, 4]),
  }
  const encoded = maskEncoder(prompts, sam2, prefix)
  const quantised =
    options.quantiser?.(encoded) ??
    residualQuantiser(encoded, {
      codes: codesPerLevel,
      levels,
      width: sam2.width,
      shared: config.sharedCodebook === true,
      paddingRows: 1,
    })
  const vectors = quantisedShare === undefined ? quantised.vectors : quantised.mixed(quantisedShare)
  const { alternative = 'best' } = options
  const { logits, iou } = vectorDecoder(features, vectors, sam2, prefix, { alternative })
  const targets = input('targets', 'float32', plane)
  const even = evenLogit === 0 ? logits : logits.sub(evenLogit)
  let predicted = even
  let wanted = targets
  if (sampling !== undefined) {
    const points = stopGradient(lossPoints(even, sampling))
    predicted = valuesAt(even, points)
    wanted = valuesAt(targets, points)
  }
  const axes = sampling === undefined ? [1, 2] : [1]
  const bce = bceWithLogits(predicted, wanted)
  const dice = diceLoss(sigmoid(predicted), wanted, { axes, smooth: 1 }).mean()
  const reconstruction = bce.mul(weights.bce).add(dice.mul(weights.dice))
  const commitment =
    quantisedShare === undefined ? quantised.commitment : quantised.commitment.mul(quantisedShare)
  let total = reconstruction.add(commitment.mul(weights.commitment))
  const iouError =
    weights.iou === 0
      ? undefined
      : subtract(iou, stopGradient(hardIou(even, targets)))
          .pow(2)
          .mean()
  if (iouError !== undefined) total = total.add(iouError.mul(weights.iou))
  return { total, reconstruction, bce, dice, iouError, quantised, logits }
}
