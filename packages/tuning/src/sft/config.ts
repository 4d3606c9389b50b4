// The configuration of fine-tuning (docs/learning.md).
import { z } from 'zod'
import { common, count, evaluationCommon, rewards, rewardTimeout } from '../run/settings.ts'

export const sftConfigSchema = z
  .strictObject({
    kind: z.literal('sft'),
    ...common,
    /** Updates; or how often every conversation is met. */
    steps: count.optional(),
    epochs: z.number().positive().optional(),
    batch: z
      .strictObject({
        /** Conversations of a batch, at most. */
        conversations: count.default(8),
        /** Questions of one picture in one row, at most; 1 packs nothing. */
        pack: count.default(16),
        /** Longer conversations are left out. */
        maxTokens: count.default(2048),
        /** Batches whose gradients make one update. */
        accumulate: count.default(1),
      })
      .prefault({}),
    evaluation: z
      .strictObject({
        ...evaluationCommon,
        /** Questions that are answered each time, for reading. */
        answers: z.number().int().min(0).default(8),
        /** Of an answer. */
        maxAnswerTokens: count.default(128),
        /** What the answers are worth, beside how many are exactly right. */
        rewards: rewards.optional(),
        rewardTimeout,
      })
      .optional(),
  })
  .refine(
    ({ steps, epochs }) => (steps === undefined) !== (epochs === undefined),
    'say either steps or epochs',
  )

export type SftConfig = z.infer<typeof sftConfigSchema>
