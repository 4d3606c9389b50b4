// What the other rooms take from this one.
export type { TrainConfig } from './config.ts'
export { readTrainConfig } from './config.ts'
export { codebookFromMasks, sphericalKMeans } from './himtok/codebook-start.ts'
export type { HimtokLoss, HimtokLossWeights } from './himtok/loss.ts'
export { HIMTOK_LOSS_WEIGHTS, himtokLoss } from './himtok/loss.ts'
export type { HimtokTrainingOptions } from './himtok/training.ts'
export { himtokTrainStep } from './himtok/training.ts'
export { stageFolder, trainRun } from './run.ts'
export type { PointSampling, SamtokLoss, SamtokLossWeights } from './samtok/loss.ts'
export { randomPoints, SAMTOK_LOSS_WEIGHTS, SAMTOK_POINTS, samtokLoss } from './samtok/loss.ts'
export type { SamtokTrainingOptions } from './samtok/training.ts'
export { samtokTrainStep } from './samtok/training.ts'
export type {
  Augmentation,
  HimtokBatchOptions,
  SamtokBatchOptions,
  TrainingPicture,
  TrainingSet,
} from './sets/batches.ts'
export { himtokBatches, samtokBatches } from './sets/batches.ts'
export type { Scene, SceneOptions } from './sets/scene.ts'
export { drawScene } from './sets/scene.ts'
