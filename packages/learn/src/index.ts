// The public names of this package, written by hand.
export { LearnError, type LearnErrorCode, type LearnErrorOptions } from './error.ts'
export { type GgufHead, type GgufScalar, readGgufHead } from './gguf/gguf.ts'
export { journalOf } from './gguf/journal.ts'
export {
  type MaskTokenTypes,
  maskTokenTypes,
  type PatchResult,
  patchTokenTypesCopy,
  patchTokenTypesInPlace,
  readMaskTokenTypes,
  restoreTokenTypes,
  TOKEN_TYPE,
  TOKEN_TYPE_NAMES,
} from './gguf/token-types.ts'
export {
  ADVANTAGE_STYLES,
  type AdvantageOptions,
  groupedAdvantages,
} from './rewards/advantage.ts'
export {
  type BatchOptions,
  MAX_SAMPLES,
  type RewardFault,
  type RewardRequest,
  type RewardResponse,
  type RewardResult,
  type SliceOptions,
  scoreBatch,
  scoreBatchInSlices,
} from './rewards/batch.ts'
export { type Box, MAX_MATCHED, readBoxes } from './rewards/boxes.ts'
export {
  addReward,
  REWARD_PRESETS,
  REWARDS,
  type RewardName,
  type RewardPart,
  type RewardPreset,
  type RewardTerm,
  rewardNamed,
} from './rewards/catalogue.ts'
export {
  MAX_TERMS,
  MAX_WEIGHT,
  planRewards,
  type RewardList,
  type RewardPlan,
} from './rewards/composite.ts'
export { maskDecoder, type RewardDecoder } from './rewards/decode.ts'
export { languageOfPreset, rewardsFor } from './rewards/for-data.ts'
export {
  defineReward,
  type Judged,
  type RewardDefinition,
  type RewardFunction,
  type RewardNeed,
  type RewardOption,
  type RewardOptions,
} from './rewards/reward.ts'
export {
  MAX_SAMPLE_MASKS,
  MAX_TEXT_CHARS,
  packTruth,
  type RewardRle,
  type RewardSample,
  type RewardTruth,
} from './rewards/sample.ts'
export {
  DEFAULT_REWARD_URL,
  rewardShim,
  SHIM_TRAINERS,
  type ShimOptions,
  shimOfWriter,
} from './shims/shim.ts'
export type { ShimTrainer } from './shims/trainers.ts'
export { describeModelFolder, type FolderDescription, vocabulariesOfFolder } from './vocabulary/describe.ts'
export { type ExecuteOptions, type ExtensionResult, executeExtension } from './vocabulary/extend.ts'
export { nameOfVocabulary } from './vocabulary/mask-words.ts'
export {
  checkOutput,
  DEFAULT_PAD_TO,
  type ExtendOptions,
  type ExtensionPlan,
  growthBytes,
  type PlannedFile,
  planExtension,
} from './vocabulary/plan.ts'
export type { FolderProblem, FoundVocabulary } from './vocabulary/problems.ts'
export { type SecondTokenizer, secondTokenizer } from './vocabulary/second-tokenizer.ts'
export {
  type FolderTokenizer,
  readFolderTokenizer,
  type TokenizerKind,
} from './vocabulary/tokenizer-files.ts'
export {
  checkWords,
  openSecondTokenizer,
  type VocabularyCheck,
  type VocabularyFailure,
} from './vocabulary/verify.ts'
export {
  type FolderConfig,
  type FolderWeights,
  type RowTensor,
  readFolderConfig,
  readFolderWeights,
} from './vocabulary/weights.ts'
export {
  MAX_NEW_WORDS,
  MAX_WORD_LENGTH,
  type WordSet,
  wordSetOfName,
  wordSetOfText,
} from './vocabulary/word-list.ts'
