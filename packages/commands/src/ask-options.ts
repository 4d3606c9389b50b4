// What `maskwords ask` is told: its options, and what they come to for a model.
import type { MaskCodec } from '@maskwords/codecs'
import type { Context } from '@maskwords/files'
import { MASK_OPTIONS, MaskwordsError, PICTURE_OPTIONS } from '@maskwords/files'
import type { AskOptions, MultimodalModel } from '@maskwords/mllm'
import { TASK_NAMES } from '@maskwords/mllm'

export const ASK_OPTIONS = {
  model: {
    type: 'text',
    valueName: 'folder',
    help: 'the model: a folder with config.json, tokenizer.json and *.safetensors, or a pulled hub id',
  },
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
  out: {
    type: 'text',
    short: 'o',
    valueName: 'out.png',
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
  'max-tokens': { type: 'integer', min: 1, max: 100_000, help: 'longest answer (default 512)' },
  temperature: { type: 'number', min: 0, max: 10, help: '0 takes the most probable words (default)' },
  'top-p': {
    type: 'number',
    min: 0.0001,
    max: 1,
    help: 'of the most probable words those that reach this share (default 1)',
  },
  'top-k': {
    type: 'integer',
    min: 0,
    max: 1_000_000,
    help: 'of the most probable words this many (default 0: all)',
  },
  seed: { type: 'integer', min: 0, max: 2 ** 31 - 1, help: 'for a temperature above 0 (default 0)' },
  weights: {
    type: 'choice',
    choices: ['auto', 'published', 'int4'],
    help: 'the files as they are, or a 4-bit file made once (default auto: 4 bits above 2 GB)',
  },
  codec: {
    type: 'text',
    valueName: 'codec',
    help: "who reads and writes the model's masks (default: by its words, samtok-nano, himtok-nano or getok)",
  },
  threads: { type: 'integer', min: 1, max: 256, help: 'threads of the networks (default: all cores)' },
  ...MASK_OPTIONS,
  ...PICTURE_OPTIONS,
} as const

export type AskContext = Context<typeof ASK_OPTIONS>

export type Asked = {
  readonly model: MultimodalModel
  /** Undefined where the model has no mask words. */
  readonly codec: MaskCodec | undefined
  readonly question: string
  readonly source: string
}

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
    constraint: options.forced
      ? { mode: 'forced' }
      : options.masks !== undefined
        ? { mode: 'count', masks: options.masks }
        : { mode: 'free' },
    signal: io.signal,
  }
}
