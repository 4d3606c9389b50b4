// The public index of maskwords, written by hand.
export type { MaskwordsErrorCode, MaskwordsErrorOptions } from './error.ts'
export { MaskwordsError } from './error.ts'
export { describePicture } from './picture/describe.ts'
export type { PictureOptions, ReadPicture } from './picture/read.ts'
export { readPicture } from './picture/read.ts'
export { VERSION } from './version.ts'
