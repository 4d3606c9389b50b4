// What is said to the service and what it answers, as zod schemas: the one definition that both sides use.
export type {
  CodecInfo,
  DecodeAnswer,
  EncodeAnswer,
  MaskOutput,
  OutputDialect,
  ParseAnswer,
  PictureAnswer,
  PictureInfoAnswer,
  VocabularyListing,
} from './api-schema.ts'
export {
  codecListSchema,
  decodeAnswerSchema,
  decodeOptionsSchema,
  decodeRequestSchema,
  encodeAnswerSchema,
  encodeOptionsSchema,
  encodeRequestSchema,
  MAX_REQUEST_MASKS,
  maskForms,
  parseAnswerSchema,
  parseRequestSchema,
  pictureInfoSchema,
  pictureQuery,
  pictureSchema,
  renderRequestSchema,
  vocabularySchema,
} from './api-schema.ts'
export type { ChatAnswer, ChatChunk, ChatMask, ChatRequest, ChatSettings, ModelList } from './chat-schema.ts'
export {
  chatAnswerSchema,
  chatMaskSchema,
  chatRequestSchema,
  MAX_CHAT_CHARS,
  modelListSchema,
} from './chat-schema.ts'
export { rewardListingSchema, rewardRequestSchema, rewardResponseSchema } from './reward-schema.ts'
