// Options of benchmarks that a judge scores.
import type { OptionSpecs } from '@maskwords/files'

export const JUDGE_OPTIONS = {
  judge: {
    type: 'text',
    valueName: 'address',
    help: 'the server that judges, http://host:port/v1#model (any OpenAI-compatible one; its key is in MASKWORDS_JUDGE_API_KEY)',
  },
  verdicts: {
    type: 'text',
    valueName: 'file',
    help: 'where verdicts are kept and found again (default <benchmark>-<judge>.verdicts.jsonl); without --judge those of the file count',
  },
  'judge-prompt': {
    type: 'text',
    valueName: 'file',
    help: 'judge in the words of this file: published prompts, other languages (docs/evaluation.md)',
  },
  'judge-jobs': {
    type: 'integer',
    min: 1,
    max: 256,
    help: 'questions at the judge at the same time (default 8)',
  },
  'judge-tokens': {
    type: 'integer',
    min: 1,
    max: 65_536,
    help: 'longest reply of the judge (default: as published)',
  },
  'judge-temperature': {
    type: 'number',
    min: 0,
    max: 2,
    help: 'default 0; with --mode official that of the published script',
  },
  'judge-timeout': {
    type: 'integer',
    min: 1,
    max: 3600,
    help: 'longest wait for a reply, in seconds (default 120)',
  },
  'judge-again': { type: 'flag', help: 'ask again where the judge refused, or no verdict can be read' },
} as const satisfies OptionSpecs
