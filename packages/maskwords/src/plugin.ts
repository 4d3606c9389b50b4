// `maskwords/plugin`: what a plugin is declared with. Functions that return what they are given, and types; nothing is started.
export type { NamedCodec, NamedCodecOptions } from '@maskwords/codec-loading'
export { defineCodec } from '@maskwords/codec-loading'
export type { DecodedMask, EncodedImage, MaskCodec, MaskWords, Pixels } from '@maskwords/codecs'
export type {
  FilledConversation,
  Piece,
  Task,
  TaskConversation,
  TaskOptions,
  Turn,
  Writer,
  WriterOptions,
} from '@maskwords/data'
export { defineTask, defineWriter } from '@maskwords/data'
export type {
  DataProblem,
  DataRecord,
  Phrase,
  PictureFile,
  Reader,
  ReaderOptions,
  Region,
  RegionShape,
} from '@maskwords/datasets'
export { defineReader } from '@maskwords/datasets'
export type { Judged, RewardDefinition, RewardFunction, RewardOption } from '@maskwords/learn'
export { defineReward } from '@maskwords/learn'
export type { Plugin } from '@maskwords/plugins'
export { definePlugin } from '@maskwords/plugins'
