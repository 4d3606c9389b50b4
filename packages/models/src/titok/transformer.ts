// Pre-norm transformer blocks with CLIP's key names, as TiTok's encoder and decoder use them.
import type { Tensor } from '@maskwords/graph'
import { add, expand, gelu, layerNorm, linear, parameter, split } from '@maskwords/graph'
import type { TransformerSize } from './config.ts'

/** Weight and bias under one key. */
export function normAt(x: Tensor, key: string, width: number): Tensor {
  return layerNorm(x, {
    weight: parameter(`${key}.weight`, [width]),
    bias: parameter(`${key}.bias`, [width]),
    epsilon: 1e-5,
  })
}

export function linearAt(x: Tensor, key: string, from: number, to: number): Tensor {
  return linear(x, parameter(`${key}.weight`, [to, from]), parameter(`${key}.bias`, [to]))
}

function selfAttention(x: Tensor, key: string, size: TransformerSize, blocked: Tensor | undefined): Tensor {
  const { width, heads } = size
  const [batch, rows] = x.shape as [Tensor['shape'][number], number]
  const packed = linear(
    x,
    parameter(`${key}.attn.in_proj_weight`, [3 * width, width]),
    parameter(`${key}.attn.in_proj_bias`, [3 * width]),
  )
  const [q, k, v] = split(packed, -1, 3).map((part) =>
    part.reshape([batch, rows, heads, width / heads]).permute([0, 2, 1, 3]),
  ) as [Tensor, Tensor, Tensor]
  const scores = q.matmul(k.swapAxes(-1, -2)).mul(1 / Math.sqrt(width / heads))
  const weights = (blocked === undefined ? scores : scores.add(blocked)).softmax(-1)
  const joined = weights.matmul(v).permute([0, 2, 1, 3]).reshape([batch, rows, width])
  return linearAt(joined, `${key}.attn.out_proj`, width, width)
}

/**
 * The blocks `${key}.0`, `${key}.1`, ... over x [batch, rows, width]. `blocked` [rows, rows] is added to the attention
 * scores: 0 where a row (first axis) may look, a very negative number where not.
 */
export function transformerBlocks(
  x: Tensor,
  key: string,
  options: { size: TransformerSize; mlpRatio: number; blocked?: Tensor },
): Tensor {
  const { size, mlpRatio } = options
  const hidden = size.width * mlpRatio
  for (let layer = 0; layer < size.layers; layer++) {
    const block = `${key}.${layer}`
    x = add(x, selfAttention(normAt(x, `${block}.ln_1`, size.width), block, size, options.blocked))
    const inner = gelu(
      linearAt(normAt(x, `${block}.ln_2`, size.width), `${block}.mlp.c_fc`, size.width, hidden),
    )
    x = add(x, linearAt(inner, `${block}.mlp.c_proj`, hidden, size.width))
  }
  return x
}

/** A learned table [rows, width] once for each item of the batch that `like` has: [batch, rows, width]. */
export function forEachItem(table: Tensor, like: Tensor): Tensor {
  const [rows, width] = table.shape.slice(-2) as [number, number]
  return expand(table.reshape([1, rows, width]), [like.shape[0]!, rows, width])
}
