// The eyes of Qwen2.5-VL (arXiv 2502.13923) and Qwen3-VL (arXiv 2511.21631): patches -> one vector for each square of 2 x 2 patches.
import type { Tensor } from '@maskwords/graph'
import {
  add,
  attention,
  cast,
  embedding,
  gather,
  gelu,
  input,
  layerNorm,
  multiply,
  parameter,
  silu,
  sum,
} from '@maskwords/graph'
import type { QwenVisionConfig } from './config.ts'
import { qwenPrefixes } from './keys.ts'
import type { Grouping, VisionLayout } from './layout.ts'
import type { QwenGraphOptions, Rotation } from './parameters.ts'
import { inverseFrequencies, linearAt, rmsNormAt, rotationOf } from './parameters.ts'

const ROPE_THETA = 10_000
const EPSILON = 1e-6

/** The tower's inputs as tensors; `visionFeeds` gives their values for a layout. */
export type VisionInputs = {
  /** [patches, channels x frames x side x side] float32, in the tower's order. */
  readonly pixels: Tensor
  /** [patches, 2] int64. */
  readonly positions: Tensor
  readonly frames: GroupInputs
  readonly windows: GroupInputs | undefined
  /** [tokens] int64, with windows: where each merged token of the processor's order stands. */
  readonly tokenRows: Tensor | undefined
  /** [patches, 4] int64 and float32. */
  readonly places: Tensor | undefined
  readonly shares: Tensor | undefined
}

/** rows [groups, length] int64, bias [groups, length] float32, back [patches] int64. */
export type GroupInputs = { readonly rows: Tensor; readonly bias: Tensor; readonly back: Tensor }

export type VisionOutputs = {
  /** [tokens, outputWidth], in the processor's order. */
  readonly features: Tensor
  /** Of the same shape, one for each of `deepstackBlocks`. */
  readonly deepstack: readonly Tensor[]
  /** Stages on the way, [patches, width] in the tower's order: after the patch embedding (with learned positions), and after each block. */
  readonly embedded: Tensor
  readonly blocks: readonly Tensor[]
}

/** Inputs of symbolic sizes: any pictures and videos. Every name begins with `prefix`. */
export function visionInputs(config: QwenVisionConfig, prefix = 'vision'): VisionInputs {
  const patches = `${prefix}_patches`
  const group = (name: string): GroupInputs => ({
    rows: input(`${prefix}.${name}.rows`, 'int64', [`${prefix}_${name}`, `${prefix}_${name}_length`]),
    bias: input(`${prefix}.${name}.bias`, 'float32', [`${prefix}_${name}`, `${prefix}_${name}_length`]),
    back: input(`${prefix}.${name}.back`, 'int64', [patches]),
  })
  const learned = config.kind === 'qwen3-vl'
  return {
    pixels: input(`${prefix}.pixels`, 'float32', [patches, patchValues(config)]),
    positions: input(`${prefix}.positions`, 'int64', [patches, 2]),
    frames: group('frames'),
    windows: learned ? undefined : group('windows'),
    tokenRows: learned ? undefined : input(`${prefix}.tokenRows`, 'int64', [`${prefix}_tokens`]),
    places: learned ? input(`${prefix}.places`, 'int64', [patches, 4]) : undefined,
    shares: learned ? input(`${prefix}.shares`, 'float32', [patches, 4]) : undefined,
  }
}

/** Numbers in one patch. */
export const patchValues = ({ channels, patchFrames, patchPx }: QwenVisionConfig): number =>
  channels * patchFrames * patchPx * patchPx

/** What `visionInputs` are fed for a layout; `pixels` [patches, values] in the processor's order. */
export function visionFeeds(
  layout: VisionLayout,
  pixels: Float32Array,
  prefix = 'vision',
): Record<string, { data: Float32Array | BigInt64Array; shape: readonly number[] }> {
  const { patches, order } = layout
  const values = pixels.length / patches
  const sorted = layout.windows === undefined ? pixels : new Float32Array(pixels.length)
  if (sorted !== pixels) {
    order.forEach((patch, at) => {
      sorted.set(pixels.subarray(patch * values, (patch + 1) * values), at * values)
    })
  }
  const group = (name: string, { rows, bias, back, groups, length }: Grouping) => ({
    [`${prefix}.${name}.rows`]: { data: rows, shape: [groups, length] },
    [`${prefix}.${name}.bias`]: { data: bias, shape: [groups, length] },
    [`${prefix}.${name}.back`]: { data: back, shape: [patches] },
  })
  return {
    [`${prefix}.pixels`]: { data: sorted, shape: [patches, values] },
    [`${prefix}.positions`]: { data: layout.positions, shape: [patches, 2] },
    ...group('frames', layout.frames),
    ...(layout.windows ? group('windows', layout.windows) : {}),
    ...(layout.windows
      ? { [`${prefix}.tokenRows`]: { data: layout.tokenRows, shape: [layout.tokenRows.length] } }
      : {}),
    ...(layout.places ? { [`${prefix}.places`]: { data: layout.places, shape: [patches, 4] } } : {}),
    ...(layout.shares ? { [`${prefix}.shares`]: { data: layout.shares, shape: [patches, 4] } } : {}),
  }
}

/** A linear layer of the tower: all have biases. */
const biased = ({ beside }: QwenGraphOptions) => ({ bias: true, beside })

function norm(x: Tensor, key: string, config: QwenVisionConfig): Tensor {
  if (config.kind === 'qwen2.5-vl') return rmsNormAt(x, key, EPSILON)
  const width = x.shape.at(-1) as number
  return layerNorm(x, {
    weight: parameter(`${key}.weight`, [width]),
    bias: parameter(`${key}.bias`, [width]),
    epsilon: EPSILON,
  })
}

/** Attention among the rows of each group; x [patches, width]. */
function groupAttention(
  x: Tensor,
  key: string,
  config: QwenVisionConfig,
  group: GroupInputs,
  rotation: Rotation,
  options: QwenGraphOptions,
): Tensor {
  const { width, heads } = config
  const headWidth = width / heads
  const [patches] = x.shape
  const [groups, length] = group.rows.shape
  const packed = linearAt(x, `${key}.qkv`, 3 * width, biased(options))
  const part = (i: number, turned: boolean): Tensor => {
    const rows = packed.slice({ axis: 1, start: i * width, end: (i + 1) * width })
    const split = turned
      ? rotation.turn(rows.unsqueeze(0), heads).squeeze(0)
      : rows.reshape([patches!, heads, headWidth])
    // [groups, length, heads, headWidth] -> [groups, heads, length, headWidth]
    return gather(split, group.rows, 0).permute([0, 2, 1, 3])
  }
  const mask = group.bias.reshape([groups!, 1, 1, length!])
  const mixed = attention(part(0, true), part(1, true), part(2, false), { mask })
  const rows = mixed.permute([0, 2, 1, 3]).reshape([-1, width])
  return linearAt(gather(rows, group.back, 0), `${key}.proj`, width, biased(options))
}

function mlp(x: Tensor, key: string, config: QwenVisionConfig, options: QwenGraphOptions): Tensor {
  const { width, mlpWidth } = config
  const bias = biased(options)
  if (config.kind === 'qwen2.5-vl') {
    const gate = silu(linearAt(x, `${key}.gate_proj`, mlpWidth, bias))
    return linearAt(
      multiply(gate, linearAt(x, `${key}.up_proj`, mlpWidth, bias)),
      `${key}.down_proj`,
      width,
      bias,
    )
  }
  const inner = gelu(linearAt(x, `${key}.linear_fc1`, mlpWidth, bias), { approximate: 'tanh' })
  return linearAt(inner, `${key}.linear_fc2`, width, bias)
}

/** Squares of patches as one vector each. The norm stands before the join, or after it in the mergers of deepstack. */
function merger(
  x: Tensor,
  key: string,
  config: QwenVisionConfig,
  options: QwenGraphOptions & { readonly normAfter?: boolean },
): Tensor {
  const joined = config.width * config.merge ** 2
  const [normKey, first, second] =
    config.kind === 'qwen2.5-vl'
      ? [`${key}.ln_q`, `${key}.mlp.0`, `${key}.mlp.2`]
      : [`${key}.norm`, `${key}.linear_fc1`, `${key}.linear_fc2`]
  const squares = options.normAfter
    ? norm(x.reshape([-1, joined]), normKey, config)
    : norm(x, normKey, config).reshape([-1, joined])
  const inner = gelu(linearAt(squares, first, joined, biased(options)))
  return linearAt(inner, second, config.outputWidth, biased(options))
}

/** The tower over any pictures and videos at once. Parameters `visual.*` (2.5) and `model.visual.*` (3), as published. */
export function qwenVision(
  inputs: VisionInputs,
  config: QwenVisionConfig,
  options: QwenGraphOptions = {},
): VisionOutputs {
  const key = qwenPrefixes(config.kind).vision
  const { width, heads, patchFrames, patchPx, channels } = config
  const kernel = parameter(`${key}.patch_embed.proj.weight`, [width, channels, patchFrames, patchPx, patchPx])
  const patch = inputs.pixels.matmul(kernel.reshape([width, patchValues(config)]).swapAxes(0, 1))
  let x = config.kind === 'qwen3-vl' ? add(patch, parameter(`${key}.patch_embed.proj.bias`, [width])) : patch
  if (inputs.places && inputs.shares) {
    const table = parameter(`${key}.pos_embed.weight`, [config.positionSide ** 2, width])
    x = add(x, sum(multiply(embedding(table, inputs.places), inputs.shares.unsqueeze(-1)), 1))
  }
  const embedded = x

  // A quarter of a head's frequencies for rows, a quarter for columns, both given twice.
  const quarter = width / heads / 4
  const frequencies = inverseFrequencies(quarter, ROPE_THETA)
  const rotation = rotationOf(
    cast(inputs.positions, 'float32').swapAxes(0, 1).unsqueeze(1),
    Float32Array.from({ length: 2 * quarter }, (_, j) => frequencies[j % quarter]!),
    Array.from({ length: 2 * quarter }, (_, j) => (j < quarter ? 0 : 1)),
    options,
  )

  const blocks: Tensor[] = []
  const deepstack: Tensor[] = []
  for (let block = 0; block < config.blocks; block++) {
    const at = `${key}.blocks.${block}`
    const whole = inputs.windows === undefined || config.wholeBlocks.includes(block)
    const group = whole ? inputs.frames : inputs.windows!
    x = add(x, groupAttention(norm(x, `${at}.norm1`, config), `${at}.attn`, config, group, rotation, options))
    x = add(x, mlp(norm(x, `${at}.norm2`, config), `${at}.mlp`, config, options))
    blocks.push(x)
    const stack = config.deepstackBlocks.indexOf(block)
    if (stack >= 0)
      deepstack[stack] = merger(x, `${key}.deepstack_merger_list.${stack}`, config, {
        ...options,
        normAfter: true,
      })
  }
  const inOrder = (tokens: Tensor): Tensor =>
    inputs.tokenRows === undefined ? tokens : gather(tokens, inputs.tokenRows, 0)
  return {
    features: inOrder(merger(x, `${key}.merger`, config, options)),
    deepstack: deepstack.map(inOrder),
    embedded,
    blocks,
  }
}
