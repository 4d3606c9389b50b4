// `maskwords eval compare`: two runs on the same samples, by their rows: the difference, its interval, and whether it is real.
import {
  type Comparison,
  checkSameStamp,
  compareRuns,
  type Metric,
  parseRowFile,
  type Stamp,
  type StampField,
} from '@maskwords/eval'
import type { Io } from '@maskwords/files'
import {
  decodedText,
  defineCommand,
  isTypedError,
  located,
  MAX_JSON_BYTES,
  MaskwordsError,
  readInput,
  tableLines,
} from '@maskwords/files'
import { STATISTICS_OPTIONS } from './options.ts'
import { intervalText, shownValue } from './result-table.ts'

const ALLOWABLE = ['codec', 'version', 'codec,version'] as const

export const command = defineCommand({
  spec: {
    name: 'eval compare',
    summary: 'Two runs on the same samples: the difference of each metric, and whether it is real.',
    details: [
      'The difference is second minus first. The interval is the percentile interval of a paired bootstrap; p is that of a',
      'permutation test which exchanges the two answers of a sample (signs are flipped). Both come from the same seed.',
      'Rows of different benchmarks, truths, modes or settings are refused, and so are different codecs or versions',
      'unless --allow says that the difference is meant. Models and prompts may differ; how is said.',
    ],
    arguments: [
      { name: 'first', help: 'rows of the first run (eval <benchmark> --rows)' },
      { name: 'second', help: 'rows of the second run' },
    ],
    options: {
      ...STATISTICS_OPTIONS,
      allow: { type: 'choice', choices: ALLOWABLE, help: 'stamps that may differ: codec, version or both' },
    },
    examples: [
      { command: 'maskwords eval compare a.rows.jsonl b.rows.jsonl', note: 'a table' },
      {
        command: 'maskwords eval compare getok.rows.jsonl samtok.rows.jsonl --allow codec --json',
        note: 'two codecs, on purpose',
      },
    ],
  },
  async run(context) {
    const { args, options, io } = context
    const [first, second] = [await readRows(io, args[0]!), await readRows(io, args[1]!)]
    // How answers were made is what runs are compared for.
    const allowed = [...(options.allow?.split(',') ?? []), 'asked'] as StampField[]
    checkSameStamp(first.stamp, second.stamp, 'compared', allowed)
    const apart = askedApart(first.stamp.asked, second.stamp.asked)
    if (apart.length > 0) await context.talk.note(`the runs differ in ${apart.join('; ')}`)
    const names = (file: typeof first) => JSON.stringify(file.metrics.map(({ name, parts }) => [name, parts]))
    if (names(first) !== names(second)) {
      throw new MaskwordsError('ambiguous', 'the two files have different metrics', {
        hint: 'evaluate both again with one version',
      })
    }
    const { seed, unit } = options
    const comparisons = compareRuns(first.rows, second.rows, first.metrics, {
      resamples: options.resamples ?? 2000,
      ...(seed !== undefined && { seed }),
      ...(unit !== undefined && { unit }),
    })
    if (options.json) {
      await context.printJson({
        first: { file: args[0], stamp: first.stamp },
        second: { file: args[1], stamp: second.stamp },
        samples: first.rows.length,
        comparisons,
      })
      return 0
    }
    for (const line of comparisonLines(comparisons, first.metrics)) await context.print(line)
    return 0
  },
})

/** What two runs were asked otherwise, each setting with both values. */
function askedApart(a: Stamp['asked'] = {}, b: Stamp['asked'] = {}): string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return names
    .filter((name) => a[name] !== b[name])
    .map((name) => `${name}: ${a[name] ?? 'not said'}, ${b[name] ?? 'not said'}`)
}

/** Reads rows from a file of the command line. */
export async function readRows(io: Io, name: string) {
  const { name: file, bytes } = await readInput(io, name, MAX_JSON_BYTES)
  try {
    return parseRowFile(decodedText(bytes, file), file)
  } catch (error) {
    if (!isTypedError(error)) throw error
    throw located(error, file)
  }
}

function comparisonLines(comparisons: readonly Comparison[], metrics: readonly Metric[]): string[] {
  const of = (name: string) => metrics.find((metric) => metric.name === name)
  return tableLines(
    [
      { title: 'metric' },
      { title: 'first', align: 'right' },
      { title: 'second', align: 'right' },
      { title: 'difference', align: 'right' },
      { title: '95 % interval', align: 'right' },
      { title: 'p', align: 'right' },
    ],
    comparisons.map(({ metric, a, b, difference, interval, permutationP }) => [
      metric,
      shownValue(a, of(metric)),
      shownValue(b, of(metric)),
      difference === null ? '-' : `${difference > 0 ? '+' : ''}${shownValue(difference, of(metric))}`,
      intervalText(interval, of(metric)),
      permutationP === null ? '-' : permutationP < 0.001 ? '<0.001' : permutationP.toFixed(3),
    ]),
  )
}
