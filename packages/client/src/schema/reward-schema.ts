// The reward request and its answer as zod schemas: what /openapi.json shows. @maskwords/learn checks the values itself,
// sample by sample, so that a bad sample cannot lose its batch; a test keeps the two in step.

import {
  MAX_SAMPLE_MASKS,
  MAX_SAMPLES,
  MAX_TERMS,
  MAX_WEIGHT,
  REWARD_PRESETS,
  REWARDS,
  type RewardPreset,
  rewardNamed,
} from '@maskwords/learn'
import { z } from 'zod'

const name = z.union([z.string().max(256), z.number()])

const rle = z
  .object({
    size: z.tuple([z.int().min(1), z.int().min(1)]).describe('height, width in pixels'),
    counts: z.union([z.string(), z.array(z.int())]).describe("COCO's compressed text, or plain run lengths"),
  })
  .describe('a mask as COCO RLE (column-major)')
const masks = z.array(rle).max(MAX_SAMPLE_MASKS)

/** Plugins bring rewards while the service starts, so that the names cannot be listed here once and for all. */
const rewardName = z
  .string()
  .refine((name) => rewardNamed(name) !== undefined, 'no reward of this name: GET /v1/rewards lists them')
  .meta({ examples: REWARDS.map(({ name }) => name) })

const term = z.strictObject({
  name: rewardName,
  weight: z.number().min(-MAX_WEIGHT).max(MAX_WEIGHT).default(1),
  options: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  part: z
    .enum(['said', 'text', 'think', 'answer'])
    .optional()
    .describe('which part of the texts is judged; default said, for some rewards text'),
  as: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/)
    .optional()
    .describe("name of this term's value; default the reward's"),
})

const rewardList = z.union([
  z.enum(Object.keys(REWARD_PRESETS) as [RewardPreset, ...RewardPreset[]]),
  z
    .array(z.union([rewardName, term]))
    .min(1)
    .max(MAX_TERMS),
])

const truth = z.strictObject({
  text: z.string(),
  masks: masks.optional().describe('true masks, all of one size'),
  previous: z.string().optional().describe('the answer that the response refines'),
  size: z
    .tuple([z.int().min(1), z.int().min(1)])
    .optional()
    .describe('height, width of the picture'),
})

export const rewardSampleSchema = z.strictObject({
  response: z.string().nullable().describe('what the model wrote'),
  truth: z
    .union([z.string(), truth])
    .describe('the true answer; a text that begins with {"text" is a packed one'),
  id: name.optional().describe('comes back with the result'),
  group: name.optional().describe('samples of one prompt: advantages are taken within it'),
  masks: masks.optional().describe('masks of the response, where they are decoded already'),
  rewards: rewardList.optional().describe('rewards of this sample, instead of those of the request'),
  thoughtOpen: z.boolean().optional().describe('of this sample, instead of that of the request'),
})

export const rewardRequestSchema = z.strictObject({
  rewards: rewardList,
  samples: z.array(rewardSampleSchema).max(MAX_SAMPLES),
  thoughtOpen: z
    .boolean()
    .default(false)
    .describe('whether the template opened a thought that responses begin in: a cut off one is no answer'),
  advantages: z
    .strictObject({
      deviation: z.enum(['sample', 'population', 'none']).default('sample'),
      epsilon: z.number().min(0).max(1).default(1e-6),
    })
    .optional(),
})

const fault = z.object({
  code: z.string(),
  message: z.string(),
  at: name.optional(),
  hint: z.string().optional(),
})

export const rewardResponseSchema = z.object({
  results: z.array(
    z.union([
      z.object({ id: name.optional(), overall: z.number(), parts: z.record(z.string(), z.number()) }),
      z.object({ id: name.optional(), error: fault }),
    ]),
  ),
  names: z.array(z.string()).describe('names of the parts'),
  range: z.tuple([z.number(), z.number()]).describe('least and greatest overall'),
  failed: z.int().describe('samples without a result'),
  advantages: z.array(z.number()).optional(),
})

export const rewardListingSchema = z.object({
  rewards: z.array(
    z.object({
      name: z.string(),
      what: z.string(),
      source: z.string(),
      range: z.tuple([z.number(), z.number()]),
      needs: z.array(z.string()),
      options: z.record(z.string(), z.record(z.string(), z.unknown())),
    }),
  ),
  presets: z.record(z.string(), z.object({ what: z.string(), terms: z.array(z.unknown()) })),
})

/** Rewards and the samples to score. */
export type RewardsRequest = z.input<typeof rewardRequestSchema>
/** Answer of the rewards: one result for each sample, in order. */
export type RewardAnswer = z.output<typeof rewardResponseSchema>
/** The rewards and presets of the service, with ranges and needs. */
export type RewardListing = z.output<typeof rewardListingSchema>
