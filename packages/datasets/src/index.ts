// What the other rooms take from this one.

export type { SameId } from '@maskwords/annotations'
export type { DataErrorCode } from './error.ts'
export { DataError } from './error.ts'
export { Column, float64Column, uint32Column } from './growing.ts'
export type { JsonLine, JsonLinesOptions } from './json-lines.ts'
export { jsonLines, readJsonFile } from './json-lines.ts'
export type { JsonItem, JsonLimits, JsonStreamOptions } from './json-stream.ts'
export { JSON_LIMITS, jsonItems, jsonItemsOf } from './json-stream.ts'
export { fileExists, safeRelativePath } from './paths.ts'
export { holdsTables } from './readers/hub-tables.ts'
export { addReader, READERS, readerByName } from './readers/index.ts'
export { reservedName } from './readers/reserved-names.ts'
export type {
  Choice,
  Coverage,
  DataProblem,
  DataRecord,
  DialogueTurn,
  GroundedCaptionRecord,
  Phrase,
  PictureFile,
  PictureStore,
  Reader,
  ReaderOptions,
  RecordPart,
  Region,
  RegionShape,
  Relation,
} from './record.ts'
export { defineReader } from './record.ts'
export type { LabelMapCache, LabelMapCacheOptions, RegionMaskOptions } from './region-mask.ts'
export { labelMapCache, regionMask, unionOfRegions } from './region-mask.ts'
export { inHoldout, MAX_SPLIT_PARTS } from './split.ts'
