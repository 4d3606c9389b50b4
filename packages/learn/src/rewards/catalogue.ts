// All rewards by name, and named sums of them as published runs use them.

import { catalogueOf } from '@maskwords/base'
import { LearnError } from '../error.ts'
import { GETOK_REWARDS } from './getok.ts'
import { IOU_REWARDS } from './iou.ts'
import { LENGTH_REWARDS } from './length.ts'
import type { RewardDefinition } from './reward.ts'
import { SAMTOK_REWARDS } from './samtok.ts'

export type RewardName = (
  | (typeof SAMTOK_REWARDS)[number]
  | (typeof GETOK_REWARDS)[number]
  | (typeof IOU_REWARDS)[number]
  | (typeof LENGTH_REWARDS)[number]
)['name']

const CATALOGUE = catalogueOf<RewardDefinition>(
  [...SAMTOK_REWARDS, ...GETOK_REWARDS, ...IOU_REWARDS, ...LENGTH_REWARDS],
  (name) => new LearnError('bad-option', `there is a reward ${name} already`),
)

/** Every reward: this project's in the order of the documentation, then those that plugins brought. */
export const REWARDS: readonly RewardDefinition[] = CATALOGUE.all

/** Makes a reward known by its name, from now on and in this thread. Throws LearnError `bad-option` for a name that is taken. */
export const addReward = (definition: RewardDefinition): void => CATALOGUE.add(definition)

/** A reward by its name, or undefined. */
export const rewardNamed = (name: string): RewardDefinition | undefined => CATALOGUE.named(name)

/** Which part of the texts a reward judges. */
export type RewardPart = 'said' | 'text' | 'think' | 'answer'

/** One term of a sum. */
export type RewardTerm = {
  /** One of this project's, or of a plugin's. */
  readonly name: RewardName | (string & {})
  /** Default 1. */
  readonly weight?: number
  readonly options?: Readonly<Record<string, string | number>>
  /**
   * `said`: the answer without thoughts, tags and turn ends; `text`: all of it; `think` and `answer`: what stands between these
   * tags, null where they are missing. Default: what the reward judges, `said` for most.
   */
  readonly part?: RewardPart
  /** The name of the term's value in the results. Default the reward's name. */
  readonly as?: string
}

/** Sums by name. The published ones are the totals of SAMTok's released `compute_score` and of GETok's reward figure. */
export const REWARD_PRESETS = {
  'samtok-thinking': {
    what: 'thinking segmentation: SAMTok released, sources thinking_res, thinking_gres, thinking_ver, reasonseg',
    terms: [
      { name: 'mask-accuracy', part: 'answer' },
      { name: 'think-format' },
      { name: 'mask-repetition', part: 'think', as: 'mask-repetition-think' },
      { name: 'mask-repetition', part: 'answer', as: 'mask-repetition-answer' },
    ],
  },
  'samtok-thinking-paper': {
    what: 'the same with the ratio of true positives of the paper (Eq. 5)',
    terms: [
      { name: 'mask-true-positives', part: 'answer' },
      { name: 'think-format' },
      { name: 'mask-repetition', part: 'think', as: 'mask-repetition-think' },
      { name: 'mask-repetition', part: 'answer', as: 'mask-repetition-answer' },
    ],
  },
  'samtok-gcg': {
    what: 'grounded captions: SAMTok released, source gcg',
    terms: [{ name: 'caption-mask-accuracy' }, { name: 'caption-phrases' }, { name: 'mask-repetition' }],
  },
  'samtok-no-target': {
    what: 'nothing to segment: SAMTok released, source gres_no_target (checks for boxes, as there)',
    terms: [{ name: 'no-target', options: { forbid: 'box' } }, { name: 'mask-repetition' }],
  },
  'getok-propose': {
    what: 'GETok, stage one: words of the regions',
    terms: [
      { name: 'getok-format' },
      { name: 'getok-repetition' },
      { name: 'getok-mask' },
      { name: 'getok-box' },
      { name: 'getok-points' },
    ],
  },
  'getok-refine': {
    what: 'GETok, stage two: offset words',
    terms: [
      { name: 'getok-refine-format' },
      { name: 'getok-refine-mask' },
      { name: 'getok-refine-box' },
      { name: 'getok-refine-points' },
    ],
  },
} as const satisfies Record<string, { what: string; terms: readonly RewardTerm[] }>

export type RewardPreset = keyof typeof REWARD_PRESETS
