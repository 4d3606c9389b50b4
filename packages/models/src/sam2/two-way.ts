// The two-way transformer of SAM: tokens look at the picture and the picture looks back (arXiv 2304.02643, appendix A).
import type { Tensor } from '@maskwords/graph'
import { add, attention, joinHeads, splitHeads } from '@maskwords/graph'
import type { Sam2Config } from './config.ts'
import { linearAt, mlpAt, normAt } from './parameters.ts'

const EPSILON = 1e-5

function attend(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: { key: string; width: number; inner: number; heads: number },
): Tensor {
  const { key, width, inner, heads } = options
  const project = (x: Tensor, name: string): Tensor =>
    splitHeads(linearAt(x, `${key}.${name}_proj`, inner), heads)
  const mixed = attention(project(q, 'q'), project(k, 'k'), project(v, 'v'))
  return linearAt(joinHeads(mixed), `${key}.out_proj`, width)
}

/**
 * tokens [objects, tokens, width] and picture cells [objects or 1, cells, width] with their positions [cells, width] ->
 * both after the transformer. Cells with a batch of 1 serve all objects until the first block tells them apart.
 */
export function twoWayTransformer(
  tokens: Tensor,
  cells: Tensor,
  options: { positions: Tensor; config: Sam2Config; key: string },
): { tokens: Tensor; cells: Tensor } {
  const { positions, config, key } = options
  const { width } = config
  const { depth, heads, mlpWidth, attentionDownsample } = config.twoWay
  const full = { width, heads, inner: width }
  const small = { width, heads, inner: width / attentionDownsample }
  let queries = tokens
  let keys = cells
  const here = (x: Tensor): Tensor => add(x, positions)
  const asked = (x: Tensor): Tensor => add(x, tokens)
  for (let layer = 0; layer < depth; layer++) {
    const block = `${key}.layers.${layer}`
    const self = { key: `${block}.self_attn`, ...full }
    // The first block has no positions yet and replaces the tokens.
    queries =
      layer === 0
        ? attend(queries, queries, queries, self)
        : add(queries, attend(asked(queries), asked(queries), queries, self))
    queries = normAt(queries, `${block}.norm1`, EPSILON)
    const toImage = { key: `${block}.cross_attn_token_to_image`, ...small }
    queries = normAt(
      add(queries, attend(asked(queries), here(keys), keys, toImage)),
      `${block}.norm2`,
      EPSILON,
    )
    queries = normAt(
      add(queries, mlpAt(queries, `${block}.mlp`, [mlpWidth, width])),
      `${block}.norm3`,
      EPSILON,
    )
    const toTokens = { key: `${block}.cross_attn_image_to_token`, ...small }
    keys = normAt(add(keys, attend(here(keys), asked(queries), queries, toTokens)), `${block}.norm4`, EPSILON)
  }
  const final = { key: `${key}.final_attn_token_to_image`, ...small }
  queries = add(queries, attend(asked(queries), here(keys), keys, final))
  return { tokens: normAt(queries, `${key}.norm_final_attn`, EPSILON), cells: keys }
}

/** A map [batch, width, side, side] as cells [batch, side x side, width]. */
export function toCells(map: Tensor): Tensor {
  const [batch, width, height, columns] = map.shape as readonly [
    Tensor['shape'][number],
    number,
    number,
    number,
  ]
  return map.reshape([batch, width, height * columns]).permute([0, 2, 1])
}
