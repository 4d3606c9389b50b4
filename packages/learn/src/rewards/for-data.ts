// Which rewards read the words of a language, for answers of which tasks. Definition: ours; the presets are the published ones.
import type { Vocabulary } from '@maskwords/words'
import type { RewardPreset } from './catalogue.ts'
import type { RewardList } from './composite.ts'

/** Rewards that read the words of a language, for answers of these tasks. */
export function rewardsFor(kind: Vocabulary['kind'], tasks: readonly string[]): RewardList {
  const all = (...names: string[]) => tasks.length > 0 && tasks.every((task) => names.includes(task))
  if (kind === 'getok') return all('refinement') ? 'getok-refine' : 'getok-propose'
  const thinks = all('thinking')
  // HiMTok says a mask in up to 32 words, which two answers never share: pixels are compared, not words.
  if (kind === 'himtok') return thinks ? ['mask-iou', 'think-format'] : ['mask-iou']
  if (thinks) return 'samtok-thinking'
  return all('grounded-caption') ? 'samtok-gcg' : ['mask-true-positives', 'mask-repetition']
}

/** The language that a preset reads; undefined for sums of one's own. */
export function languageOfPreset(rewards: RewardList): Vocabulary['kind'] | undefined {
  if (typeof rewards !== 'string') return undefined
  return (rewards as RewardPreset).startsWith('getok') ? 'getok' : 'samtok'
}
