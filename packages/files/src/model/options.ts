// Options of commands that ask a model: which one, and how its answers are drawn.
import type { OptionSpecs } from '../options.ts'

export const MODEL_OPTIONS = {
  model: {
    type: 'text',
    valueName: 'folder|address',
    help: 'the model: a folder with config.json, tokenizer.json and *.safetensors, a pulled hub id, or a server (http://host:port/v1)',
  },
  'model-name': {
    type: 'text',
    valueName: 'name',
    help: 'which model of a server that has several (also http://host:port/v1#name); its key: MASKWORDS_API_KEY',
  },
  server: {
    type: 'choice',
    choices: ['vllm', 'sglang', 'llama-server', 'llama-cpp-python', 'ollama', 'openai'],
    help: 'what kind of server the address is (default: as it looks; a proxy may hide it)',
  },
  weights: {
    type: 'choice',
    choices: ['auto', 'published', 'int4'],
    help: 'the files as they are, or a 4-bit file made once (default auto: 4 bits above 2 GB)',
  },
} as const satisfies OptionSpecs

export const SAMPLING_OPTIONS = {
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
} as const satisfies OptionSpecs
