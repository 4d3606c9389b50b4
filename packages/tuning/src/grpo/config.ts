// The configuration of learning by reward (docs/learning.md).
import { z } from 'zod'
import { common, count, evaluationCommon, rewards, rewardTimeout, share } from '../run/settings.ts'

const sampling = {
  temperature: z.number().positive().default(1),
  topP: z.number().gt(0).max(1).default(1),
  topK: z.number().int().min(0).default(0),
}

export const grpoConfigSchema = z
  .strictObject({
    kind: z.literal('grpo'),
    ...common,
    /** Updates. */
    steps: count,
    rollouts: z
      .strictObject({
        /** Questions of a rollout, and answers to each. */
        prompts: count.default(8),
        answers: z.number().int().min(2).default(8),
        /** Of an answer: longer ones are cut. */
        maxTokens: count.default(128),
        ...sampling,
        /** `free`: masks that are begun are finished. */
        constraint: z.enum(['off', 'free']).default('off'),
        /** Questions whose answers are decoded together. */
        together: count.default(32),
      })
      .prefault({}),
    updates: z
      .strictObject({
        /** Updates that a rollout is cut into, each of other questions. */
        perRollout: count.default(1),
        /** How often the whole rollout is learned from. */
        iterations: count.default(1),
        /** Batches whose gradients make one update. */
        accumulate: count.default(1),
        /** Tokens of a row: answers to a question stand in one as long as it has room. */
        maxTokens: count.default(2048),
      })
      .prefault({}),
    rewards: rewards.default(['mask-true-positives']),
    rewardTimeout,
    advantages: z
      .strictObject({
        deviation: z.enum(['sample', 'population', 'none']).default('sample'),
        epsilon: share.default(1e-4),
      })
      .prefault({}),
    loss: z
      .strictObject({
        kind: z.enum(['grpo', 'bnpo', 'dr_grpo', 'dapo']).default('dapo'),
        level: z.enum(['token', 'sequence']).default('token'),
        epsilon: share.default(0.2),
        /** Default: epsilon. */
        epsilonHigh: z.number().positive().optional(),
        beta: z.number().min(0).default(0),
        klCorrection: z.boolean().default(true),
        /** Answers that were cut at their longest: judged as they are, or left out of the loss. */
        cutAnswers: z.enum(['keep', 'leave-out']).default('keep'),
      })
      .prefault({}),
    evaluation: z
      .strictObject({
        ...evaluationCommon,
        /** Questions that are answered, one most probable answer each; all where it is not said. */
        answers: count.optional(),
      })
      .optional(),
    /** Newest rollouts whose answers are kept for reading. */
    keepAnswers: count.default(20),
  })
  .refine(
    ({ rollouts, updates }) => rollouts.prompts % (updates.perRollout * updates.accumulate) === 0,
    'rollouts.prompts must divide by updates.perRollout times updates.accumulate',
  )

export type GrpoConfig = z.infer<typeof grpoConfigSchema>
