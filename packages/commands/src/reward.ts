// `maskwords reward`: rewards over HTTP for reinforcement learning, and the Python files that call it from a trainer.

import { namesHint } from '@maskwords/base'
import type { OptionSpecs } from '@maskwords/files'
import {
  CODEC_NAMES,
  type Context,
  defineCommand,
  MaskwordsError,
  openCodec,
  VERSION,
  writeWhole,
} from '@maskwords/files'
import {
  DEFAULT_REWARD_URL,
  languageOfPreset,
  maskDecoder,
  planRewards,
  REWARD_PRESETS,
  REWARDS,
  type RewardList,
  rewardNamed,
  rewardShim,
  rewardsFor,
  SHIM_TRAINERS,
  type ShimTrainer,
  shimOfWriter,
} from '@maskwords/learn'
import { addRewardRoutes, createService, isLoopback, rewardListing } from '@maskwords/server'
import { refuseOtherVocabulary } from './model-words.ts'
import { preparedLanguage } from './prepared.ts'
import { serveUntilStopped, serviceToken } from './serving.ts'

const PORT = 8009
const HOST = '127.0.0.1'
const BODY_MB = 16
const TIMEOUT_S = 30
const REWARD_LIST = 'samtok-thinking'

const OPTIONS = {
  port: {
    type: 'integer',
    min: 0,
    max: 65_535,
    help: `the port (default ${PORT}); 0 takes any free one and says which`,
  },
  host: {
    type: 'text',
    valueName: 'address',
    help: `the address to listen on (default ${HOST}: this machine only)`,
  },
  'token-file': {
    type: 'text',
    valueName: 'file',
    help: 'a file with the token that requests must carry (default: MASKWORDS_REWARD_TOKEN, or none)',
  },
  'max-body': {
    type: 'integer',
    min: 1,
    max: 256,
    valueName: 'MB',
    help: `largest request (default ${BODY_MB})`,
  },
  timeout: {
    type: 'number',
    min: 0.1,
    max: 3600,
    valueName: 'seconds',
    help: `longest time of a request (default ${TIMEOUT_S})`,
  },
  codec: {
    type: 'text',
    valueName: 'codec',
    names: CODEC_NAMES,
    help: 'decodes words for rewards that compare masks: himtok-nano, getok, getok:16, or a folder or file with HiMTok weights',
  },
  list: { type: 'flag', help: 'show the rewards and the presets instead' },
  shim: {
    type: 'choice',
    choices: SHIM_TRAINERS as readonly [ShimTrainer, ...ShimTrainer[]],
    help: `write the Python file for this trainer instead: ${SHIM_TRAINERS.join(', ')}`,
  },
  output: {
    type: 'text',
    short: 'o',
    valueName: 'file.py',
    endings: ['.py'],
    help: '--shim: the file to write (default: on stdout)',
  },
  rewards: {
    type: 'text',
    valueName: 'list',
    names: [...Object.keys(REWARD_PRESETS), ...REWARDS.map(({ name }) => name)],
    help: `--shim: a preset, names as in mask-accuracy:10,think-format, or a JSON list (default: what fits --data, else ${REWARD_LIST})`,
  },
  data: {
    type: 'text',
    valueName: 'folder',
    help: '--shim: the folder that maskwords prepare wrote; rewards are those of its language, and others are refused',
  },
  url: {
    type: 'text',
    valueName: 'url',
    help: `--shim: where the service is (default ${DEFAULT_REWARD_URL})`,
  },
  'truth-column': {
    type: 'text',
    valueName: 'name',
    help: '--shim trl: the column of true answers (default solution)',
  },
  tokenizer: {
    type: 'text',
    valueName: 'file',
    help: "--shim trl: the model's tokenizer.json or its folder, to read answers from their ids",
  },
  'thought-open': {
    type: 'flag',
    help: '--shim: the template opens a thought (<think>) that answers begin in; one cut off before its end is no answer',
  },
} as const satisfies OptionSpecs

const SHIM_ONLY = ['output', 'rewards', 'data', 'url', 'truth-column', 'tokenizer', 'thought-open'] as const
const SERVICE_ONLY = ['port', 'host', 'token-file', 'max-body', 'timeout', 'codec'] as const

export const command = defineCommand({
  spec: {
    name: 'reward',
    summary: 'Rewards on answers over HTTP, and the Python files that call it from a trainer.',
    details: [
      'POST /v1/rewards takes {"rewards": [...], "samples": [{"response": "...", "truth": "..."}]} and gives one result for each',
      'sample. GET /openapi.json, /healthz, /readyz and /metrics say the rest. Ctrl-C answers what is under way, then ends.',
    ],
    arguments: [],
    options: OPTIONS,
    examples: [
      { command: 'maskwords reward --port 8009', note: 'the service' },
      {
        command: 'maskwords reward --shim easyr1 --data train -o reward.py',
        note: 'the file for the trainer, with rewards that read the words of train/',
      },
      {
        command: 'maskwords reward --shim trl --rewards mask-true-positives:2,think-format',
        note: 'a sum of its own',
      },
      { command: 'maskwords reward --list', note: 'what rewards there are, their ranges and what they need' },
    ],
  },
  async run(context) {
    const { options } = context
    if (options.list === true) return await list(context)
    const [wrong] = (options.shim === undefined ? SHIM_ONLY : SERVICE_ONLY).filter(
      (name) => options[name] !== undefined,
    )
    if (wrong !== undefined) {
      throw new MaskwordsError(
        'usage',
        options.shim === undefined ? `--${wrong} goes with --shim` : `--${wrong} does not go with --shim`,
        { hint: 'maskwords reward --help' },
      )
    }
    return options.shim === undefined ? await serve(context) : await shim(context, options.shim)
  },
})

type RewardContext = Context<typeof OPTIONS>

async function list({ options, style, print, printJson }: RewardContext): Promise<0> {
  if (options.json) {
    await printJson(rewardListing())
    return 0
  }
  const lines = [style.bold('Rewards'), '']
  for (const { name, range, what, needs } of REWARDS) {
    const wants = needs.length === 0 ? '' : style.dim(`  needs ${needs.join(', ')}`)
    lines.push(`${style.cyan(name)}  ${range[0]} to ${range[1]}${wants}`, `  ${what}`)
  }
  lines.push('', style.bold('Presets'), '')
  for (const [name, { what, terms }] of Object.entries(REWARD_PRESETS)) {
    lines.push(style.cyan(name), `  ${what}`, `  ${terms.map(termText).join(' + ')}`)
  }
  await print(lines.join('\n'))
  return 0
}

const termText = (term: { name: string; part?: string }): string =>
  term.part === undefined ? term.name : `${term.name}(${term.part})`

async function shim(context: RewardContext, trainer: ShimTrainer): Promise<0> {
  const { io, options } = context
  if (trainer !== 'trl') {
    for (const name of ['truth-column', 'tokenizer'] as const) {
      if (options[name] !== undefined) throw new MaskwordsError('usage', `--${name} goes with --shim trl`)
    }
  }
  const rewards = await rewardsFitting(context, trainer)
  const text = rewardShim({
    trainer,
    rewards,
    version: VERSION,
    ...(options.url !== undefined && { url: options.url }),
    ...(options['truth-column'] !== undefined && { truthColumn: options['truth-column'] }),
    ...(options.tokenizer !== undefined && { tokenizer: context.path(options.tokenizer) }),
    ...(options['thought-open'] && { thoughtOpen: true }),
  })
  if (options.output === undefined) {
    if (options.json) await context.printJson({ trainer, rewards, text })
    else await context.print(text)
    return 0
  }
  const path = context.path(options.output)
  await writeWhole(path, new TextEncoder().encode(text), io.signal)
  if (options.json) await context.printJson({ trainer, rewards, file: path })
  else await context.print(options.output)
  return 0
}

/** The rewards asked for, or those of the language of --data; refused where the two do not fit. Says which language it is. */
async function rewardsFitting(context: RewardContext, trainer: ShimTrainer): Promise<RewardList> {
  const { options, talk, path } = context
  const given = options.rewards === undefined ? undefined : rewardsOf(options.rewards)
  if (options.data === undefined) {
    if (given !== undefined) return given
    await talk.note(`${REWARD_LIST}: rewards of SAMTok's words; --data train takes those of its language`)
    return REWARD_LIST
  }
  const data = await preparedLanguage(path(options.data))
  const { name } = data.words
  const meant = given === undefined ? undefined : languageOfPreset(given)
  if (meant !== undefined && meant !== data.kind) {
    throw new MaskwordsError(
      'usage',
      `${options.data} is written in ${name}, and ${options.rewards} reads ${meant}'s words`,
      { hint: 'leave --rewards out: it follows from --data' },
    )
  }
  if (options.tokenizer !== undefined) await refuseOtherVocabulary(path(options.tokenizer), data.words)
  const own = shimOfWriter(data.writer)
  if (own !== trainer)
    await talk.note(
      `${options.data} is written for ${data.writer}, the reward for ${trainer}: ${own === undefined ? `maskwords prepare writes its files, too (--to ${trainer})` : `--shim ${own}`}`,
    )
  const rewards = given ?? rewardsFor(data.kind, data.tasks)
  const needs = planRewards(rewards).needs
  await talk.note(`${options.data} is written in ${name}: ${describedRewards(rewards)}`)
  if (needs.has('true-masks') && !data.truthMasks)
    await talk.note(`these compare pixels: prepare the data with --truth-masks`)
  if (needs.has('masks'))
    await talk.note(
      `start the service with the codec that draws them: maskwords reward --codec ${data.codec}`,
    )
  return rewards
}

const describedRewards = (rewards: RewardList): string =>
  typeof rewards === 'string'
    ? rewards
    : rewards.map((one) => (typeof one === 'string' ? one : one.name)).join(' + ')

/** A preset, `name:weight,name`, or a JSON list. */
function rewardsOf(text: string): RewardList {
  if (Object.hasOwn(REWARD_PRESETS, text)) return text as RewardList
  let list: unknown
  if (text.trimStart().startsWith('[')) {
    try {
      list = JSON.parse(text)
    } catch (cause) {
      throw new MaskwordsError('usage', '--rewards begins like a JSON list and is none', { cause })
    }
  } else if (/^[\w-]+$/.test(text) && rewardNamed(text) === undefined) {
    throw new MaskwordsError('usage', `there is no preset and no reward "${text}"`, {
      hint: namesHint(text, [...Object.keys(REWARD_PRESETS), ...REWARDS.map(({ name }) => name)]),
    })
  } else {
    list = text.split(',').map((item) => {
      const [name, weight] = item.trim().split(':', 2)
      return weight === undefined ? name : { name, weight: weight === '' ? Number.NaN : Number(weight) }
    })
  }
  planRewards(list)
  return list as RewardList
}

async function serve(context: RewardContext): Promise<0> {
  const { options, style, talk } = context
  const host = options.host ?? HOST
  const file = options['token-file']
  const token = await serviceToken(context, {
    host,
    variable: 'MASKWORDS_REWARD_TOKEN',
    ...(file !== undefined && { file }),
  })
  const codec =
    options.codec === undefined
      ? undefined
      : await openCodec({ ...context, options: { codec: options.codec } })
  try {
    const timeoutMs = (options.timeout ?? TIMEOUT_S) * 1000
    const service = createService({
      title: 'maskwords rewards',
      timeoutMs,
      maxBodyBytes: (options['max-body'] ?? BODY_MB) * 2 ** 20,
      loopbackNamesOnly: token === undefined && isLoopback(host),
      ...(token !== undefined && { token }),
      onInternal: (error, requestId) => {
        talk.failure({ code: 'internal', message: `request ${requestId}: ${String(error)}` }).catch(() => {})
      },
    })
    addRewardRoutes(service, codec === undefined ? {} : { decode: maskDecoder(codec) })
    await serveUntilStopped(context, service, {
      host,
      port: options.port ?? PORT,
      timeoutMs,
      // One line as JSON too, because whoever started the service reads it while the service runs.
      line: ({ url, port }) =>
        options.json
          ? JSON.stringify({ url, host, port, token: token !== undefined, codec: codec?.name ?? null })
          : `${style.bold(url)}${style.dim(`  POST /v1/rewards${token === undefined ? '' : ', with a token'}`)}`,
    })
    return 0
  } finally {
    await codec?.close()
  }
}
