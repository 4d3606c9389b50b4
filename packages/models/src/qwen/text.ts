// The text decoder of Qwen2, Qwen2.5-VL, Qwen3 and Qwen3-VL (arXiv 2407.10671, 2505.09388; rotary positions of three axes: arXiv
// 2409.12191, section 2.1). One definition for training (whole sequences) and for decoding over keys and values kept from before.
import type { Dim, Tensor } from '@maskwords/graph'
import {
  add,
  and,
  attention,
  cast,
  concat,
  constant,
  embedding,
  equal,
  full,
  gather,
  greaterOrEqual,
  linear,
  matmul,
  multiply,
  or,
  parameter,
  range,
  recompute,
  silu,
  softmax,
  tile,
} from '@maskwords/graph'
import type { QwenConfig, QwenTextConfig } from './config.ts'
import { qwenPrefixes } from './keys.ts'
import type { QwenGraphOptions, Rotation } from './parameters.ts'
import { inverseFrequencies, linearAt, rmsNormAt, rotationOf } from './parameters.ts'

/** Added to the score of a pair that may not see each other. */
const HIDDEN = -1e4

/** Keys and values of one layer, rotated already: [kvHeads, rows, tokens, headWidth]. */
export type KeysAndValues = { readonly key: Tensor; readonly value: Tensor }

/**
 * Tokens from before the given ones: a row for each row of the batch, or fewer rows that equally many neighbours of the batch
 * share (one that all share: a common beginning; one for each prompt, with several answers to each).
 */
export type Past = {
  /** One a layer. */
  readonly layers: readonly KeysAndValues[]
  /** [rows of the past, tokens] float32, added to the scores: 0, or a very low number where a row has no such token. */
  readonly bias?: Tensor
}

export type TextInputs = {
  /** [batch, tokens, width]. */
  readonly embeds: Tensor
  /** [3, batch, tokens] int64: time, height, width; equal rows for text. */
  readonly positions: Tensor
  /** [batch, tokens] float32, added to the scores of each given token as a key: very low for padding on the left. */
  readonly bias?: Tensor
  /**
   * [batch, tokens] int64: several sequences with one beginning in one row. Tokens of one number see each other, those of 0 are seen
   * by all behind them. Without it every token sees all before it.
   */
  readonly segments?: Tensor
  readonly past?: readonly Past[]
  /** Added after the first layers, one each, [batch, tokens, width]: Qwen3-VL's deepstack, zero where there is no picture. */
  readonly deepstack?: readonly Tensor[]
}

export type TextOutputs = {
  /** After the last norm, [batch, tokens, width]. */
  readonly hidden: Tensor
  /** Keys and values of the given tokens, a layer each: [kvHeads, batch, tokens, headWidth]. */
  readonly layers: readonly KeysAndValues[]
  /** What goes into each layer and what comes out before deepstack is added; the last norm's input. */
  readonly layerInputs: readonly Tensor[]
  readonly layerOutputs: readonly Tensor[]
  readonly normInput: Tensor
  readonly cos: Tensor
  readonly sin: Tensor
}

/** The axis (0 time, 1 height, 2 width) that each frequency of a head follows. */
export function frequencyAxes(config: QwenTextConfig): number[] {
  const { sections, interleaved, headWidth } = config
  return Array.from({ length: headWidth / 2 }, (_, j) => {
    if (sections === undefined) return 0
    const [time, height, width] = sections
    if (!interleaved) return j < time ? 0 : j < time + height ? 1 : 2
    return j % 3 === 1 && j < 3 * height ? 1 : j % 3 === 2 && j < 3 * width ? 2 : 0
  })
}

/** Rows of the embedding table for ids of any shape (int32 or int64): [...ids, width]. */
export function embedTokens(ids: Tensor, config: QwenConfig): Tensor {
  return embedding(embeddingTable(config), ids)
}

/**
 * embeds with rows of `features` [n, width] put in where `rows` (int64, [batch, tokens]) is above 0: row r takes feature r - 1;
 * elsewhere embeds stay.
 */
export function placeFeatures(embeds: Tensor, features: Tensor, rows: Tensor): Tensor {
  const zero = full([1, features.shape[1]!], 0)
  const picked = gather(concat([zero, features], 0), rows, 0)
  const none = cast(greaterOrEqual(constant(0, { dtype: 'int64' }), rows), 'float32').unsqueeze(-1)
  return add(multiply(embeds, none), picked)
}

/** `features` [n, width] at the places that `rows` names (0: none), zero elsewhere: [batch, tokens, width]. */
export function spreadFeatures(features: Tensor, rows: Tensor): Tensor {
  return gather(concat([full([1, features.shape[1]!], 0), features], 0), rows, 0)
}

function embeddingTable({ family, text }: QwenConfig): Tensor {
  return parameter(`${qwenPrefixes(family).text}.embed_tokens.weight`, [text.vocabularySize, text.width])
}

/** Scores of every id, for hidden [..., width]; the head is the embedding table where the model ties them. */
export function qwenLogits(hidden: Tensor, config: QwenConfig): Tensor {
  const { vocabularySize, width } = config.text
  const head = config.text.tied
    ? embeddingTable(config)
    : parameter('lm_head.weight', [vocabularySize, width])
  return linear(hidden, head)
}

/** x [batch, tokens, heads x width] as [kvHeads, batch, heads / kvHeads x tokens, width]: heads that share keys are rows of one product. */
function byKeyHead(x: Tensor, config: QwenTextConfig): Tensor {
  const [batch, tokens, heads, width] = x.shape as readonly [Dim, Dim, number, number]
  const group = heads / config.kvHeads
  return x
    .reshape([batch, tokens, config.kvHeads, group, width])
    .permute([2, 0, 3, 1, 4])
    .reshape([config.kvHeads, batch, -1, width])
}

/** Queries [kvHeads, batch, rows, width] against keys from before, shared by rows of the batch or not: [kvHeads, batch, rows, tokens]. */
function scoresAgainst(queries: Tensor, key: Tensor, scale: number, bias: Tensor | undefined): Tensor {
  const [kvHeads, batch, rows, width] = queries.shape as readonly [number, Dim, Dim, number]
  const groups = key.shape[1]!
  // Tall products: the keys are read once for all rows that share them.
  const tall = groups === batch ? queries : queries.reshape([kvHeads, groups, -1, width])
  const raw = matmul(tall, key, { transposeB: true, scale })
  const scores = bias === undefined ? raw : add(raw, bias)
  return groups === batch ? scores : scores.reshape([kvHeads, batch, rows, key.shape[2]!])
}

function mixOf(weights: Tensor, value: Tensor): Tensor {
  const [kvHeads, batch, rows, tokens] = weights.shape as readonly [number, Dim, Dim, Dim]
  const groups = value.shape[1]!
  if (groups === batch) return matmul(weights, value)
  const tall = matmul(weights.reshape([kvHeads, groups, -1, tokens]), value)
  return tall.reshape([kvHeads, batch, rows, value.shape[3]!])
}

/** What attention looks at beside the given tokens, the same for every layer. */
type Sight = {
  /** Added to scores among the given tokens: [batch or 1, group x tokens, tokens]. */
  readonly fresh: Tensor
  /** One for each past: [rows of the past, 1, tokens]. */
  readonly past: readonly (Tensor | undefined)[]
}

/** [batch, tokens, tokens]: whether the first token's sequence has the second one in it. */
function sameSequence(segments: Tensor): Tensor {
  const key = segments.unsqueeze(1)
  return or(equal(segments.unsqueeze(2), key), equal(key, 0))
}

function sightOf(inputs: TextInputs, config: QwenTextConfig): Sight {
  const tokens = inputs.embeds.shape[1]!
  const group = config.heads / config.kvHeads
  const rows = range(tokens)
  const before = greaterOrEqual(rows.unsqueeze(1), rows.unsqueeze(0)).unsqueeze(0)
  const { segments } = inputs
  const seen = segments === undefined ? before : and(before, sameSequence(segments))
  const hidden = multiply(cast(seen, 'float32').sub(1), -HIDDEN)
  const all = inputs.bias === undefined ? hidden : add(hidden, inputs.bias.unsqueeze(1))
  return {
    fresh: group === 1 ? all : tile(all, [1, group, 1]),
    past: (inputs.past ?? []).map(({ bias }) => bias?.unsqueeze(1)),
  }
}

function layerAttention(
  x: Tensor,
  key: string,
  config: QwenTextConfig,
  context: {
    readonly sight: Sight
    readonly past: readonly KeysAndValues[]
    readonly rotation: Rotation
    readonly beside: QwenGraphOptions['beside']
  },
): { mixed: Tensor; made: KeysAndValues } {
  const { heads, kvHeads, headWidth, width } = config
  const [batch, tokens] = x.shape as readonly [Dim, Dim, number]
  const project = (name: string, count: number): Tensor =>
    linearAt(x, `${key}.${name}_proj`, count * headWidth, { bias: config.qkvBias, beside: context.beside })
  const turned = (name: string, count: number): Tensor => {
    const rows = project(name, count)
    if (!config.qkNorm) return context.rotation.turn(rows, count)
    const heads = rows.reshape([batch, tokens, count, headWidth])
    const normal = rmsNormAt(heads, `${key}.${name}_norm`, config.normEpsilon)
    return context.rotation.turn(normal.reshape([batch, tokens, count * headWidth]), count)
  }
  const queries = byKeyHead(turned('q', heads), config)
  const made = {
    key: turned('k', kvHeads).permute([2, 0, 1, 3]),
    value: project('v', kvHeads).reshape([batch, tokens, kvHeads, headWidth]).permute([2, 0, 1, 3]),
  }
  const scale = 1 / Math.sqrt(headWidth)
  let mixed: Tensor
  if (context.past.length === 0) {
    mixed = attention(queries, made.key, made.value, { mask: context.sight.fresh, scale })
  } else {
    const parts = [...context.past, made]
    const biases = [...context.sight.past, context.sight.fresh]
    const scores = parts.map((part, i) => scoresAgainst(queries, part.key, scale, biases[i]))
    const weights = softmax(concat(scores, -1), -1)
    let start: Dim = 0
    const mixes = parts.map((part, i) => {
      const size = part.key.shape[2]!
      const end: Dim | undefined = i === parts.length - 1 ? undefined : sumOfDims(start, size)
      const share = weights.slice(end === undefined ? { axis: 3, start } : { axis: 3, start, end })
      start = end ?? start
      return mixOf(share, part.value)
    })
    mixed = mixes.reduce((a, b) => add(a, b))
  }
  const joined = mixed
    .reshape([kvHeads, batch, heads / kvHeads, tokens, headWidth])
    .permute([1, 3, 0, 2, 4])
    .reshape([batch, tokens, heads * headWidth])
  const out = { bias: config.outputBias, beside: context.beside }
  return { mixed: linearAt(joined, `${key}.o_proj`, width, out), made }
}

const sumOfDims = (a: Dim, b: Dim): Dim => (a === 0 ? b : `${a}+${b}`)

/** The decoder over embeds; parameters `model.layers.*` or `model.language_model.layers.*`, as published. */
export function qwenText(
  inputs: TextInputs,
  config: QwenConfig,
  options: QwenGraphOptions = {},
): TextOutputs {
  const key = qwenPrefixes(config.family).text
  const { text } = config
  const rotation = rotationOf(
    cast(inputs.positions, 'float32'),
    inverseFrequencies(text.headWidth / 2, text.ropeTheta),
    frequencyAxes(text),
    options,
  )
  const sight = sightOf(inputs, text)
  const layers: KeysAndValues[] = []
  const layerInputs: Tensor[] = []
  const layerOutputs: Tensor[] = []
  let x = inputs.embeds
  const { beside } = options
  const through = (before: Tensor, layer: number): Tensor => {
    const at = `${key}.layers.${layer}`
    const { mixed, made } = layerAttention(
      rmsNormAt(before, `${at}.input_layernorm`, text.normEpsilon),
      `${at}.self_attn`,
      text,
      {
        sight,
        past: (inputs.past ?? []).map((past) => past.layers[layer]!),
        rotation,
        beside,
      },
    )
    layers.push(made)
    const between = add(before, mixed)
    const normal = rmsNormAt(between, `${at}.post_attention_layernorm`, text.normEpsilon)
    const plain = { bias: false, beside }
    const gate = silu(linearAt(normal, `${at}.mlp.gate_proj`, text.mlpWidth, plain))
    const inner = multiply(gate, linearAt(normal, `${at}.mlp.up_proj`, text.mlpWidth, plain))
    return add(between, linearAt(inner, `${at}.mlp.down_proj`, text.width, plain))
  }
  for (let layer = 0; layer < text.layers; layer++) {
    const before = x
    layerInputs.push(before)
    x = options.recompute ? recompute(() => through(before, layer)) : through(before, layer)
    layerOutputs.push(x)
    const more = inputs.deepstack?.[layer]
    if (more) x = add(x, more)
  }
  return {
    hidden: rmsNormAt(x, `${key}.norm`, text.normEpsilon),
    layers,
    layerInputs,
    layerOutputs,
    normInput: x,
    cos: rotation.cos,
    sin: rotation.sin,
  }
}
