// The public index of @maskwords/mllm, written by hand.
export { answerStream } from './answer-stream.ts'
export type { ConstraintMachine, ConstraintState, ConstraintWalk, SpanIds } from './constraint.ts'
export { constraintMachine, MAX_COUNTED_MASKS, spanIds, walk } from './constraint.ts'
export type { MllmErrorCode, MllmErrorOptions } from './error.ts'
export { MllmError } from './error.ts'
export { modelFingerprint } from './fingerprint.ts'
export type { ModelFolder } from './folder.ts'
export { openModelFolder } from './folder.ts'
export type { OpenModelOptions } from './in-process.ts'
export { openModel } from './in-process.ts'
export type { LoadProgress } from './int4.ts'
export { readPromptModel } from './loaded.ts'
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
export type { OpenMultimodalOptions } from './open-multimodal.ts'
export { openMultimodal } from './open-multimodal.ts'
export type { Patches, PictureSettings } from './patches.ts'
export { patchesOfPicture, patchesOfVideo, sampleFrames, smartSize, smartVideoSize } from './patches.ts'
export type { PlacedGrid, Positions } from './positions.ts'
export { positionsOf } from './positions.ts'
export type { Prompt, PromptModel, PromptOptions, SeenPart } from './prompt.ts'
export { buildPrompt, renderChat } from './prompt.ts'
export { MAX_ALTERNATIVES } from './questions.ts'
export { isAddress, readAddress, type ServerAddress } from './servers/address.ts'
export { ServerError, type Timeouts } from './servers/http.ts'
export {
  type OpenPlainServerOptions,
  openPlainServer,
  type PlainAnswer,
  type PlainQuestion,
  type PlainServer,
} from './servers/plain-server.ts'
export { SERVER_KINDS, type ServerKind } from './servers/profiles.ts'
export { type OpenServerOptions, openServerModel } from './servers/server-model.ts'
export type { TaskName } from './tasks.ts'
export { fillMasks, maskPlaces, TASK_NAMES, TASKS, taskQuestion } from './tasks.ts'
export type { ModelTokenizer, TextGrowth } from './tokenizer.ts'
export { growText, openTokenizer } from './tokenizer.ts'
