// CIDEr and CIDEr-D: cosine of TF-IDF vectors of 1 to 4 words, times 10 (Vedantam, Zitnick, Parikh, arXiv 1411.5726; -D as the COCO caption
// evaluation computes it, tylin/coco-caption cider_scorer.py). Document frequencies are those of the references given.

import { ngramCounts } from './ngrams.ts'
import { type CaptionOptions, type CaptionSample, type CaptionScore, tokenised } from './sample.ts'
import { wordsOfTokens } from './tokens.ts'

const LONGEST = 4
/** Width of the penalty for another length, in words. */
const SIGMA = 6
const SCALE = 10

/** How CIDEr counts. */
export type CiderOptions = CaptionOptions & {
  /**
   * `cider-d` (default): counts cut to those of the reference and a Gaussian penalty for another length; this is what the
   * COCO caption evaluation prints as CIDEr. `cider`: neither, as in the paper's first definition (without its stemming).
   */
  readonly variant?: 'cider-d' | 'cider'
}

type Vector = {
  /** One for each n: sequence of words to weight. */
  readonly weights: readonly ReadonlyMap<string, number>[]
  readonly norms: readonly number[]
  /** Pairs of words, as the published code counts length. */
  readonly length: number
}

/**
 * CIDEr of each sample and its mean: 0 to 10. A set of one sample has 0: no word can be rare. Throws EvalError as
 * `tokenised`.
 */
export function cider(samples: readonly CaptionSample[], options: CiderOptions = {}): CaptionScore {
  const { variant = 'cider-d' } = options
  const sets = tokenised(samples, options, wordsOfTokens).map(({ id, caption, references }) => ({
    id,
    caption: counted(caption),
    references: references.map(counted),
  }))
  const documents = new Map<string, number>()
  for (const { references } of sets) {
    const here = new Set(references.flatMap(({ counts }) => counts.flatMap((map) => [...map.keys()])))
    for (const key of here) documents.set(key, (documents.get(key) ?? 0) + 1)
  }
  const logSamples = Math.log(sets.length)
  const vector = ({ counts, length }: ReturnType<typeof counted>): Vector => {
    const weights = counts.map(
      (map) =>
        new Map(
          Array.from(map, ([key, count]) => [
            key,
            count * (logSamples - Math.log(Math.max(1, documents.get(key) ?? 0))),
          ]),
        ),
    )
    const norms = weights.map((map) => Math.sqrt(sum(map.values(), (weight) => weight * weight)))
    return { weights, norms, length }
  }
  const rows = sets.map(({ id, caption, references }) => {
    const candidate = vector(caption)
    const similarities = references.map((reference) => similarity(candidate, vector(reference), variant))
    return { id, score: (SCALE * sum(similarities, (value) => value)) / references.length }
  })
  return { rows, score: rows.length === 0 ? null : sum(rows, ({ score }) => score) / rows.length }
}

function counted(tokens: readonly string[]) {
  return { counts: ngramCounts(tokens, LONGEST), length: Math.max(0, tokens.length - 1) }
}

function similarity(candidate: Vector, reference: Vector, variant: 'cider-d' | 'cider'): number {
  let total = 0
  for (let n = 0; n < LONGEST; n++) {
    const norms = candidate.norms[n]! * reference.norms[n]!
    if (norms === 0) continue
    let product = 0
    for (const [key, weight] of candidate.weights[n]!) {
      const other = reference.weights[n]!.get(key) ?? 0
      product += (variant === 'cider-d' ? Math.min(weight, other) : weight) * other
    }
    total += product / norms
  }
  const penalty =
    variant === 'cider-d' ? Math.exp(-((candidate.length - reference.length) ** 2) / (2 * SIGMA ** 2)) : 1
  return (total / LONGEST) * penalty
}

function sum<T>(items: Iterable<T>, value: (item: T) => number): number {
  let total = 0
  for (const item of items) total += value(item)
  return total
}
