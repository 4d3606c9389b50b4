// SAM 2's prompt encoder: points, boxes and masks as embeddings (Kirillov et al. 2023, arXiv 2304.02643, appendix A).
import type { Dim, Tensor } from '@maskwords/graph'
import {
  add,
  cast,
  concat,
  constant,
  cos,
  equal,
  expand,
  gather,
  gelu,
  not,
  parameter,
  sin,
} from '@maskwords/graph'
import { promptSide, type Sam2Config } from './config.ts'
import { channelNormAt, patchConvAt } from './parameters.ts'

/** Labels of points: 0 and 1 off and on the object, 2 and 3 a box's top left and bottom right corner, -1 no point. */
export const NO_POINT = -1

function encoderKey(prefix: string): string {
  return `${prefix}sam_prompt_encoder`
}

/** Random Fourier features of coordinates [..., 2] in 0 to 1: sines, then cosines. */
function fourier(coordinates: Tensor, config: Sam2Config, prefix: string): Tensor {
  const gaussian = parameter(`${encoderKey(prefix)}.pe_layer.positional_encoding_gaussian_matrix`, [
    2,
    config.width / 2,
  ])
  const angles = coordinates
    .mul(2)
    .sub(1)
    .matmul(gaussian)
    .mul(2 * Math.PI)
  return concat([sin(angles), cos(angles)], -1)
}

/** Positions of the cells of the coarse map: [side x side, width], row-major. */
export function densePositions(config: Sam2Config, prefix: string): Tensor {
  const side = promptSide(config)
  const centres = new Float32Array(side * side * 2)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      centres[(row * side + column) * 2] = (column + 0.5) / side
      centres[(row * side + column) * 2 + 1] = (row + 0.5) / side
    }
  }
  return fourier(constant(centres, { shape: [side * side, 2] }), config, prefix)
}

/**
 * points [objects, points, 2], x and y in pixels of the imagePx frame, and their labels, int64 [objects, points] ->
 * [objects, points, width]. The half pixel that the published code adds is added here.
 */
export function pointTokens(points: Tensor, labels: Tensor, config: Sam2Config, prefix: string): Tensor {
  const key = encoderKey(prefix)
  const position = fourier(points.add(0.5).div(config.imagePx), config, prefix)
  const rows = ['not_a_point_embed', ...[0, 1, 2, 3].map((label) => `point_embeddings.${label}`)]
  const table = concat(
    rows.map((row) => parameter(`${key}.${row}.weight`, [1, config.width])),
    0,
  )
  const isPoint = cast(not(equal(labels, NO_POINT)), 'float32').unsqueeze(-1)
  return add(position.mul(isPoint), gather(table, labels.add(1)))
}

/** The token that stands for "no point": [1, 1, width]. */
export function noPointToken(config: Sam2Config, prefix: string): Tensor {
  return parameter(`${encoderKey(prefix)}.not_a_point_embed.weight`, [1, config.width]).reshape([
    1,
    1,
    config.width,
  ])
}

/** boxes [objects, 4], left, top, right, bottom in pixels of the frame, through the box branch: two corner tokens each. */
export function boxTokens(boxes: Tensor, config: Sam2Config, prefix: string): Tensor {
  const objects = boxes.shape[0] as Dim
  const labels = expand(constant([2, 3], { dtype: 'int64' }).unsqueeze(0), [objects, 2])
  return pointTokens(boxes.reshape([objects, 2, 2]), labels, config, prefix)
}

/** mask prompts [objects, 4 side, 4 side] -> [objects, width, side, side]. */
export function maskPrompt(masks: Tensor, config: Sam2Config, prefix: string): Tensor {
  const key = `${encoderKey(prefix)}.mask_downscaling`
  const { width, maskPromptWidth } = config
  const side = 4 * promptSide(config)
  let x = masks.reshape([masks.shape[0]!, 1, side, side])
  x = gelu(channelNormAt(patchConvAt(x, `${key}.0`, maskPromptWidth / 4, 2), `${key}.1`))
  x = gelu(channelNormAt(patchConvAt(x, `${key}.3`, maskPromptWidth, 2), `${key}.4`))
  return patchConvAt(x, `${key}.6`, width, 1)
}

/** What stands for a mask prompt where there is none: [1, width, 1, 1]. */
export function noMaskPrompt(config: Sam2Config, prefix: string): Tensor {
  return parameter(`${encoderKey(prefix)}.no_mask_embed.weight`, [1, config.width]).reshape([
    1,
    config.width,
    1,
    1,
  ])
}
