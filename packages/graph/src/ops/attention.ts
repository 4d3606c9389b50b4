// Attention (Vaswani et al. 2017; grouped queries: Ainslie et al. 2023) and rotary positions (Su et al. 2021).

import { GraphError } from '../error.ts'
import type { Dim } from '../size.ts'
import { divideDims, multiplyDims, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { constant, makeTensor, sizesVector } from '../tensor.ts'
import { add, greaterOrEqual, multiply, negate, subtract } from './arithmetic.ts'
import { expand, reshape, sum, sumTo } from './broadcast.ts'
import { cast } from './cast.ts'
import { broadcast, needFloat, needRank, sameDType } from './check.ts'
import { matmul } from './matmul.ts'
import { cumulativeSum } from './reduce.ts'
import { permute, squeeze, unsqueeze } from './shape.ts'
import { concat, slice, stack } from './slice.ts'
import { softmax } from './softmax.ts'

/** Added to the score of a pair that may not see each other: exp() of it is 0 in float32 and float16 alike. */
const HIDDEN = -1e4

export type AttentionOptions = {
  /** Bool (true where a query may see a key) or float (added to the scores); broadcasts to [batch, heads, queries, keys]. */
  mask?: Tensor
  /** Query i sees keys up to i; with more keys than queries, the queries are the last ones. */
  causal?: boolean
  /** Default 1 / sqrt(width of a head). */
  scale?: number
}

/** 0, 1, 2, ... as int64, for any size. */
export function range(size: Dim): Tensor {
  if (typeof size === 'number')
    return constant(
      Array.from({ length: size }, (_, i) => i),
      { dtype: 'int64' },
    )
  const ones = expand(constant(1, { dtype: 'int64' }), [size])
  return subtract(cumulativeSum(ones, 0), 1)
}

function causalMask(queries: Dim, keys: Dim): Tensor {
  const behind = subtract(sizesVector([keys]), sizesVector([queries]))
  const rows = queries === keys ? range(queries) : add(range(queries), behind)
  return greaterOrEqual(unsqueeze(rows, 1), unsqueeze(range(keys), 0))
}

function toBias(mask: Tensor, dtype: Tensor['dtype']): Tensor {
  if (mask.dtype !== 'bool') return cast(mask, dtype)
  return multiply(subtract(cast(mask, dtype), 1), -HIDDEN)
}

// With P = softmax(scores): the row sums of dP P that softmax's gradient needs are those of dy y (Dao et al. 2022, app. B.2),
// which is two passes fewer over the largest tensor of the layer than softmax and matmul apart.
export const mixByScoresOp: Op = {
  name: 'MixByScores',
  expand: (node) => [matmul(softmax(node.inputs[0]!, -1), node.inputs[1]!)],
  gradient: (node, [dy], needs) => {
    const [scores, v] = node.inputs as readonly [Tensor, Tensor]
    const p = softmax(scores, -1)
    const rows = () => sum(multiply(dy!, node.outputs[0]!), -1, { keepDims: true })
    return [
      needs[0]
        ? sumTo(multiply(p, subtract(matmul(dy!, v, { transposeB: true }), rows())), scores.shape)
        : undefined,
      needs[1] ? sumTo(matmul(p, dy!, { transposeA: true }), v.shape) : undefined,
    ]
  },
}

/** softmax(scores) v; all axes but the last two broadcast. */
function mixByScores(scores: Tensor, v: Tensor): Tensor {
  const outer = broadcast('attention', scores.shape.slice(0, -2), v.shape.slice(0, -2))
  const shape = [...outer, scores.shape[scores.rank - 2]!, v.shape[v.rank - 1]!]
  return makeTensor(mixByScoresOp, [scores, v], v.dtype, shape)
}

/**
 * softmax(q kᵀ · scale + mask) v for q [batch, heads, queries, width], k [batch, kvHeads, keys, width] and
 * v [batch, kvHeads, keys, valueWidth]; heads is a multiple of kvHeads, neighbouring heads share keys. A batch of 1 on
 * either side serves the whole batch of the other.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  needFloat('attention', q)
  const dtype = sameDType('attention', q, k, v)
  for (const tensor of [q, k, v]) needRank('attention', tensor, 4, '[batch, heads, tokens, width]')
  const [batch, heads, queries, width] = q.shape as readonly [Dim, Dim, Dim, Dim]
  const [, kvHeads, keys] = k.shape as readonly [Dim, Dim, Dim, Dim]
  const group = divideDims(heads, kvHeads)
  if (
    typeof width !== 'number' ||
    k.shape[3] !== width ||
    v.shape[2] !== keys ||
    v.shape[1] !== kvHeads ||
    typeof group !== 'number'
  ) {
    throw new GraphError(
      'shape',
      `attention: q ${shapeText(q.shape)}, k ${shapeText(k.shape)}, v ${shapeText(v.shape)}`,
      {
        hint: 'q [batch, heads, queries, width], k [batch, kvHeads, keys, width], v [batch, kvHeads, keys, valueWidth]',
      },
    )
  }
  const scale = options.scale ?? 1 / Math.sqrt(width)
  // Heads that share keys are rows of one taller product.
  const tall = group === 1 ? q : reshape(q, [batch, kvHeads, multiplyDims(queries, group), width])
  let scores = matmul(tall, k, { transposeB: true, scale })
  if (group !== 1) scores = reshape(scores, [batch, heads, queries, keys])
  if (options.causal) scores = add(scores, toBias(causalMask(queries, keys), dtype))
  if (options.mask) scores = add(scores, toBias(options.mask, dtype))
  if (group === 1) return mixByScores(scores, v)
  const mixed = mixByScores(reshape(scores, [batch, kvHeads, multiplyDims(queries, group), keys]), v)
  return reshape(mixed, [batch, heads, queries, v.shape[3]!])
}

/** [batch, tokens, heads · width] as [batch, heads, tokens, width]. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  needRank('splitHeads', x, 3, '[batch, tokens, heads x width]')
  return permute(reshape(x, [x.shape[0]!, x.shape[1]!, heads, -1]), [0, 2, 1, 3])
}

/** [batch, heads, tokens, width] as [batch, tokens, heads · width]. */
export function joinHeads(x: Tensor): Tensor {
  needRank('joinHeads', x, 4, '[batch, heads, tokens, width]')
  return reshape(permute(x, [0, 2, 1, 3]), [x.shape[0]!, x.shape[2]!, -1])
}

const fusedAttentionOp = { name: 'MultiHeadAttention', domain: 'com.microsoft' }

/**
 * ONNX Runtime's fused kernel, for inference only (it has no gradient): q, k, v [batch, tokens, heads · width],
 * `bias` added to the scores, broadcasting to [batch, heads, queries, keys]. Gives [batch, queries, heads · valueWidth].
 */
export function fusedAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: { heads: number; bias?: Tensor; scale?: number },
): Tensor {
  for (const tensor of [q, k, v]) needRank('fusedAttention', tensor, 3, '[batch, tokens, heads x width]')
  return makeTensor(
    fusedAttentionOp,
    [q, k, v, undefined, undefined, options.bias],
    q.dtype,
    [q.shape[0]!, q.shape[1]!, v.shape[2]!],
    { num_heads: options.heads, ...(options.scale === undefined ? {} : { scale: { float: options.scale } }) },
  )
}

/**
 * Rotates pairs of the last axis by angles: cos and sin broadcast to x. Pairs are (i, i + width/2) as in Llama and Qwen,
 * or neighbours (2i, 2i+1) where `interleaved` (as in RoFormer and SAM 2); cos and sin hold an angle for every element.
 */
export function rotary(x: Tensor, cos: Tensor, sin: Tensor, options: { interleaved?: boolean } = {}): Tensor {
  const axis = x.rank - 1
  const width = x.shape[axis]
  if (typeof width !== 'number' || width % 2 !== 0) {
    throw new GraphError('shape', `rotary: the last axis of ${shapeText(x.shape)} is no even number`)
  }
  const half = width / 2
  let turned: Tensor
  if (options.interleaved) {
    const pairs = reshape(x, [...x.shape.slice(0, -1), half, 2])
    const even = squeeze(slice(pairs, { axis: -1, end: 1 }), -1)
    const odd = squeeze(slice(pairs, { axis: -1, start: 1 }), -1)
    turned = reshape(stack([negate(odd), even], -1), x.shape)
  } else {
    turned = concat([negate(slice(x, { axis, start: half })), slice(x, { axis, end: half })], axis)
  }
  return add(multiply(x, cos), multiply(turned, sin))
}

const fusedRotaryOp = { name: 'RotaryEmbedding', domain: 'com.microsoft' }

/**
 * ONNX Runtime's fused rotation of pairs (i, i + width/2), for inference only (it has no gradient): x [batch, tokens, heads · width],
 * rows [batch, tokens] int64 into the tables cos and sin [places, width / 2].
 */
export function fusedRotary(x: Tensor, rows: Tensor, cos: Tensor, sin: Tensor): Tensor {
  needRank('fusedRotary', x, 3, '[batch, tokens, heads x width]')
  for (const table of [cos, sin]) needRank('fusedRotary', table, 2, '[places, width / 2]')
  return makeTensor(fusedRotaryOp, [x, rows, cos, sin], x.dtype, x.shape, { interleaved: 0 })
}
