// Low-rank adapters (LoRA, arXiv 2106.09685): beside a linear layer W stands (alpha / rank) B A, and only A and B are trained.

import { randomFrom } from '@maskwords/codecs'
import type { Tensor } from '@maskwords/graph'
import { linear, multiply, parameter } from '@maskwords/graph'
import type { QwenConfig, QwenGraphOptions } from '@maskwords/models'
import { qwenPrefixes } from '@maskwords/models'

export type AdapterSettings = {
  readonly rank: number
  readonly alpha: number
  /** Last names of the layers, as in `q_proj`; or the end of a key, as in `mlp.0`. */
  readonly targets: readonly string[]
  /** Whether layers of the eyes with such names have adapters, too. */
  readonly eyes: boolean
}

/** Every linear layer of the decoder. */
export const TEXT_TARGETS = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const

export const DOWN = '.lora_A.weight'
export const UP = '.lora_B.weight'

/** Whether the layer with this key (`model.layers.0.self_attn.q_proj`) has an adapter. */
export function hasAdapter(key: string, settings: AdapterSettings, config: QwenConfig): boolean {
  const { vision } = qwenPrefixes(config.family)
  if (!settings.eyes && key.startsWith(`${vision}.`)) return false
  return settings.targets.some((target) => key === target || key.endsWith(`.${target}`))
}

/** What adapters add to the network; their weights are `KEY.lora_A.weight` [rank, from] and `KEY.lora_B.weight` [to, rank]. */
export function besideLayers(
  settings: AdapterSettings,
  config: QwenConfig,
): NonNullable<QwenGraphOptions['beside']> {
  const { rank, alpha } = settings
  return (x: Tensor, key: string, to: number) => {
    if (!hasAdapter(key, settings, config)) return undefined
    const down = parameter(`${key}${DOWN}`, [rank, x.shape.at(-1) as number])
    const up = parameter(`${key}${UP}`, [to, rank])
    return multiply(linear(linear(x, down), up), alpha / rank)
  }
}

/** First values of an adapter's weight: A as PEFT draws it (uniform within 1 / sqrt(from)), B zero, so that nothing changes yet. */
export function firstAdapterWeight(name: string, shape: readonly number[], seed: number): Float32Array {
  const [rows, columns] = shape as readonly [number, number]
  const values = new Float32Array(rows * columns)
  if (name.endsWith(UP)) return values
  const random = randomFrom(textSeed(name, seed))
  const bound = 1 / Math.sqrt(columns)
  for (let i = 0; i < values.length; i++) values[i] = (2 * random() - 1) * bound
  return values
}

/** FNV-1a over the name, from a seed: every weight has numbers of its own whatever the order. */
export function textSeed(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) | 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

/** weight [to, from] + (alpha / rank) B A, in double precision a product. */
export function mergedWeight(
  weight: Float32Array,
  down: Float32Array,
  up: Float32Array,
  { rank, alpha }: Pick<AdapterSettings, 'rank' | 'alpha'>,
): Float32Array {
  const from = down.length / rank
  const to = up.length / rank
  const merged = new Float32Array(weight.length)
  const scale = alpha / rank
  const sums = new Float64Array(from)
  for (let row = 0; row < to; row++) {
    sums.fill(0)
    for (let r = 0; r < rank; r++) {
      const factor = up[row * rank + r]!
      for (let column = 0; column < from; column++) sums[column]! += factor * down[r * from + column]!
    }
    for (let column = 0; column < from; column++) {
      merged[row * from + column] = weight[row * from + column]! + scale * sums[column]!
    }
  }
  return merged
}
