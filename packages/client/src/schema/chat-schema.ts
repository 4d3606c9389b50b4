// Requests and answers of /v1/chat/completions and /v1/models as zod schemas: OpenAI's shape (API reference, chat), masks beside the text.
// What is ours is named in the descriptions; every OpenAI client passes it through.
import { z } from 'zod'
import { maskInputSchema, maskOutputSchema, OUTPUT_DIALECTS, pictureHandleSchema } from './api-schema.ts'

/** Messages and parts of one question. A conversation of a person has some dozens. */
export const MAX_CHAT_MESSAGES = 256
export const MAX_CHAT_PARTS = 256
/** Characters of all texts of a question; 32,768 tokens have some 130,000. */
export const MAX_CHAT_CHARS = 2 ** 20
/** Answers to one question. */
export const MAX_CHOICES = 8
/** Masks named beside each one. */
export const MAX_CHAT_ALTERNATIVES = 100

const text = z.string().max(MAX_CHAT_CHARS)

export const chatPartSchema = z.union([
  z.object({ type: z.literal('text'), text }),
  z
    .object({
      type: z.literal('image_url'),
      image_url: z.union([
        z.string().max(2 ** 28),
        z.looseObject({ url: z.string().max(2 ** 28), detail: z.string().optional() }),
      ]),
    })
    .describe('data:image/png;base64,... (PNG, JPEG, WebP); http(s) only where the server was told to fetch'),
  z
    .strictObject({ type: z.literal('picture'), picture: pictureHandleSchema })
    .describe('ours: a picture that POST /v1/pictures took'),
  z
    .strictObject({ type: z.literal('mask'), mask: maskInputSchema })
    .describe('ours: a mask of the picture before it; it becomes words for the model'),
])

const content = z.union([text, z.array(chatPartSchema).max(MAX_CHAT_PARTS)])
export const chatMessageSchema = z.union([
  z.looseObject({ role: z.enum(['system', 'developer', 'user']), content }),
  z.looseObject({ role: z.literal('assistant'), content: content.nullish() }),
])

export const maskConstraintSchema = z.union([
  z.strictObject({ mode: z.enum(['off', 'free', 'forced']) }),
  z.strictObject({ mode: z.literal('count'), masks: z.int().min(0).max(1000) }),
])

/** All of a question but its messages. */
const chatSettingsSchema = z.object({
  model: z
    .string()
    .max(512)
    .optional()
    .describe('as GET /v1/models lists it; default: the one that is served'),
  max_tokens: z.int().min(1).max(100_000).nullish(),
  max_completion_tokens: z.int().min(1).max(100_000).nullish(),
  temperature: z.number().min(0).max(10).nullish().describe('default 0: the most probable word'),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().min(0).nullish(),
  stop: z.union([text, z.array(text).max(16)]).nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  logprobs: z.boolean().nullish(),
  top_k: z.int().min(0).max(1_000_000).nullish().describe('ours: as vLLM has it'),
  repetition_penalty: z.number().gt(0).max(10).nullish().describe('ours: as vLLM has it'),
  codec: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('ours: who reads and writes the masks; default by the model'),
  dialect: z.enum(OUTPUT_DIALECTS).optional().describe('ours: how masks are written (default coco-rle)'),
  tolerancePx: z.number().min(0).max(100).optional().describe('ours: polygons: how far corners may move'),
  constraint: maskConstraintSchema.optional().describe('ours: what the answer may look like (docs/ask.md)'),
  alternatives: z
    .int()
    .min(0)
    .max(MAX_CHAT_ALTERNATIVES)
    .optional()
    .describe('ours: the most probable masks beside each one'),
  maskWords: z.boolean().optional().describe('ours: in a stream, each word of a mask as it is said'),
})
export const chatRequestSchema = z
  .looseObject({
    messages: z.array(chatMessageSchema).min(1).max(MAX_CHAT_MESSAGES),
    ...chatSettingsSchema.shape,
  })
  .describe(
    'tools, response_format, logit_bias, penalties and top_logprobs are refused, other fields passed over',
  )

const probability = z.number().nullable()
const codes = z.array(z.int())

export const chatMaskSchema = z.object({
  index: z.int().describe('its number in the answer'),
  start: z.int().describe('its place in the text (UTF-16 units)'),
  end: z.int(),
  status: z.enum(['complete', 'repaired', 'rejected']),
  words: z.string(),
  codes,
  logprob: probability.describe(
    'of its codes, each among the words that could stand there; null where not known',
  ),
  probability,
  wordLogprobs: z.array(probability).describe('the same of each word behind the start word'),
  alternatives: z
    .array(z.object({ words: z.string(), codes, logprob: z.number(), probability: z.number() }))
    .optional()
    .describe('most probable first; /v1/masks/decode makes masks of them'),
  mask: maskOutputSchema.optional(),
  areaPx: z.int().optional(),
  boxXyxyPx: z.tuple([z.int(), z.int(), z.int(), z.int()]).nullable().optional(),
  score: z.number().optional().describe("the decoder's own estimate of the IoU"),
  error: z
    .object({ code: z.string(), message: z.string(), hint: z.string().optional() })
    .optional()
    .describe('why there is no mask'),
})

const tokenLogprobs = z
  .object({
    content: z.array(
      z.object({
        token: z.string(),
        logprob: z.number(),
        bytes: z.array(z.int()).nullable(),
        top_logprobs: z.array(z.unknown()),
      }),
    ),
    refusal: z.null(),
  })
  .nullable()
const finish = z.enum(['stop', 'length'])
const usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
})
const notes = z.array(z.string()).optional().describe('ours: what a careful reader should know')

export const chatAnswerSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string(),
        refusal: z.null(),
        masks: z.array(chatMaskSchema).describe('ours'),
      }),
      logprobs: tokenLogprobs,
      finish_reason: finish,
      notes,
    }),
  ),
  usage,
})

/** One event of a streamed answer; `data: [DONE]` follows the last. */
export const chatChunkSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      delta: z.object({
        role: z.literal('assistant').optional(),
        content: z.string().optional(),
        masks: z.array(chatMaskSchema).optional().describe('ours: masks that were decoded since'),
        maskWord: z
          .object({ mask: z.int(), words: z.string(), logprob: probability })
          .optional()
          .describe('ours: a word of a mask that is not whole yet; its text comes with the mask'),
      }),
      logprobs: tokenLogprobs,
      finish_reason: finish.nullable(),
      notes,
    }),
  ),
  usage: usage.nullable().optional(),
})

export const modelListSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      id: z.string(),
      object: z.literal('model'),
      created: z.int(),
      owned_by: z.string(),
      kind: z.enum(['in-process', 'server']).describe('ours, as all that follows'),
      family: z.string(),
      codec: z.string().nullable().describe('who reads its masks; null where nobody here does'),
      words: z.array(z.enum(['samtok', 'himtok', 'getok'])),
      constraints: z.array(z.enum(['off', 'free', 'forced', 'count'])),
      logprobs: z.boolean(),
      alternatives: z.boolean(),
      maxTokens: z.int().nullable(),
      prompts: z
        .array(z.object({ name: z.string(), summary: z.string(), prompt: z.string() }))
        .describe('questions that published models were trained with; {text} and {mask} are places'),
      notes: z.array(z.string()),
    }),
  ),
})

export type ChatSettings = z.output<typeof chatSettingsSchema>
/** A conversation with pictures and masks, as OpenAI's chat completions take it. */
export type ChatRequest = z.input<typeof chatRequestSchema>
/** A whole answer of the model behind the service, masks beside the text. */
export type ChatAnswer = z.output<typeof chatAnswerSchema>
/** One piece of an answer that comes as a stream. */
export type ChatChunk = z.output<typeof chatChunkSchema>
/** A mask of an answer: where it stands in the text, and what it says. */
export type ChatMask = z.output<typeof chatMaskSchema>
/** The models that the service answers for. */
export type ModelList = z.output<typeof modelListSchema>
