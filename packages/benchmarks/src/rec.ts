// `maskwords eval rec`: referring boxes, one a phrase.
import { type BoxScale, boxMetrics, scoreBox } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark.ts'
import { joinedBox, readScale, SCALE_OPTION } from './box-options.ts'
import { truthBoxes } from './truth-boxes.ts'

export const command = benchmarkCommand({
  name: 'rec',
  summary: 'Referring boxes: share of phrases whose box has IoU of at least 0.5, 0.7, 0.8, 0.9.',
  details: [
    'A box is the answer\'s "boxes", its [x1, y1, x2, y2] in text, the box of GETok words, or the box around its masks.',
    'Several boxes of one answer are one box around them all.',
  ],
  examples: [
    {
      command: 'maskwords eval rec --predictions out.jsonl --truth refcoco/ --split testA',
      note: 'answers with boxes as numbers',
    },
  ],
  options: SCALE_OPTION,
  dataset: 'refcoco',
  kind: 'boxes',
  settings: (options) => ({ boxScale: options['box-scale'] ?? 'auto' }),
  boxScale: ({ boxScale }): BoxScale => readScale(boxScale),
  metrics: () => boxMetrics(),
  async score(sample, record, { mode, answers }) {
    const truth = joinedBox(truthBoxes(sample, mode))!
    const prediction = record && (joinedBox(await answers.boxes(record, sample)) ?? null)
    return scoreBox({ prediction, truth }, { mode })
  },
})
