// What the benchmarks share: read truth and answers, score each sample once, and say the numbers.

import {
  type BoxFormat,
  bootstrapIntervals,
  describeBoxSurvey,
  type EvalMode,
  evaluateMetrics,
  formatRowFile,
  groupsOf,
  type Metric,
  type RowFile,
  type SampleRow,
  type ScoredValues,
  type Stamp,
  surveyBoxes,
} from '@maskwords/eval'
import type { Example, OptionSpecs, OptionValues } from '@maskwords/files'
import {
  type Command,
  type Context,
  defineCommand,
  type ErrorReport,
  isTypedError,
  MaskwordsError,
  refuseSameFile,
  reportFailures,
  reportOf,
  throwIfAborted,
  VERSION,
  writeWhole,
} from '@maskwords/files'
import { type AnswerReader, openAnswers } from './answers.ts'
import { EVAL_OPTIONS } from './options.ts'
import { type Predictions, readPredictions } from './predictions.ts'
import type { PredictionRecord } from './record.ts'
import type { Counts, Result } from './result.ts'
import { resultLines } from './result-table.ts'
import type { SampleKind, Truth, TruthSample } from './truth.ts'
import { readTruth, truthHash } from './truth-samples.ts'

/** What a benchmark's scoring sees beside sample and answer. */
export type Scoring<Settings> = {
  readonly mode: EvalMode
  readonly settings: Settings
  readonly answers: AnswerReader
  /** All samples of the run. */
  readonly samples: readonly TruthSample[]
}

/** The numbers of a sample, and what a benchmark over all samples needs of it. */
export type Scored<Item = undefined> = ScoredValues & { readonly item?: Item }

export type Benchmark<O extends OptionSpecs, Settings extends Stamp['settings'], Item = undefined> = {
  readonly name: string
  readonly summary: string
  readonly details: readonly string[]
  readonly examples: readonly Example[]
  /** Options beside those of every benchmark. */
  readonly options: O
  /** The dataset whose layout a folder has unless --dataset says otherwise. */
  readonly dataset: string
  readonly kind: SampleKind
  /** Settings that change numbers: they go into the stamp. */
  readonly settings: (options: OptionValues<O>, mode: EvalMode) => Settings
  /** What numbers in answers count, where boxes are read from text. */
  readonly boxFormat?: (settings: Settings) => BoxFormat
  readonly metrics: (scoring: {
    mode: EvalMode
    settings: Settings
    samples: readonly TruthSample[]
  }) => Metric[]
  /** Groups of a sample beside those that the truth names. */
  readonly groups?: (sample: TruthSample) => readonly string[]
  /** `record` is undefined where the sample has no answer, or one that cannot be used. */
  readonly score: (
    sample: TruthSample,
    record: PredictionRecord | undefined,
    scoring: Scoring<Settings>,
  ) => Scored<Item> | Promise<Scored<Item>>
  /**
   * Where a sample's numbers depend on all samples (average precision, CIDEr): called once after every `score`, in the order
   * of the truth. Its rows replace those of `score`, its numbers stand beside those of the metrics.
   */
  readonly finish?: (whole: {
    readonly mode: EvalMode
    readonly settings: Settings
    readonly truth: Truth
    /** Of every sample, in the order of the truth. */
    readonly items: readonly Item[]
  }) => {
    readonly rows: readonly SampleRow[]
    readonly numbers: Readonly<Record<string, number | null>>
  }
  /** The column that orders samples in the report, best first; without it the report has no pictures. */
  readonly shown?: string
}

/** The command of a benchmark. */
export function benchmarkCommand<const O extends OptionSpecs, S extends Stamp['settings'], Item = undefined>(
  benchmark: Benchmark<O, S, Item>,
): Command {
  const command = defineCommand({
    spec: {
      name: `eval ${benchmark.name}`,
      summary: benchmark.summary,
      details: benchmark.details,
      arguments: [],
      options: { ...EVAL_OPTIONS, ...benchmark.options },
      examples: benchmark.examples,
    },
    run: (context) => runBenchmark(benchmark, context as unknown as Context<typeof EVAL_OPTIONS>),
  })
  return command as unknown as Command
}

async function runBenchmark<O extends OptionSpecs, S extends Stamp['settings'], Item>(
  benchmark: Benchmark<O, S, Item>,
  context: Context<typeof EVAL_OPTIONS>,
): Promise<0 | 1> {
  const { options } = context
  const truthPath = required(options.truth, '--truth: what answers are compared with', benchmark.name)
  await refuseOutputs(context)
  const truth = await readTruth(context as unknown as Context, {
    path: truthPath,
    dataset: options.dataset,
    usual: benchmark.dataset,
    split: options.split,
    kind: benchmark.kind,
  })
  if (truth.samples.length === 0) {
    const [first] = truth.failures
    throw new MaskwordsError(
      'not-found',
      first === undefined
        ? 'there is no sample in the truth'
        : `no sample of the truth can be used; the first: ${first.message}`,
      { file: truthPath, hint: options.split === undefined ? '--split names another part' : undefined },
    )
  }
  if (options.questions !== undefined) {
    const text = truth.samples.map((sample) => JSON.stringify(questionOf(sample))).join('\n')
    await writeText(context, options.questions, `${text}\n`)
    if (options.predictions === undefined) {
      if (options.json)
        await context.printJson({ files: [options.questions], questions: truth.samples.length })
      else await context.print(options.questions)
      return await reportFailures(context as unknown as Context, truth.failures)
    }
  }
  const predictionsPath = required(options.predictions, '--predictions: the answers', benchmark.name)
  const predictions = await readPredictions(context as unknown as Context, predictionsPath)
  const mode: EvalMode = options.mode ?? 'correct'
  const settings = benchmark.settings(options as unknown as OptionValues<O>, mode)
  const boxFormat = benchmark.boxFormat?.(settings)
  const boxSurvey = boxFormat === 'auto' && mode === 'correct' ? surveyBoxes(textsOf(predictions)) : undefined
  const answers = await openAnswers(context as unknown as Context, {
    mode,
    pictureFolders: pictureFolders(context, truth),
    ...(boxFormat !== undefined && { boxFormat }),
    ...(boxSurvey !== undefined && { boxSurvey }),
  })
  try {
    const { result, failures } = await evaluate(benchmark, context, {
      truth,
      predictions,
      answers,
      mode,
      settings,
    })
    const files: string[] = []
    if (options.rows !== undefined) {
      await writeText(context, options.rows, formatRowFile(result.file))
      files.push(options.rows)
    }
    if (options.report !== undefined) {
      const { reportText } = await import('./report.ts')
      const text = await reportText(context as unknown as Context, {
        result,
        truth,
        predictions,
        answers,
        shown: benchmark.shown,
        pictureFolders: pictureFolders(context, truth),
        failures,
      })
      await writeText(context, options.report, text)
      files.push(options.report)
    }
    if (options.json) await context.printJson(resultJson(result, files, failures))
    else {
      for (const line of resultLines(result)) await context.print(line)
      for (const file of files) await context.print(file)
    }
    const assumed = boxSurvey && describeBoxSurvey(boxSurvey)
    if (assumed !== undefined) await context.talk.note(`${assumed}; --box-format forces a reading`)
    await sayCounts(context, result.counts, mode)
    return await reportFailures(context as unknown as Context, failures)
  } finally {
    await answers.close()
  }
}

function* textsOf({ byId }: Predictions): Generator<{ readonly id: string; readonly text: string }> {
  for (const [id, { record }] of byId) if (record.text !== undefined) yield { id, text: record.text }
}

type Evaluation<S> = {
  readonly truth: Truth
  readonly predictions: Predictions
  readonly answers: AnswerReader
  readonly mode: EvalMode
  readonly settings: S
}

async function evaluate<O extends OptionSpecs, S extends Stamp['settings'], Item>(
  benchmark: Benchmark<O, S, Item>,
  context: Context<typeof EVAL_OPTIONS>,
  { truth, predictions, answers, mode, settings }: Evaluation<S>,
): Promise<{ result: Result; failures: ErrorReport[] }> {
  const { talk, io, options } = context
  const { samples } = truth
  const unknown = unknownAnswers(samples, predictions)
  const failures = [...truth.failures, ...predictions.failures]
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
    const scoring = { mode, settings, answers, samples }
    let scored: Scored<Item>
    try {
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
  const whole = benchmark.finish?.({ mode, settings, truth, items })
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
    settings,
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

/** The object that `--json` prints. */
export function resultJson(result: Result, files: readonly string[], errors: readonly ErrorReport[]) {
  const { file, metrics, intervals, groups, counts } = result
  return {
    benchmark: file.stamp.benchmark,
    mode: file.stamp.mode,
    metrics,
    intervals,
    ...counts,
    groups,
    stamp: file.stamp,
    files,
    errors,
  }
}

function unknownAnswers(samples: readonly TruthSample[], predictions: Predictions): number {
  if (predictions.byId.size === 0 && predictions.failures.length === 0) {
    throw new MaskwordsError('malformed', 'there is no answer in it: nothing could be compared', {
      file: predictions.file,
      hint: 'one JSON object a line, as --questions writes them, with the answer added',
    })
  }
  const ids = new Set(samples.map(({ id }) => id))
  let unknown = 0
  for (const id of predictions.byId.keys()) if (!ids.has(id)) unknown++
  if (predictions.byId.size > 0 && unknown === predictions.byId.size) {
    const [answered] = predictions.byId.keys()
    throw new MaskwordsError('not-found', 'no answer has the id of a sample of the truth', {
      file: predictions.file,
      hint: `answers are named like ${JSON.stringify(answered)}, samples like ${JSON.stringify(samples[0]!.id)}; --questions writes the names`,
    })
  }
  return unknown
}

async function sayCounts(
  context: Context<typeof EVAL_OPTIONS>,
  counts: Counts,
  mode: EvalMode,
): Promise<void> {
  const { missing, failed, unknown, samples } = counts
  const treated = mode === 'official' ? 'left out, as the published scripts do' : 'counted as wrong'
  if (missing > 0) await context.talk.note(`${missing} of ${samples} samples have no answer: ${treated}`)
  if (failed > 0) await context.talk.note(`${failed} answers cannot be used: ${treated}`)
  if (unknown > 0)
    await context.talk.note(`${unknown} answers belong to no sample of this truth: not counted`)
}

function required(value: string | undefined, what: string, name: string): string {
  if (value !== undefined) return value
  throw new MaskwordsError('usage', `missing ${what}`, { hint: `maskwords eval ${name} --help` })
}

function pictureFolders(context: Context<typeof EVAL_OPTIONS>, truth: Truth): string[] {
  const named = context.options.pictures
  return named === undefined ? [truth.root] : [context.path(named), truth.root]
}

async function refuseOutputs(context: Context<typeof EVAL_OPTIONS>): Promise<void> {
  const { predictions, truth, rows, report, questions } = context.options
  const inputs = [predictions, truth].filter((name) => name !== undefined).map((name) => context.path(name))
  for (const output of [rows, report, questions]) {
    if (output !== undefined) await refuseSameFile(context.path(output), inputs)
  }
}

async function writeText(context: Context<typeof EVAL_OPTIONS>, name: string, text: string): Promise<void> {
  await writeWhole(context.path(name), new TextEncoder().encode(text), context.io.signal)
}

function questionOf({ id, picture, size, phrase, options }: TruthSample) {
  return {
    id,
    ...(picture !== undefined && { picture }),
    ...(size !== undefined && { size: [size.heightPx, size.widthPx] }),
    ...(phrase !== undefined && { phrase }),
    ...(options !== undefined && { options }),
  }
}
