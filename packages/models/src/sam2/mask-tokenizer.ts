// What SAMTok adds to SAM 2 (arXiv 2601.16093 and its release): a mask encoder that says a mask as one vector, and a mask
// decoder that is prompted with such a vector.
import type { Tensor } from '@maskwords/graph'
import { add, argMax, concat, constant, expand, gatherElements, parameter } from '@maskwords/graph'
import { promptSide, type Sam2Config } from './config.ts'
import type { ImageFeatures } from './image-encoder.ts'
import { sam2MaskDecoder } from './mask-decoder.ts'
import { densePositions, maskPrompt, noMaskPrompt, noPointToken, pointTokens } from './prompt-encoder.ts'
import { toCells, twoWayTransformer } from './two-way.ts'

/**
 * coarse [1 or masks, width, side, side], masks [masks, 4 side, 4 side] with values 0 to 1, and boxes [masks, 4]: left,
 * top, right and bottom in pixels of the frame -> [masks, width]. The box goes in as two corner points and a padding
 * point. Parameters `${prefix}sam_mask_encoder.*` and the prompt encoder's.
 */
export function maskEncoder(
  inputs: { coarse: Tensor; masks: Tensor; boxes: Tensor },
  config: Sam2Config,
  prefix: string,
): Tensor {
  const { coarse, masks, boxes } = inputs
  const { width } = config
  const objects = masks.shape[0]!
  const labels = expand(constant([2, 3], { dtype: 'int64' }).unsqueeze(0), [objects, 2])
  const corners = pointTokens(boxes.reshape([objects, 2, 2]), labels, config, prefix)
  const own = parameter(`${prefix}sam_mask_encoder.mask_tokens.weight`, [1, width]).reshape([1, 1, width])
  const each = (token: Tensor): Tensor => expand(token, [objects, 1, width])
  const tokens = concat([each(own), corners, each(noPointToken(config, prefix))], 1)
  const seen = twoWayTransformer(tokens, toCells(add(coarse, maskPrompt(masks, config, prefix))), {
    positions: densePositions(config, prefix),
    config,
    key: `${prefix}sam_mask_encoder.transformer`,
  })
  return seen.tokens.slice({ axis: 1, end: 1 }).squeeze(1)
}

export type DecodedVectors = {
  /** Logits of the best of masks 1 to 3: [masks, 4 side, 4 side]. */
  readonly logits: Tensor
  /** Its predicted IoU: [masks]. */
  readonly iou: Tensor
}

/**
 * vectors [masks, width], the sum of a mask's code vectors -> its mask: of three, the one with the highest predicted IoU,
 * or with `alternative: 'first'` the first of them, whatever the others are.
 */
export function vectorDecoder(
  features: ImageFeatures,
  vectors: Tensor,
  config: Sam2Config,
  prefix: string,
  options: { readonly alternative?: 'best' | 'first' } = {},
): DecodedVectors {
  const objects = vectors.shape[0]!
  const side = 4 * promptSide(config)
  const none = expand(noPointToken(config, prefix), [objects, 2, config.width])
  const sparse = concat([none, vectors.unsqueeze(1)], 1)
  const first = options.alternative === 'first'
  const { logits, iou } = sam2MaskDecoder(
    features,
    { sparse, dense: noMaskPrompt(config, prefix) },
    { config, prefix, masks: first ? [1] : [1, 2, 3] },
  )
  if (first) return { logits: logits.squeeze(1), iou: iou.squeeze(1) }
  const best = argMax(iou, 1, { keepDims: true })
  const index = expand(best.reshape([objects, 1, 1, 1]), [objects, 1, side, side])
  return { logits: gatherElements(logits, index, 1).squeeze(1), iou: gatherElements(iou, best, 1).squeeze(1) }
}
