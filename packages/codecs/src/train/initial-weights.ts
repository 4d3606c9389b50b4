// Where training from nothing starts: a number for every weight, from its published key, its shape and a seed. Scales keep
// the variance of what passes through (LeCun et al. 1998); tokens and positions as the SAM 2 and TiTok releases draw them.
import { type Random, randomFrom } from '../getok/random.ts'
import type { WeightFunction } from '../weights.ts'

/** FNV-1a of a key, mixed with the seed: the numbers of one weight do not depend on which others there are. */
function seedOf(key: string, seed: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash | 0
}

function normals(random: Random, count: number, deviation: number): Float32Array {
  const out = new Float32Array(count)
  for (let i = 0; i < count; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random()))
    const angle = 2 * Math.PI * random()
    out[i] = radius * Math.cos(angle)
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle)
  }
  return out
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

/** Layers that end a residual branch: smaller, so that a deep network starts near the identity. */
const BRANCH_ENDS = /(?:attn\.(?:out_)?proj|mlp\.(?:layers\.1|c_proj))\.weight$/
const BRANCH_END_SCALE = 0.5
/** Rows that stand beside Fourier features of unit size. */
const TOKENS =
  /(?:mask_tokens|iou_token|obj_score_token|point_embeddings\.\d+|not_a_point_embed|no_mask_embed)\.weight$/
const POSITIONS = /(?:positional_embedding|class_embedding|latent_tokens|mask_token)$/
/** Rows of a class token and a square grid of patches. */
const GRID_POSITIONS = /(?:encoder|decoder)\.positional_embedding$/
const POSITION_DEVIATION = 0.3
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

/**
 * Random Fourier features of the centres of a square grid (Tancik et al. 2020, arXiv 2006.10739), as SAM has them, after a row
 * for the class token: near patches get like rows, which rows drawn one by one would have to learn first.
 */
function gridPositions(random: Random, rows: number, width: number): Float32Array {
  const side = Math.sqrt(rows - 1)
  const waves = normals(random, width, 1)
  const out = new Float32Array(rows * width)
  out.set(normals(random, width, POSITION_DEVIATION))
  for (let row = 0; row < rows - 1; row++) {
    const x = (2 * ((row % side) + 0.5)) / side - 1
    const y = (2 * (Math.floor(row / side) + 0.5)) / side - 1
    for (let i = 0; i < width / 2; i++) {
      const angle = 2 * Math.PI * (waves[2 * i]! * x + waves[2 * i + 1]! * y)
      out[(row + 1) * width + 2 * i] = Math.sin(angle)
      out[(row + 1) * width + 2 * i + 1] = Math.cos(angle)
    }
  }
  return out
}

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
    if (GRID_POSITIONS.test(key) && Number.isInteger(Math.sqrt(shape[0]! - 1)) && shape[1]! % 2 === 0)
      return gridPositions(random, shape[0]!, shape[1]!)
    // Code vectors have length 1, whatever their size: rows of them should be as large as positions.
    if (key === 'decoder.decoder_embed.weight') return normals(random, count, 1)
    if (POSITIONS.test(key)) return normals(random, count, POSITION_DEVIATION)
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
