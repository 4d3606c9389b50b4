// TiTok's encoder with HiMTok's attention mask (specified in the HiMTok release, ICCV 2025): masks to latent vectors.
import type { Tensor } from '@maskwords/graph'
import { add, concat, constant, conv, parameter } from '@maskwords/graph'
import type { TiTokConfig } from './config.ts'
import { forEachItem, normAt, transformerBlocks } from './transformer.ts'

/** Scores of pairs that may not look at each other; far below any real score, and finite so that nothing turns NaN. */
const BLOCKED_SCORE = -1e9

/**
 * How latents become code vectors. `legacy` reads the memory of [K, width] as [width, K], as the published weights
 * expect: every token then mixes all latents. `tidy` projects latent k to token k.
 */
export type LatentLayout = 'legacy' | 'tidy'

/**
 * 1 where row r may NOT attend to column c, row-major, side 1 + patches + latents: class and patch rows see each other
 * and no latent; latent k sees them and latents 0 to k.
 */
export function attentionBlocked(config: TiTokConfig): Uint8Array {
  const image = 1 + (config.sizePx / config.patchPx) ** 2
  const side = image + config.latents
  const blocked = new Uint8Array(side * side)
  for (let row = 0; row < side; row++)
    blocked.fill(1, row * side + Math.max(image, row + 1), (row + 1) * side)
  return blocked
}

/**
 * masks [masks, sizePx, sizePx], values 0 to 1 -> code vectors [masks, latents, codeSize], before any normalisation.
 * Parameters are named `latent_tokens` and `encoder.*` as published.
 */
export function titokEncoder(masks: Tensor, config: TiTokConfig, layout: LatentLayout): Tensor {
  const { sizePx, patchPx, latents, codeSize, encoder } = config
  const { width } = encoder
  const patches = (sizePx / patchPx) ** 2
  const batch = masks.shape[0]!
  const plane = masks.reshape([batch, 1, sizePx, sizePx])
  const patched = conv(
    concat([plane, plane, plane], 1),
    parameter('encoder.patch_embed.weight', [width, 3, patchPx, patchPx]),
    {
      bias: parameter('encoder.patch_embed.bias', [width]),
      stride: patchPx,
    },
  )
    .reshape([batch, width, patches])
    .permute([0, 2, 1])
  const classRow = forEachItem(parameter('encoder.class_embedding', [1, width]), patched)
  const image = add(
    concat([classRow, patched], 1),
    parameter('encoder.positional_embedding', [patches + 1, width]),
  )
  const latentRows = add(
    parameter('latent_tokens', [latents, width]),
    parameter('encoder.latent_token_positional_embedding', [latents, width]),
  )
  const rows = normAt(concat([image, forEachItem(latentRows, image)], 1), 'encoder.ln_pre', width)
  const blocked = Float32Array.from(attentionBlocked(config), (bit) => bit * BLOCKED_SCORE)
  const seen = transformerBlocks(rows, 'encoder.transformer', {
    size: encoder,
    mlpRatio: config.mlpRatio,
    blocked: constant(blocked, { shape: [patches + 1 + latents, patches + 1 + latents] }),
    wanted: { start: patches + 1, end: patches + 1 + latents },
  })
  const last = normAt(seen, 'encoder.ln_post', width)
  const rowsOut = layout === 'legacy' ? last.reshape([batch, width, latents]).permute([0, 2, 1]) : last
  // A 1 x 1 convolution in the published file; the same numbers as a matrix.
  const weight = parameter('encoder.conv_out.weight', [codeSize, width, 1, 1]).reshape([codeSize, width])
  return rowsOut.matmul(weight.permute([1, 0])).add(parameter('encoder.conv_out.bias', [codeSize]))
}
