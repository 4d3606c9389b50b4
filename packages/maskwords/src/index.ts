// The public index of maskwords, written by hand: what a program needs to go from pictures and masks to words and back.
// In a browser use @maskwords/mask, @maskwords/words and @maskwords/codecs, which need no Node.js.

export type {
  DecodedMask,
  DecodeOptions,
  EncodedImage,
  EncodeOptions,
  GetokCodec,
  GetokOptions,
  MaskCodec,
  MaskWords,
  PictureSize,
  Pixels,
  Segmentation,
  Segmenter,
  WordsInput,
} from '@maskwords/codecs'
export { CodecError, getokCodec } from '@maskwords/codecs'
export type { BoxXywhPx, LabelledMask, Mask, Picture, Rgb } from '@maskwords/mask'
export {
  area,
  boundaryF,
  boundaryIou,
  cocoCountsFromMask,
  cocoPolygonsFromMask,
  cocoRleFromMask,
  cvatRleFromMask,
  drawDifference,
  drawMasks,
  equalMasks,
  intersect,
  invert,
  iou,
  labelMapFromMasks,
  labelStudioRleFromMask,
  MaskError,
  maskColour,
  maskFromCocoPolygons,
  maskFromCocoRle,
  maskFromCvatRle,
  maskFromLabelStudioRle,
  maskFromRowMajor,
  masksFromLabelMap,
  pairwiseIou,
  pictureToPng,
  readPng,
  resizeMaskNearest,
  rowMajorBytes,
  subtract,
  tightBox,
  union,
  writePng,
  xor,
} from '@maskwords/mask'
export type { GetokParse, GetokVocabulary, MaskParse, MaskSpan, Repair, Vocabulary } from '@maskwords/words'
export {
  formatGetokInstance,
  formatMaskWords,
  getokVocabulary,
  himtokVocabulary,
  maskDialect,
  maskStream,
  parseGetok,
  parseMaskWords,
  samtokVocabulary,
  WordsError,
} from '@maskwords/words'
export type { LoadCodecOptions } from './codec.ts'
export { loadCodec } from './codec.ts'
export type { ErrorReport, MaskwordsErrorCode, MaskwordsErrorOptions } from './error.ts'
export { MaskwordsError, reportOf } from './error.ts'
export type { FoundWords, TextReading } from './input/words.ts'
export { findGetokWords, readWords } from './input/words.ts'
export type { PictureInfo } from './picture/describe.ts'
export { DEFAULT_MAX_PIXELS, describePicture } from './picture/describe.ts'
export type { PictureOptions, ReadPicture } from './picture/read.ts'
export { readPicture } from './picture/read.ts'
export { VERSION } from './version.ts'
