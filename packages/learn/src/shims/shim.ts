// Python files that make the reward service a reward of a trainer: one text for the same options, always.

import { namesHint } from '@maskwords/base'
import { LearnError } from '../error.ts'
import { planRewards, type RewardList } from '../rewards/composite.ts'
import { PYTHON_CLIENT, PYTHON_IMPORTS } from './client.ts'
import { type ShimTrainer, TRAINER_SHIMS } from './trainers.ts'

export type ShimOptions = {
  readonly trainer: ShimTrainer
  readonly rewards: RewardList
  /** Where the service is. Default `http://127.0.0.1:8009`; MASKWORDS_REWARD_URL overrides it at run time. */
  readonly url?: string
  /** TRL: the dataset's column of true answers. Default `solution`. */
  readonly truthColumn?: string
  /** TRL: `tokenizer.json` of the model, or its folder. Default none: the text of the completions is taken. */
  readonly tokenizer?: string
  /** Whether the template opens a thought that answers begin in. Default false. */
  readonly thoughtOpen?: boolean
  /** Named in the file's first lines. */
  readonly version?: string
}

export const DEFAULT_REWARD_URL = 'http://127.0.0.1:8009'

/** The trainers that there are shims for. */
export const SHIM_TRAINERS = Object.keys(TRAINER_SHIMS) as readonly ShimTrainer[]

/** Trainers that there is a shim for, by the format that `prepare` writes for them. */
const SHIM_OF_WRITER: Readonly<Record<string, ShimTrainer>> = {
  easyr1: 'easyr1',
  verl: 'verl',
  trl: 'trl',
  'trl-jsonl': 'trl',
  'ms-swift-grpo': 'ms-swift',
}

/** The trainer whose shim goes with a format; undefined for formats that are for supervised training alone. */
export const shimOfWriter = (writer: string): ShimTrainer | undefined => SHIM_OF_WRITER[writer]

/** The text of a shim. Throws LearnError `bad-option` for rewards, addresses and columns that cannot be. */
export function rewardShim(options: ShimOptions): string {
  const {
    trainer,
    rewards,
    url = DEFAULT_REWARD_URL,
    truthColumn = 'solution',
    tokenizer = '',
    thoughtOpen = false,
    version,
  } = options
  planRewards(rewards)
  if (!Object.hasOwn(TRAINER_SHIMS, trainer)) {
    throw new LearnError('bad-option', `there is no shim for ${JSON.stringify(trainer)}`, {
      hint: namesHint(trainer, SHIM_TRAINERS),
    })
  }
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new LearnError('bad-option', `${JSON.stringify(url)} is no http address`, {
      hint: `for example ${DEFAULT_REWARD_URL}`,
    })
  }
  if (!/^[A-Za-z_]\w{0,127}$/.test(truthColumn)) {
    throw new LearnError('bad-option', `${JSON.stringify(truthColumn)} cannot be the name of a column`)
  }
  const { use, imports, body, noReward } = TRAINER_SHIMS[trainer]
  const maker = version === undefined ? 'maskwords' : `maskwords ${version}`
  const lines = [
    `"""Rewards of maskwords for ${trainer}: sends answers to \`maskwords reward\` and returns its numbers.`,
    '',
    ...use,
    '',
    `Made by \`maskwords reward --shim ${trainer}\` (${maker}). Needs only Python's standard library.`,
    'MASKWORDS_REWARD_URL and MASKWORDS_REWARD_TOKEN override the address and name the token.',
    '"""',
    '',
    ...[...PYTHON_IMPORTS, ...imports].sort().map((name) => `import ${name}`),
    '',
    `URL = ${python(url)}`,
    `REWARDS = ${python(rewards)}`,
    '# What an answer counts that cannot be judged; the reason is said on stderr.',
    'FAILED_REWARD = 0.0',
    `# What a row counts that has no truth, or none that can be read. ${noReward.why}`,
    `NO_REWARD = ${noReward.value}`,
    '# Whether the template of the prompt opens a thought (<think>): an answer that was cut off in it is none, then.',
    `THOUGHT_OPEN = ${thoughtOpen ? 'True' : 'False'}`,
    'TIMEOUT_S = 60.0',
    '# Waits of 0.5, 1, 2, 4, 8, 15, 15 seconds between attempts: a service that restarts is no end of a run.',
    'ATTEMPTS = 8',
    'FIRST_WAIT_S = 0.5',
    'LONGEST_WAIT_S = 15.0',
    'BATCH_SAMPLES = 512',
    'BATCH_CHARS = 2_000_000',
    ...(trainer === 'trl'
      ? [`TRUTH_COLUMN = ${python(truthColumn)}`, `TOKENIZER = ${python(tokenizer)}`]
      : []),
  ]
  return `${lines.join('\n')}\n${PYTHON_CLIENT}${body}`
}

/** Texts, numbers, lists and objects are written in JSON as in Python; there are no others here. */
function python(value: unknown): string {
  return JSON.stringify(value)
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('\u007f', '\\u007f')
}
