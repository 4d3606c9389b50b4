// The table of commands: the first word of a command line, what it does, and the file that does it. Help, near misses and the
// completion of shells are made from it.
import type { CommandEntry, CommandTable } from './command-entry.ts'

const entry = (summary: string, load: () => Promise<unknown>): CommandEntry => ({
  summary,
  load: load as CommandEntry['load'],
})

/** Commands load on demand: `maskwords --help` must not read an engine. */
export const COMMANDS: CommandTable = {
  encode: entry('picture + masks -> words', () => import('./encode.ts')),
  decode: entry('picture + words -> masks and an overlay picture', () => import('./decode.ts')),
  ask: entry('ask a multimodal model about a picture; it answers with masks', () => import('./ask.ts')),
  chat: entry(
    'several rounds about a picture; answers hold masks, questions point at them',
    () => import('./chat.ts'),
  ),
  roundtrip: entry(
    'masks -> words -> masks: IoU, boundary F, tokens, times, a side-by-side picture',
    () => import('./roundtrip.ts'),
  ),
  inspect: entry('say what a file or a text is, and what is wrong with it', () => import('./inspect.ts')),
  convert: entry(
    'masks from one dialect to another (COCO, CVAT, Label Studio, PNG, raw)',
    () => import('./convert.ts'),
  ),
  prepare: entry(
    "your data and published datasets -> a trainer's files, masks in words; with a plan and a health report",
    () => import('./prepare.ts'),
  ),
  eval: {
    summary: 'answers of a model against the truth: metrics, intervals, comparisons, a report',
    load: async (argv) => (await import('@maskwords/benchmarks/eval')).evalCommand(argv),
    under: async () => (await import('@maskwords/benchmarks/eval')).BENCHMARKS,
  },
  pull: entry('fetch published weights from a model hub, checked and resumed', () => import('./pull.ts')),
  import: entry('a published weight file -> a ready folder', () => import('./import.ts')),
  'extend-vocab': entry(
    "a language model's folder -> one whose vocabulary has the mask words",
    () => import('./extend-vocab.ts'),
  ),
  'patch-gguf': entry(
    'mask words of a GGUF file, made visible to llama.cpp',
    () => import('./patch-gguf.ts'),
  ),
  reward: entry(
    'rewards over HTTP for reinforcement learning, and the Python files that call it',
    () => import('./reward.ts'),
  ),
  serve: entry('the studio, and codecs and rewards over HTTP', () => import('./serve.ts')),
  scenes: entry(
    'made-up scenes with referring questions, from photographs with masks or drawn',
    () => import('./scenes.ts'),
  ),
  train: entry('train a mask tokenizer on your own masks', () => import('./train.ts')),
  learn: entry('teach a language model the words: fine-tuning, then by reward', () => import('./learn.ts')),
  doctor: entry('check this machine: versions, optional packages, permissions', () => import('./doctor.ts')),
  demo: entry('draw a scene, speak its masks, read them back; needs no file', () => import('./demo.ts')),
  completion: {
    summary: 'the script that completes commands, options and names in bash, zsh or fish',
    load: async () => ({ command: (await import('./completion.ts')).completionCommand(COMMANDS) }),
  },
  version: entry('the version, and with --json those of what it stands on', () => import('./version.ts')),
}
