// Where training from nothing starts: a number for every weight, from its published key, its shape and a seed. Scales keep
// the variance of what passes through (LeCun et al. 1998); tokens and positions of SAM 2 as its release draws them.
import { randomFrom } from '../getok/random.ts'
import type { WeightFunction } from '../weights.ts'
import { normals, seedOf } from './draws.ts'
import { placedWeight } from './placed-weights.ts'

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

/** Layers that end a residual branch: smaller, so that a deep network starts near the identity. */
const BRANCH_ENDS = /(?:attn\.(?:out_)?proj|mlp\.(?:layers\.1|c_proj))\.weight$/
const BRANCH_END_SCALE = 0.5

/**
 * A weight that earlier weights of the same network lack, because it has more layers now: branches of added layers end in
 * zeros, so that the network starts as what it was. Otherwise as initialWeights.
 */
export function addedWeights(seed: number): WeightFunction {
  const fresh = initialWeights(seed)
  return (key, shape) => (BRANCH_ENDS.test(key) ? new Float32Array(product(shape)) : fresh(key, shape))
}
/** Rows that stand beside Fourier features of unit size. */
const TOKENS =
  /(?:mask_tokens|iou_token|obj_score_token|point_embeddings\.\d+|not_a_point_embed|no_mask_embed)\.weight$/
/** The trunk's smooth background of positions: as large as the patches, so that places are told apart from the first step. */
const BACKGROUND = /pos_embed$/
const BACKGROUND_DEVIATION = 1
const SMALL_POSITIONS = /(?:pos_embed_window|no_mem_embed)$/
const SMALL_DEVIATION = 0.02
/** Convolutions that see plain ground: equal channels would leave their norm nothing to divide by but its epsilon. */
const SEES_PLAIN_GROUND = /mask_downscaling\.[03]\.bias$/
const PLAIN_GROUND_DEVIATION = 0.5
/** Predicted IoU of masks that are not trained: a logit so low that they are never taken for the best. */
const NEVER_BEST = -20

/** First weights of a SAMTok or HiMTok. The same key, shape and seed give the same numbers everywhere. */
export function initialWeights(seed: number): WeightFunction {
  return (key, shape) => {
    const count = product(shape)
    const random = randomFrom(seedOf(key, seed))
    if (key.startsWith('quantizer.')) return new Float32Array(count)
    if (key.endsWith('iou_prediction_head.layers.2.bias')) {
      return Float32Array.from({ length: count }, (_, mask) => (mask === 1 ? 0 : NEVER_BEST))
    }
    if (key === 'quantize.embedding.weight') return normals(random, count, 1)
    if (key === 'quantize.embedding_proj.weight') {
      return Float32Array.from({ length: count }, (_, i) => (i % (shape[0]! + 1) === 0 ? 1 : 0))
    }
    if (key.endsWith('positional_encoding_gaussian_matrix')) return normals(random, count, 1)
    if (TOKENS.test(key)) return normals(random, count, 1)
    const placed = placedWeight(key, shape, { random, seed })
    if (placed !== undefined) return placed
    if (BACKGROUND.test(key)) return normals(random, count, BACKGROUND_DEVIATION)
    if (SMALL_POSITIONS.test(key)) return normals(random, count, SMALL_DEVIATION)
    if (SEES_PLAIN_GROUND.test(key)) return normals(random, count, PLAIN_GROUND_DEVIATION)
    if (shape.length === 1) return new Float32Array(count).fill(key.endsWith('weight') ? 1 : 0)
    // Transposed convolutions store [from, to, height, width] and give each output pixel one tap of each input channel.
    const transposed = /output_upscaling\.[03]\.weight$/.test(key)
    const from = transposed ? shape[0]! : count / shape[0]!
    const scale = BRANCH_ENDS.test(key) ? BRANCH_END_SCALE : 1
    return normals(random, count, scale / Math.sqrt(from))
  }
}
