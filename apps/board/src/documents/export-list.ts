// What can be saved, as the menu has it.
export const EXPORTS = [
  { id: 'training', label: 'Training data', kind: 'JSON lines, zip' },
  { id: 'coco', label: 'All regions', kind: 'COCO JSON' },
  { id: 'coco-plain', label: 'All regions, plain counts', kind: 'COCO JSON' },
  { id: 'yolo', label: 'All regions', kind: 'YOLO, zip' },
  { id: 'cvat', label: 'All regions', kind: 'CVAT, zip' },
  { id: 'label-studio', label: 'All regions', kind: 'Label Studio, zip' },
  { id: 'label-map', label: 'All regions', kind: 'label map, zip' },
  { id: 'mask', label: 'Mask of the selected region', kind: 'PNG' },
  { id: 'words', label: 'Words of all regions', kind: 'JSON' },
  { id: 'words-text', label: 'Words of the selected region', kind: 'text' },
  { id: 'overlay', label: 'Picture with regions', kind: 'PNG' },
  { id: 'session', label: 'Session', kind: 'JSON' },
] as const

export type ExportId = (typeof EXPORTS)[number]['id']
