// Group-normalised advantages of GRPO (arXiv 2402.03300, Eq. of section 4.1.2) and its variants, from rewards and groups.

import { namesHint } from '@maskwords/base'
import { LearnError } from '../error.ts'

export type AdvantageOptions = {
  /**
   * What divides r - mean. `sample` (default): the deviation with n - 1, as EasyR1, verl, TRL and ms-swift compute it
   * (torch.std); `population`: with n; `none`: nothing, as Dr. GRPO (arXiv 2503.20783).
   */
  readonly deviation?: 'sample' | 'population' | 'none'
  /** Added to the deviation. Default 1e-6 (EasyR1, verl); TRL and ms-swift use 1e-4. */
  readonly epsilon?: number
}

/** Settings of trainers, by name, so that numbers can be compared with their logs. */
export const ADVANTAGE_STYLES = {
  easyr1: { deviation: 'sample', epsilon: 1e-6 },
  verl: { deviation: 'sample', epsilon: 1e-6 },
  trl: { deviation: 'sample', epsilon: 1e-4 },
  'ms-swift': { deviation: 'sample', epsilon: 1e-4 },
  'dr-grpo': { deviation: 'none', epsilon: 0 },
} as const satisfies Record<string, AdvantageOptions>

/** Checks settings from outside. Throws LearnError `bad-option`. */
export function checkAdvantageOptions(value: unknown): Required<AdvantageOptions> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LearnError('bad-option', 'advantages is no object', {
      at: 'advantages',
      hint: 'for example {"deviation": "sample", "epsilon": 1e-6}',
    })
  }
  const { deviation = 'sample', epsilon = 1e-6, ...rest } = value as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) {
    throw new LearnError(
      'bad-option',
      `advantages has an unknown field ${JSON.stringify(unknown.slice(0, 64))}`,
      {
        at: 'advantages',
        hint: namesHint(unknown, ['deviation', 'epsilon']),
      },
    )
  }
  if (deviation !== 'sample' && deviation !== 'population' && deviation !== 'none') {
    throw new LearnError('bad-option', 'advantages.deviation takes sample, population or none', {
      at: 'advantages.deviation',
      hint: namesHint(String(deviation), ['sample', 'population', 'none']),
    })
  }
  if (typeof epsilon !== 'number' || !(epsilon >= 0 && epsilon <= 1)) {
    throw new LearnError('bad-option', 'advantages.epsilon takes a number from 0 to 1', {
      at: 'advantages.epsilon',
    })
  }
  return { deviation, epsilon }
}

/**
 * (r - mean) / (deviation + epsilon) within each group, in the order of the rewards. A reward of NaN or null is a sample
 * that failed: it has no part in its group's mean and deviation, and its advantage is 0. So is the advantage of a
 * sample that is alone in its group, and of all in a group of equal rewards.
 *
 * @param groups one name per reward; without it all rewards are one group
 * @throws LearnError `mismatch` where there are not as many groups as rewards, `bad-option` for infinite rewards
 */
export function groupedAdvantages(
  rewards: ArrayLike<number | null>,
  groups?: ArrayLike<string | number | undefined>,
  options: AdvantageOptions = {},
): Float64Array {
  const { deviation, epsilon } = checkAdvantageOptions(options)
  if (groups !== undefined && groups.length !== rewards.length) {
    throw new LearnError('mismatch', `${rewards.length} rewards but ${groups.length} groups`)
  }
  const members = new Map<string | number | undefined, number[]>()
  for (let k = 0; k < rewards.length; k++) {
    const reward = rewards[k]!
    if (reward === null || Number.isNaN(reward)) continue
    if (!Number.isFinite(reward)) throw new LearnError('bad-option', `reward ${k} is ${reward}`, { at: k })
    const list = members.get(groups?.[k])
    if (list === undefined) members.set(groups?.[k], [k])
    else list.push(k)
  }
  const advantages = new Float64Array(rewards.length)
  for (const list of members.values()) {
    const n = list.length
    let sum = 0
    for (const k of list) sum += rewards[k]!
    const mean = sum / n
    let squares = 0
    for (const k of list) squares += (rewards[k]! - mean) ** 2
    // Equal rewards must give 0 even where rounding leaves the mean a trifle beside them.
    if (n < 2 || list.every((k) => rewards[k] === rewards[list[0]!])) continue
    const scale =
      deviation === 'none' ? 1 : Math.sqrt(squares / (deviation === 'sample' ? n - 1 : n)) + epsilon
    for (const k of list) advantages[k] = (rewards[k]! - mean) / scale
  }
  return advantages
}
