// `maskwords eval res`: referring segmentation, one mask a phrase (RefCOCO, RefCOCO+, RefCOCOg).
import { scoreSegmentation, segmentationMetrics } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'
import { unionOfTruth } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'res',
  summary: 'Referring segmentation: one mask for each phrase (RefCOCO, RefCOCO+, RefCOCOg).',
  details: [
    'meanIou is the mean of the IoU of samples (papers: gIoU), cumulativeIou all intersections over all unions (cIoU).',
    'Several masks of an answer are united.',
  ],
  examples: [
    {
      command: 'maskwords eval res --predictions out.jsonl --truth refcoco/ --split val --codec samtok-nano',
      note: 'answers with mask words',
    },
    {
      command:
        'maskwords eval res --predictions out.jsonl --truth truth.jsonl --rows rows.jsonl --report report.html',
      note: 'rows for eval compare, and a report with pictures',
    },
  ],
  options: {},
  dataset: 'refcoco',
  kind: 'phrases',
  asking: {
    prompts: { prompt: 'Please segment {phrase} in this image.' },
    lowerCase: true,
    maxTokens: 128,
    needsWords: always,
  },
  settings: () => ({}),
  metrics: ({ mode }) => segmentationMetrics(mode),
  async score(sample, record, { mode, answers }) {
    const truth = unionOfTruth(sample)
    const prediction = record && (await answers.union(record, sample))
    return scoreSegmentation({ prediction, truth }, { mode })
  },
  shown: 'iou',
})
