// The configuration of a small model that knows nothing yet (docs/learning.md).
import { z } from 'zod'
import { count } from '../run/settings.ts'

export const startConfigSchema = z.strictObject({
  kind: z.literal('start'),
  name: z.string().default('nano'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0),
  /** Files of JSON lines whose questions and answers the vocabulary is learned from. */
  data: z.strictObject({ files: z.array(z.string()).min(1) }),
  /** A folder with a detector's config.json and weights.safetensors, or the name of one that ships. */
  detector: z.string().default('nanodet-g'),
  text: z
    .strictObject({
      width: count.default(256),
      layers: count.default(6),
      heads: count.default(4),
      kvHeads: count.default(2),
      headWidth: count.default(64),
      mlpWidth: count.default(768),
      /** Tokens of text at most, the 256 bytes among them. */
      vocabulary: z.number().int().min(256).default(1024),
      maxTokens: count.default(1024),
    })
    .prefault({}),
  eyes: z
    .strictObject({
      /** Things that are shown at most: rows of 13. */
      objects: count.default(26),
      hiddenWidth: count.default(512),
    })
    .prefault({}),
  words: z.strictObject({ codesPerLevel: count.default(256), levels: count.default(2) }).prefault({}),
})

export type StartConfig = z.infer<typeof startConfigSchema>
