// `maskwords eval pointing`: points in masks.
import { scorePoints, setMetrics } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark.ts'
import { truthMasks } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'pointing',
  summary: 'Points in masks: precision, recall and F1.',
  details: ['A point is right when it lies in a true mask that no other point of the answer has taken.'],
  examples: [
    {
      command: 'maskwords eval pointing --predictions out.jsonl --truth truth.jsonl --codec getok',
      note: 'answers with grid words; without --codec, "points": [[x, y], ...]',
    },
  ],
  options: {},
  dataset: 'refcoco',
  kind: 'phrases',
  settings: () => ({}),
  metrics: () => setMetrics('points'),
  score(sample, record, { mode, answers }) {
    const prediction = record && answers.points(record, sample)
    return scorePoints({ prediction, truth: truthMasks(sample) }, { mode })
  },
})
