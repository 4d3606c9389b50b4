// What the configurations of fine-tuning and of learning by reward have in common. One JSON file says everything that decides the
// numbers of a run (docs/learning.md); paths in it are relative to the file.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { messageOf } from '@maskwords/base'
import { isHubId } from '@maskwords/codec-loading'
import { MaskwordsError } from '@maskwords/files'
import type { RewardList } from '@maskwords/learn'
import { z } from 'zod'
import { TEXT_TARGETS } from '../model/adapters.ts'

export const count = z.number().int().min(1)
export const share = z.number().min(0).max(1)

const lora = z.strictObject({
  rank: count.default(16),
  alpha: z.number().positive().default(32),
  /** Last names of the layers. Default: every linear layer of the decoder. */
  targets: z
    .array(z.string())
    .min(1)
    .default([...TEXT_TARGETS]),
  /** Layers of the eyes with such names, too. */
  eyes: z.boolean().default(false),
  /** PEFT knows dropout; here there is none. */
  dropout: z.literal(0).default(0),
  /** The folder of an adapter to go on with. */
  from: z.string().optional(),
})

const optimiser = z.strictObject({
  learningRate: z.number().positive(),
  schedule: z.enum(['cosine', 'linear', 'constant']).default('cosine'),
  /** Where the schedule ends, as a share of `learningRate`. */
  endShare: share.default(0),
  /** Updates over which the rate rises from 0. */
  warmUp: z.number().int().min(0).default(0),
  weightDecay: z.number().min(0).default(0),
  /** Norms and biases do not decay, as in transformers' Trainer; or everything does. */
  decays: z.enum(['matrices', 'all']).default('matrices'),
  beta1: share.default(0.9),
  beta2: share.default(0.999),
  epsilon: z.number().positive().default(1e-8),
  /** The whole gradient is scaled to this norm at most; null: never. */
  clipNorm: z.number().positive().nullable().default(1),
})
export type OptimiserSettings = z.infer<typeof optimiser>

const data = z.strictObject({
  /** Files of JSON lines, as `maskwords prepare --to jsonl` writes them. */
  files: z.array(z.string()).min(1),
  /** The folder that pictures' paths are relative to. Default: that of each file. */
  pictures: z.string().optional(),
  limit: count.optional(),
})
export type DataSettings = z.infer<typeof data>

/** Fields of every configuration. */
export const common = {
  name: z.string().default('run'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0),
  /** A model's folder, or a hub id that was pulled. */
  model: z.string(),
  data,
  lora: lora.optional(),
  /** Weights that do not move: names, * for anything, "eyes" for the whole vision tower. */
  frozen: z.array(z.string()).default([]),
  recompute: z.boolean().default(false),
  optimiser,
  saveEvery: count.default(200),
  logEvery: count.default(10),
  /** Memory for pictures that are kept ready. */
  cacheMiB: count.default(512),
  output: z
    .strictObject({
      type: z.enum(['stored', 'float32', 'bfloat16', 'float16']).default('stored'),
      /** With adapters: also a whole model with the adapters in its weights. */
      merge: z.boolean().default(false),
    })
    .prefault({}),
}

/** Names and terms of the catalogue (docs/rewards.md). */
export const rewards = z.custom<RewardList>(
  (value) => typeof value === 'string' || Array.isArray(value),
  'a preset, or a list of rewards',
)

/** Seconds that the reward of one answer may take. */
export const rewardTimeout = z.number().positive().default(60)

/** Fields of every evaluation. */
export const evaluationCommon = {
  ...data.shape,
  every: count.default(200),
  /** `free`: masks that are begun are finished. */
  constraint: z.enum(['off', 'free']).default('off'),
  /** Questions answered together. */
  conversations: count.default(16),
}

export type CommonConfig = z.infer<ReturnType<typeof commonObject>>
const commonObject = () => z.strictObject(common)

/**
 * Reads and checks a configuration file.
 * @throws MaskwordsError `not-found`, and `malformed` naming every wrong field.
 */
export function readConfig<T extends z.ZodType>(path: string, schema: T): z.infer<T> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MaskwordsError('not-found', `cannot be read: ${messageOf(cause)}`, { file: path, cause })
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new MaskwordsError('malformed', `no JSON: ${messageOf(cause)}`, { file: path, cause })
  }
  return checkConfig(json, schema, { file: path, folder: dirname(path) })
}

type Placed = {
  model?: string
  detector?: string
  data: DataSettings
  lora?: { from?: string | undefined } | undefined
  evaluation?: DataSettings | undefined
}

/** Checks a configuration and makes its paths absolute. */
export function checkConfig<T extends z.ZodType>(
  json: unknown,
  schema: T,
  from: { file: string; folder: string },
): z.infer<T> {
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    throw new MaskwordsError(
      'malformed',
      `this is no configuration to learn by:\n${z.prettifyError(parsed.error)}`,
      {
        file: from.file,
        hint: 'docs/learning.md shows every field',
      },
    )
  }
  const config = parsed.data as Placed
  const at = (path: string) => resolve(from.folder, path)
  const placed = (given: DataSettings): DataSettings => ({
    ...given,
    files: given.files.map(at),
    ...(given.pictures !== undefined && { pictures: at(given.pictures) }),
  })
  return {
    ...config,
    ...(config.model !== undefined && {
      model: isHubId(config.model) && !existsSync(at(config.model)) ? config.model : at(config.model),
    }),
    ...(config.detector !== undefined &&
      existsSync(at(config.detector)) && { detector: at(config.detector) }),
    data: placed(config.data),
    ...(config.evaluation && { evaluation: placed(config.evaluation) }),
    ...(config.lora?.from !== undefined && { lora: { ...config.lora, from: at(config.lora.from) } }),
  } as z.infer<T>
}
