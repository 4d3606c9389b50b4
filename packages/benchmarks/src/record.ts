// The lines of predictions and of truth: one JSON object a line, one line a sample. Definition: ours (docs/evaluation.md).
import { z } from 'zod'

const finite = z.number().finite()
const point = z.tuple([finite, finite])
const id = z.union([z.string().min(1).max(1024), z.number()]).transform(String)

/** Masks, boxes, points and lines as predictions and truth both state them. Pixels of the picture, x to the right. */
const shapes = {
  /** COCO RLE objects or COCO polygons; read by @maskwords/mask, which says what is wrong with one. */
  masks: z.array(z.unknown()).optional(),
  /** Left, top, right, bottom; right and bottom exclusive. */
  boxes: z.array(z.tuple([finite, finite, finite, finite])).optional(),
  points: z.array(point).optional(),
  lines: z.array(z.array(point).min(1)).optional(),
  /** A name for each mask: its class, or the phrase of a caption that means it. */
  labels: z.array(z.string()).optional(),
  /** Index of the subject's mask, the predicate, index of the object's mask. */
  relations: z
    .array(z.tuple([z.number().int().nonnegative(), z.string(), z.number().int().nonnegative()]))
    .optional(),
}

/** What one answer may hold. Fields that no benchmark reads are passed over. */
export const predictionSchema = z.object({
  id,
  ...shapes,
  /** Mask words, one text a mask. */
  words: z.array(z.string()).optional(),
  /** The answer as the model wrote it. */
  text: z.string().optional(),
  /** Whether the template opened a thought that the text begins in, where it is not as --thought-open says. */
  thoughtOpen: z.boolean().optional(),
  caption: z.string().optional(),
  /** How the answer ended; `length`: cut at the longest answer. */
  finish: z.string().optional(),
  /** Of each mask of the text, how probable the model holds it. */
  probabilities: z.array(z.number().min(0).max(1)).optional(),
  /** Why there is no answer: what was asked failed. */
  error: z.object({ code: z.string(), message: z.string() }).optional(),
})

export type PredictionRecord = z.infer<typeof predictionSchema>

/** How a record says that its text is to be taken apart; nothing where it does not say it. */
export const readingOf = ({ thoughtOpen }: PredictionRecord): { readonly thoughtOpen?: boolean } =>
  thoughtOpen === undefined ? {} : { thoughtOpen }

/** The fields of which a prediction needs at least one; an empty list says that there is nothing. */
export const ANSWER_FIELDS = ['masks', 'words', 'text', 'boxes', 'points', 'lines', 'caption'] as const

export const truthSchema = z.object({
  id,
  ...shapes,
  picture: z.string().optional(),
  /** Height and width, as in COCO; needed where no mask says it. */
  size: z.tuple([z.number().int().positive(), z.number().int().positive()]).optional(),
  phrase: z.string().optional(),
  /** Masks that the phrase points at with {mask}, {mask:2}, ... */
  given: z.array(z.unknown()).optional(),
  /** The dialogue before the question; {mask} in a text is one of its masks. */
  history: z
    .array(
      z.object({
        role: z.enum(['user', 'assistant']),
        text: z.string(),
        masks: z.array(z.unknown()).optional(),
      }),
    )
    .optional(),
  captions: z.array(z.string()).optional(),
  /** What a judge is asked about the answer: options, and what each is worth. */
  asks: z
    .array(
      z
        .object({
          kind: z.string(),
          text: z.string().min(1),
          options: z.array(z.string()).min(2).max(26),
          scores: z.array(z.union([finite, z.string()])),
        })
        .refine(({ options, scores }) => options.length === scores.length, {
          message: 'a score for each option is wanted',
        }),
    )
    .optional(),
  group: z.union([z.string(), z.array(z.string())]).optional(),
  /** The round of a dialogue, from 1. */
  round: z.number().int().positive().optional(),
  /** Pixels that are neither right nor wrong: COCO RLE or polygons. */
  ignored: z.unknown().optional(),
  /** Of a multiple choice: the options, and the right one's letter or index from 0. */
  options: z.array(z.string()).min(2).max(26).optional(),
  right: z.union([z.string().regex(/^[A-Z]$/), z.number().int().nonnegative()]).optional(),
})

export type TruthRecord = z.infer<typeof truthSchema>

/** A line of gseval.jsonl (GroundingSuite). */
export const groundingSuiteSchema = z.object({
  idx: z.union([z.number(), z.string()]).transform(String),
  image_path: z.string(),
  class_id: z.union([z.number(), z.string()]),
  caption: z.string(),
  box: z.tuple([finite, finite, finite, finite]),
  segmentation: z.object({ size: z.tuple([finite, finite]), counts: z.unknown() }),
})
