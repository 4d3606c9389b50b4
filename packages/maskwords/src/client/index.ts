// The public names of `maskwords/client`.

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
} from '../server/api-schema.ts'
export type { RewardAnswer, RewardListing, RewardsRequest } from '../server/reward-schema.ts'
export type { CallOptions, Client, ClientOptions, UploadOptions } from './client.ts'
export { createClient } from './client.ts'
export { ServiceError } from './error.ts'
