// Weighted sums of rewards: a list of terms checked once and turned into a plan, then applied to any number of samples.

import { namesHint } from '@maskwords/base'
import { type AnswerOptions, answerParts, saidAnswer, saysOnlyThought } from '@maskwords/words'
import { LearnError } from '../error.ts'
import {
  REWARD_PRESETS,
  REWARDS,
  type RewardName,
  type RewardPart,
  type RewardPreset,
  type RewardTerm,
  rewardNamed,
} from './catalogue.ts'
import { kind } from './kind.ts'
import { checkOptions, type Judged, type RewardFunction, type RewardNeed } from './reward.ts'

/** The name of a preset, or terms; a bare name is a term of weight 1. */
export type RewardList = RewardPreset | readonly (RewardName | RewardTerm)[]

/** Most terms of one sum. */
export const MAX_TERMS = 32
/** Largest weight, either sign. */
export const MAX_WEIGHT = 1e6

export type PlannedTerm = {
  readonly name: string
  readonly as: string
  readonly weight: number
  readonly part: RewardPart
  readonly score: RewardFunction
}

/** A checked sum. */
export type RewardPlan = {
  readonly terms: readonly PlannedTerm[]
  /** What its terms read beside the texts. */
  readonly needs: ReadonlySet<RewardNeed>
  /** Least and greatest sum. */
  readonly range: readonly [least: number, greatest: number]
}

const PARTS: readonly RewardPart[] = ['said', 'text', 'think', 'answer']
const TERM_KEYS = ['name', 'weight', 'options', 'part', 'as']
/** Names that results of services and trainers have for other things. */
const TAKEN = ['overall', 'score', 'failed', 'error', 'id']

/** Checks a list of rewards. Throws LearnError `bad-option` with the place and what would do. */
export function planRewards(list: unknown): RewardPlan {
  const given = typeof list === 'string' ? presetTerms(list) : list
  if (!Array.isArray(given)) {
    throw new LearnError('bad-option', `rewards is no preset and no list but ${kind(list)}`, {
      at: 'rewards',
      hint: 'for example ["mask-accuracy", {"name": "think-format", "weight": 0.5}]',
    })
  }
  if (given.length === 0 || given.length > MAX_TERMS) {
    throw new LearnError('bad-option', `rewards has ${given.length} terms; it takes 1 to ${MAX_TERMS}`, {
      at: 'rewards',
    })
  }
  const terms: PlannedTerm[] = []
  const needs = new Set<RewardNeed>()
  let least = 0
  let greatest = 0
  for (const [k, value] of given.entries()) {
    const at = `rewards[${k}]`
    const term = checkTerm(value, at)
    const definition = rewardNamed(term.name)
    if (definition === undefined) {
      throw new LearnError('bad-option', `there is no reward ${JSON.stringify(term.name.slice(0, 64))}`, {
        at,
        hint: namesHint(
          term.name,
          REWARDS.map(({ name }) => name),
        ),
      })
    }
    if (terms.some(({ as }) => as === term.as)) {
      throw new LearnError('bad-option', `two terms are called ${term.as}`, {
        at,
        hint: 'give one of them another name with "as"',
      })
    }
    const score = definition.make(checkOptions(definition, term.options))
    const { name, as, weight, part = definition.reads ?? 'said' } = term
    terms.push({ name, as, weight, part, score })
    for (const need of definition.needs) needs.add(need)
    const ends = definition.range.map((end) => end * term.weight)
    least += Math.min(...ends)
    greatest += Math.max(...ends)
  }
  return { terms, needs, range: [least, greatest] }
}

function presetTerms(name: string): readonly RewardTerm[] {
  if (Object.hasOwn(REWARD_PRESETS, name)) return REWARD_PRESETS[name as RewardPreset].terms
  throw new LearnError('bad-option', `there is no preset ${JSON.stringify(name.slice(0, 64))}`, {
    at: 'rewards',
    hint: `${namesHint(name, Object.keys(REWARD_PRESETS))}; or give a list of rewards`,
  })
}

function checkTerm(value: unknown, at: string) {
  const term = (typeof value === 'string' ? { name: value } : value) as Record<string, unknown> | null
  if (typeof term !== 'object' || term === null || Array.isArray(term)) {
    throw new LearnError('bad-option', `${at} is no name and no object but ${kind(value)}`, { at })
  }
  for (const key of Object.keys(term)) {
    if (TERM_KEYS.includes(key)) continue
    throw new LearnError('bad-option', `${at} has an unknown field ${JSON.stringify(key.slice(0, 64))}`, {
      at,
      hint: namesHint(key, TERM_KEYS),
    })
  }
  const { name, weight = 1, options = {}, part, as = name } = term
  if (typeof name !== 'string') throw new LearnError('bad-option', `${at}.name is ${kind(name)}`, { at })
  if (typeof weight !== 'number' || !(Math.abs(weight) <= MAX_WEIGHT)) {
    throw new LearnError('bad-option', `${at}.weight takes a number from -${MAX_WEIGHT} to ${MAX_WEIGHT}`, {
      at,
    })
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new LearnError('bad-option', `${at}.options is no object but ${kind(options)}`, { at })
  }
  if (part !== undefined && !PARTS.includes(part as RewardPart)) {
    throw new LearnError('bad-option', `${at}.part is none of the parts`, {
      at,
      hint: namesHint(String(part), PARTS),
    })
  }
  if (typeof as !== 'string' || !/^[A-Za-z][A-Za-z0-9._-]{0,63}$/.test(as) || TAKEN.includes(as)) {
    throw new LearnError('bad-option', `${at}.as takes letters, digits, dots, dashes and underscores`, {
      at,
      hint: `up to 64, a letter first, and none of ${TAKEN.join(', ')}`,
    })
  }
  return {
    name,
    weight,
    options: options as Record<string, unknown>,
    part: part as RewardPart | undefined,
    as,
  }
}

/** A text cut to a part: null where the part is missing, or where there is a thought and no answer behind it. */
function partOf(text: string, part: Exclude<RewardPart, 'text'>, options: AnswerOptions = {}): string | null {
  const parts = answerParts(text, options)
  const { thoughts, thoughtBy, tagged, cutOff } = parts
  if (part === 'said') return saysOnlyThought(parts) ? null : saidAnswer(text, parts)
  if (part === 'answer') return tagged === 'closed' ? saidAnswer(text, parts) : null
  if (thoughtBy === 'none' || cutOff) return null
  return thoughts.map(({ start, end }) => text.slice(start, end)).join('\n')
}

/** The texts of a sample cut to a part: a truth without the tags counts whole. Throws LearnError `unreadable` for a truth that is a thought alone. */
export function judgedPart(whole: Judged, part: RewardPart): Judged {
  if (part === 'text') return whole
  const truth = partOf(whole.truth, part)
  if (truth === null && part === 'said') {
    throw new LearnError('unreadable', 'the truth cannot be read: it is a thought without an answer', {
      at: 'truth',
    })
  }
  return {
    ...whole,
    answer: whole.answer === null ? null : partOf(whole.answer, part, whole),
    truth: truth ?? saidAnswer(whole.truth),
  }
}
