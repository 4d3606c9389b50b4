// `maskwords eval polyline`: lines, for example of lanes.
import { scoreLines, setMetrics } from '@maskwords/eval'
import { MaskwordsError } from '@maskwords/files'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'

export const command = benchmarkCommand({
  name: 'polyline',
  summary: 'Lines: precision, recall and F1.',
  details: [
    'Two lines agree by the harmonic mean of the shares of each one that lie within --tolerance of the other; lines are',
    'paired one to one, and a pair with --agreement or more is right.',
  ],
  examples: [
    {
      command: 'maskwords eval polyline --predictions out.jsonl --truth lanes.jsonl --tolerance 20',
      note: 'lines as "lines": [[[x, y], [x, y], ...], ...]',
    },
  ],
  options: {
    tolerance: {
      type: 'number',
      min: 0,
      max: 100_000,
      help: 'pixels that a line may be beside the other (default 15)',
    },
    agreement: { type: 'number', min: 0, max: 1, help: 'agreement from which a pair is right (default 0.5)' },
  },
  dataset: 'jsonl',
  kind: 'lines',
  asking: {
    // No published wording.
    prompts: { prompt: 'Please draw {phrase} in this image as polylines.' },
    maxTokens: 1024,
    needsWords: always,
  },
  settings: ({ tolerance, agreement }) => ({
    tolerancePx: tolerance ?? 15,
    leastAgreement: agreement ?? 0.5,
  }),
  metrics: () => setMetrics('lines'),
  score(sample, record, { mode, settings, answers }) {
    if (sample.lines === undefined) {
      throw new MaskwordsError('malformed', 'the truth of this sample has no lines', { at: sample.id })
    }
    const prediction = record && answers.lines(record, sample)
    return scoreLines({ prediction, truth: sample.lines }, { mode, ...settings })
  },
})
