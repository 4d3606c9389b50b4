// What the other rooms take from this one.

export type { SameId } from '@maskwords/annotations'
export type {
  DataErrorCode,
  DataProblem,
  JsonItem,
  JsonLimits,
  JsonLine,
  JsonLinesOptions,
  JsonStreamOptions,
} from '@maskwords/inputs'
export { DataError, JSON_LIMITS, jsonItems, jsonItemsOf, jsonLines, readJsonFile } from '@maskwords/inputs'
export { type AnnotationKind, annotationKind } from './annotation-kind.ts'
export { Column, float64Column, uint32Column } from './growing.ts'
export { keysOf, nameIn, photoOf, photosByName, saysMask } from './mask-names.ts'
export { fileExists, safeRelativePath } from './paths.ts'
export { holdsTables } from './readers/hub-tables.ts'
export { addReader, READERS, readerByName } from './readers/index.ts'
export { reservedName } from './readers/reserved-names.ts'
export { type OwnData, recogniseData } from './recognise.ts'
export type {
  Choice,
  Coverage,
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
