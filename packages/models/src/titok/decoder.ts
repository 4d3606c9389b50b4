// TiTok's decoder as HiMTok uses it: code vectors of any prefix of the tokens to one map of logits per mask.
import type { Tensor } from '@maskwords/graph'
import { add, concat, conv, parameter, tanh } from '@maskwords/graph'
import type { TiTokConfig } from './config.ts'
import { pixelDecoder } from './pixel-decoder.ts'
import { forEachItem, linearAt, normAt, transformerBlocks } from './transformer.ts'

/** The published head: probability = sigmoid(5 (g - 0.5)) of the channel mean g. */
const LOGIT_SCALE = 5
const LOGIT_CENTRE = 0.5

/**
 * codes [masks, latents, codeSize], and `present` [masks, latents]: 1 for a token that is there, 0 for one that is
 * missing, whose embedded row is then zero -> logits [masks, sizePx, sizePx]; probability is their sigmoid.
 * Parameters `decoder.*` and `pixel_decoder.*` as published.
 */
export function titokDecoder(codes: Tensor, present: Tensor, config: TiTokConfig): Tensor {
  const { sizePx, patchPx, latents, codeSize, decoder } = config
  const { width } = decoder
  const grid = sizePx / patchPx
  const batch = codes.shape[0]!
  const embedded = linearAt(codes, 'decoder.decoder_embed', codeSize, width).mul(
    present.reshape([batch, latents, 1]),
  )
  const latentRows = add(embedded, parameter('decoder.latent_token_positional_embedding', [latents, width]))
  const maskRows = parameter('decoder.mask_token', [1, 1, width])
    .reshape([1, width])
    .expand([grid * grid, width])
  const gridRows = add(
    concat([parameter('decoder.class_embedding', [1, width]), maskRows], 0),
    parameter('decoder.positional_embedding', [grid * grid + 1, width]),
  )
  const rows = normAt(concat([forEachItem(gridRows, codes), latentRows], 1), 'decoder.ln_pre', width)
  const seen = transformerBlocks(rows, 'decoder.transformer', {
    size: decoder,
    mlpRatio: config.mlpRatio,
    wanted: { start: 1, end: grid * grid + 1 },
  })
  const cells = normAt(seen, 'decoder.ln_post', width)
  let features = cells.permute([0, 2, 1]).reshape([batch, width, grid, grid])
  features = tanh(pointwise(features, 'decoder.ffn.0', width, 2 * width))
  features = pointwise(features, 'decoder.ffn.2', 2 * width, config.pixelDecoder.inputChannels)
  return pixelDecoder(features, config).mean(1).sub(LOGIT_CENTRE).mul(LOGIT_SCALE)
}

function pointwise(x: Tensor, key: string, from: number, to: number): Tensor {
  return conv(x, parameter(`${key}.weight`, [to, from, 1, 1]), { bias: parameter(`${key}.bias`, [to]) })
}
