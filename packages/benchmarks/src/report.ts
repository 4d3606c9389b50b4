// The report of a benchmark with pictures of its worst, median and best samples: truth against answer, on the picture where
// it is found, else on a plain ground.
import { messageOf } from '@maskwords/base'
import { columnValue, pickRows, type ReportCard, reportPage, type SampleRow } from '@maskwords/eval'
import type { Context } from '@maskwords/files'
import { type ErrorReport, formatError, isTypedError } from '@maskwords/files'
import {
  drawDifference,
  emptyMask,
  type Mask,
  type Picture,
  pictureToPng,
  plainPicture,
  type Rgb,
  resizeBicubicPillow,
  resizeMaskNearest,
  unionAll,
} from '@maskwords/mask'
import type { AnswerReader } from './answers.ts'
import type { SamplePictures } from './pictures.ts'
import type { Predictions } from './predictions.ts'
import type { Result } from './result.ts'
import type { Truth, TruthSample } from './truth.ts'

/** Cards of each of worst, median, best. */
const EACH = 6
/** Longer side of a card's picture. */
const MAX_SIDE_PX = 448
/** The colours of the command's other pictures: told apart by people who do not see red and green apart, too. */
const BOTH: Rgb = [46, 196, 160]
const EXTRA: Rgb = [255, 122, 60]
const MISSING: Rgb = [96, 150, 255]
const GROUND: Rgb = [44, 48, 56]

export type ReportSource = {
  readonly result: Result
  readonly truth: Truth
  readonly predictions: Predictions
  readonly answers: AnswerReader
  /** The column that orders samples; without it there are no pictures. */
  readonly shown: string | undefined
  readonly pictures: SamplePictures
  readonly failures: readonly ErrorReport[]
}

/** The report's HTML. */
export async function reportText(context: Context, source: ReportSource): Promise<string> {
  const { result, truth, shown, failures } = source
  const { file, metrics, intervals, groups, counts } = result
  const samples = new Map(truth.samples.map((sample) => [sample.id, sample]))
  const cards = []
  for (const { title, rows } of shown === undefined ? [] : pickRows(file.rows, shown, EACH)) {
    const made: ReportCard[] = []
    for (const row of rows) made.push(await cardOf(context, source, row, samples.get(row.id)!, shown!))
    cards.push({ title, cards: made })
  }
  return reportPage({
    stamp: file.stamp,
    metrics: file.metrics,
    values: metrics,
    intervals,
    groups,
    counts,
    ...(shown !== undefined && {
      spread: {
        title: 'IoU of samples',
        values: file.rows
          .filter((row) => Object.hasOwn(row.values, shown))
          .map((row) => columnValue(row, shown)),
      },
    }),
    cards,
    problems: failures.map((failure) => formatError(failure).replace('\n  try: ', '; try: ')),
  })
}

async function cardOf(
  context: Context,
  source: ReportSource,
  row: SampleRow,
  sample: TruthSample,
  shown: string,
): Promise<ReportCard> {
  const note =
    row.reason ??
    (row.status === 'missing' ? 'no answer' : undefined) ??
    (sample.masks?.every(({ edges }) => edges.length === 0) ? 'no target' : undefined)
  const png = await overlay(context, source, sample)
  return {
    id: row.id,
    value: columnValue(row, shown),
    ...(sample.phrase !== undefined && { phrase: sample.phrase }),
    ...(note !== undefined && { note }),
    ...(png !== undefined && { png }),
  }
}

async function overlay(
  context: Context,
  source: ReportSource,
  sample: TruthSample,
): Promise<Uint8Array | undefined> {
  const size = sample.size ?? sample.masks?.[0]
  if (size === undefined) return undefined
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(size.widthPx, size.heightPx))
  const panel = {
    widthPx: Math.max(1, Math.round(size.widthPx * scale)),
    heightPx: Math.max(1, Math.round(size.heightPx * scale)),
  }
  const record = source.predictions.byId.get(sample.id)?.record
  let predicted: readonly Mask[] = []
  try {
    if (record !== undefined) predicted = await source.answers.masks(record, sample)
  } catch (error) {
    if (!isTypedError(error)) throw error
  }
  const fitting = predicted.filter((mask) => mask.widthPx === size.widthPx && mask.heightPx === size.heightPx)
  return pictureToPng(
    drawDifference(
      await ground(context, source, sample, panel),
      { truth: joined(sample.masks ?? [], panel), prediction: joined(fitting, panel) },
      { truePositive: BOTH, falsePositive: EXTRA, falseNegative: MISSING, opacity: 0.55 },
    ),
  )
}

type Panel = { readonly widthPx: number; readonly heightPx: number }

function joined(masks: readonly Mask[], panel: Panel): Mask {
  if (masks.length === 0) return emptyMask(panel.widthPx, panel.heightPx)
  return resizeMaskNearest(unionAll(masks), panel)
}

/** The picture, smaller; a plain ground where it is not found or cannot be read. */
async function ground(
  context: Context,
  { pictures }: ReportSource,
  sample: TruthSample,
  panel: Panel,
): Promise<Picture> {
  const plain = plainPicture(panel.widthPx, panel.heightPx, GROUND)
  if (!pictures.isThere(sample)) return plain
  try {
    const { widthPx, heightPx, rgb } = await pictures.read(sample)
    const picture: Picture = { widthPx, heightPx, channels: 3, bytes: rgb }
    return { ...resizeBicubicPillow(picture, panel), channels: 3 }
  } catch (error) {
    if (!isTypedError(error)) throw error
    await context.talk.note(`${sample.picture} cannot be shown: ${messageOf(error)}`)
    return plain
  }
}
