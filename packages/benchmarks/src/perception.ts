// `maskwords eval perception`: multiple choice about masks.
import { choiceMetrics, scoreChoice } from '@maskwords/eval'
import { MaskwordsError } from '@maskwords/files'
import { benchmarkCommand } from './benchmark-command.ts'
import { never } from './loop/asking.ts'

export const command = benchmarkCommand({
  name: 'perception',
  summary: 'Multiple choice about masks: share of questions answered right.',
  details: [
    'The answer is the "text" of the prediction: a letter, alone or before its option, or the option itself.',
    'An answer that names no option is wrong; with --mode official it counts as A, as the published scorer has it.',
  ],
  examples: [
    {
      command: 'maskwords eval perception --predictions out.jsonl --truth questions.jsonl',
      note: 'the truth has "options" and "right"',
    },
  ],
  options: {},
  dataset: 'jsonl',
  kind: 'choices',
  asking: {
    prompts: {
      prompt: "Question: {phrase}\nOptions:\n{options}\nAnswer with the correct option's letter directly.",
    },
    maxTokens: 1024,
    needsWords: never,
    pointsAt: 'masks',
  },
  settings: () => ({}),
  metrics: () => choiceMetrics(),
  score(sample, record, { mode, readingOf }) {
    const { options, right } = sample
    if (options === undefined || right === undefined) {
      throw new MaskwordsError('malformed', 'the truth of this sample has no options or no right one', {
        at: sample.id,
      })
    }
    if (record !== undefined && record.text === undefined) {
      throw new MaskwordsError('malformed', 'the answer has no text')
    }
    return scoreChoice(
      { prediction: record?.text, options, right },
      {
        mode,
        ...(record && readingOf(record)),
      },
    )
  },
})
