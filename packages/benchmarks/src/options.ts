// Options that all benchmarks of `maskwords eval` have.
import { READERS } from '@maskwords/datasets'
import type { OptionSpecs } from '@maskwords/files'
import { CODEC_NAMES, CODEC_OPTIONS, THOUGHT_OPTION } from '@maskwords/files'

export const STATISTICS_OPTIONS = {
  seed: { type: 'integer', min: 0, max: 2 ** 32 - 1, help: 'seed of the intervals (default 0)' },
  resamples: {
    type: 'integer',
    min: 1,
    max: 100_000,
    help: 'draws of the bootstrap (default 1000; compare 2000)',
  },
  unit: {
    type: 'choice',
    choices: ['sample', 'picture'],
    help: 'what is drawn: samples, or pictures with all of their samples (default sample)',
  },
} as const satisfies OptionSpecs

export const EVAL_OPTIONS = {
  predictions: { type: 'text', valueName: 'file', help: 'answers, JSON Lines (docs/evaluation.md)' },
  truth: { type: 'text', valueName: 'path', help: "a dataset's folder, or a file of truth in JSON Lines" },
  root: { type: 'text', valueName: 'folder', help: 'another name of --truth' },
  dataset: {
    type: 'text',
    valueName: 'name',
    names: Object.keys(READERS),
    help: 'layout of the folder, where the benchmark has several',
  },
  split: {
    type: 'text',
    valueName: 'name',
    names: ['val', 'test', 'testA', 'testB'],
    help: 'part of the dataset, for example val',
  },
  mode: {
    type: 'choice',
    choices: ['correct', 'official'],
    help: 'sound definitions, or what the published scripts do (default correct)',
  },
  codec: {
    type: 'text',
    valueName: 'codec',
    names: CODEC_NAMES,
    help: 'what reads the mask words of answers: a name, a folder or a file, as in decode (default none: answers hold masks)',
  },
  segmenter: CODEC_OPTIONS.segmenter,
  n: CODEC_OPTIONS.n,
  threads: CODEC_OPTIONS.threads,
  pictures: {
    type: 'text',
    valueName: 'folder',
    help: 'folder of the pictures, for the report and for codecs that see them',
  },
  'thought-open': THOUGHT_OPTION,
  rows: {
    type: 'text',
    valueName: 'rows.jsonl',
    endings: ['.jsonl'],
    help: 'write one row a sample (JSON Lines), for eval compare',
  },
  report: {
    type: 'text',
    valueName: 'out.html',
    endings: ['.html', '.htm'],
    help: 'write a report with pictures (one HTML file)',
  },
  questions: {
    type: 'text',
    valueName: 'out.jsonl',
    endings: ['.jsonl'],
    help: 'write what is to be answered (id, picture, phrase); no predictions needed',
  },
  limit: { type: 'integer', min: 1, max: 10_000_000, help: 'this many samples, drawn by --seed' },
  ...STATISTICS_OPTIONS,
  seed: {
    ...STATISTICS_OPTIONS.seed,
    help: 'seed of the intervals, of --limit, and of answers at a temperature above 0 (default 0)',
  },
} as const satisfies OptionSpecs
