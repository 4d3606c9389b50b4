// The public index of @maskwords/models, written by hand.

export type { ClickHeadConfig } from './click/head.ts'
export { CLICK_HEAD, CLICK_MAPS, clickHead, clickHeadInputs } from './click/head.ts'
export type { DetectorEyesConfig, DetectorEyesShape } from './nano/config.ts'
export { BOX_FREQUENCIES, detectorEyesShape } from './nano/config.ts'
export type { DetectorEyesInputs } from './nano/eyes.ts'
export { DETECTOR_PREFIX, detectorEyes, detectorEyesInputs, EYES_PREFIX } from './nano/eyes.ts'
export { COCO_CATEGORIES } from './nanodet/categories.ts'
export type { CspStage, NanodetConfig } from './nanodet/config.ts'
export { NANODET_G, NANODET_STRIDES, nanodetProblems, nanodetSides } from './nanodet/config.ts'
export type { Detection, DetectionOptions, RawDetections } from './nanodet/detections.ts'
export { detections } from './nanodet/detections.ts'
export type { NanodetOutputs } from './nanodet/network.ts'
export { nanodet } from './nanodet/network.ts'
export type { Quantised, ResidualQuantiserConfig } from './quantiser/residual.ts'
export { codebookParameter, residualQuantiser } from './quantiser/residual.ts'
export type { ScalarQuantised } from './quantiser/scalar.ts'
export { scalarCodes, scalarQuantiser, scalarVector } from './quantiser/scalar.ts'
export type { QwenConfig, QwenFamily, QwenTextConfig, QwenVisionConfig } from './qwen/config.ts'
export { readQwenConfig } from './qwen/config.ts'
export type { QwenPrefixes } from './qwen/keys.ts'
export { qwenKey, qwenPrefixes } from './qwen/keys.ts'
export type { Grouping, PatchGrid, VisionLayout } from './qwen/layout.ts'
export { patchesOf, visionLayout } from './qwen/layout.ts'
export type { QwenGraphOptions } from './qwen/parameters.ts'
export type { KeysAndValues, Past, TextInputs, TextOutputs } from './qwen/text.ts'
export {
  embedTokens,
  frequencyAxes,
  placeFeatures,
  qwenLogits,
  qwenText,
  spreadFeatures,
} from './qwen/text.ts'
export type { GroupInputs, VisionInputs, VisionOutputs } from './qwen/vision.ts'
export { patchValues, qwenVision, visionFeeds, visionInputs } from './qwen/vision.ts'
export type { HieraBlock, HieraConfig, Sam2Config } from './sam2/config.ts'
export { hieraBlocks, promptSide, SAM2_CONFIGS, sam2Problems, stageSides } from './sam2/config.ts'
export type { TrunkOptions } from './sam2/hiera.ts'
export { hieraTrunk } from './sam2/hiera.ts'
export type { ImageFeatures } from './sam2/image-encoder.ts'
export { normalisedPixels, PIXEL_MEAN, PIXEL_STD, sam2ImageEncoder } from './sam2/image-encoder.ts'
export type { MaskDecoderOutput } from './sam2/mask-decoder.ts'
export { MASK_TOKENS, sam2MaskDecoder } from './sam2/mask-decoder.ts'
export type { DecodedVectors } from './sam2/mask-tokenizer.ts'
export { maskEncoder, vectorDecoder } from './sam2/mask-tokenizer.ts'
export {
  boxTokens,
  densePositions,
  maskPrompt,
  NO_POINT,
  noMaskPrompt,
  noPointToken,
  pointTokens,
} from './sam2/prompt-encoder.ts'
export { toCells, twoWayTransformer } from './sam2/two-way.ts'
export type { TiTokConfig, TransformerSize } from './titok/config.ts'
export { HIMTOK_CONFIG, titokProblems } from './titok/config.ts'
export { titokDecoder } from './titok/decoder.ts'
export type { LatentLayout } from './titok/encoder.ts'
export { attentionBlocked, titokEncoder } from './titok/encoder.ts'
export type { TitokQuantised } from './titok/quantiser.ts'
export { titokQuantiser } from './titok/quantiser.ts'
