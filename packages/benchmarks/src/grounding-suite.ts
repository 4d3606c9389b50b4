// `maskwords eval grounding-suite`: GroundingSuite's masks or boxes, overall and by class.
import {
  type BoxFormat,
  groundingBoxMetrics,
  groundingMaskMetrics,
  scoreGroundingBox,
  scoreGroundingMask,
} from '@maskwords/eval'
import { benchmarkCommand } from './benchmark-command.ts'
import { BOX_FORMAT_OPTION, BOX_PROMPT, boxFormatOf, joinedBox, readBoxFormat } from './box-options.ts'
import { truthBoxes } from './truth-boxes.ts'
import { unionOfTruth } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'grounding-suite',
  summary: 'GroundingSuite: mean IoU of masks, or accuracy of boxes at 0.5, overall and by class.',
  details: ['Several masks of an answer are united. With --boxes the box around them is compared.'],
  examples: [
    {
      command: 'maskwords eval grounding-suite --predictions out.jsonl --truth gseval.jsonl --json',
      note: 'samples are named by their idx',
    },
  ],
  options: {
    boxes: { type: 'flag', help: 'compare boxes instead of masks' },
    ...BOX_FORMAT_OPTION,
  },
  dataset: 'grounding-suite',
  kind: 'phrases',
  settings: (options) => ({ boxes: options.boxes ?? false, boxFormat: boxFormatOf(options) }),
  boxFormat: ({ boxFormat }): BoxFormat => readBoxFormat(boxFormat),
  asking: {
    prompts: {
      prompt: 'Please carefully check the image and detect the object this sentence describes: {phrase}',
      boxes: BOX_PROMPT,
    },
    choose: (_, { hasWords }) => (hasWords ? 'prompt' : 'boxes'),
    maxTokens: 512,
    needsWords: ({ boxes }) => !boxes,
  },
  metrics: ({ settings }) => (settings.boxes ? groundingBoxMetrics() : groundingMaskMetrics()),
  async score(sample, record, { mode, settings, answers }) {
    if (settings.boxes) {
      const truth = joinedBox(truthBoxes(sample, mode))!
      const prediction = record && (joinedBox(await answers.boxes(record, sample)) ?? null)
      return scoreGroundingBox({ prediction, truth }, { mode })
    }
    const prediction = record && (await answers.union(record, sample))
    return scoreGroundingMask({ prediction, truth: unionOfTruth(sample) }, { mode })
  },
  shown: 'iou',
})
