// METEOR of captions. Definition: Denkowski and Lavie 2014 (METEOR 1.5, English, task `rank`). With the tables of the published program it
// gives that program's numbers. Synonyms (WordNet) and paraphrases (a table of 60 MB) do not ship here: without them two of the four stages
// are left, the same word and the same stem, and numbers are lower and may be compared only with each other.

import { FUNCTION_WORDS } from './function-words.ts'
import { alignForMeteor, METEOR_STAGE_WEIGHTS } from './meteor-align.ts'
import type { MeteorTables } from './meteor-tables.ts'
import { type CaptionOptions, type CaptionSample, type CaptionScore, tokenised } from './sample.ts'

/** METEOR 1.5's numbers for English. */
export const METEOR_PARAMETERS = {
  /** Weight of recall against precision. */
  alpha: 0.85,
  /** How sharply chunks are punished. */
  beta: 0.2,
  /** The largest punishment. */
  gamma: 0.6,
  /** Weight of content words; function words have 1 - delta. */
  delta: 0.75,
} as const

/** The weights of METEOR. */
export type MeteorParameters = { readonly [K in keyof typeof METEOR_PARAMETERS]: number }

/** How METEOR matches words. */
export type MeteorOptions = CaptionOptions & {
  readonly parameters?: Partial<MeteorParameters>
  /** Default those of the tables, else `FUNCTION_WORDS`. */
  readonly functionWords?: ReadonlySet<string>
  /** Synonyms and paraphrases of the published program. Default none: numbers are lower then. */
  readonly tables?: MeteorTables
}

/** Sums that add up over samples. */
type Sums = {
  captionWeight: number
  referenceWeight: number
  captionMatched: number
  referenceMatched: number
  chunks: number
  matches: number
}

/**
 * METEOR of each sample (the best over its references), 0 to 1; the score of the set is METEOR of the summed counts, as
 * the published program prints it, not the mean of the rows. Throws EvalError as `tokenised`.
 */
export function meteor(samples: readonly CaptionSample[], options: MeteorOptions = {}): CaptionScore {
  const { tables } = options
  const functionWords = options.functionWords ?? tables?.functionWords ?? FUNCTION_WORDS
  const parameters = { ...METEOR_PARAMETERS, ...options.parameters }
  const all = emptySums()
  const rows = tokenised(samples, options, tables?.normalised).map(({ id, caption, references }) => {
    let best: { sums: Sums; score: number; isPerfect: boolean } | undefined
    for (const reference of references) {
      const { sums, isPerfect } = sumsOf(caption, reference, {
        delta: parameters.delta,
        functionWords,
        tables,
      })
      const score = scoreOf(sums, parameters, isPerfect)
      if (best === undefined || score > best.score) best = { sums, score, isPerfect }
    }
    const { sums, score, isPerfect } = best!
    for (const key of Object.keys(all) as (keyof Sums)[]) all[key] += sums[key]
    // A perfect caption is not punished for its one chunk; in the set neither.
    if (isPerfect) all.chunks -= sums.chunks
    return { id, score }
  })
  return { rows, score: rows.length === 0 ? null : scoreOf(all, parameters, false) }
}

function emptySums(): Sums {
  return {
    captionWeight: 0,
    referenceWeight: 0,
    captionMatched: 0,
    referenceMatched: 0,
    chunks: 0,
    matches: 0,
  }
}

function sumsOf(
  caption: readonly string[],
  reference: readonly string[],
  {
    delta,
    functionWords,
    tables,
  }: {
    readonly delta: number
    readonly functionWords: ReadonlySet<string>
    readonly tables: MeteorTables | undefined
  },
): { readonly sums: Sums; readonly isPerfect: boolean } {
  const weightOf = (word: string) => (functionWords.has(word) ? 1 - delta : delta)
  const sums = emptySums()
  for (const word of caption) sums.captionWeight += weightOf(word)
  for (const word of reference) sums.referenceWeight += weightOf(word)
  const { matches, chunks } = alignForMeteor(caption, reference, tables)
  let [captionCount, referenceCount] = [0, 0]
  for (const { captionAt, captionWords, referenceAt, referenceWords, stage } of matches) {
    const weight = METEOR_STAGE_WEIGHTS[stage]
    for (let k = 0; k < captionWords; k++) sums.captionMatched += weight * weightOf(caption[captionAt + k]!)
    for (let k = 0; k < referenceWords; k++)
      sums.referenceMatched += weight * weightOf(reference[referenceAt + k]!)
    captionCount += captionWords
    referenceCount += referenceWords
  }
  sums.chunks = chunks
  sums.matches = (captionCount + referenceCount) / 2
  const isPerfect = chunks === 1 && captionCount === caption.length && referenceCount === reference.length
  return { sums, isPerfect }
}

function scoreOf(sums: Sums, { alpha, beta, gamma }: MeteorParameters, isPerfect: boolean): number {
  if (sums.captionMatched === 0 || sums.referenceMatched === 0) return 0
  const precision = sums.captionMatched / sums.captionWeight
  const recall = sums.referenceMatched / sums.referenceWeight
  const mean = 1 / ((1 - alpha) / precision + alpha / recall)
  const fragments = isPerfect ? 0 : sums.chunks / sums.matches
  return Math.max(0, mean * (1 - gamma * fragments ** beta))
}
