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
