// `maskwords eval rec`: referring boxes, one a phrase.
import { type BoxFormat, boxMetrics, scoreBox } from '@maskwords/eval'
import { MaskwordsError } from '@maskwords/files'
import { benchmarkCommand } from './benchmark-command.ts'
import { BOX_FORMAT_OPTION, BOX_PROMPT, boxFormatOf, joinedBox, readBoxFormat } from './box-options.ts'
import { never } from './loop/asking.ts'
import { truthBoxes } from './truth-boxes.ts'

export const command = benchmarkCommand({
  name: 'rec',
  summary: 'Referring boxes: share of phrases whose box has IoU of at least 0.5, 0.7, 0.8, 0.9.',
  details: [
    'A box is the answer\'s "boxes", its numbers in text in any of the known forms ([x1, y1, x2, y2], bbox_2d, (x1,y1),(x2,y2)),',
    'the box of GETok words, or the box around its masks. Several boxes of one answer are one box around them all.',
    'The unit of the numbers is decided by all answers together and said; --box-format forces one.',
  ],
  examples: [
    {
      command: 'maskwords eval rec --predictions out.jsonl --truth refcoco/ --split testA',
      note: 'answers with boxes as numbers',
    },
  ],
  options: BOX_FORMAT_OPTION,
  dataset: 'refcoco',
  kind: 'boxes',
  asking: {
    prompts: {
      prompt: 'Please segment {phrase} in this image.',
      boxes: BOX_PROMPT,
    },
    choose: (_, { hasWords }) => (hasWords ? 'prompt' : 'boxes'),
    lowerCase: true,
    maxTokens: 128,
    needsWords: never,
  },
  settings: (options) => ({ boxFormat: boxFormatOf(options) }),
  boxFormat: ({ boxFormat }): BoxFormat => readBoxFormat(boxFormat),
  metrics: () => boxMetrics(),
  async score(sample, record, { mode, answers }) {
    const truth = joinedBox(truthBoxes(sample, mode))
    if (truth === undefined) {
      throw new MaskwordsError('malformed', 'the truth of this sample has no box to find', { at: sample.id })
    }
    const prediction = record && (joinedBox(await answers.boxes(record, sample)) ?? null)
    return scoreBox({ prediction, truth }, { mode })
  },
})
