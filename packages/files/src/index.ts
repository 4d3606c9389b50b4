// What the other rooms take from this one.

export type { LanguageOptions, LoadCodecOptions } from './codec.ts'
export {
  CODEC_NAMES,
  DEFAULT_CODEC,
  getokCells,
  isShipped,
  languageOfOptions,
  loadCodec,
  SHIPPED_CODECS,
  SPEAKERS,
  shippedFolder,
} from './codec.ts'
export type { Command, Context, ExitCode, Talk } from './command.ts'
export { defineCommand, makeContext, makeTalk } from './command.ts'
export { loadNanodet } from './detector.ts'
export type { ErrorReport, MaskwordsErrorCode, MaskwordsErrorOptions } from './error.ts'
export { formatError, isTypedError, located, MaskwordsError, reportOf, throwIfAborted } from './error.ts'
export {
  MAX_JSON_BYTES,
  MAX_PICTURE_FILE_BYTES,
  MAX_TEXT_BYTES,
  readFileCapped,
  readInput,
} from './input/bytes.ts'
export { decodedText } from './input/decoded-text.ts'
export type { WriteDialect } from './input/dialect.ts'
export { READ_DIALECTS, WRITE_DIALECTS } from './input/dialect.ts'
export { checkShape, parseJson } from './input/json-text.ts'
export { findMasks } from './input/mask-json.ts'
export { mapInOrder, masksOfBytes, readMasks } from './input/masks.ts'
export type { NamedMask } from './input/named-mask.ts'
export { parsePicks } from './input/picked.ts'
export type { PictureList } from './input/picture-list.ts'
export { isPattern, isPictureName, listFiles, meansMany } from './input/picture-list.ts'
export type { FileKind } from './input/sniff.ts'
export { kindInWords, PICTURE_KINDS, sniff } from './input/sniff.ts'
export { maskOfStated } from './input/stated-mask.ts'
export type { FoundWords, ReadWordsOptions, TextReading } from './input/words.ts'
export {
  findGetokWords,
  findWords,
  MAX_MASKS_IN_TEXT,
  MISSPELT,
  misspelt,
  readWords,
  statedOfWords,
} from './input/words.ts'
export { inspectCheckpoint } from './inspect/checkpoint.ts'
export { inspectDataset } from './inspect/dataset.ts'
export { inspectGguf } from './inspect/gguf.ts'
export { inspectModelFolder, isModelFolder } from './inspect/language-model.ts'
export { reportOfMask } from './inspect/mask.ts'
export { inspectPicture } from './inspect/picture.ts'
export type { FactValue, Report } from './inspect/report.ts'
export { inspectText } from './inspect/text.ts'
export { INSTALLED } from './installed.ts'
export type { Io } from './io.ts'
export { ClosedPipe, pathOfAddress, processIo } from './io.ts'
export {
  codecRequest,
  decodeOpened,
  type Loaded,
  labelList,
  loadPictureAndMasks,
  loadWithMasks,
  openCodec,
  openPicture,
  reportFailures,
} from './load.ts'
export { localSource } from './local-source.ts'
export type { DecodedMask } from './model/answer.ts'
export { answerJson, decodedMasks } from './model/answer.ts'
export type { OpenedModel } from './model/open.ts'
export { openModel, serverOptions } from './model/open.ts'
export { MODEL_OPTIONS, SAMPLING_OPTIONS } from './model/options.ts'
export type {
  ArgumentSpec,
  CommandSpec,
  Example,
  OptionSpec,
  OptionSpecs,
  OptionValues,
  Size,
} from './options.ts'
export { COMMON_OPTIONS, helpText, parseCommandLine, pathKind } from './options.ts'
export { byteProgress } from './output/byte-progress.ts'
export { printable, styleFor } from './output/colour.ts'
export { ensureFolder, refuseSameFile, removeUnfinished, writeWhole } from './output/files.ts'
export type { KeptLines } from './output/kept-lines.ts'
export { lockKeptFile, openKeptLines } from './output/kept-lines.ts'
export { masksAsJson } from './output/mask-json.ts'
export { labelMapPng, overlayPng, sideBySidePng } from './output/pictures.ts'
export type { Progress } from './output/progress.ts'
export { quotedForShell } from './output/shell.ts'
export { counted, duration, tableLines } from './output/table.ts'
export type { PictureInfo } from './picture/describe.ts'
export { DEFAULT_MAX_PIXELS, describePicture } from './picture/describe.ts'
export type { PictureOptions, ReadPicture } from './picture/read.ts'
export { decodePicture, readPicture } from './picture/read.ts'
export { findSharp, requireSharp, sharpTrouble } from './picture/sharp.ts'
export {
  CODEC_OPTIONS,
  DECODE_OPTIONS,
  ENCODE_OPTIONS,
  JOBS_OPTION,
  MASK_OPTIONS,
  PICTURE_OPTIONS,
  TEXT_OPTIONS,
  THOUGHT_OPTION,
} from './shared-options.ts'
export { VERSION } from './version.ts'
