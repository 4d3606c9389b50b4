// Names of weights: networks here use the names that published checkpoints have on disk; transformers 5 and converters store
// the same tensors under others (in memory Qwen2.5-VL's are `model.visual.*` and `model.language_model.*`).
import type { QwenFamily } from './config.ts'

/** Where the parts of a model stand in published checkpoints of a family. */
export type QwenPrefixes = { readonly text: string; readonly vision: string }

export function qwenPrefixes(family: QwenFamily): QwenPrefixes {
  return family === 'qwen3-vl' || family === 'maskwords-nano'
    ? { text: 'model.language_model', vision: 'model.visual' }
    : { text: 'model', vision: 'visual' }
}

/** Other beginnings under which text and vision weights are found, most usual first. */
const TEXT_HOMES = ['model', 'model.language_model', 'language_model.model', 'language_model']
const VISION_HOMES = ['visual', 'model.visual']

/**
 * The name under which a checkpoint holds the weight of a network, or undefined where it has none: as published, or as
 * transformers 4.52 and later hold it in memory.
 */
export function qwenKey(
  names: { has(name: string): boolean },
  name: string,
  family: QwenFamily,
): string | undefined {
  if (names.has(name)) return name
  const { text, vision } = qwenPrefixes(family)
  if (name === 'lm_head.weight')
    return ['language_model.lm_head.weight', 'model.lm_head.weight'].find((other) => names.has(other))
  const [home, homes] = name.startsWith(`${vision}.`) ? [vision, VISION_HOMES] : [text, TEXT_HOMES]
  const rest = name.slice(home.length)
  return homes.map((other) => other + rest).find((other) => names.has(other))
}
