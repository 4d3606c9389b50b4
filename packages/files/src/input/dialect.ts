// The names of the mask dialects, as --mask-format, --from and --to take them.

/** Dialects that are read. `png` is one mask a file; `label-map` one mask a value; `panoptic` one mask a colour. */
export const READ_DIALECTS = [
  'auto',
  'png',
  'alpha',
  'label-map',
  'panoptic',
  'coco-rle',
  'coco-counts',
  'coco-polygon',
  'cvat-rle',
  'labelstudio-rle',
  'raw',
] as const
export type ReadDialect = (typeof READ_DIALECTS)[number]

/** Dialects that are written. */
export const WRITE_DIALECTS = [
  'coco-rle',
  'coco-counts',
  'coco-polygon',
  'cvat-rle',
  'labelstudio-rle',
  'png',
  'label-map',
  'raw',
] as const
export type WriteDialect = (typeof WRITE_DIALECTS)[number]
