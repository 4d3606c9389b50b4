// The public index of @maskwords/mask, written by hand.

export type { CocoCounts, CocoRle } from './coco-rle.ts'
export {
  cocoCountsFromMask,
  cocoRleFromMask,
  cocoStringFromMask,
  maskFromCocoRle,
  maskFromCocoString,
} from './coco-rle.ts'
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
export { boxIou, intersectionArea, iou, pairwiseBoxIou, pairwiseIou } from './iou.ts'
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
export {
  crop,
  flipHorizontal,
  flipVertical,
  paste,
  rotate90Clockwise,
  rotate90CounterClockwise,
  rotate180,
} from './placement.ts'
export {
  MAX_CROSSINGS,
  MAX_POLYGON_SIDE_PX,
  MAX_VERTEX_PX,
  maskFromCocoPolygons,
  maskFromRings,
} from './polygon.ts'
export type { FlatRing } from './polygon-fill.ts'
export { intersect, intersectAll, invert, subtract, union, unionAll, xor } from './set-operations.ts'
export { transpose } from './transpose.ts'
