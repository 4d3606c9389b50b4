// The public names of this package, written by hand.
export type * from './conversation.ts'
export { DataError, type DataErrorCode } from './error.ts'
export { type JsonLine, type JsonLinesOptions, jsonLines, readJsonFile } from './json-lines.ts'
export {
  JSON_LIMITS,
  type JsonItem,
  type JsonLimits,
  type JsonStreamOptions,
  jsonItems,
  jsonItemsOf,
} from './json-stream.ts'
export { fileExists, safeRelativePath } from './paths.ts'
export type { CodecStamp, PrepareConfig, PrepareSource } from './prepare/config.ts'
export { configHash } from './prepare/config.ts'
export { defaultTasks } from './prepare/default-tasks.ts'
export { Engine, type EngineOptions, type EngineSource } from './prepare/engine.ts'
export type { Plan, PlannedSource } from './prepare/plan.ts'
export type { RunReport, Stamp } from './prepare/report.ts'
export { type PrepareOptions, type PrepareResult, planOnly, prepare } from './prepare/run.ts'
export {
  MAX_WEIGHT_PERCENT,
  parseSource,
  parseTasks,
  type SourceSpec,
  type TaskSpec,
} from './prepare/source-spec.ts'
export { type EngineSetup, localWorkers, serveWork, threadWorkers, type Workers } from './prepare/workers.ts'
export { READERS, readerByName } from './readers/index.ts'
export type * from './record.ts'
export {
  type LabelMapCache,
  type LabelMapCacheOptions,
  labelMapCache,
  type RegionMaskOptions,
  regionMask,
  unionOfRegions,
} from './region-mask.ts'
export { inHoldout, MAX_SPLIT_PARTS } from './split.ts'
export {
  checkPictures,
  type FillOptions,
  fillConversation,
  PICTURE_PLACE,
  type TruthRle,
} from './tasks/fill.ts'
export { type GeometryTextOptions, geometryText } from './tasks/geometry-text.ts'
export { TASKS, taskByName } from './tasks/index.ts'
export { type CropPlace, cropOfPicture } from './tasks/zoom.ts'
export { WRITERS, writerByName } from './writers/index.ts'
