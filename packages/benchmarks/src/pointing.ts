// `maskwords eval pointing`: points in masks.
import { scorePoints, setMetrics } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'
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
  asking: {
    // No published wording.
    prompts: { prompt: 'Please point to {phrase} in this image.' },
    maxTokens: 512,
    needsWords: always,
  },
  settings: () => ({}),
  metrics: () => setMetrics('points'),
  score(sample, record, { mode, answers }) {
    const prediction = record && answers.points(record, sample)
    return scorePoints({ prediction, truth: truthMasks(sample) }, { mode })
  },
})
