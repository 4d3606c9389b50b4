// What a benchmark is: which samples it has, what a model is asked, how answers are scored, which numbers come of it.
import type { BoxFormat, EvalMode, Metric, SampleRow, ScoredValues, Stamp } from '@maskwords/eval'
import type { Context, Example, OptionSpecs, OptionValues } from '@maskwords/files'
import type { AnswerOptions } from '@maskwords/words'
import type { AnswerReader } from './answers.ts'
import type { Judging, VerdictsOf } from './judged/judging.ts'
import type { Asking } from './loop/asking.ts'
import type { PredictionRecord } from './record.ts'
import type { SampleKind, Truth, TruthSample } from './truth.ts'

/** What a benchmark's scoring sees beside sample and answer. */
export type Scoring<Settings> = {
  readonly mode: EvalMode
  readonly settings: Settings
  readonly answers: AnswerReader
  /** How the text of an answer is taken apart. */
  readonly readingOf: (record: PredictionRecord) => AnswerOptions
  /** What a judge said of the answer to a sample, where the benchmark has one. */
  readonly verdictsOf: VerdictsOf
  /** All samples of the run. */
  readonly samples: readonly TruthSample[]
}

/** The numbers of a sample, and what a benchmark over all samples needs of it. */
export type Scored<Item = undefined> = ScoredValues & { readonly item?: Item }

/** Rows of a whole benchmark, and numbers beside those of the metrics. */
export type Finished = {
  readonly rows: readonly SampleRow[]
  readonly numbers: Readonly<Record<string, number | null>>
}

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
    readonly context: Context
  }) => Finished | Promise<Finished>
  /** How a model is asked; without it the benchmark has no --model. */
  readonly asking?: Asking<NoInfer<Settings>>
  /** How a judge scores it; without it the benchmark has no --judge. */
  readonly judging?: Judging<NoInfer<Settings>>
  /** The column that orders samples in the report, best first; without it the report has no pictures. */
  readonly shown?: string
}
