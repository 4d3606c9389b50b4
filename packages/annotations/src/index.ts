// What the other rooms take from this one.

export { type RepeatedAnnotation, repeatedAnnotations } from './coco/annotations.ts'
export { type Box, boxFromCorners, checkedBox, isNoBox } from './coco/box.ts'
export { categoryName, cocoCategories } from './coco/categories.ts'
export { annotationMask, type CocoGeometry, type CocoGeometryOptions, cocoGeometry } from './coco/geometry.ts'
export {
  cocoImages,
  drawnOnAt,
  isSamePicture,
  type Listed,
  type ListedNote,
  namesInWords,
  pictureName,
  type SameId,
} from './coco/images.ts'
export { type CocoLists, cocoLists, crowdFlag, entriesAt, isCrowd } from './coco/lists.ts'
export {
  checkedSegmentation,
  plainSegmentation,
  type ReadSegmentation,
  readSegmentation,
} from './coco/segmentation.ts'
export { lastFramesOf } from './cvat/between.ts'
export {
  type CvatPlaced,
  cvatFrames,
  cvatJobShapes,
  cvatShapes,
  isCvatJob,
} from './cvat/json.ts'
export type { CvatPicture } from './cvat/picture.ts'
export { readCvatXml } from './cvat/xml.ts'
export { AnnotationError, type AnnotationErrorCode } from './error.ts'
export {
  asObject,
  flagAt,
  type Id,
  idAt,
  type JsonObject,
  listAt,
  member,
  memberOfAny,
  numberAt,
  numbersOf,
  readNumbers,
  sideAt,
  sidesAt,
  sizeAt,
  textAt,
  texts,
} from './fields.ts'
export { bad, type Found, type Loss, type LossKind, shown, withDoubt } from './found.ts'
export { type LabelStudioGroup, regionGroups, regionShapes } from './label-studio/regions.ts'
export {
  annotationsOf,
  isLabelStudioTask,
  isMinTask,
  type LabelStudioAnnotation,
  type LabelStudioEntry,
  listedAnnotations,
  liveAnnotations,
  taskPicture,
  taskPictures,
  textId,
  withoutUploadPrefix,
} from './label-studio/tasks.ts'
export type { PlacedShape, PlacedUnread, ShapeList } from './placed.ts'
export { sameJson } from './same-json.ts'
export { type WriteCocoOptions, writeCoco } from './write/coco.ts'
export { writeCvatXml } from './write/cvat.ts'
export { type WrittenLabelMap, writeLabelMap } from './write/label-map.ts'
export { labelStudioConfig, writeLabelStudio } from './write/label-studio.ts'
export type { AnnotatedPicture, AnnotatedRegion, Written } from './write/picture.ts'
export { writeRecords } from './write/records.ts'
export { type WriteYoloOptions, writeYolo } from './write/yolo.ts'
export { looksLikeYoloLabels, readYoloLabels, type YoloLine } from './yolo/labels.ts'
export { readYoloNames } from './yolo/names.ts'
