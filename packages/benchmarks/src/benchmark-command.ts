// The command of a benchmark: read truth and answers (or ask for them), score each sample once, and say the numbers.
import {
  describeBoxSurvey,
  type EvalMode,
  formatRowFile,
  randomOf,
  type Stamp,
  surveyBoxes,
} from '@maskwords/eval'
import type { OptionSpecs, OptionValues } from '@maskwords/files'
import {
  type Command,
  type Context,
  counted,
  defineCommand,
  duration,
  type ErrorReport,
  MaskwordsError,
  refuseSameFile,
  reportFailures,
  writeWhole,
} from '@maskwords/files'
import { openAnswers } from './answers.ts'
import type { Benchmark } from './benchmark.ts'
import { judgeAnswers, sayJudged } from './judged/judge-answers.ts'
import { JUDGE_OPTIONS } from './judged/options.ts'
import type { AskedBenchmark } from './loop/ask-benchmark.ts'
import { LOOP_OPTIONS } from './loop/options.ts'
import { EVAL_OPTIONS } from './options.ts'
import { type SamplePictures, samplePictures } from './pictures.ts'
import { type Predictions, readPredictions } from './predictions.ts'
import { readingOf } from './record.ts'
import type { Counts, Result } from './result.ts'
import { resultLines } from './result-table.ts'
import { evaluate } from './score-samples.ts'
import type { Truth, TruthSample } from './truth.ts'
import { readTruth } from './truth-samples.ts'

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
      options: {
        ...EVAL_OPTIONS,
        ...(benchmark.asking === undefined ? {} : LOOP_OPTIONS),
        ...(benchmark.judging === undefined ? {} : JUDGE_OPTIONS),
        ...benchmark.options,
      },
      examples: benchmark.examples,
    },
    run: (context) => runBenchmark(benchmark, context as unknown as BenchmarkContext),
  })
  return command as unknown as Command
}

type BenchmarkContext = Context<typeof EVAL_OPTIONS & typeof LOOP_OPTIONS & typeof JUDGE_OPTIONS>

async function runBenchmark<O extends OptionSpecs, S extends Stamp['settings'], Item>(
  benchmark: Benchmark<O, S, Item>,
  context: BenchmarkContext,
): Promise<0 | 1> {
  const { options } = context
  const truthPath = truthOf(options, benchmark.name)
  await refuseOutputs(context)
  const whole = await readTruth(context as unknown as Context, {
    path: truthPath,
    dataset: options.dataset,
    usual: benchmark.dataset,
    split: options.split,
    kind: benchmark.kind,
  })
  if (whole.samples.length === 0) {
    const [first] = whole.failures
    throw new MaskwordsError(
      'not-found',
      first === undefined
        ? 'there is no sample in the truth'
        : `no sample of the truth can be used; the first: ${first.message}`,
      { file: truthPath, hint: options.split === undefined ? '--split names another part' : undefined },
    )
  }
  const truth: Truth = { ...whole, samples: chosen(whole.samples, options.limit, options.seed ?? 0) }
  if (options.questions !== undefined) {
    const text = truth.samples.map((sample) => JSON.stringify(questionOf(sample))).join('\n')
    await writeText(context, options.questions, `${text}\n`)
    if (options.predictions === undefined && options.model === undefined) {
      if (options.json)
        await context.printJson({ files: [options.questions], questions: truth.samples.length })
      else await context.print(options.questions)
      return await reportFailures(context as unknown as Context, truth.failures)
    }
  }
  const pictures = samplePictures(context as unknown as Context, truth, pictureFolders(context, truth))
  let asked: AskedBenchmark | undefined
  if (options.model !== undefined) {
    const { askBenchmark } = await import('./loop/ask-benchmark.ts')
    const settings = benchmark.settings(options as unknown as OptionValues<O>, options.mode ?? 'correct')
    const needsWords = benchmark.asking!.needsWords(settings)
    asked = await askBenchmark(context, {
      name: benchmark.name,
      asking: benchmark.asking!,
      needsWords,
      whole,
      truth,
      pictures,
    })
  }
  try {
    const file = asked?.file ?? required(options.predictions, '--predictions: the answers', benchmark.name)
    const predictions = await readPredictions(context as unknown as Context, file)
    const ids = new Set(whole.samples.map(({ id }) => id))
    return await scoreBenchmark(benchmark, context, { truth, ids, pictures, predictions, asked })
  } finally {
    await asked?.codec?.close()
  }
}

type ToScore = {
  readonly truth: Truth
  /** Of all samples of the truth, those that --limit leaves out too. */
  readonly ids: ReadonlySet<string>
  readonly pictures: SamplePictures
  readonly predictions: Predictions
  readonly asked: AskedBenchmark | undefined
}

async function scoreBenchmark<O extends OptionSpecs, S extends Stamp['settings'], Item>(
  benchmark: Benchmark<O, S, Item>,
  context: BenchmarkContext,
  { truth, ids, pictures, predictions, asked }: ToScore,
): Promise<0 | 1> {
  const { options } = context
  const mode: EvalMode = options.mode ?? 'correct'
  const settings = benchmark.settings(options as unknown as OptionValues<O>, mode)
  const boxFormat = benchmark.boxFormat?.(settings)
  const reading = options['thought-open'] ? { thoughtOpen: true } : {}
  const judged =
    benchmark.judging === undefined
      ? undefined
      : await judgeAnswers(context, {
          name: benchmark.name,
          judging: benchmark.judging,
          settings,
          mode,
          reading,
          truth,
          predictions,
          pictures,
        })
  const boxSurvey =
    boxFormat === 'auto' && mode === 'correct' ? surveyBoxes(textsOf(predictions), reading) : undefined
  const madeWith = predictions.made?.asked['codec']
  const usualCodec = typeof madeWith === 'string' ? madeWith : undefined
  const answers = await openAnswers(context as unknown as Context, {
    mode,
    ...reading,
    pictures,
    ...(asked?.codec !== undefined && { codec: asked.codec }),
    ...(asked === undefined && usualCodec !== undefined && { usualCodec }),
    ...(boxFormat !== undefined && { boxFormat }),
    ...(boxSurvey !== undefined && { boxSurvey }),
  })
  try {
    const { result, failures } = await evaluate(benchmark, context, {
      truth,
      ids,
      predictions,
      answers,
      mode,
      settings,
      reading,
      judged,
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
        pictures,
        failures,
      })
      await writeText(context, options.report, text)
      files.push(options.report)
    }
    if (options.json)
      await context.printJson({
        ...resultJson(result, files, failures),
        partlyRead: answers.partly.size,
        ...(asked && { answers: { file: asked.file, ...asked.counts } }),
        ...(judged && { verdicts: { file: judged.file, ...judged.counts } }),
      })
    else {
      for (const line of resultLines(result)) await context.print(line)
      for (const file of files) await context.print(file)
    }
    const assumed = boxSurvey && describeBoxSurvey(boxSurvey)
    if (assumed !== undefined) await context.talk.note(`${assumed}; --box-format forces a reading`)
    await sayCounts(context, result.counts, mode)
    const [partly] = answers.partly
    if (partly !== undefined) {
      await context.talk.note(
        `${counted(answers.partly.size, 'answer')} with words or boxes that cannot be read beside others that can, the first ${JSON.stringify(partly)}: scored by what can be read`,
      )
    }
    await sayCutOff(context, truth, predictions)
    if (asked !== undefined) await sayAsked(context, asked)
    if (judged !== undefined) await sayJudged(context, judged, mode)
    return await reportFailures(context as unknown as Context, failures)
  } finally {
    await answers.close()
  }
}

function* textsOf({ byId }: Predictions): Generator<{ readonly id: string; readonly text: string }> {
  for (const [id, { record }] of byId) {
    if (record.text !== undefined) yield { id, text: record.text, ...readingOf(record) }
  }
}

/** Answers that stop at the longest answer say less than the model would have. */
async function sayCutOff({ talk }: BenchmarkContext, truth: Truth, { byId }: Predictions): Promise<void> {
  const cut = truth.samples.filter(({ id }) => byId.get(id)?.record.finish === 'length').length
  if (cut > 0) await talk.note(`${counted(cut, 'answer')} cut at the longest answer (--max-tokens)`)
}

export async function sayAsked(
  { talk }: Pick<Context, 'talk'>,
  { file, counts }: AskedBenchmark,
): Promise<void> {
  const { answered, answerTokens, wallMs } = counts
  if (answered > 0) {
    const rate = (answerTokens / Math.max(wallMs / 1000, 1e-9)).toFixed(1)
    await talk.note(
      `${counted(answered, 'answer')} in ${duration(wallMs)}, ${counted(answerTokens, 'token')} (${rate} a second)`,
    )
  }
  await talk.note(`answers are kept in ${file}`)
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

async function sayCounts(context: BenchmarkContext, counts: Counts, mode: EvalMode): Promise<void> {
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

function pictureFolders(context: BenchmarkContext, truth: Truth): string[] {
  const named = context.options.pictures
  return named === undefined ? [truth.root] : [context.path(named), truth.root]
}

async function refuseOutputs(context: BenchmarkContext): Promise<void> {
  const { predictions, truth, root, rows, report, questions, verdicts } = context.options
  const named = (names: readonly (string | undefined)[]) =>
    names.filter((name) => name !== undefined).map((name) => context.path(name))
  const inputs = named([predictions, truth, root])
  for (const output of named([rows, report, questions, verdicts])) await refuseSameFile(output, inputs)
}

function truthOf({ truth, root }: { readonly truth?: string; readonly root?: string }, name: string): string {
  if (truth !== undefined && root !== undefined) {
    throw new MaskwordsError('usage', '--root is another name of --truth; give one of them')
  }
  return required(truth ?? root, '--truth: what answers are compared with', name)
}

/** The samples that --limit leaves: drawn by the seed, in the order of the truth; a higher limit adds to those of a lower one. */
export function chosen(
  samples: readonly TruthSample[],
  limit: number | undefined,
  seed: number,
): readonly TruthSample[] {
  if (limit === undefined || limit >= samples.length) return samples
  const order = samples.map((_, k) => k)
  const random = randomOf(seed)
  for (let k = order.length - 1; k > 0; k--) {
    const other = random.below(k + 1)
    ;[order[k], order[other]] = [order[other]!, order[k]!]
  }
  const taken = new Set(order.slice(0, limit))
  return samples.filter((_, k) => taken.has(k))
}

async function writeText(context: BenchmarkContext, name: string, text: string): Promise<void> {
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
