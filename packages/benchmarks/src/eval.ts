// `maskwords eval <benchmark>`: the table of benchmarks, each loaded on demand, and what works on their rows.
import { namesHint } from '@maskwords/base'
import { type Command, defineCommand, MaskwordsError } from '@maskwords/files'

type Entry = { readonly summary: string; readonly load: () => Promise<{ readonly command: Command }> }

const entry = (summary: string, load: () => Promise<unknown>): Entry => ({
  summary,
  load: load as Entry['load'],
})

/** What the word behind `eval` chooses. */
export const BENCHMARKS: Readonly<Record<string, Entry>> = {
  res: entry('referring segmentation (RefCOCO, RefCOCO+, RefCOCOg)', () => import('./res.ts')),
  gres: entry('referring segmentation with several or no targets (gRefCOCO)', () => import('./gres.ts')),
  rec: entry('referring boxes: accuracy at 0.5, 0.7, 0.8, 0.9', () => import('./rec.ts')),
  grec: entry('referring boxes, several or none', () => import('./grec.ts')),
  reasonseg: entry('segmentation by reasoning, with ignored pixels', () => import('./reasonseg.ts')),
  'multi-round': entry(
    'segmentation over several rounds (MR-RefCOCO, MR-PACO)',
    () => import('./multi-round.ts'),
  ),
  mmr: entry('several masks an answer, matched (MMR)', () => import('./mmr.ts')),
  'grounding-suite': entry('GroundingSuite, masks or boxes, by class', () => import('./grounding-suite.ts')),
  perception: entry('multiple choice about masks', () => import('./perception.ts')),
  'open-vocabulary': entry(
    'semantic segmentation by class name: mean IoU over classes',
    () => import('./open-vocabulary.ts'),
  ),
  pointing: entry('points in masks: precision, recall, F1', () => import('./pointing.ts')),
  polyline: entry('lines: precision, recall, F1', () => import('./polyline.ts')),
  'region-caption': entry(
    'captions of given regions: METEOR, CIDEr, BLEU-4, ROUGE-L',
    () => import('./region-caption.ts'),
  ),
  'dlc-bench': entry(
    'detailed descriptions of regions, judged by questions (DLC-Bench)',
    () => import('./dlc-bench.ts'),
  ),
  'mdvp-bench': entry(
    'questions about marked regions, graded beside a reference (MDVP-Bench)',
    () => import('./mdvp-bench.ts'),
  ),
  'videorefer-d': entry(
    'descriptions of an object in one frame, judged (VideoRefer-Bench-D)',
    () => import('./videorefer-d.ts'),
  ),
  gcg: entry('captions with a mask for each phrase (GranD-f)', () => import('./gcg.ts')),
  psg: entry('scene graphs: R@K and mR@K', () => import('./psg.ts')),
  coco: entry('average precision and recall of masks or boxes', () => import('./coco.ts')),
  compare: entry('two runs by their rows: is the difference real?', () => import('./compare.ts')),
  merge: entry('rows of parts of one benchmark into one', () => import('./merge.ts')),
  reconstruction: entry(
    'masks to words and back: IoU of codecs and baselines, sheets, curves',
    () => import('./reconstruction.ts'),
  ),
}

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
  return new MaskwordsError(
    'usage',
    name === undefined ? 'eval needs a benchmark' : `there is no benchmark "${name}"`,
    { hint: namesHint(name ?? '', names, (near) => `maskwords eval ${near}`) },
  )
}

/** The benchmark that the words behind `eval` name, and the words behind it; without one, the index, which shows help. */
export async function evalCommand(
  argv: readonly string[],
): Promise<{ command: Command; argv: readonly string[] }> {
  const [name, ...rest] = argv
  if (name === '--help' || name === '-h') return { command: index as unknown as Command, argv }
  if (name === undefined || !Object.hasOwn(BENCHMARKS, name)) throw noBenchmark(name)
  const { command } = await BENCHMARKS[name]!.load()
  return { command, argv: rest }
}
