// COCO instances with captions, and the files that share its form: LVIS, EntitySeg, Objects365, V3Det, PACO.
import { cocoLikeReader } from './coco-like.ts'

const COCO_SPLITS = ['train2017', 'val2017', 'train2014', 'val2014']
export const COCO_FOLDERS = [
  'images',
  '{split}',
  'images/{split}',
  'train2017',
  'val2017',
  'train2014',
  'images/train2017',
  'images/val2017',
  'images/train2014',
  '',
]

export const coco = cocoLikeReader({
  name: 'coco',
  title: 'COCO instances, with captions where their file is there',
  layout: [
    'annotations/instances_{split}.json or instances.json: { images, annotations, categories }',
    'annotations/captions_{split}.json or captions.json (optional)',
    'pictures in images/, {split}/ or images/{split}/',
  ],
  splits: COCO_SPLITS,
  gives: ['masks', 'boxes', 'captions'],
  files: [
    'annotations/instances_{split}.json',
    'instances_{split}.json',
    'annotations/instances.json',
    'instances.json',
  ],
  captionFiles: [
    'annotations/captions_{split}.json',
    'captions_{split}.json',
    'annotations/captions.json',
    'captions.json',
  ],
  folders: COCO_FOLDERS,
})
