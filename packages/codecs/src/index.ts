// The public names of this package, written by hand.
export type {
  BoxXyxyPx,
  CodecCallOptions,
  DecodedMask,
  DecodeOptions,
  EncodedImage,
  EncodeOptions,
  MaskCodec,
  MaskWords,
  PictureSize,
  Pixels,
  Segmentation,
  Segmenter,
  SegmentPrompt,
  WordsInput,
} from './codec.ts'
export { checkMaskSize, checkPicture, WEAK_IOU } from './codec.ts'
export type { CodecErrorCode, CodecErrorOptions } from './error.ts'
export { CodecError } from './error.ts'
export { boxIouXyxy } from './getok/box.ts'
export type { GetokCodec, GetokEncodeOptions, GetokOptions } from './getok/codec.ts'
export { getokCodec } from './getok/codec.ts'
export type { CornerLabel } from './getok/corners.ts'
export { CORNER_IOU, cornerLabel, jitterCorners } from './getok/corners.ts'
export type { Cover } from './getok/cover.ts'
export { coverMask, deepestCell, MAX_POINTS, nearestCell } from './getok/cover.ts'
export type { GetokImage } from './getok/decode.ts'
export type { Grid, GridOptions } from './getok/grid.ts'
export {
  boxToCells,
  cellsToBox,
  cellsToPoints,
  centreX,
  centreY,
  DEFAULT_CELLS,
  gridOf,
  MAX_CELLS,
  MAX_VERTICES,
  pointToCell,
  polygonToCells,
  polylineToCells,
} from './getok/grid.ts'
export { canHit, offsetLabel } from './getok/hit.ts'
export type { DetectionScores } from './getok/metrics.ts'
export { boxAccuracy, lineScores, maskScores, pointingScores } from './getok/metrics.ts'
export type { GridRegion, RegionOffsets, RegionPrompt } from './getok/offset.ts'
export {
  DELETE,
  movedCell,
  movedX,
  movedY,
  nextRound,
  OFFSET_WORDS,
  offsetU,
  offsetV,
  regionPrompt,
  STAY,
} from './getok/offset.ts'
export type { OffsetConversation, OffsetExample, OffsetExampleOptions } from './getok/offset-data.ts'
export { offsetConversation, offsetExample } from './getok/offset-data.ts'
export { maskHas } from './getok/pixel.ts'
export type { OffsetField, OffsetFieldOptions, Pool } from './getok/pools.ts'
export { bandKernels, offsetField, POOLS } from './getok/pools.ts'
export type { Choice, ChooseOptions, Proposal, ProposalOptions } from './getok/proposals.ts'
export { chooseFromProposals, proposeRegions } from './getok/proposals.ts'
export type { Random } from './getok/random.ts'
export { randomFrom, randomInt } from './getok/random.ts'
export { squashMask } from './getok/raster.ts'
export { bestOffsets, regionOfMask } from './getok/region.ts'
export type { PredictedRegion, ProposalRewards, RefinementRewards, TrueRegion } from './getok/reward.ts'
export {
  boxGainReward,
  boxReward,
  cornerScore,
  countFactor,
  groupAdvantages,
  hitShare,
  maskGainReward,
  maskReward,
  matchRegions,
  pointQuality,
  pointsReward,
  refinementReward,
  similarity,
  slotMean,
  spread,
  totalReward,
} from './getok/reward.ts'
export { poolQuotas, sampleCells } from './getok/sampling.ts'
export { nonRepeatReward, proposalFormatReward, refinementFormatReward } from './getok/text-reward.ts'
export type { ReadRegion } from './getok/words.ts'
export { readRegions, regionToWords } from './getok/words.ts'
export type { Codebook } from './himtok/codebook.ts'
export type {
  HimtokCodec,
  HimtokDecodeOptions,
  HimtokEncodeOptions,
  HimtokImage,
  HimtokOptions,
} from './himtok/codec.ts'
export { createHiMTok, himtokNetworks, himtokParameters } from './himtok/codec.ts'
export type { CodeScale, HimtokConfig, HimtokProfile, MissingToken } from './himtok/config.ts'
export { checkHimtokConfig, HIMTOK_PUBLISHED, PROFILES } from './himtok/config.ts'
export type { HierarchyVariant, TrainedLevel } from './himtok/hierarchy.ts'
export { blurTarget, levelProbabilities, levelSigmaPx, sampleLevels } from './himtok/hierarchy.ts'
export type { Nanodet, NanodetFeatures, NanodetOptions } from './nanodet/detector.ts'
export { nanodetParameters, nanodetPixels, openNanodet } from './nanodet/detector.ts'
export type { ModelRuntime, NetworkOptions } from './networks.ts'
export type { Sam2, Sam2Image, Sam2Options, Sam2Prompt, Sam2SegmentOptions } from './sam2/predictor.ts'
export { createSam2, sam2Parameters } from './sam2/predictor.ts'
export type { CodebookUpdate, CodebookUsage, TrainedCodebook } from './samtok/codebook.ts'
export { codebookUsage, trainedCodebook, updateCodebook } from './samtok/codebook.ts'
export type {
  SamtokCodec,
  SamtokDecodeOptions,
  SamtokEncodeOptions,
  SamtokImage,
  SamtokOptions,
} from './samtok/codec.ts'
export { createSamTok, samtokNetworks, samtokParameters } from './samtok/codec.ts'
export type { SamtokConfig } from './samtok/config.ts'
export { checkSamtokConfig, SAMTOK_PREFIX, SAMTOK_PUBLISHED } from './samtok/config.ts'
export type { ImageBytesOptions } from './samtok/image-bytes.ts'
export { imageFromBytes, imageToBytes } from './samtok/image-bytes.ts'
export type { ImageStore, ImageStoreOptions, ImageStoreUse } from './samtok/image-store.ts'
export { openImageStore } from './samtok/image-store.ts'
export type { ResidualCodebooks } from './samtok/residual.ts'
export { residualCodes, residualVectors } from './samtok/residual.ts'
export { normals } from './start/draws.ts'
export { addedWeights, initialWeights } from './start/initial-weights.ts'
export type { CodecWeights, WeightFile, WeightFunction } from './weights.ts'
export { checkWeights, parametersOf } from './weights.ts'
