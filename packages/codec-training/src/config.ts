// The configuration file of a training run: one JSON file says everything that decides its numbers. Definition: ours
// (docs/training-tokenizers.md). Paths in it are relative to the file.

import { dirname, resolve } from 'node:path'
import { messageOf } from '@maskwords/base'
import type { HimtokConfig, SamtokConfig } from '@maskwords/codecs'
import { decodedText, MAX_TEXT_BYTES, MaskwordsError, readFileCapped } from '@maskwords/files'
import { z } from 'zod'

const share = z.number().min(0).max(1)
const count = z.number().int().min(1)
const pair = z.tuple([z.number(), z.number()])

const truthSet = z.strictObject({
  /** A COCO file, or a folder with index.json and labels/*.png, as `maskwords eval reconstruction` reads them. */
  truth: z.string(),
  pictures: z.string().optional(),
  /** How often a picture of this set is drawn, against the other sets. */
  weight: z.number().positive().default(1),
  /** Part of a split by picture id that is never seen in training, as in "0/4". */
  holdout: z.string().optional(),
  /** At most so many pictures, by id. */
  limit: count.optional(),
})
const readerSet = z.strictObject({
  /** A reader of `maskwords prepare`, for sets whose masks are enough. */
  reader: z.string(),
  root: z.string(),
  split: z.string().optional(),
  weight: z.number().positive().default(1),
  limit: count.optional(),
})

const augmentation = z.strictObject({
  scale: pair.default([0.5, 1.1]),
  stretch: z.number().min(1).default(1.5),
  turnDegrees: z.number().min(0).max(180).default(15),
  mirror: z.tuple([share, share]).default([0.5, 0]),
  whole: share.default(0.3),
  colour: share.default(0.3),
  morphology: share.default(0.05),
  copyPaste: share.default(0.1),
})

const stage = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, 'small letters, digits and hyphens'),
  steps: count,
  learningRate: z.number().positive(),
  /** Where the cosine ends, as a share of `learningRate`. */
  endShare: share.default(0.02),
  warmUp: z.number().int().min(0).default(0),
  /** Steps over which the decoder goes from unquantised to quantised vectors; [0, 0]: quantised from the start. */
  quantise: z.tuple([z.number().int().min(0), z.number().int().min(0)]).default([0, 0]),
  /**
   * HiMTok: masks whose vectors the codes of this stage start from, by k-means; for stages after one without quantisation.
   * Without it codes stay what they were.
   */
  codesFromMasks: count.optional(),
  /** Patterns of names that do not move in this stage; * stands for anything. */
  frozen: z.array(z.string()).default([]),
  /** SAMTok: whether codebooks move. */
  codebooks: z.boolean().default(true),
  /** HiMTok: so many of the encoder's layers in this stage; those that a later stage adds start as layers that change nothing. */
  encoderLayers: count.optional(),
  /** SAMTok: another side of the picture than the network's, for cheap first stages: its weights fit any side. */
  imagePx: count.optional(),
  /** SAMTok: another batch than the configuration's, for stages with larger pictures. */
  batch: z.strictObject({ pictures: count, masksPerPicture: count }).optional(),
  /** What this stage does to pictures and masks otherwise than the configuration says. */
  augmentation: z.strictObject({ scale: pair, whole: share }).partial().optional(),
})

const common = {
  name: z.string(),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  data: z.strictObject({
    sets: z.array(z.union([truthSet, readerSet])),
    /** Pictures and masks are shrunk to this when read. */
    maxSidePx: count.default(400),
    /** Share of made-up scenes. */
    scenes: share.default(0.2),
    /** Smallest share of a window that a mask must cover. */
    leastShare: share.default(0.008),
    cacheMiB: count.default(512),
  }),
  augmentation: augmentation.prefault({}),
  optimiser: z
    .strictObject({
      weightDecay: z.number().min(0).default(0.05),
      beta1: share.default(0.9),
      beta2: share.default(0.99),
      clipNorm: z.number().positive().default(1),
      averageDecay: z.number().min(0).max(0.99999).default(0.999),
    })
    .prefault({}),
  stages: z.array(stage).min(1),
  evaluation: z
    .strictObject({
      truth: z.string(),
      pictures: z.string().optional(),
      holdout: z.string().optional(),
      limit: count.default(16),
      every: count.default(500),
    })
    .optional(),
  saveEvery: count.default(500),
  logEvery: count.default(20),
}

const samtok = z.strictObject({
  codec: z.literal('samtok'),
  ...common,
  network: z.custom<SamtokConfig>((value) => typeof value === 'object' && value !== null),
  batch: z.strictObject({ pictures: count, masksPerPicture: count }),
  loss: z
    .strictObject({
      bce: z.number().min(0).default(2),
      dice: z.number().min(0).default(0.5),
      commitment: z.number().min(0).default(1),
      iou: z.number().min(0).default(0),
      /** Points of a mask that the loss looks at, the most uncertain ones; without it, everywhere. */
      points: count.optional(),
    })
    .prefault({}),
  codebooks: z.strictObject({ decay: share.default(0.99), restartBelow: share.default(0.1) }).prefault({}),
  /** The logit that masks will be decoded at. */
  evenLogit: z.number().default(0.5),
  /** Which of the decoder's alternatives is trained. */
  alternative: z.enum(['best', 'first']).default('first'),
})

const himtok = z.strictObject({
  codec: z.literal('himtok'),
  ...common,
  network: z.custom<HimtokConfig>((value) => typeof value === 'object' && value !== null),
  batch: z
    .strictObject({
      /** Masks of an update. */
      masks: count,
      /** Equal parts of it whose gradients are made side by side, where there are threads, and averaged. */
      parts: count.default(1),
    })
    .refine(({ masks, parts }) => masks % parts === 0, 'masks must divide by parts'),
  loss: z
    .strictObject({
      bce: z.number().min(0).default(1),
      dice: z.number().min(0).default(0.25),
      commitment: z.number().min(0).default(0.01),
      codebook: z.number().min(0).default(1),
      diceOver: z.enum(['batch', 'mask']).default('mask'),
    })
    .prefault({}),
  levels: z
    .union([
      z.strictObject({ kind: z.enum(['paper', 'released']), partial: count.default(3) }),
      z.strictObject({ kind: z.literal('each'), whole: share.default(0.5) }),
    ])
    .default({ kind: 'paper', partial: 3 }),
  /** Factor on the paper's blur of the targets of short prefixes; 0 aims at sharp masks at every length. */
  blur: z.number().min(0).default(1),
})

export const trainConfigSchema = z.discriminatedUnion('codec', [samtok, himtok])
export type TrainConfig = z.infer<typeof trainConfigSchema>
export type SamtokTrainConfig = Extract<TrainConfig, { codec: 'samtok' }>
export type HimtokTrainConfig = Extract<TrainConfig, { codec: 'himtok' }>
export type TrainSetConfig = TrainConfig['data']['sets'][number]
export type TrainStage = TrainConfig['stages'][number]

/** The configuration as a stage sees it: with the stage's own depth, side of the picture, batch and augmentation. */
export function atStage(config: TrainConfig, stage: TrainStage): TrainConfig {
  const { imagePx, batch } = stage
  const { scale = config.augmentation.scale, whole = config.augmentation.whole } = stage.augmentation ?? {}
  const augmentation = { ...config.augmentation, scale, whole }
  if (config.codec === 'himtok') {
    const { encoder } = config.network
    const layers = stage.encoderLayers ?? encoder.layers
    return { ...config, augmentation, network: { ...config.network, encoder: { ...encoder, layers } } }
  }
  const { sam2 } = config.network
  return {
    ...config,
    augmentation,
    batch: batch ?? config.batch,
    network: { ...config.network, sam2: { ...sam2, imagePx: imagePx ?? sam2.imagePx } },
  }
}

/** Reads and checks a configuration file. Throws MaskwordsError `malformed` that names every wrong field. */
export async function readTrainConfig(path: string, signal: AbortSignal): Promise<TrainConfig> {
  const text = decodedText(await readFileCapped(path, path, MAX_TEXT_BYTES, signal), path)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new MaskwordsError('malformed', `no JSON: ${messageOf(cause)}`, {
      file: path,
      cause,
    })
  }
  const parsed = trainConfigSchema.safeParse(json)
  if (!parsed.success) {
    throw new MaskwordsError(
      'malformed',
      `this is no training configuration:\n${z.prettifyError(parsed.error)}`,
      { file: path, hint: 'docs/training-tokenizers.md shows every field' },
    )
  }
  return withAbsolutePaths(parsed.data, dirname(path))
}

function withAbsolutePaths<C extends TrainConfig>(config: C, folder: string): C {
  const at = (path: string) => resolve(folder, path)
  const placed = <T extends { truth: string; pictures?: string | undefined }>(set: T): T => ({
    ...set,
    truth: at(set.truth),
    ...(set.pictures === undefined ? {} : { pictures: at(set.pictures) }),
  })
  return {
    ...config,
    data: {
      ...config.data,
      sets: config.data.sets.map((set) => ('truth' in set ? placed(set) : { ...set, root: at(set.root) })),
    },
    ...(config.evaluation === undefined ? {} : { evaluation: placed(config.evaluation) }),
  }
}
