// HiMTok's quantiser as a graph: a codebook made by one linear layer (SimVQ, arXiv 2411.02038, with a trained table),
// nearest by direction, straight-through gradients (specified in the HiMTok release).
import type { Tensor } from '@maskwords/graph'
import {
  add,
  argMax,
  divide,
  embedding,
  linear,
  maximum,
  parameter,
  sqrt,
  stopGradient,
  straightThrough,
  subtract,
} from '@maskwords/graph'
import type { TiTokConfig } from './config.ts'

/** Lengths below this count as zero (torch's normalize). */
const MIN_NORM = 1e-12

/** Rows scaled to length 1. */
function directions(x: Tensor): Tensor {
  return divide(x, sqrt(maximum(x.mul(x).sum(-1, { keepDims: true }), MIN_NORM ** 2)))
}

export type TitokQuantised = {
  /** int64 [masks, latents]; the lowest index on ties. */
  readonly codes: Tensor
  /** [masks, latents, codeSize], length 1; gradients pass straight to the latents. */
  readonly vectors: Tensor
  /** The same, moved from the latents' own directions (share 0) to the codes (share 1, a scalar). */
  readonly mixed: (share: Tensor) => Tensor
  /** Mean squared distance of the latents' directions to the (fixed) codes. */
  readonly commitment: Tensor
  /** Mean squared distance of the codes to the (fixed) latents' directions. */
  readonly codebook: Tensor
}

/** Quantises latents [masks, latents, codeSize]. Parameters `quantize.embedding.weight`, `quantize.embedding_proj.weight`. */
export function titokQuantiser(latents: Tensor, config: TiTokConfig): TitokQuantised {
  const { codebookSize, codeSize } = config
  const table = parameter('quantize.embedding.weight', [codebookSize, codeSize])
  const book = directions(linear(table, parameter('quantize.embedding_proj.weight', [codeSize, codeSize])))
  const z = directions(latents)
  const codes = argMax(stopGradient(z).matmul(stopGradient(book).swapAxes(0, 1)), -1)
  const chosen = embedding(book, codes)
  const squared = (a: Tensor, b: Tensor): Tensor => subtract(a, b).pow(2).mean()
  return {
    codes,
    vectors: straightThrough(z, chosen),
    mixed: (share) => add(z, stopGradient(subtract(chosen, z).mul(share))),
    commitment: squared(z, stopGradient(chosen)),
    codebook: squared(chosen, stopGradient(z)),
  }
}
