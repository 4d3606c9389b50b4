// One sample of a reward request: its shape, its limits, and what is said where it does not fit.

import { namesHint } from '@maskwords/base'
import type { CocoCounts, CocoRle } from '@maskwords/mask'
import { LearnError } from '../error.ts'
import type { RewardList } from './composite.ts'
import { kind } from './kind.ts'

/**
 * Longest response, truth or previous answer, in UTF-16 units, where the caller sets no limit of its own. 32,768 tokens of
 * mask words have some 360,000; a reward on the most hostile text of this length takes a few tenths of a second.
 */
export const MAX_TEXT_CHARS = 2 ** 21
/** Most masks of one list. */
export const MAX_SAMPLE_MASKS = 1024

export type RewardRle = CocoRle | CocoCounts

/** What is true of a sample, where a text alone does not say it. */
export type RewardTruth = {
  readonly text: string
  /** True masks as COCO RLE, all of one size; an empty list says that nothing is there. */
  readonly masks?: readonly RewardRle[]
  /** The answer that the response refines (GETok, stage two). */
  readonly previous?: string
  /** Height and width of the picture, in COCO's order; needed to decode words where there is no mask. */
  readonly size?: readonly [heightPx: number, widthPx: number]
}

export type RewardSample = {
  /** What the model wrote; null where it wrote nothing that counts. */
  readonly response: string | null
  /** The true answer: a text, a packed truth (`packTruth`), or its parts. */
  readonly truth: string | RewardTruth
  /** Comes back with the result. */
  readonly id?: string | number
  /** Samples of one prompt have the same group; advantages are taken within it. */
  readonly group?: string | number
  /** Masks of the response, where the caller has decoded them. */
  readonly masks?: readonly RewardRle[]
  /** Rewards of this sample, where they are not those of the request. */
  readonly rewards?: RewardList
  /** Whether the template opened a thought that the response begins in, where it is not as the request says. */
  readonly thoughtOpen?: boolean
}

/** A checked sample: its truth in parts. */
export type CheckedSample = Omit<RewardSample, 'truth' | 'rewards'> & {
  readonly truth: RewardTruth
  readonly rewards?: unknown
}

const SAMPLE_KEYS = ['response', 'truth', 'id', 'group', 'masks', 'rewards', 'thoughtOpen']
const TRUTH_KEYS = ['text', 'masks', 'previous', 'size']
const PACKED = '{"text"'

/**
 * A truth as one text, for trainers that hand only a text to the reward (EasyR1's `ground_truth`). A truth with nothing
 * but text stays that text. A text that begins with `{"text"` is read as packed.
 */
export function packTruth(truth: RewardTruth): string {
  const { text, masks, previous, size } = truth
  const plain = masks === undefined && previous === undefined && size === undefined
  return plain && !text.startsWith(PACKED) ? text : JSON.stringify({ text, masks, previous, size })
}

/** Checks a sample from outside. Throws LearnError `bad-request` or `too-large` that names the field. */
export function checkSample(value: unknown, maxTextChars: number = MAX_TEXT_CHARS): CheckedSample {
  const sample = record(value, 'the sample', SAMPLE_KEYS)
  const { response, id, group } = sample
  if (response === undefined) throw wrong('response', 'is missing', 'a text, or null where there is none')
  if (response !== null) checkText(response, 'response', maxTextChars)
  checkName(id, 'id')
  checkName(group, 'group')
  checkMasks(sample['masks'], 'masks')
  checkFlag(sample['thoughtOpen'], 'thoughtOpen')
  return {
    ...(sample as object),
    response,
    truth: checkTruth(sample['truth'], maxTextChars),
  } as CheckedSample
}

function checkTruth(value: unknown, maxTextChars: number): RewardTruth {
  if (value === undefined) throw wrong('truth', 'is missing', 'a text, or an object with text and masks')
  if (typeof value === 'string') {
    checkText(value, 'truth', maxTextChars)
    return value.startsWith(PACKED) ? checkTruth(unpacked(value), maxTextChars) : { text: value }
  }
  const truth = record(value, 'truth', TRUTH_KEYS)
  if (truth['text'] === undefined) throw wrong('truth.text', 'is missing', 'write "" where there is no text')
  checkText(truth['text'], 'truth.text', maxTextChars)
  if (truth['previous'] !== undefined) checkText(truth['previous'], 'truth.previous', maxTextChars)
  checkMasks(truth['masks'], 'truth.masks')
  const { size } = truth
  if (size !== undefined && !(Array.isArray(size) && size.length === 2 && size.every(isSide))) {
    throw wrong('truth.size', 'is no [height, width] in pixels')
  }
  return truth as RewardTruth
}

/** Longest side of a picture. */
const MAX_SIDE_PX = 2 ** 16
const isSide = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_SIDE_PX

function unpacked(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LearnError('bad-request', 'truth begins like a packed truth and is no JSON', {
      at: 'truth',
      hint: 'pack it with JSON.stringify or json.dumps, text first',
      cause,
    })
  }
}

function record(value: unknown, what: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LearnError('bad-request', `${what} is no object but ${kind(value)}`, { at: placeOf(what) })
  }
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue
    throw new LearnError('bad-request', `${what} has an unknown field ${JSON.stringify(key.slice(0, 64))}`, {
      at: placeOf(what),
      hint: namesHint(key, keys),
    })
  }
  return value as Record<string, unknown>
}

/** A fault of the truth is the row's, not the answer's: trainers have to tell them apart. */
const placeOf = (what: string): string => (what === 'truth' ? 'truth' : 'sample')

function checkText(value: unknown, at: string, maxChars: number): asserts value is string {
  if (typeof value !== 'string') throw wrong(at, `is no text but ${kind(value)}`)
  if (value.length <= maxChars) return
  throw new LearnError('too-large', `${at} has ${value.length} characters; the limit is ${maxChars}`, {
    at,
    hint: 'cut the generation off earlier (max_tokens)',
  })
}

function checkName(value: unknown, at: string): void {
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return
  if (typeof value === 'string' && value.length <= 256) return
  throw wrong(at, 'is no number and no text of at most 256 characters')
}

/** Throws LearnError `bad-request` for what is neither true nor false. */
export function checkFlag(value: unknown, at: string): asserts value is boolean | undefined {
  if (value !== undefined && typeof value !== 'boolean')
    throw wrong(at, `is neither true nor false but ${kind(value)}`)
}

function checkMasks(value: unknown, at: string): void {
  if (value === undefined) return
  if (!Array.isArray(value)) throw wrong(at, `is no list of COCO RLE but ${kind(value)}`)
  if (value.length > MAX_SAMPLE_MASKS) {
    throw new LearnError('too-large', `${at} has ${value.length} masks; the limit is ${MAX_SAMPLE_MASKS}`, {
      at,
    })
  }
}

function wrong(at: string, what: string, hint?: string): LearnError {
  return new LearnError('bad-request', `${at} ${what}`, { at, hint })
}
