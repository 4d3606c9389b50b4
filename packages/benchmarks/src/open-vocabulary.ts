// `maskwords eval open-vocabulary`: semantic segmentation by class names, mean IoU over classes.
import { scoreSemantic, semanticMetrics } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark.ts'
import { namedMasks } from './named-masks.ts'
import { truthMasks } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'open-vocabulary',
  summary: 'Semantic segmentation by class name: mean IoU over classes.',
  details: [
    'Predictions and truth name each mask ("labels"). A pixel that several classes claim goes to the one with the',
    'smaller mask; pixels without a claim are missed. Classes that are not in the truth count for nobody else.',
  ],
  examples: [
    {
      command: 'maskwords eval open-vocabulary --predictions out.jsonl --truth ade20k.jsonl --json',
      note: 'a sample is a picture',
    },
  ],
  options: {},
  dataset: 'label-map',
  kind: 'classes',
  settings: () => ({}),
  metrics: ({ samples }) =>
    semanticMetrics([...new Set(samples.flatMap((sample) => sample.labels ?? []))].sort()),
  async score(sample, record, { mode, answers }) {
    const truth = namedMasks(truthMasks(sample), sample.labels, sample.id)
    const prediction = record && namedMasks(await answers.masks(record, sample), record.labels)
    const { ignored } = sample
    return scoreSemantic({ prediction, truth, ...(ignored !== undefined && { ignored }) }, { mode })
  },
})
