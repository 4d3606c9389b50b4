// The public index of @maskwords/mask, written by hand.
export type { DenseInput } from './dense.ts'
export {
  columnMajorBytes,
  maskFromColumnMajor,
  maskFromRowMajor,
  rowMajorBytes,
  writeBytes,
} from './dense.ts'
export type { MaskErrorCode, MaskErrorOptions } from './error.ts'
export { MaskError } from './error.ts'
export type { BoxXywhPx, Mask } from './mask.ts'
export {
  checkSize,
  emptyMask,
  equalMasks,
  fullMask,
  MAX_DENSE_PIXELS,
  MAX_MASK_PIXELS,
  maskFromEdges,
} from './mask.ts'
export { area, isEmpty, tightBox } from './measure.ts'
export { intersect, intersectAll, invert, subtract, union, unionAll, xor } from './set-operations.ts'
export { transpose } from './transpose.ts'
