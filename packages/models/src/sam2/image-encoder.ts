// SAM 2's picture encoder: trunk, feature pyramid neck, and the maps as the mask decoder reads them (SAM 2 release).
import type { Tensor } from '@maskwords/graph'
import { add, cast, constant, linear, parameter, repeatInterleave } from '@maskwords/graph'
import type { Sam2Config } from './config.ts'
import { hieraTrunk, type TrunkOptions } from './hiera.ts'

/** Mean and deviation of the red, green and blue channels, of values from 0 to 1. */
export const PIXEL_MEAN = [0.485, 0.456, 0.406] as const
export const PIXEL_STD = [0.229, 0.224, 0.225] as const

export type ImageFeatures = {
  /** [batch, width, side, side], with `no_mem_embed` added: what prompts meet. */
  readonly coarse: Tensor
  /** [batch, width / 4, 2 side, 2 side] and [batch, width / 8, 4 side, 4 side]: what sharpens the masks. */
  readonly middle: Tensor
  readonly fine: Tensor
}

/** Bytes [batch, height, width, 3] as the trunk wants them: scaled, normalised, channels first. */
export function normalisedPixels(bytes: Tensor): Tensor {
  const scaled = cast(bytes, 'float32').mul(1 / 255)
  return scaled
    .sub(constant(PIXEL_MEAN, { dtype: 'float32' }))
    .div(constant(PIXEL_STD, { dtype: 'float32' }))
    .permute([0, 3, 1, 2])
}

type Projection = { weight: Tensor; bias: Tensor }

/** A 1 x 1 convolution of the state dict as a matrix. */
function projection(key: string, from: number, to: number): Projection {
  return {
    weight: parameter(`${key}.weight`, [to, from, 1, 1]).reshape([to, from]),
    bias: parameter(`${key}.bias`, [to]),
  }
}

/** second(first(x)) as one projection: linear layers in a row are one. */
function after(first: Projection, second: Projection): Projection {
  return {
    weight: second.weight.matmul(first.weight),
    bias: second.weight.matmul(first.bias.unsqueeze(1)).squeeze(1).add(second.bias),
  }
}

/**
 * picture [batch, 3, imagePx, imagePx], normalised -> the three maps. Parameters `${prefix}image_encoder.*`,
 * `${prefix}sam_mask_decoder.conv_s0`, `conv_s1` and `${prefix}no_mem_embed` as published.
 */
export function sam2ImageEncoder(
  picture: Tensor,
  config: Sam2Config,
  prefix: string,
  options: TrunkOptions = {},
): ImageFeatures {
  const { width, trunk, topDownLevels, dropLevels } = config
  const maps = hieraTrunk(picture, config, `${prefix}image_encoder.trunk`, options)
  const last = maps.length - 1
  const lateral = (level: number): Projection =>
    projection(`${prefix}image_encoder.neck.convs.${last - level}.conv`, trunk.embedDim * 2 ** level, width)
  const apply = (level: number, by: Projection): Tensor => linear(maps[level]!, by.weight, by.bias)

  /** The pyramid's map at a level; coarser levels reach those that are listed. */
  const levelMap = (level: number): Tensor => {
    const own = apply(level, lateral(level))
    if (level === last || !topDownLevels.includes(level)) return own
    return add(own, repeatInterleave(repeatInterleave(levelMap(level + 1), 1, 2), 2, 2))
  }
  const sharpened = (level: number, key: string, to: number): Tensor => {
    const head = projection(`${prefix}sam_mask_decoder.${key}`, width, to)
    // Without anything added in between, neck and head are one matrix: a fraction of the work on the largest maps.
    const merged = !topDownLevels.includes(level)
    const map = merged
      ? apply(level, after(lateral(level), head))
      : linear(levelMap(level), head.weight, head.bias)
    return map.permute([0, 3, 1, 2])
  }
  const coarsest = last - dropLevels
  const coarse = add(
    levelMap(coarsest),
    parameter(`${prefix}no_mem_embed`, [1, 1, width]).reshape([1, 1, 1, width]),
  )
  return {
    coarse: coarse.permute([0, 3, 1, 2]),
    middle: sharpened(coarsest - 1, 'conv_s1', width / 4),
    fine: sharpened(coarsest - 2, 'conv_s0', width / 8),
  }
}
