// `maskwords eval grec`: referring boxes, several or none (gRefCOCO).
import { type BoxFormat, boxSetMetrics, scoreBoxSet } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark-command.ts'
import { BOX_FORMAT_OPTION, BOX_PROMPT, boxFormatOf, readBoxFormat } from './box-options.ts'
import { never } from './loop/asking.ts'
import { truthBoxes } from './truth-boxes.ts'

export const command = benchmarkCommand({
  name: 'grec',
  summary: 'Referring boxes, several or none (gRefCOCO): boxes paired one to one at IoU 0.5.',
  details: [
    'allRightAccuracy is the share of samples with every box found and none too many (papers: Pr@F1=1).',
  ],
  examples: [
    {
      command: 'maskwords eval grec --predictions out.jsonl --truth grefcoco/ --split val',
      note: 'precision, recall and F1 of boxes',
    },
  ],
  options: {
    ...BOX_FORMAT_OPTION,
    iou: { type: 'number', min: 0, max: 1, help: 'IoU from which boxes are a pair (default 0.5)' },
  },
  dataset: 'grefcoco',
  kind: 'boxes',
  asking: {
    prompts: {
      prompt: 'Please segment {phrase} in this image.',
      boxes: BOX_PROMPT,
    },
    choose: (_, { hasWords }) => (hasWords ? 'prompt' : 'boxes'),
    lowerCase: true,
    maxTokens: 512,
    needsWords: never,
  },
  settings: (options) => ({ boxFormat: boxFormatOf(options), iou: options.iou ?? 0.5 }),
  boxFormat: ({ boxFormat }): BoxFormat => readBoxFormat(boxFormat),
  metrics: () => boxSetMetrics(),
  async score(sample, record, { mode, settings, answers }) {
    const truth = truthBoxes(sample, mode)
    const prediction = record && (await answers.boxes(record, sample))
    return scoreBoxSet({ prediction, truth }, { mode, threshold: settings.iou })
  },
})
