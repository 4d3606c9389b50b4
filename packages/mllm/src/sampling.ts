// From scores to the next token: repetition penalty (Keskar et al. 2019), constraint, temperature, top-k, top-p (Holtzman et al. 2020),
// in the order of transformers' generate.
import { randomFrom } from '@maskwords/codecs'
import { MllmError } from './error.ts'
import type { Sampling } from './model.ts'

export type ResolvedSampling = {
  readonly temperature: number
  readonly topP: number
  readonly topK: number
  readonly seed: number
  readonly repetitionPenalty: number
}

/**
 * Fills in what is not given.
 * @throws MllmError `argument` for values out of range.
 */
export function resolveSampling(sampling: Sampling, repetitionPenalty: number): ResolvedSampling {
  const { temperature = 0, topP = 1, topK = 0, seed = 0 } = sampling
  const penalty = sampling.repetitionPenalty ?? repetitionPenalty
  const check = (fits: boolean, name: string, value: number, wanted: string) => {
    if (!fits) throw new MllmError('argument', `${name} is ${value}; ${wanted}`)
  }
  check(
    temperature >= 0 && Number.isFinite(temperature),
    'temperature',
    temperature,
    'a number of at least 0 is wanted',
  )
  check(topP > 0 && topP <= 1, 'topP', topP, 'a number above 0 and up to 1 is wanted')
  check(Number.isInteger(topK) && topK >= 0, 'topK', topK, 'a whole number is wanted, 0 for all')
  check(Number.isSafeInteger(seed) && seed >= 0, 'seed', seed, 'a whole number is wanted')
  check(penalty > 0 && Number.isFinite(penalty), 'repetitionPenalty', penalty, 'a number above 0 is wanted')
  return { temperature, topP, topK, seed, repetitionPenalty: penalty }
}

/** Natural logarithm of the sum of exp of all scores, or of those of some ids. */
export function logSumExp(scores: Float32Array, ids?: readonly number[]): number {
  let largest = Number.NEGATIVE_INFINITY
  let sum = 0
  if (ids === undefined) {
    for (let i = 0; i < scores.length; i++) if (scores[i]! > largest) largest = scores[i]!
    for (let i = 0; i < scores.length; i++) sum += Math.exp(scores[i]! - largest)
  } else {
    for (const id of ids) if (scores[id]! > largest) largest = scores[id]!
    for (const id of ids) sum += Math.exp(scores[id]! - largest)
  }
  return largest + Math.log(sum)
}

/** Ids that may be chosen: a list, or all but a few. */
export type Choice = {
  readonly allowed?: readonly number[] | undefined
  readonly refused?: readonly number[]
}

/** The place of the largest score, the lowest on ties. */
function largestOf(scores: Float32Array, { allowed, refused = [] }: Choice): number {
  let best = -1
  let most = Number.NEGATIVE_INFINITY
  if (allowed) {
    for (const id of allowed) {
      const score = scores[id]!
      if (score > most || (score === most && id < best)) {
        most = score
        best = id
      }
    }
    return best
  }
  for (let id = 0; id < scores.length; id++) {
    if (scores[id]! > most && !refused.includes(id)) {
      most = scores[id]!
      best = id
    }
  }
  return best
}

/** Chooses tokens of one answer. */
export type Chooser = (scores: Float32Array, choice: Choice) => number

/** `said` are the ids that the penalty is for, prompt and answer, kept up by the caller. `stream` tells answers of one seed apart. */
export function chooser(sampling: ResolvedSampling, said: ReadonlySet<number>, stream = 0): Chooser {
  const { temperature, topP, topK, repetitionPenalty } = sampling
  const random = randomFrom((sampling.seed + Math.imul(stream, 0x9e3779b1)) | 0)
  return (raw, choice) => {
    let scores = raw
    if (repetitionPenalty !== 1) {
      scores = raw.slice()
      for (const id of said) {
        const score = scores[id]
        if (score !== undefined)
          scores[id] = score < 0 ? score * repetitionPenalty : score / repetitionPenalty
      }
    }
    if (temperature === 0) return largestOf(scores, choice)
    const { allowed, refused = [] } = choice
    if (allowed === undefined && refused.length === 0 && topK === 0 && topP === 1) {
      return drawnOf(scores, temperature, random())
    }
    const banned = new Set(refused)
    let ids = allowed ? [...allowed] : Array.from(scores.keys()).filter((id) => !banned.has(id))
    const byScore = (a: number, b: number) => scores[b]! - scores[a]! || a - b
    if (topK > 0 || topP < 1) {
      ids.sort(byScore)
      if (topK > 0) ids = ids.slice(0, topK)
    }
    const most = ids.reduce((best, id) => Math.max(best, scores[id]!), Number.NEGATIVE_INFINITY)
    let shares = ids.map((id) => Math.exp((scores[id]! - most) / temperature))
    let total = shares.reduce((a, b) => a + b, 0)
    if (topP < 1) {
      let kept = 0
      let sum = 0
      while (kept < ids.length && sum < topP * total) sum += shares[kept++]!
      shares = shares.slice(0, kept)
      total = sum
    }
    let left = random() * total
    for (let i = 0; i < shares.length; i++) {
      left -= shares[i]!
      if (left < 0) return ids[i]!
    }
    return ids[shares.length - 1]!
  }
}

/** An id by its share among all, for `at` from 0 to 1; in the order of the ids, without lists: vocabularies are long. */
function drawnOf(scores: Float32Array, temperature: number, at: number): number {
  let most = Number.NEGATIVE_INFINITY
  for (let id = 0; id < scores.length; id++) if (scores[id]! > most) most = scores[id]!
  let total = 0
  for (let id = 0; id < scores.length; id++) total += Math.exp((scores[id]! - most) / temperature)
  // Scores that are no numbers have no shares.
  if (!Number.isFinite(total)) return -1
  let left = at * total
  for (let id = 0; id < scores.length; id++) {
    left -= Math.exp((scores[id]! - most) / temperature)
    if (left < 0) return id
  }
  return scores.length - 1
}
