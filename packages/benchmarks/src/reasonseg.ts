// `maskwords eval reasonseg`: segmentation by reasoning (ReasonSeg), whose truth has pixels that are to be ignored.
import { type IgnoreRule, scoreSegmentation, segmentationMetrics } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'
import { unionOfTruth } from './truth-samples.ts'

const RULES = ['exclude', 'count-as-hit', 'background'] as const satisfies readonly IgnoreRule[]

export const command = benchmarkCommand({
  name: 'reasonseg',
  summary: 'Segmentation by reasoning (ReasonSeg).',
  details: [
    'Of a picture with several questions the first one counts, as in the published evaluations.',
    'Ignored pixels of the truth: exclude leaves them out (LISA), count-as-hit makes them foreground of both masks',
    "(HiMTok's script), background makes them wrong where they are predicted (SAMTok's script).",
  ],
  examples: [
    {
      command: 'maskwords eval reasonseg --predictions out.jsonl --truth ReasonSeg/ --split val',
      note: 'ignored pixels left out',
    },
    {
      command:
        'maskwords eval reasonseg --predictions out.jsonl --truth ReasonSeg/ --mode official --ignore count-as-hit',
      note: "the numbers of HiMTok's script",
    },
  ],
  options: {
    ignore: {
      type: 'choice',
      choices: RULES,
      help: 'what ignored pixels are (default exclude; official: background)',
    },
  },
  dataset: 'reasonseg',
  kind: 'first-phrase',
  asking: {
    prompts: {
      prompt: 'Can you segment the {phrase} in this image?',
      sentence: '{phrase} Please output segmentation mask.',
    },
    choose: ({ groups }) => (groups.includes('sentence') ? 'sentence' : 'prompt'),
    maxTokens: 512,
    maxSidePx: 1024,
    needsWords: always,
  },
  settings: ({ ignore }, mode) => ({ ignore: ignore ?? (mode === 'official' ? 'background' : 'exclude') }),
  metrics: ({ mode }) => segmentationMetrics(mode),
  async score(sample, record, { mode, settings, answers }) {
    const truth = unionOfTruth(sample)
    const prediction = record && (await answers.union(record, sample))
    const { ignored } = sample
    return scoreSegmentation(
      { prediction, truth, ...(ignored !== undefined && { ignored }) },
      { mode, ignore: settings.ignore as IgnoreRule, script: 'reasonseg' },
    )
  },
  shown: 'iou',
})
