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

/** Rows `start` to `end` of x [batch, rows, width]; all of them where nothing is said. */
type RowRange = { readonly start: number; readonly end: number }

function rowsOf(x: Tensor, range: RowRange | undefined): Tensor {
  return range === undefined ? x : x.slice({ axis: 1, ...range })
}

/** Attention of the rows in `from` to all rows of x; `blocked` has as many rows. */
function attention(
  x: Tensor,
  key: string,
  { width, heads }: TransformerSize,
  from: RowRange | undefined,
  blocked: Tensor | undefined,
): Tensor {
  const batch = x.shape[0]!
  const weight = parameter(`${key}.attn.in_proj_weight`, [3 * width, width])
  const bias = parameter(`${key}.attn.in_proj_bias`, [3 * width])
  const project = (rows: Tensor, start: number, count: number): Tensor[] => {
    const range = { axis: 0, start: start * width, end: (start + count) * width }
    const [w, b] = count === 3 ? [weight, bias] : [weight.slice(range), bias.slice(range)]
    const parts = count === 1 ? [linear(rows, w, b)] : split(linear(rows, w, b), -1, count)
    return parts.map((part) =>
      part.reshape([batch, rows.shape[1]!, heads, width / heads]).permute([0, 2, 1, 3]),
    )
  }
  const [q, k, v] = (
    from === undefined ? project(x, 0, 3) : [...project(rowsOf(x, from), 0, 1), ...project(x, 1, 2)]
  ) as [Tensor, Tensor, Tensor]
  const scores = q.matmul(k.swapAxes(-1, -2)).mul(1 / Math.sqrt(width / heads))
  const weights = (blocked === undefined ? scores : scores.add(blocked)).softmax(-1)
  const joined = weights.matmul(v).permute([0, 2, 1, 3])
  return linearAt(joined.reshape([batch, q.shape[2]!, width]), `${key}.attn.out_proj`, width, width)
}

/**
 * The blocks `${key}.0`, `${key}.1`, ... over x [batch, rows, width]. `blocked` [rows, rows] is added to the attention
 * scores: 0 where a row (first axis) may look, a very negative number where not. Only the rows in `wanted` come out: the
 * last block computes no others, because nothing reads them.
 */
export function transformerBlocks(
  x: Tensor,
  key: string,
  options: { size: TransformerSize; mlpRatio: number; blocked?: Tensor; wanted: RowRange },
): Tensor {
  const { size, mlpRatio, blocked, wanted } = options
  const hidden = size.width * mlpRatio
  for (let layer = 0; layer < size.layers; layer++) {
    const block = `${key}.${layer}`
    const from = layer === size.layers - 1 ? wanted : undefined
    const seen = from === undefined ? blocked : blocked?.slice({ axis: 0, ...from })
    x = add(rowsOf(x, from), attention(normAt(x, `${block}.ln_1`, size.width), block, size, from, seen))
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
