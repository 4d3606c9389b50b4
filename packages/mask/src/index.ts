// The public index of @maskwords/mask, written by hand.

export { leastCostPairs, MAX_ASSIGNMENT } from './assignment.ts'
export type { BoundaryFOptions, BoundaryIouOptions, BoundaryScore } from './boundary.ts'
export { boundaryF, boundaryIou, contourPixels, insideBand } from './boundary.ts'
export type { CocoCounts, CocoRle } from './coco-rle.ts'
export {
  cocoCountsFromMask,
  cocoRleFromMask,
  cocoStringFromMask,
  maskFromCocoRle,
  maskFromCocoString,
} from './coco-rle.ts'
export type { CocoSegmentation } from './coco-segmentation.ts'
export { maskFromCocoSegmentation } from './coco-segmentation.ts'
export type {
  ComponentsOptions,
  Connectivity,
  FillHolesOptions,
  RemoveSpecklesOptions,
} from './components.ts'
export { connectedComponents, fillHoles, removeSpeckles } from './components.ts'
export type { Polygon } from './contours.ts'
export { cocoPolygonsFromMask, contoursFromMask, ringsOfPolygons } from './contours.ts'
export type { CvatXmlMask } from './cvat-rle.ts'
export { cvatRleFromMask, cvatXmlFromMask, maskFromCvatRle, maskFromCvatXml } from './cvat-rle.ts'
export type { DenseInput } from './dense.ts'
export {
  columnMajorBytes,
  croppedColumnMajorBytes,
  croppedRowMajorBytes,
  maskFromColumnMajor,
  maskFromRowMajor,
  rowMajorBytes,
  writeBytes,
} from './dense.ts'
export type { DistanceMap, DistanceOptions, FarthestPoint } from './distance.ts'
export { farthestInsidePoint, MAX_DISTANCE_PIXELS, NO_DISTANCE, squaredDistances } from './distance.ts'
export type { MaskErrorCode, MaskErrorOptions } from './error.ts'
export { MaskError } from './error.ts'
export { boxIou, intersectionArea, iou, pairwiseBoxIou, pairwiseIou } from './iou.ts'
export type {
  LabelledMask,
  LabelMap,
  LabelMapFromMasksOptions,
  LabelMapOptions,
  Labels,
} from './label-map.ts'
export { labelMapFromMasks, masksFromLabelMap } from './label-map.ts'
export { labelStudioRleFromMask, maskFromLabelStudioRle } from './label-studio-rle.ts'
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
export { area, centroid, compactness, isEmpty, perimeter, tightBox } from './measure.ts'
export type { BorderRule, MorphologyOptions } from './morphology.ts'
export { closing, dilate, dilateDisk, erode, morphologicalGradient, opening } from './morphology.ts'
export type { Ground, GroundChoice, GroundConvention, Orientation } from './orientation/ground.ts'
export { chooseGround, shownSize } from './orientation/ground.ts'
export { pictureHeader } from './orientation/header.ts'
export type { LaidOutlines } from './orientation/laid-outlines.ts'
export { laidOutlines } from './orientation/laid-outlines.ts'
export type { ByteWindow, PictureHeader } from './orientation/stated-header.ts'
export { exifOrientation, xmpOrientation } from './orientation/tags.ts'
export { shownMask, storedMask } from './orientation/turn.ts'
export type { DifferenceStyle, FlattenOptions, MaskStyle, SideBySideOptions, TextStyle } from './overlay.ts'
export {
  cutOut,
  drawDifference,
  drawMasks,
  drawText,
  flattenAlpha,
  maskColour,
  plainPicture,
  sideBySide,
  textSize,
} from './overlay.ts'
export type { Picture, PictureChannels, Rgb } from './picture.ts'
export { checkPicture, toRgb } from './picture.ts'
export {
  crop,
  flipHorizontal,
  flipVertical,
  paste,
  rotate90Clockwise,
  rotate90CounterClockwise,
  rotate180,
} from './placement.ts'
export { crc32 } from './png/checksum.ts'
export type { PngBitDepth, PngColour, PngImage } from './png/format.ts'
export { MAX_PNG_SAMPLE_BYTES } from './png/format.ts'
export type { LabelMapToPngOptions, MaskFromPngOptions, PngForeground } from './png/mask-png.ts'
export {
  labelMapFromPng,
  labelMapFromPngImage,
  labelMapToPng,
  maskFromPng,
  maskFromPngImage,
  maskToPng,
  panopticIdsFromPngImage,
  pictureFromPng,
  pictureFromPngImage,
  vocPaletteRgba,
} from './png/mask-png.ts'
export type { ReadPngOptions } from './png/read.ts'
export { readPng, readPngHeader } from './png/read.ts'
export type { WritePngOptions } from './png/write.ts'
export { pictureToPng, pngOfRows, pngRows, writePng } from './png/write.ts'
export {
  MAX_CROSSINGS,
  MAX_POLYGON_SIDE_PX,
  MAX_VERTEX_PX,
  maskFromCocoBox,
  maskFromCocoPolygons,
  maskFromRings,
} from './polygon.ts'
export type { FlatRing } from './polygon-fill.ts'
export type { InterleavedBytes, ResizedBytes } from './resize/fixed-point.ts'
export type { Samples } from './resize/nearest.ts'
export { resizeMaskNearest, resizeNearest } from './resize/nearest.ts'
export type { PillowVersion } from './resize/pillow.ts'
export { isColumnsFirst, PILLOW_VERSIONS, resizeBicubicPillow } from './resize/pillow.ts'
export type { SizePx } from './resize/taps.ts'
export type { BilinearOptions, FloatPlanes } from './resize/torch.ts'
export { resizeBicubic, resizeBilinear } from './resize/torch.ts'
export { resizeBicubicTorchvision } from './resize/torchvision.ts'
export { intersect, intersectAll, invert, subtract, union, unionAll, xor } from './set-operations.ts'
export { readCvatShape } from './shapes/cvat.ts'
export { type LabelStudioReading, readLabelStudioRegion } from './shapes/label-studio.ts'
export {
  type LabelmeRegion,
  readLabelmeShape,
  readLabelmeShapes,
  type UnreadLabelmeShape,
} from './shapes/labelme.ts'
export { type DrawnShape, maskFromShapes, type ShapeReading, type UnreadShape } from './shapes/shape.ts'
export { simplifiedRing } from './simplify.ts'
export { transpose } from './transpose.ts'
