// COCO instances with captions, and the files that share its form: LVIS, EntitySeg, Objects365, V3Det, PACO.
import { textAt } from '@maskwords/annotations'
import { cocoLikeReader, nameFromUrl } from './coco-like.ts'

/** COCO's own, then those of Roboflow and of people who divide as it does. */
const COCO_SPLITS = ['train2017', 'val2017', 'train2014', 'val2014', 'train', 'valid', 'val', 'test']

/** Where COCO pictures lie in people's folders. */
export const COCO_FOLDERS: readonly string[] = [
  'images',
  '{split}',
  'images/{split}',
  'train2017',
  'val2017',
  'train2014',
  'val2014',
  'images/train2017',
  'images/val2017',
  'images/train2014',
  'coco/train2017',
  'coco/val2017',
  'coco/train2014',
  'images/mscoco/images/train2014',
  // CVAT's name of a task without subsets.
  'images/default',
  'coco',
  '',
]

export const coco = cocoLikeReader({
  name: 'coco',
  title: 'COCO instances, with captions where their file is there',
  layout: [
    'annotations/instances_{split}.json or instances.json: { images, annotations, categories }',
    'also annotations/instances_default.json (CVAT), result.json (Label Studio), {split}/_annotations.coco.json (Roboflow)',
    'or the one COCO file that the root, annotations/ or a folder of the root holds, whatever its name',
    'annotations/captions_{split}.json or captions.json (optional)',
    'pictures in images/, {split}/ or images/{split}/',
  ],
  splits: COCO_SPLITS,
  gives: ['masks', 'boxes', 'captions'],
  takesOwnNames: true,
  files: [
    'annotations/instances_{split}.json',
    'instances_{split}.json',
    'annotations/instances.json',
    'instances.json',
    // CVAT, Label Studio and Roboflow.
    'annotations/instances_default.json',
    'result.json',
    '{split}/_annotations.coco.json',
    '_annotations.coco.json',
  ],
  captionFiles: [
    'annotations/captions_{split}.json',
    'captions_{split}.json',
    'annotations/captions.json',
    'captions.json',
  ],
  folders: COCO_FOLDERS,
})

export const lvis = cocoLikeReader({
  name: 'lvis',
  title: 'LVIS: 1,203 categories on COCO pictures',
  layout: [
    'lvis_v1_{split}.json or annotations/lvis_v1_{split}.json: COCO form, images named by coco_url',
    'pictures in train2017/ and val2017/',
  ],
  splits: ['train', 'val'],
  gives: ['masks', 'boxes'],
  isFederated: true,
  files: ['lvis_v1_{split}.json', 'annotations/lvis_v1_{split}.json', 'lvis_v0.5_{split}.json'],
  folders: ['', 'coco', 'images', ...COCO_FOLDERS],
  pictureName: (image) => textAt(image, 'file_name') ?? nameFromUrl(textAt(image, 'coco_url')),
  categoryName: plainCategory,
})

export const paco = cocoLikeReader({
  name: 'paco',
  title: 'PACO: objects and their parts',
  layout: [
    'paco_lvis_v1_{split}.json or annotations/paco_lvis_v1_{split}.json: COCO form, parts named "object:part"',
    'pictures in train2017/ and val2017/ (PACO-Ego4D: images/)',
  ],
  splits: ['train', 'val', 'test'],
  gives: ['masks', 'boxes'],
  isFederated: true,
  files: [
    'paco_lvis_v1_{split}.json',
    'annotations/paco_lvis_v1_{split}.json',
    'paco_ego4d_v1_{split}.json',
    'annotations/paco_ego4d_v1_{split}.json',
  ],
  folders: ['', 'coco', 'images', ...COCO_FOLDERS],
  pictureName: (image) => textAt(image, 'file_name') ?? nameFromUrl(textAt(image, 'coco_url')),
  categoryName: partCategory,
})

export const entitySeg = cocoLikeReader({
  name: 'entityseg',
  title: 'EntitySeg: high-resolution entities',
  layout: [
    'entityseg_insseg_{split}.json or annotations/entityseg_{split}.json: COCO form',
    'pictures in images/ or {split}/',
  ],
  splits: ['train', 'val'],
  gives: ['masks', 'boxes'],
  files: [
    'entityseg_insseg_{split}.json',
    'entityseg_{split}.json',
    'annotations/entityseg_insseg_{split}.json',
    'annotations/entityseg_{split}.json',
    'entityseg_{split}_01.json',
    'annotations/{split}.json',
  ],
  folders: ['images', '{split}', 'images/{split}', ''],
})

export const objects365 = cocoLikeReader({
  name: 'objects365',
  title: 'Objects365: boxes of 365 categories',
  layout: [
    'zhiyuan_objv2_{split}.json or annotations/zhiyuan_objv2_{split}.json: COCO form, boxes only',
    'pictures in {split}/, images/ or the root, as file_name says (images/v2/patch0/...)',
  ],
  splits: ['train', 'val'],
  gives: ['boxes'],
  files: [
    'zhiyuan_objv2_{split}.json',
    'annotations/zhiyuan_objv2_{split}.json',
    'annotations/objects365_{split}.json',
  ],
  folders: ['', '{split}', 'images', 'images/{split}'],
})

export const v3det = cocoLikeReader({
  name: 'v3det',
  title: 'V3Det: boxes of 13,204 categories',
  layout: [
    'annotations/v3det_2023_v1_{split}.json: COCO form, boxes only',
    'pictures as file_name says (images/a00000066/...)',
  ],
  splits: ['train', 'val'],
  gives: ['boxes'],
  files: ['annotations/v3det_2023_v1_{split}.json', 'v3det_2023_v1_{split}.json'],
  folders: ['', 'images'],
  categoryName: plainCategory,
})

/** `street_sign` reads as text does: "street sign". */
function plainCategory(name: string): string {
  return name.replaceAll('_', ' ')
}

/** `trash_can:pedal` is "trash can pedal"; `can_(container):rim` keeps no brackets. */
function partCategory(name: string): string {
  return plainCategory(name)
    .replaceAll(':', ' ')
    .replace(/\s*\([^)]*\)/g, '')
    .trim()
}
