// The public index of @maskwords/mllm, written by hand.
export type { MllmErrorCode, MllmErrorOptions } from './error.ts'
export { MllmError } from './error.ts'
export type {
  Answer,
  AnswerEvent,
  AnswerMask,
  AnswerStream,
  AnswerToken,
  AskManyOptions,
  AskOptions,
  Conversation,
  MaskAlternative,
  MaskConstraint,
  Message,
  ModelFacts,
  MultimodalModel,
  Part,
  PicturePart,
  Sampling,
  TextPart,
  Usage,
  VideoPart,
} from './model.ts'
