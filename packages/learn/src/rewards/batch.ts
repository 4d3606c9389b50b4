// Scores a batch: one plan for all samples, one result or one error for each, never a lost batch.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { namesHint } from '@maskwords/base'
import type { Mask } from '@maskwords/mask'
import { answerParts, saidAnswer } from '@maskwords/words'
import { LearnError } from '../error.ts'
import { type AdvantageOptions, checkAdvantageOptions, groupedAdvantages } from './advantage.ts'
import { judgedPart, planRewards, type RewardList, type RewardPlan } from './composite.ts'
import type { RewardDecoder } from './decode.ts'
import { kind } from './kind.ts'
import type { Judged } from './reward.ts'
import { type CheckedSample, checkFlag, checkSample, type RewardRle, type RewardSample } from './sample.ts'
import { maskOfRle } from './true-region.ts'

/** Most samples of one request. A rollout of 512 prompts with 16 answers each has 8,192. */
export const MAX_SAMPLES = 16_384

/** Longest stretch of work without a pause of `scoreBatchInSlices`, as long as one sample takes no longer. */
const SLICE_MS = 8

export type RewardRequest = {
  readonly rewards: RewardList
  readonly samples: readonly RewardSample[]
  /**
   * Whether the template opened a thought that responses begin in: one that was cut off before the closing tag is a thought
   * without an answer then. Default false: only a closing tag tells.
   */
  readonly thoughtOpen?: boolean
  /** Asks for advantages within the groups of the samples. */
  readonly advantages?: AdvantageOptions
}

export type RewardFault = {
  readonly code: string
  readonly message: string
  readonly at?: string | number
  readonly hint?: string
}

export type RewardResult = { readonly id?: string | number } & (
  | { readonly overall: number; readonly parts: Readonly<Record<string, number>> }
  | { readonly error: RewardFault }
)

export type RewardResponse = {
  /** One for each sample, in order. */
  readonly results: readonly RewardResult[]
  /** Names of the parts, in the order of the terms. */
  readonly names: readonly string[]
  /** Least and greatest `overall` of the request's rewards. */
  readonly range: readonly [number, number]
  /** Samples without a result. */
  readonly failed: number
  readonly advantages?: readonly number[]
}

export type BatchOptions = {
  /** Longest response, truth or previous answer. Default 2^21; longer ones are an error of their sample. */
  readonly maxTextChars?: number
}

export type SliceOptions = BatchOptions & {
  readonly signal?: AbortSignal
  /** Masks of words, for rewards that compare masks and samples that bring none. */
  readonly decode?: RewardDecoder
}

type Checked = {
  readonly plan: RewardPlan
  readonly samples: readonly unknown[]
  readonly thoughtOpen: boolean
  readonly advantages: Required<AdvantageOptions> | undefined
}

/**
 * Scores all samples at once, from text and given masks. Throws LearnError (`bad-request`, `bad-option`, `too-large`) for
 * a request that makes no sense as a whole; a bad sample has an `error` in its result.
 */
export function scoreBatch(request: RewardRequest, options: BatchOptions = {}): RewardResponse {
  const { maxTextChars } = options
  const checked = checkRequest(request)
  return responseOf(
    checked,
    checked.samples.map((value) => attempt(value, maxTextChars, (sample) => scoreSample(checked, sample))),
  )
}

/** The same in slices: others get their turn every few milliseconds. Rejects with the signal's reason when aborted. */
export async function scoreBatchInSlices(
  request: RewardRequest,
  options: SliceOptions = {},
): Promise<RewardResponse> {
  const { signal, decode, maxTextChars } = options
  const checked = checkRequest(request)
  const results: RewardResult[] = []
  let since = performance.now()
  for (const value of checked.samples) {
    if (performance.now() - since > SLICE_MS) {
      await nextTurn()
      since = performance.now()
    }
    signal?.throwIfAborted()
    const decoded =
      decode === undefined ? undefined : await decodeSample(checked, value, decode, maxTextChars)
    results.push(
      attempt(value, maxTextChars, (sample) => {
        if (decoded !== undefined && 'error' in decoded) throw decoded.error
        return scoreSample(checked, sample, decoded)
      }),
    )
  }
  return responseOf(checked, results)
}

function checkRequest(request: unknown): Checked {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new LearnError('bad-request', `the request is no object but ${kind(request)}`)
  }
  const { rewards, samples, thoughtOpen, advantages, ...rest } = request as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) {
    throw new LearnError(
      'bad-request',
      `the request has an unknown field ${JSON.stringify(unknown.slice(0, 64))}`,
      {
        hint: namesHint(unknown, ['rewards', 'samples', 'thoughtOpen', 'advantages']),
      },
    )
  }
  if (!Array.isArray(samples)) {
    throw new LearnError('bad-request', `samples is no list but ${kind(samples)}`, { at: 'samples' })
  }
  if (samples.length > MAX_SAMPLES) {
    throw new LearnError('too-large', `${samples.length} samples; the limit is ${MAX_SAMPLES}`, {
      at: 'samples',
      hint: 'send them in several requests',
    })
  }
  checkFlag(thoughtOpen, 'thoughtOpen')
  return {
    plan: planRewards(rewards),
    samples,
    thoughtOpen: thoughtOpen ?? false,
    advantages: advantages === undefined ? undefined : checkAdvantageOptions(advantages),
  }
}

/** Largest picture at whose size words are decoded: 4096 x 4096. The published data has at most some 10 million pixels. */
const MAX_DECODED_PIXELS = 2 ** 24

type Decoded = { masks?: readonly Mask[]; previousMasks?: readonly Mask[] }

function attempt(
  value: unknown,
  maxTextChars: number | undefined,
  score: (sample: CheckedSample) => RewardResult,
): RewardResult {
  try {
    return score(checkSample(value, maxTextChars))
  } catch (error) {
    const id = (value as { id?: unknown } | null | undefined)?.id
    const named = typeof id === 'number' || (typeof id === 'string' && id.length <= 256)
    return named ? { id, error: faultOf(error) } : { error: faultOf(error) }
  }
}

type Asked = Pick<Checked, 'plan' | 'thoughtOpen'>

function scoreSample(asked: Asked, sample: CheckedSample, decoded: Decoded = {}): RewardResult {
  const plan = sample.rewards === undefined ? asked.plan : planRewards(sample.rewards)
  const whole = judgedOf(sample, asked, decoded)
  const parts: Record<string, number> = {}
  let overall = 0
  for (const { as, weight, part, score } of plan.terms) {
    const value = score(judgedPart(whole, part))
    parts[as] = value
    overall += weight * value
  }
  return sample.id === undefined ? { overall, parts } : { id: sample.id, overall, parts }
}

function judgedOf(sample: CheckedSample, asked: Asked, decoded: Decoded): Judged {
  const { response, truth, thoughtOpen = asked.thoughtOpen } = sample
  return {
    answer: response,
    thoughtOpen,
    truth: truth.text,
    previous: () => present(truth.previous, 'truth.previous', 'the answer that the response refines'),
    trueMasks: () =>
      masksOf(present(truth.masks, 'truth.masks', 'a list of COCO RLE; [] where nothing is there')),
    masks: () =>
      sample.masks === undefined ? present(decoded.masks, 'masks', DECODE_HINT) : masksOf(sample.masks),
    previousMasks: () => present(decoded.previousMasks, 'the previous masks', DECODE_HINT),
  }
}

const DECODE_HINT =
  'give masks as COCO RLE, or decode words with a codec (in process: decode; service: --codec)'

function present<T>(value: T | undefined, what: string, hint: string): T {
  if (value !== undefined) return value
  throw new LearnError('missing', `this reward needs ${what}, and the sample has none`, { at: what, hint })
}

const masksOf = (list: readonly RewardRle[]): Mask[] => list.map(maskOfRle)

/** What has to be decoded of a sample, decoded; an error is kept for the sample's own result. */
async function decodeSample(
  asked: Asked,
  value: unknown,
  decode: RewardDecoder,
  maxTextChars: number | undefined,
): Promise<Decoded | { error: unknown }> {
  try {
    const sample = checkSample(value, maxTextChars)
    const { needs } = sample.rewards === undefined ? asked.plan : planRewards(sample.rewards)
    const { response, truth, thoughtOpen = asked.thoughtOpen } = sample
    const before = needs.has('previous-masks')
    if (!before && !(needs.has('masks') && sample.masks === undefined)) return {}
    const [heightPx, widthPx] = present(
      truth.size ?? truth.masks?.[0]?.size,
      'truth.size',
      'height and width of the picture, to decode words at its size',
    )
    if (widthPx * heightPx > MAX_DECODED_PIXELS) {
      throw new LearnError('too-large', `words are not decoded at ${widthPx} x ${heightPx} pixels`, {
        at: 'truth.size',
        hint: `at most ${MAX_DECODED_PIXELS} pixels; decode them yourself and give masks`,
      })
    }
    const size = { widthPx, heightPx }
    const previous = before
      ? saidAnswer(present(truth.previous, 'truth.previous', 'the answer that is refined'))
      : ''
    const said = response === null ? null : saidAnswer(response, answerParts(response, { thoughtOpen }))
    return {
      masks: said === null ? [] : await decode(before ? `${previous}\n${said}` : said, size),
      ...(before && { previousMasks: await decode(previous, size) }),
    }
  } catch (error) {
    return { error }
  }
}

function responseOf({ plan, samples, advantages }: Checked, results: RewardResult[]): RewardResponse {
  const failed = results.reduce((count, result) => count + ('error' in result ? 1 : 0), 0)
  const overall = results.map((result) => ('error' in result ? null : result.overall))
  const groups = samples.map((sample) => (sample as { group?: string | number } | null)?.group)
  return {
    results,
    names: plan.terms.map(({ as }) => as),
    range: plan.range,
    failed,
    ...(advantages && { advantages: Array.from(groupedAdvantages(overall, groups, advantages)) }),
  }
}

/** An error as data: its code, sentence, place and remedy. */
function faultOf(error: unknown): RewardFault {
  if (!(error instanceof Error)) return { code: 'internal', message: String(error) }
  const { code, at, hint } = error as { code?: unknown; at?: unknown; hint?: unknown }
  if (error.name === 'Error' || typeof code !== 'string' || !/^[a-z][a-z-]*$/.test(code)) {
    return { code: 'internal', message: `${error.name}: ${error.message}` }
  }
  return {
    code,
    message: error.message,
    ...(typeof at === 'string' || typeof at === 'number'
      ? { at }
      : code === 'unreadable'
        ? { at: 'truth' }
        : {}),
    ...(typeof hint === 'string' ? { hint } : {}),
  }
}
