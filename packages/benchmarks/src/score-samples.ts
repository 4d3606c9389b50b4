// The answers to a benchmark's samples, scored: each sample once, what cannot be used as failed, then the numbers of all.
import {
  bootstrapIntervals,
  type EvalMode,
  evaluateMetrics,
  groupsOf,
  type RowFile,
  type SampleRow,
  type Stamp,
} from '@maskwords/eval'
import type { OptionSpecs } from '@maskwords/files'
import {
  type Context,
  type ErrorReport,
  isTypedError,
  MaskwordsError,
  reportOf,
  throwIfAborted,
  VERSION,
} from '@maskwords/files'
import type { AnswerOptions } from '@maskwords/words'
import type { AnswerReader } from './answers.ts'
import type { Benchmark, Scored } from './benchmark.ts'
import type { JudgedAnswers } from './judged/judge-answers.ts'
import type { VerdictsOf } from './judged/judging.ts'
import type { EVAL_OPTIONS } from './options.ts'
import type { Predictions } from './predictions.ts'
import { type PredictionRecord, readingOf } from './record.ts'
import type { Result } from './result.ts'
import type { Truth } from './truth.ts'
import { truthHash } from './truth-samples.ts'

type Evaluation<S> = {
  readonly truth: Truth
  /** Of all samples, those that are not scored this time too. */
  readonly ids: ReadonlySet<string>
  readonly predictions: Predictions
  readonly answers: AnswerReader
  readonly mode: EvalMode
  readonly settings: S
  readonly reading: AnswerOptions
  /** What a judge said, where the benchmark has one. */
  readonly judged: JudgedAnswers | undefined
}

/** Scores all samples of the truth; answers that cannot be used are among the failures. */
export async function evaluate<O extends OptionSpecs, S extends Stamp['settings'], Item>(
  benchmark: Benchmark<O, S, Item>,
  context: Context<typeof EVAL_OPTIONS>,
  { truth, ids, predictions, answers, mode, settings, reading, judged }: Evaluation<S>,
): Promise<{ result: Result; failures: ErrorReport[] }> {
  const { talk, io, options } = context
  const { samples } = truth
  const unknown = unknownAnswers(ids, predictions)
  const failures = [...truth.failures, ...predictions.failures, ...(judged?.failures ?? [])]
  const verdictsOf: VerdictsOf = judged?.verdictsOf ?? (() => undefined)
  const asked = { ...predictions.made?.asked, ...judged?.asked }
  const rows = new Array<SampleRow>(samples.length)
  const items = new Array<Item>(samples.length)
  const progress = talk.progress(samples.length, 'sample')
  // Picture by picture: a codec looks at each picture once.
  const order = samples.map((_, k) => k)
  const pictureAt = (k: number) => samples[k]!.picture ?? ''
  order.sort((a, b) => (pictureAt(a) < pictureAt(b) ? -1 : pictureAt(a) > pictureAt(b) ? 1 : a - b))
  let pausedMs = performance.now()
  for (const k of order) {
    const sample = samples[k]!
    const prediction = predictions.byId.get(sample.id)
    const scoring = {
      mode,
      settings,
      answers,
      samples,
      verdictsOf,
      readingOf: (record: PredictionRecord) => ({ ...reading, ...readingOf(record) }),
    }
    let scored: Scored<Item>
    try {
      const error = prediction?.record.error
      if (error !== undefined) throw new MaskwordsError('unreadable', `no answer: ${error.message}`)
      scored = await benchmark.score(sample, prediction?.record, scoring)
    } catch (error) {
      if (!isTypedError(error) || prediction === undefined) throw error
      const report = reportOf(error)
      if (report.code === 'usage' || report.code === 'interrupted') throw error
      const unanswered = await benchmark.score(sample, undefined, scoring)
      scored = { ...unanswered, status: 'failed', reason: report.message }
    }
    if (scored.status === 'failed') {
      failures.push({
        code: 'unusable-answer',
        message: `${sample.id}: ${scored.reason ?? 'the answer cannot be used'}`,
        file: predictions.file,
        ...(prediction !== undefined && { at: `line ${prediction.line}` }),
      })
    }
    if (scored.item !== undefined) items[k] = scored.item
    const groups = [...sample.groups, ...(benchmark.groups?.(sample) ?? [])]
    rows[k] = {
      id: sample.id,
      status: scored.status,
      ...(sample.picture !== undefined && { picture: sample.picture }),
      ...(groups.length > 0 && { groups }),
      values: scored.values,
      ...(scored.reason !== undefined && { reason: scored.reason }),
    }
    progress.step()
    if (performance.now() - pausedMs > 50) {
      throwIfAborted(io.signal)
      await new Promise(setImmediate)
      pausedMs = performance.now()
    }
  }
  await progress.clear()
  const whole = await benchmark.finish?.({
    ...{ mode, settings, truth, items },
    context: context as unknown as Context,
  })
  whole?.rows.forEach((row, k) => {
    // What `score` could not read stays a failure; a row knows no picture or group of its own.
    const { status, reason } = rows[k]!.status === 'failed' ? rows[k]! : row
    rows[k] = { ...rows[k]!, status, values: row.values, ...(reason !== undefined && { reason }) }
  })
  const metrics = benchmark.metrics({ mode, settings, samples })
  const stamp: Stamp = {
    benchmark: benchmark.name,
    mode,
    dataset: truthHash(samples),
    codec: answers.codecName,
    version: VERSION,
    settings: { ...settings, ...reading },
    ...(Object.keys(asked).length > 0 && { asked }),
  }
  const result = resultOf({ stamp, metrics, rows }, options, unknown)
  return { result: { ...result, metrics: { ...whole?.numbers, ...result.metrics } }, failures }
}

/** All numbers of a file of rows. */
export function resultOf(
  file: RowFile,
  options: { readonly seed?: number; readonly resamples?: number; readonly unit?: 'sample' | 'picture' },
  unknown = 0,
): Result {
  const { metrics, rows } = file
  const { seed, resamples, unit } = options
  const drawn = {
    ...(seed !== undefined && { seed }),
    ...(resamples !== undefined && { resamples }),
    ...(unit !== undefined && { unit }),
  }
  const groups = groupsOf(rows)
  const count = (status: SampleRow['status']) => rows.filter((row) => row.status === status).length
  return {
    file,
    metrics: evaluateMetrics(rows, metrics),
    intervals: bootstrapIntervals(rows, metrics, drawn),
    groups: Object.fromEntries(
      groups.map((group) => {
        const own = rows.filter((row) => row.groups?.includes(group))
        return [group, { samples: own.length, metrics: evaluateMetrics(own, metrics) }]
      }),
    ),
    counts: {
      samples: rows.length,
      scored: count('scored'),
      missing: count('missing'),
      failed: count('failed'),
      unknown,
    },
  }
}

function unknownAnswers(ids: ReadonlySet<string>, predictions: Predictions): number {
  if (predictions.byId.size === 0 && predictions.failures.length === 0) {
    throw new MaskwordsError('malformed', 'there is no answer in it: nothing could be compared', {
      file: predictions.file,
      hint: 'one JSON object a line, as --questions writes them, with the answer added',
    })
  }
  let unknown = 0
  for (const id of predictions.byId.keys()) if (!ids.has(id)) unknown++
  if (predictions.byId.size > 0 && unknown === predictions.byId.size) {
    const [answered] = predictions.byId.keys()
    throw new MaskwordsError('not-found', 'no answer has the id of a sample of the truth', {
      file: predictions.file,
      hint: `answers are named like ${JSON.stringify(answered)}, samples like ${JSON.stringify([...ids][0])}; --questions writes the names`,
    })
  }
  return unknown
}
