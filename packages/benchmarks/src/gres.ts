// `maskwords eval gres`: referring segmentation with several targets or none (gRefCOCO).

import { generalisedMetrics, NO_TARGET_GROUP, scoreGeneralised, TARGET_GROUP } from '@maskwords/eval'
import { area } from '@maskwords/mask'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'
import { unionOfTruth } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'gres',
  summary: 'Generalised referring segmentation: several targets or none (gRefCOCO).',
  details: [
    'All targets are one mask, and so are all masks of an answer. An answer without a mask says that there is no target.',
    'noTargetAccuracy (papers: N-acc) is the share of no-target samples answered so; targetAccuracy (T-acc) the share of',
    'the others answered with a mask, right or wrong.',
  ],
  examples: [
    {
      command: 'maskwords eval gres --predictions out.jsonl --truth grefcoco/ --json',
      note: 'one JSON object with every number',
    },
    {
      command: 'maskwords eval gres --predictions out.jsonl --truth grefcoco/ --split testA --mode official',
      note: 'numbers to set beside published ones',
    },
  ],
  options: {},
  dataset: 'grefcoco',
  kind: 'phrases',
  asking: {
    prompts: { prompt: 'Please segment {phrase} in this image.' },
    lowerCase: true,
    maxTokens: 512,
    needsWords: always,
  },
  settings: () => ({}),
  metrics: ({ mode }) => generalisedMetrics(mode),
  groups: (sample) => [area(unionOfTruth(sample)) === 0 ? NO_TARGET_GROUP : TARGET_GROUP],
  async score(sample, record, { mode, answers }) {
    const truth = unionOfTruth(sample)
    const prediction = record && (await answers.union(record, sample))
    return scoreGeneralised({ prediction, truth }, { mode })
  },
  shown: 'iou',
})
