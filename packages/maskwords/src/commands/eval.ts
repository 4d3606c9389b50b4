// `maskwords eval <benchmark>`: the table of benchmarks, each loaded on demand, and what works on their rows.
import { type Command, defineCommand } from '../command.ts'
import { MaskwordsError } from '../error.ts'
import { nearest } from '../options.ts'

type Loaded = { readonly command: Command }
type Entry = { readonly summary: string; readonly load: () => Promise<unknown> }

const BENCHMARKS: Readonly<Record<string, Entry>> = {}

const index = defineCommand({
  spec: {
    name: 'eval',
    summary: 'Numbers for answers of a model, with intervals, rows and a report.',
    details: [
      'Benchmarks (maskwords eval <benchmark> --help tells more)',
      ...Object.entries(BENCHMARKS).map(
        ([name, { summary }]) => `  ${name.padEnd(widestName())}  ${summary}`,
      ),
    ],
    arguments: [{ name: 'benchmark', help: 'one of the above' }],
    options: {},
    examples: [
      {
        command: 'maskwords eval gres --predictions out.jsonl --truth grefcoco/ --json',
        note: 'one JSON object with every number',
      },
      {
        command: 'maskwords eval compare a.rows.jsonl b.rows.jsonl',
        note: 'two runs, with significance',
      },
    ],
  },
  async run(context) {
    throw noBenchmark(context.args[0])
  },
})

function widestName(): number {
  return Math.max(...Object.keys(BENCHMARKS).map((name) => name.length))
}

function noBenchmark(name: string | undefined): MaskwordsError {
  const names = Object.keys(BENCHMARKS)
  const near = name === undefined ? undefined : nearest(name, names)
  return new MaskwordsError(
    'usage',
    name === undefined ? 'eval needs a benchmark' : `there is no benchmark "${name}"`,
    {
      hint:
        near === undefined ? `maskwords eval <${names.join('|')}>` : `did you mean maskwords eval ${near}?`,
    },
  )
}

/** The benchmark that the words behind `eval` name, and the words behind it; without one, the index, which shows help. */
export async function evalCommand(
  argv: readonly string[],
): Promise<{ command: Command; argv: readonly string[] }> {
  const [name, ...rest] = argv
  if (name === '--help' || name === '-h') return { command: index as unknown as Command, argv }
  if (name === undefined || !Object.hasOwn(BENCHMARKS, name)) throw noBenchmark(name)
  const { command } = (await BENCHMARKS[name]!.load()) as Loaded
  return { command, argv: rest }
}
