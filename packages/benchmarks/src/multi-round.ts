// `maskwords eval multi-round`: segmentation over the rounds of a dialogue (MR-RefCOCO, MR-PACO), each round by itself.
import { scoreSegmentation, segmentationMetrics } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'
import { unionOfTruth } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'multi-round',
  summary: 'Segmentation over several rounds (MR-RefCOCO, MR-PACO): each round, and all together.',
  details: [
    'A sample is one round; the truth names it ("round": 1), or the dataset does. Formulas are those of res.',
  ],
  examples: [
    {
      command: 'maskwords eval multi-round --predictions out.jsonl --truth rounds.jsonl --json',
      note: 'the groups of the JSON are the rounds',
    },
  ],
  options: {},
  dataset: 'segllm',
  kind: 'rounds',
  asking: { prompts: { prompt: '{phrase}' }, maxTokens: 128, needsWords: always },
  settings: () => ({}),
  metrics: ({ mode }) => segmentationMetrics(mode),
  async score(sample, record, { mode, answers }) {
    const truth = unionOfTruth(sample)
    const prediction = record && (await answers.union(record, sample))
    return scoreSegmentation({ prediction, truth }, { mode })
  },
  shown: 'iou',
})
