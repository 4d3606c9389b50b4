// `maskwords eval mmr`: several masks an answer, paired with the true ones (MMR).
import { maskSetMetrics, scoreMaskSet } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'
import { truthMasks } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'mmr',
  summary: 'Several masks an answer, paired with the true ones for the most overlap (MMR).',
  details: [
    'meanIou is over the true masks, and in correct mode over masks too many as well: they are pairs with nothing.',
  ],
  examples: [
    {
      command: 'maskwords eval mmr --predictions out.jsonl --truth MMR/ --split val --codec samtok-nano',
      note: 'every mask of an answer counts for itself',
    },
  ],
  options: {},
  dataset: 'mmr',
  kind: 'phrases',
  asking: { prompts: { prompt: '{phrase}' }, maxTokens: 512, needsWords: always },
  settings: () => ({}),
  metrics: ({ mode }) => maskSetMetrics(mode),
  async score(sample, record, { mode, answers }) {
    const truth = truthMasks(sample)
    const prediction = record && (await answers.masks(record, sample))
    return scoreMaskSet({ prediction, truth }, { mode })
  },
  shown: 'sampleIou',
})
