// What a reward is: a name, a declared range, options with defaults, and a function of one judged answer.

import { namesHint } from '@maskwords/base'
import type { Mask } from '@maskwords/mask'
import { LearnError } from '../error.ts'

/** One option of a reward: what it may be, and what it is where nothing is said. */
export type RewardOption =
  | {
      readonly type: 'choice'
      readonly choices: readonly string[]
      readonly default: string
      readonly help: string
    }
  | {
      readonly type: 'number'
      readonly min: number
      readonly max: number
      readonly whole?: boolean
      readonly default: number
      readonly help: string
    }
  | { readonly type: 'text'; readonly default: string; readonly help: string }

export type RewardOptions = Readonly<Record<string, string | number>>

/** What of a sample a reward reads beside the two texts. */
export type RewardNeed =
  /** Masks of the truth. */
  | 'true-masks'
  /** Masks of the response: given with the sample, or decoded from its words. */
  | 'masks'
  /** The answer that the response refines. */
  | 'previous'
  /** Masks of the answer that the response refines. */
  | 'previous-masks'

/** One answer beside its truth, as rewards see it. The functions throw LearnError `missing` where the sample has none. */
export type Judged = {
  /** The judged part of the response; null where there is none. */
  readonly answer: string | null
  /** Whether the template opened a thought that the whole response begins in. */
  readonly thoughtOpen: boolean
  /** The same part of the truth's text. */
  readonly truth: string
  previous(): string
  trueMasks(): readonly Mask[]
  masks(): readonly Mask[]
  previousMasks(): readonly Mask[]
}

export type RewardFunction = (judged: Judged) => number

export type RewardDefinition = {
  readonly name: string
  /** What it judges where a term names no part. Default `said`: the answer without thoughts, tags and turn ends. */
  readonly reads?: 'text'
  readonly what: string
  readonly source: string
  /** Least and greatest value. */
  readonly range: readonly [least: number, greatest: number]
  readonly needs: readonly RewardNeed[]
  readonly options: Readonly<Record<string, RewardOption>>
  /** The function for checked options. */
  make(options: RewardOptions): RewardFunction
}

/** Keeps the literal types of a declaration. */
export function defineReward<const D extends RewardDefinition>(definition: D): D {
  return definition
}

/** A reward as a row of a table: what is said to be from 0 to 1, of the two texts alone and without options, unless it says otherwise. */
export function judgement<const Name extends string>({
  score,
  ...row
}: Pick<RewardDefinition, 'reads' | 'what' | 'source'> &
  Partial<Pick<RewardDefinition, 'range' | 'needs' | 'options'>> & {
    readonly name: Name
    readonly score: (judged: Judged, options: RewardOptions) => number
  }) {
  return defineReward({
    range: [0, 1],
    needs: [],
    options: {},
    ...row,
    make: (options) => (judged) => score(judged, options),
  })
}

/** Options of a request, checked and completed. Throws LearnError `bad-option`. */
export function checkOptions(
  definition: RewardDefinition,
  given: Readonly<Record<string, unknown>>,
): RewardOptions {
  const where = `reward ${definition.name}`
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(definition.options, key)) continue
    const known = Object.keys(definition.options)
    throw new LearnError('bad-option', `${where} has no option ${JSON.stringify(key.slice(0, 64))}`, {
      at: `options.${key.slice(0, 64)}`,
      hint: namesHint(key, known),
    })
  }
  const options: Record<string, string | number> = {}
  for (const [key, option] of Object.entries(definition.options)) {
    const value = Object.hasOwn(given, key) ? given[key] : option.default
    if (!fits(option, value)) {
      throw new LearnError('bad-option', `${where}: option ${key} takes ${wanted(option)}`, {
        at: `options.${key}`,
        hint: option.help,
      })
    }
    options[key] = value
  }
  return options
}

function fits(option: RewardOption, value: unknown): value is string | number {
  if (option.type === 'choice') return typeof value === 'string' && option.choices.includes(value)
  if (option.type === 'text') return typeof value === 'string' && value.length <= MAX_OPTION_TEXT
  if (typeof value !== 'number' || !(value >= option.min && value <= option.max)) return false
  return option.whole !== true || Number.isInteger(value)
}

/** Longest text of an option: a sentence. */
const MAX_OPTION_TEXT = 1000

function wanted(option: RewardOption): string {
  if (option.type === 'choice') return `one of ${option.choices.join(', ')}`
  if (option.type === 'text') return `a text of at most ${MAX_OPTION_TEXT} characters`
  return `a ${option.whole === true ? 'whole ' : ''}number from ${option.min} to ${option.max}`
}
