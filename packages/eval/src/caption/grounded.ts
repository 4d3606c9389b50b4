// Grounded captions (GCG): AP50, mean IoU, recall of phrases with their masks, METEOR and CIDEr of the text. Definition: GLaMM (arXiv
// 2311.03356), with the formulas of the script that SAMTok (arXiv 2601.16093) uses; where that script is unsound, mode `correct` is
// not (docs/metrics-detection.md names each difference).

import { area, emptyMask, intersectionArea, type Mask } from '@maskwords/mask'
import { type CocoResult, evaluateCoco } from '../coco/evaluate.ts'
import type { CocoId } from '../coco/input.ts'
import { EvalError } from '../error.ts'
import { greedyPairs } from '../match/greedy.ts'
import { pairing } from '../referring/pairing.ts'
import type { SampleRow } from '../row.ts'
import type { EvalMode } from '../stamp.ts'
import type { Metric } from '../statistics/metric.ts'
import { cider } from './cider.ts'
import { meteor } from './meteor.ts'
import type { MeteorTables } from './meteor-tables.ts'
import type { CaptionOptions, CaptionSample } from './sample.ts'
import { type TextSimilarity, tokenF1 } from './text-similarity.ts'

/** A phrase of a caption and its mask. */
export type PhraseMask = {
  readonly phrase: string
  readonly mask: Mask
  /** How sure the model is. Default 1. Mode `official` takes 1 for all. */
  readonly score?: number
}

/** A caption with masks behind its phrases, predicted and true. */
export type GroundedCaptionSample = {
  readonly id: CocoId
  readonly truth: { readonly captions: readonly string[]; readonly phrases: readonly PhraseMask[] }
  /** Undefined where there is no answer. */
  readonly prediction: { readonly caption: string; readonly phrases: readonly PhraseMask[] } | undefined
}

/** How grounded captions are scored. */
export type GroundedCaptionOptions = CaptionOptions & {
  readonly mode: EvalMode
  /** Default `tokenF1`. */
  readonly textSimilarity?: TextSimilarity
  /** Synonyms and paraphrases of METEOR. Default none: its number is lower then. */
  readonly tables?: MeteorTables
  /** A phrase is found with at least this IoU and this likeness of the text. Defaults 0.5. */
  readonly iouThreshold?: number
  readonly textThreshold?: number
}

/** Scores of grounded captions: of the text, of the masks, of both. */
export type GroundedCaptionResult = {
  /** -1 where there is no true mask. */
  readonly ap50: number
  readonly meanIou: number | null
  readonly recall: number | null
  readonly meteor: number | null
  readonly cider: number | null
  readonly rows: readonly SampleRow[]
  readonly detection: CocoResult
}

/** The numbers that are ratios of sums over rows; AP50 and METEOR are those of the whole set. */
export const GROUNDED_CAPTION_METRICS: readonly Metric[] = [
  {
    name: 'meanIou',
    parts: [{ numerator: 'meanIou', denominator: 'pictures' }],
    title: 'mean over pictures of the mean IoU of paired masks',
  },
  {
    name: 'recall',
    parts: [{ numerator: 'found', denominator: 'phrases' }],
    title: 'true phrases found with their mask',
  },
  { name: 'cider', parts: [{ numerator: 'cider', denominator: 'captions' }], title: 'CIDEr-D of captions' },
  {
    name: 'meteorMean',
    parts: [{ numerator: 'meteor', denominator: 'captions' }],
    title: 'mean METEOR of captions',
  },
]

/**
 * The metrics of grounded captions and a row for each sample. A predicted mask of another size than the true ones is no
 * mask that could match; its row is `failed` and says so. Throws EvalError: `size-mismatch` for true masks of different
 * sizes in one picture, `duplicate` ids, `out-of-range` scores.
 */
export function evaluateGroundedCaptions(
  samples: readonly GroundedCaptionSample[],
  options: GroundedCaptionOptions,
): GroundedCaptionResult {
  const { mode } = options
  const placed = samples.map(placedSample)
  const captions = captionSamples(samples, mode)
  const detection = detectionOf(placed, mode)
  const meteorScores = meteor(captions, options)
  const ciderScores = cider(captions, options)
  const textOf = new Map(
    captions.map(({ id }, i) => [
      id,
      { captions: 1, meteor: meteorScores.rows[i]!.score, cider: ciderScores.rows[i]!.score },
    ]),
  )
  const rows = placed.map((sample): SampleRow => {
    const id = String(sample.id)
    const values = { ...regionValues(sample, options), ...textOf.get(id) }
    if (sample.isMissing) return { id, status: 'missing', values }
    if (sample.reason === undefined) return { id, status: 'scored', values }
    return { id, status: 'failed', values, reason: sample.reason }
  })
  const sum = (column: string) => rows.reduce((total, { values }) => total + (values[column] ?? 0), 0)
  const ratio = (above: string, below: string) => (sum(below) === 0 ? null : sum(above) / sum(below))
  return {
    ap50: detection.stats.ap50,
    meanIou: ratio('meanIou', 'pictures'),
    recall: ratio('found', 'phrases'),
    meteor: meteorScores.score,
    cider: ciderScores.score,
    rows,
    detection,
  }
}

type Placed = {
  readonly id: CocoId
  readonly widthPx: number
  readonly heightPx: number
  readonly truths: readonly PhraseMask[]
  /** All of the picture's size: one of another size is here without pixels. */
  readonly found: readonly PhraseMask[]
  readonly isMissing: boolean
  readonly reason: string | undefined
}

function placedSample({ id, truth, prediction }: GroundedCaptionSample): Placed {
  const [first] = truth.phrases
  const { widthPx, heightPx } = first?.mask ?? prediction?.phrases[0]?.mask ?? { widthPx: 0, heightPx: 0 }
  const isFitting = ({ mask }: PhraseMask) => mask.widthPx === widthPx && mask.heightPx === heightPx
  const size = ({ mask }: PhraseMask) => `${mask.widthPx} x ${mask.heightPx}`
  const odd = truth.phrases.find((phrase) => !isFitting(phrase))
  if (odd !== undefined) {
    throw new EvalError('size-mismatch', `sample ${id}: true masks of ${size(first!)} and ${size(odd)}`, {
      at: String(id),
    })
  }
  const phrases = prediction?.phrases ?? []
  const wrong = phrases.filter((phrase) => !isFitting(phrase))
  return {
    id,
    widthPx,
    heightPx,
    truths: truth.phrases,
    found: phrases.map((phrase) =>
      isFitting(phrase) ? phrase : { ...phrase, mask: emptyMask(widthPx, heightPx) },
    ),
    isMissing: prediction === undefined,
    reason:
      wrong.length === 0
        ? undefined
        : `${wrong.length} of ${phrases.length} masks of another size (${size(wrong[0]!)}, wanted ${widthPx} x ${heightPx})`,
  }
}

/** Official: pictures without an answer are not in the text metrics. Correct: their caption is empty. */
function captionSamples(samples: readonly GroundedCaptionSample[], mode: EvalMode): CaptionSample[] {
  return samples
    .filter(({ truth, prediction }) => truth.captions.length > 0 && (mode === 'correct' || prediction))
    .map(({ id, truth, prediction }) => ({
      id: String(id),
      caption: prediction?.caption ?? '',
      references: truth.captions,
    }))
}

function detectionOf(placed: readonly Placed[], mode: EvalMode): CocoResult {
  const seen = new Set<CocoId>()
  for (const { id } of placed) {
    if (seen.has(id)) throw new EvalError('duplicate', `sample ${id} is there twice`, { at: String(id) })
    seen.add(id)
  }
  // With one score for all the order of pictures decides, and COCO's evaluation orders them by id.
  const ordered = [...placed].sort((a, b) => comparePictureIds(a.id, b.id))
  const result = evaluateCoco({
    kind: 'mask',
    pictures: ordered.map(({ widthPx, heightPx }, place) => ({ id: place, widthPx, heightPx })),
    categories: [{ id: 1, name: 'phrase' }],
    truths: ordered.flatMap(({ truths }, place) =>
      truths.map(({ mask }) => ({ pictureId: place, categoryId: 1, mask })),
    ),
    detections: ordered.flatMap(({ found }, place) =>
      found.map(({ mask, score = 1 }) => ({
        pictureId: place,
        categoryId: 1,
        mask,
        score: mode === 'official' ? 1 : score,
      })),
    ),
    mode,
    ties: mode === 'official' ? 'in-order' : 'together',
  })
  const rows = result.rows.map((row) => ({ ...row, pictureId: ordered[row.pictureId as number]!.id }))
  return { ...result, rows }
}

/**
 * The order of picture ids in the published evaluation: numbers by value, written as text or not, before texts, which are
 * compared as such. Of texts that end in a number after a slash (the entries of an annotation file) the number decides last.
 */
export function comparePictureIds(a: CocoId, b: CocoId): number {
  const [x, y] = [idParts(a), idParts(b)]
  if (x.name !== y.name) return x.name === '' ? -1 : y.name === '' ? 1 : x.name < y.name ? -1 : 1
  return x.number < y.number ? -1 : x.number > y.number ? 1 : 0
}

function idParts(id: CocoId): { name: string; number: bigint } {
  const found = /^(.*\/)?(-?\d+)$/s.exec(String(id))
  return found === null
    ? { name: String(id), number: 0n }
    : { name: found[1] ?? '', number: BigInt(found[2]!) }
}

function regionValues(sample: Placed, options: GroundedCaptionOptions): Record<string, number> {
  const { truths, found } = sample
  const ious = iousOf(truths, found)
  return options.mode === 'official'
    ? { ...officialIou(ious, truths, found), ...officialRecall(ious, sample, options) }
    : { ...correctIou(ious, truths, found), ...correctRecall(ious, sample, options) }
}

/** Row-major, truths by predictions. Two masks without pixels have 0. */
function iousOf(truths: readonly PhraseMask[], found: readonly PhraseMask[]): Float64Array {
  const ious = new Float64Array(truths.length * found.length)
  const areas = found.map(({ mask }) => area(mask))
  truths.forEach(({ mask }, t) => {
    const own = area(mask)
    found.forEach((other, p) => {
      const both = intersectionArea(mask, other.mask)
      if (both > 0) ious[t * found.length + p] = both / (own + areas[p]! - both)
    })
  })
  return ious
}

/** Mean over greedy pairs alone: what has no partner costs nothing. A picture without pairs has 0. */
function officialIou(ious: Float64Array, truths: readonly unknown[], found: readonly unknown[]) {
  // Predictions are the rows of the published matrix; that decides between equal values.
  const turned = new Float64Array(ious.length)
  truths.forEach((_, t) => {
    found.forEach((_, p) => {
      turned[p * truths.length + t] = ious[t * found.length + p]!
    })
  })
  const pairs = greedyPairs({ values: turned, rows: found.length, columns: truths.length })
  return { meanIou: pairs.length === 0 ? 0 : mean(pairs.map(({ value }) => value)), pictures: 1 }
}

/** Best pairs, over all true masks: one that is not found has 0. Pictures without true masks do not count. */
function correctIou(ious: Float64Array, truths: readonly unknown[], found: readonly unknown[]) {
  if (truths.length === 0) return { meanIou: 0, pictures: 0 }
  const partner = pairing(ious, truths.length, found.length)
  let sum = 0
  partner.forEach((p, t) => {
    if (p >= 0) sum += ious[t * found.length + p]!
  })
  return { meanIou: sum / truths.length, pictures: 1 }
}

function thresholds({
  iouThreshold = 0.5,
  textThreshold = 0.5,
  textSimilarity = tokenF1,
}: GroundedCaptionOptions) {
  return { iouThreshold, textThreshold, textSimilarity }
}

/** Pairs from the largest IoU on; the first that fails either threshold ends the search, whatever comes after it. */
function officialRecall(ious: Float64Array, { truths, found }: Placed, options: GroundedCaptionOptions) {
  const { iouThreshold, textThreshold, textSimilarity } = thresholds(options)
  const pairs = greedyPairs({ values: ious, rows: truths.length, columns: found.length })
  const end = pairs.findIndex(
    ({ row, column, value }) =>
      value < iouThreshold || textSimilarity(truths[row]!.phrase, found[column]!.phrase) < textThreshold,
  )
  return { found: end === -1 ? pairs.length : end, phrases: truths.length }
}

/** The largest number of pairs that pass both thresholds. */
function correctRecall(ious: Float64Array, { truths, found }: Placed, options: GroundedCaptionOptions) {
  const { iouThreshold, textThreshold, textSimilarity } = thresholds(options)
  const passes = new Float64Array(ious.length)
  truths.forEach(({ phrase }, t) => {
    found.forEach((other, p) => {
      const at = t * found.length + p
      if (ious[at]! >= iouThreshold && textSimilarity(phrase, other.phrase) >= textThreshold) passes[at] = 1
    })
  })
  let pairs = 0
  pairing(passes, truths.length, found.length).forEach((p, t) => {
    if (p >= 0 && passes[t * found.length + p] === 1) pairs++
  })
  return { found: pairs, phrases: truths.length }
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length
}

/**
 * The caption as the published script prepares it for the text metrics: everything between `<` and the next `>` on the
 * same line goes, line breaks go without a space, white space becomes single spaces, quotes `'` around it go.
 */
export function officialGroundedCaption(text: string): string {
  let plain = ''
  for (const [i, line] of text.split('\n').entries()) {
    if (i > 0) plain += '\n'
    plain += withoutTags(line)
  }
  return plain
    .replaceAll('\n', '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ')
    .replace(/^'+|'+$/g, '')
}

function withoutTags(line: string): string {
  let out = ''
  let at = 0
  for (;;) {
    const open = line.indexOf('<', at)
    const close = open === -1 ? -1 : line.indexOf('>', open)
    if (close === -1) return out + line.slice(at)
    out += line.slice(at, open)
    at = close + 1
  }
}
