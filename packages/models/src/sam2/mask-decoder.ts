// SAM 2's mask decoder with high-resolution features: tokens to four masks, their predicted IoU and an object score.
import type { Tensor } from '@maskwords/graph'
import { add, concat, convTranspose, expand, gelu, parameter, sigmoid, stack } from '@maskwords/graph'
import { promptSide, type Sam2Config } from './config.ts'
import type { ImageFeatures } from './image-encoder.ts'
import { channelNormAt, mlpAt } from './parameters.ts'
import { densePositions } from './prompt-encoder.ts'
import { toCells, twoWayTransformer } from './two-way.ts'

/** Mask 0 is for prompts that leave no doubt; 1 to 3 are alternatives. */
export const MASK_TOKENS = 4

export type MaskDecoderOutput = {
  /** [objects, masks, 4 side, 4 side]. */
  readonly logits: Tensor
  /** Predicted IoU, 0 to 1: [objects, masks]. */
  readonly iou: Tensor
  /** Above 0: the object is in the picture. [objects, 1]. */
  readonly objectScore: Tensor
}

function upscaled(x: Tensor, key: string, to: number): Tensor {
  const from = x.shape[1] as number
  return convTranspose(x, parameter(`${key}.weight`, [from, to, 2, 2]), {
    bias: parameter(`${key}.bias`, [to]),
    stride: 2,
  })
}

/**
 * sparse [objects, tokens, width] and dense prompts (added to the coarse map: [objects or 1, width, side or 1, side or 1]) ->
 * the masks numbered in `masks`. Parameters `${prefix}sam_mask_decoder.*` as published.
 */
export function sam2MaskDecoder(
  features: ImageFeatures,
  prompts: { sparse: Tensor; dense: Tensor },
  options: { config: Sam2Config; prefix: string; masks: readonly number[] },
): MaskDecoderOutput {
  const { config, prefix, masks } = options
  const { width } = config
  const key = `${prefix}sam_mask_decoder`
  const side = promptSide(config)
  const objects = prompts.sparse.shape[0]!
  const own = concat(
    [
      parameter(`${key}.obj_score_token.weight`, [1, width]),
      parameter(`${key}.iou_token.weight`, [1, width]),
      parameter(`${key}.mask_tokens.weight`, [MASK_TOKENS, width]),
    ],
    0,
  )
  const tokens = concat([expand(own.unsqueeze(0), [objects, MASK_TOKENS + 2, width]), prompts.sparse], 1)
  const seen = twoWayTransformer(tokens, toCells(add(features.coarse, prompts.dense)), {
    positions: densePositions(config, prefix),
    config,
    key: `${key}.transformer`,
  })
  const token = (at: number): Tensor => seen.tokens.slice({ axis: 1, start: at, end: at + 1 }).squeeze(1)
  const map = seen.cells.permute([0, 2, 1]).reshape([objects, width, side, side])
  const twice = gelu(
    channelNormAt(
      add(upscaled(map, `${key}.output_upscaling.0`, width / 4), features.middle),
      `${key}.output_upscaling.1`,
    ),
  )
  const four = gelu(add(upscaled(twice, `${key}.output_upscaling.3`, width / 8), features.fine))
  const kernels = stack(
    masks.map((mask) =>
      mlpAt(token(2 + mask), `${key}.output_hypernetworks_mlps.${mask}`, [width, width, width / 8]),
    ),
    1,
  )
  const cells = (4 * side) ** 2
  const logits = kernels
    .matmul(four.reshape([objects, width / 8, cells]))
    .reshape([objects, masks.length, 4 * side, 4 * side])
  const allIou = sigmoid(mlpAt(token(1), `${key}.iou_prediction_head`, [width, width, MASK_TOKENS]))
  return {
    logits,
    iou: stack(
      masks.map((mask) => allIou.slice({ axis: 1, start: mask, end: mask + 1 }).squeeze(1)),
      1,
    ),
    objectScore: mlpAt(token(0), `${key}.pred_obj_score_head`, [width, width, 1]),
  }
}
