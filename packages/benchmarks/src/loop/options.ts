// Options of `maskwords eval <benchmark> --model`.
import type { OptionSpecs } from '@maskwords/files'
import { MODEL_OPTIONS, SAMPLING_OPTIONS } from '@maskwords/files'

const { seed: _, 'max-tokens': maxTokens, ...drawing } = SAMPLING_OPTIONS

export const LOOP_OPTIONS = {
  ...MODEL_OPTIONS,
  ...drawing,
  'max-tokens': { ...maxTokens, help: 'longest answer (default: that of the published evaluation)' },
  model: {
    ...MODEL_OPTIONS.model,
    help: 'ask this model (as in ask); answers go to --predictions, and a run that was stopped goes on there',
  },
  prompt: {
    type: 'text',
    valueName: 'text',
    help: 'ask in these words instead of the published ones: {phrase}, {mask}, {options}, {labels}, ... (docs/evaluation.md)',
  },
  constraint: {
    type: 'choice',
    choices: ['free', 'forced', 'off'],
    help: 'masks of an answer: whole ones only, one and nothing else, or as the model says (default free where the model can)',
  },
  'max-side': {
    type: 'integer',
    min: 16,
    max: 65_536,
    help: 'the model sees pictures at most this long on their longer side',
  },
  together: {
    type: 'integer',
    min: 1,
    max: 256,
    help: 'questions on one picture asked together (default: as many as the model takes)',
  },
  jobs: {
    type: 'integer',
    min: 1,
    max: 64,
    help: 'pictures asked about at the same time (default 1; of a server 4)',
  },
} as const satisfies OptionSpecs
