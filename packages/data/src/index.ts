// The public names of this package, written by hand.
export type {
  FilledConversation,
  FilledPicture,
  PictureCrop,
  PictureUse,
  Piece,
  RegionForm,
  RegionPiece,
  Task,
  TaskConversation,
  TaskOptions,
  Turn,
  Writer,
  WriterOptions,
  WrittenFile,
} from './conversation.ts'
export { defineTask, defineWriter } from './conversation.ts'
export type { CodecStamp, PrepareConfig, PrepareSource } from './prepare/config.ts'
export { configHash } from './prepare/config.ts'
export { defaultTasks, type TaskSource } from './prepare/default-tasks.ts'
export type { EngineOptions, EngineSource } from './prepare/engine.ts'
export { Engine } from './prepare/engine.ts'
export type { Plan, PlannedSource } from './prepare/plan.ts'
export { checkPlan, reasonLine } from './prepare/plan.ts'
export { type ReadBackReport, sizeInWords } from './prepare/read-back.ts'
export type { RunReport } from './prepare/report.ts'
export type { PrepareOptions, PrepareResult } from './prepare/run.ts'
export { planOnly, prepare } from './prepare/run.ts'
export type { SourceSpec, TaskSpec } from './prepare/source-spec.ts'
export { MAX_WEIGHT_PERCENT, parsePathSource, parseSource, parseTasks } from './prepare/source-spec.ts'
export type { ReadStamp, Stamp } from './prepare/stamp.ts'
export { readStamp } from './prepare/stamp.ts'
export type { EngineSetup, Workers } from './prepare/workers.ts'
export { localWorkers, serveWork, threadWorkers } from './prepare/workers.ts'
export type { FillOptions, TruthRle } from './tasks/fill.ts'
export { checkPictures, fillConversation, PICTURE_PLACE } from './tasks/fill.ts'
export type { GeometryTextOptions } from './tasks/geometry-text.ts'
export { geometryText } from './tasks/geometry-text.ts'
export { addTask, TASKS, taskByName } from './tasks/index.ts'
export { pick, seededBy, shuffled } from './tasks/seeded.ts'
export type { CropPlace } from './tasks/zoom.ts'
export { cropOfPicture } from './tasks/zoom.ts'
export { addWriter, WRITERS, writerByName } from './writers/index.ts'
export { promptTurns, truthOf } from './writers/truth.ts'
