// The public names of this package.

export type {
  BoxXyxyPx,
  CodecCallOptions,
  CodecVocabulary,
  DecodedMask,
  DecodeOptions,
  EncodedImage,
  EncodeOptions,
  MaskCodec,
  MaskWords,
  PictureSize,
  Pixels,
  Segmentation,
  Segmenter,
  SegmentPrompt,
  WordsInput,
} from './codec.ts'
export { checkMaskSize, checkPicture } from './codec.ts'
export type { CodecErrorCode, CodecErrorOptions } from './error.ts'
export { CodecError } from './error.ts'
