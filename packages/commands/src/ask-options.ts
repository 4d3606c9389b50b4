// What `maskwords ask` is told: its options, and what they come to for a model.
import type { Context } from '@maskwords/files'
import {
  CODEC_NAMES,
  MASK_OPTIONS,
  MaskwordsError,
  MODEL_OPTIONS,
  type OpenedModel,
  PICTURE_OPTIONS,
  SAMPLING_OPTIONS,
} from '@maskwords/files'
import type { AskOptions } from '@maskwords/mllm'
import { TASK_NAMES } from '@maskwords/mllm'

export const ASK_OPTIONS = {
  ...MODEL_OPTIONS,
  task: {
    type: 'choice',
    choices: TASK_NAMES,
    help: 'ask in the words that published models were trained with',
  },
  mask: {
    type: 'list',
    valueName: 'file',
    help: 'a mask that the question points at with {mask}, {mask:2}, ...',
  },
  output: {
    type: 'text',
    short: 'o',
    valueName: 'out.png',
    endings: ['.png'],
    help: 'the picture with the masks of the answer on it; of a folder of pictures: a folder',
  },
  top: {
    type: 'integer',
    min: 1,
    max: 100,
    help: 'beside each mask, the most probable masks that could stand there',
  },
  masks: { type: 'integer', min: 0, max: 1000, help: 'the answer has exactly this many masks' },
  forced: { type: 'flag', help: 'the answer is one mask and nothing else' },
  ...SAMPLING_OPTIONS,
  codec: {
    type: 'text',
    valueName: 'codec',
    names: CODEC_NAMES,
    help: "who reads and writes the model's masks (default: by its words, samtok-nano, himtok-nano or getok)",
  },
  threads: { type: 'integer', min: 1, max: 256, help: 'threads of the networks (default: all cores)' },
  ...MASK_OPTIONS,
  ...PICTURE_OPTIONS,
} as const

export type AskContext = Context<typeof ASK_OPTIONS>

export type Asked = OpenedModel & { readonly question: string }

/** Options of the question itself. */
export function askOptions({ options, io }: AskContext): AskOptions {
  if (options.forced && options.masks !== undefined) {
    throw new MaskwordsError('usage', '--forced is one mask; give it or --masks')
  }
  return {
    maxTokens: options['max-tokens'] ?? 512,
    temperature: options.temperature ?? 0,
    topP: options['top-p'] ?? 1,
    topK: options['top-k'] ?? 0,
    seed: options.seed ?? 0,
    alternatives: options.top ?? 0,
    // Else what the model can: a mask that is begun is finished.
    ...(options.forced && { constraint: { mode: 'forced' } as const }),
    ...(options.masks !== undefined && { constraint: { mode: 'count', masks: options.masks } as const }),
    signal: io.signal,
  }
}
