// The public names of `maskwords/client`.

export type { CallOptions, Client, ClientOptions, UploadOptions } from './client.ts'
export { createClient } from './client.ts'
export { ServiceError } from './error.ts'
export type {
  CodecInfo,
  CodecList,
  DecodeAnswer,
  DecodeRequest,
  EncodeAnswer,
  EncodeRequest,
  MaskInput,
  MaskOutput,
  OutputDialect,
  ParseAnswer,
  ParseRequest,
  PictureAnswer,
  PictureInfoAnswer,
  RenderRequest,
  VocabularyListing,
} from './schema/api-schema.ts'
export type { ChatAnswer, ChatChunk, ChatMask, ChatRequest, ModelList } from './schema/chat-schema.ts'
export type { RewardAnswer, RewardListing, RewardsRequest } from './schema/reward-schema.ts'
