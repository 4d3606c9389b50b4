// `maskwords eval <benchmark>`: the table of benchmarks, each loaded on demand, and what works on their rows.
import { namesHint } from '@maskwords/base'
import { type Command, defineCommand, MaskwordsError } from '@maskwords/files'

type Loaded = { readonly command: Command }
type Entry = { readonly summary: string; readonly load: () => Promise<unknown> }

const BENCHMARKS: Readonly<Record<string, Entry>> = {
  res: {
    summary: 'referring segmentation (RefCOCO, RefCOCO+, RefCOCOg)',
    load: () => import('./res.ts'),
  },
  gres: {
    summary: 'referring segmentation with several or no targets (gRefCOCO)',
    load: () => import('./gres.ts'),
  },
  rec: { summary: 'referring boxes: accuracy at 0.5, 0.7, 0.8, 0.9', load: () => import('./rec.ts') },
  grec: { summary: 'referring boxes, several or none', load: () => import('./grec.ts') },
  reasonseg: {
    summary: 'segmentation by reasoning, with ignored pixels',
    load: () => import('./reasonseg.ts'),
  },
  'multi-round': {
    summary: 'segmentation over several rounds (MR-RefCOCO, MR-PACO)',
    load: () => import('./multi-round.ts'),
  },
  mmr: { summary: 'several masks an answer, matched (MMR)', load: () => import('./mmr.ts') },
  'grounding-suite': {
    summary: 'GroundingSuite, masks or boxes, by class',
    load: () => import('./grounding-suite.ts'),
  },
  perception: { summary: 'multiple choice about masks', load: () => import('./perception.ts') },
  'open-vocabulary': {
    summary: 'semantic segmentation by class name: mean IoU over classes',
    load: () => import('./open-vocabulary.ts'),
  },
  pointing: { summary: 'points in masks: precision, recall, F1', load: () => import('./pointing.ts') },
  polyline: { summary: 'lines: precision, recall, F1', load: () => import('./polyline.ts') },
  'region-caption': {
    summary: 'captions of given regions: METEOR, CIDEr, BLEU-4, ROUGE-L',
    load: () => import('./region-caption.ts'),
  },
  'dlc-bench': {
    summary: 'detailed descriptions of regions, judged by questions (DLC-Bench)',
    load: () => import('./dlc-bench.ts'),
  },
  'mdvp-bench': {
    summary: 'questions about marked regions, graded beside a reference (MDVP-Bench)',
    load: () => import('./mdvp-bench.ts'),
  },
  'videorefer-d': {
    summary: 'descriptions of an object in one frame, judged (VideoRefer-Bench-D)',
    load: () => import('./videorefer-d.ts'),
  },
  gcg: { summary: 'captions with a mask for each phrase (GranD-f)', load: () => import('./gcg.ts') },
  psg: { summary: 'scene graphs: R@K and mR@K', load: () => import('./psg.ts') },
  coco: { summary: 'average precision and recall of masks or boxes', load: () => import('./coco.ts') },
  compare: {
    summary: 'two runs by their rows: is the difference real?',
    load: () => import('./compare.ts'),
  },
  merge: { summary: 'rows of parts of one benchmark into one', load: () => import('./merge.ts') },
  reconstruction: {
    summary: 'masks to words and back: IoU of codecs and baselines, sheets, curves',
    load: () => import('./reconstruction.ts'),
  },
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
  const { command } = (await BENCHMARKS[name]!.load()) as Loaded
  return { command, argv: rest }
}
