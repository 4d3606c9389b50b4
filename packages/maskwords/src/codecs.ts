// `maskwords/codecs`: the mask languages, and what trains their tokenizers.

export type {
  Downloaded,
  DownloadOptions,
  DownloadProgress,
  Imported,
  ImportOptions,
  LoadCodecOptions,
  LoadedCodec,
  Pulled,
  PullOptions,
} from '@maskwords/codec-loading'
export {
  cacheFolder,
  downloadFile,
  hubFolder,
  importCodec,
  isHubId,
  loadCodec,
  loadSam2,
  pullCodec,
} from '@maskwords/codec-loading'
export type {
  Augmentation,
  HimtokBatchOptions,
  HimtokLoss,
  HimtokLossWeights,
  HimtokTrainingOptions,
  PointSampling,
  SamtokBatchOptions,
  SamtokLoss,
  SamtokLossWeights,
  SamtokTrainingOptions,
  Scene,
  SceneOptions,
  TrainingPicture,
  TrainingSet,
} from '@maskwords/codec-training'
export {
  codebookFromMasks,
  drawScene,
  HIMTOK_LOSS_WEIGHTS,
  himtokBatches,
  himtokLoss,
  himtokTrainStep,
  randomPoints,
  SAMTOK_LOSS_WEIGHTS,
  SAMTOK_POINTS,
  samtokBatches,
  samtokLoss,
  samtokTrainStep,
  sphericalKMeans,
} from '@maskwords/codec-training'
export type {
  ImageStore,
  ImageStoreOptions,
  ImageStoreUse,
} from '@maskwords/codecs'
export { openImageStore } from '@maskwords/codecs'
export * from './codecs-web.ts'
