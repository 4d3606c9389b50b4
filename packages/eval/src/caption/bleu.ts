// BLEU-1 to BLEU-4 of a set of captions (Papineni et al. 2002) and ROUGE-L (Lin 2004), as the COCO caption evaluation computes them
// (tylin/coco-caption: bleu_scorer.py with the closest reference length, rouge.py with beta 1.2).

import { EvalError } from '../error.ts'
import { ngramCounts } from './ngrams.ts'
import {
  type CaptionOptions,
  type CaptionSample,
  type CaptionScore,
  type TokenisedSample,
  tokenised,
} from './sample.ts'
import { wordsOfTokens } from './tokens.ts'

const LONGEST = 4
/** Keep an empty set from dividing by 0 and a caption without hits from being exactly 0. */
const SMALL = 1e-9
const TINY = 1e-15

type Sums = { readonly right: number[]; readonly given: number[]; length: number; referenceLength: number }

/**
 * BLEU with sequences of up to `longest` words (default 4): of the whole set from summed counts, and of each sample alone.
 * 0 to 1. Throws EvalError as `tokenised`, `bad-option` for `longest` outside 1 to 4.
 */
export function bleu(
  samples: readonly CaptionSample[],
  options: CaptionOptions & { readonly longest?: number } = {},
): CaptionScore {
  const { longest = LONGEST } = options
  if (!Number.isInteger(longest) || longest < 1 || longest > LONGEST) {
    throw new EvalError('bad-option', `BLEU's longest sequence must be 1 to ${LONGEST} words, got ${longest}`)
  }
  const all = emptySums()
  const rows = tokenised(samples, options, wordsOfTokens).map((sample) => {
    const sums = sumsOf(sample)
    for (let n = 0; n < LONGEST; n++) {
      all.right[n]! += sums.right[n]!
      all.given[n]! += sums.given[n]!
    }
    all.length += sums.length
    all.referenceLength += sums.referenceLength
    return { id: sample.id, score: bleuOf(sums, longest) }
  })
  return { rows, score: rows.length === 0 ? null : bleuOf(all, longest) }
}

function emptySums(): Sums {
  return { right: Array(LONGEST).fill(0), given: Array(LONGEST).fill(0), length: 0, referenceLength: 0 }
}

function sumsOf({ caption, references }: TokenisedSample): Sums {
  const sums = emptySums()
  const own = ngramCounts(caption, LONGEST)
  const others = references.map((reference) => ngramCounts(reference, LONGEST))
  own.forEach((counts, n) => {
    sums.given[n] = Math.max(0, caption.length - n)
    for (const [key, count] of counts) {
      sums.right[n]! += Math.min(count, Math.max(...others.map((other) => other[n]!.get(key) ?? 0)))
    }
  })
  sums.length = caption.length
  const distance = (length: number) => Math.abs(length - caption.length)
  // Of two lengths equally close the shorter one.
  const [closest] = references.map(({ length }) => length).sort((a, b) => distance(a) - distance(b) || a - b)
  sums.referenceLength = closest!
  return sums
}

function bleuOf({ right, given, length, referenceLength }: Sums, longest: number): number {
  let product = 1
  for (let n = 0; n < longest; n++) product *= (right[n]! + TINY) / (given[n]! + SMALL)
  const ratio = (length + TINY) / (referenceLength + SMALL)
  return product ** (1 / longest) * (ratio < 1 ? Math.exp(1 - 1 / ratio) : 1)
}

const BETA = 1.2

/** ROUGE-L of each sample and its mean, 0 to 1: best precision and best recall over the references. Throws as `tokenised`. */
export function rougeL(samples: readonly CaptionSample[], options: CaptionOptions = {}): CaptionScore {
  const rows = tokenised(samples, options).map(({ id, caption, references }) => {
    let precision = 0
    let recall = 0
    for (const reference of references) {
      const common = longestCommon(caption, reference)
      if (common === 0) continue
      precision = Math.max(precision, common / caption.length)
      recall = Math.max(recall, common / reference.length)
    }
    const score =
      precision === 0 ? 0 : ((1 + BETA ** 2) * precision * recall) / (recall + BETA ** 2 * precision)
    return { id, score }
  })
  return {
    rows,
    score: rows.length === 0 ? null : rows.reduce((sum, { score }) => sum + score, 0) / rows.length,
  }
}

/** Length of the longest sequence of words that both have in this order, gaps allowed. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let above = new Uint32Array(b.length + 1)
  let here = new Uint32Array(b.length + 1)
  for (const word of a) {
    for (let j = 0; j < b.length; j++) {
      here[j + 1] = word === b[j] ? above[j]! + 1 : Math.max(here[j]!, above[j + 1]!)
    }
    ;[above, here] = [here, above]
  }
  return above[b.length]!
}
