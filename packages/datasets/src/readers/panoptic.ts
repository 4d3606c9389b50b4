// COCO panoptic files and those of their form: COCONUT, and the panoptic maps under Panoptic Narrative Grounding (cocodataset.org/#format-data).

import {
  asObject,
  type Box,
  checkedBox,
  type Id,
  idAt,
  isCrowd,
  isNoBox,
  type JsonObject,
  type LossKind,
  listAt,
  member,
  numberAt,
} from '@maskwords/annotations'
import { DataError } from '@maskwords/inputs'
import { tightBox } from '@maskwords/mask'
import { recordFlag, recordId } from '@maskwords/words'
import { fileExists, safeRelativePath } from '../paths.ts'
import type { DataRecord, Reader, ReaderOptions, Region } from '../record.ts'
import { type LabelMapCache, labelMapCache } from '../region-mask.ts'
import { COCO_FOLDERS } from './coco.ts'
import type { CocoIndex } from './coco-index.ts'
import { cocoPictures } from './coco-like.ts'
import { joined, Reading } from './reading.ts'

/** Value of pixels that belong to no segment. */
const VOID_ID = 0
const MAX_SEGMENT_ID = 2 ** 24 - 1

export type PanopticCategory = { readonly name: string; readonly isThing: boolean | undefined }

/** Regions of one annotation's `segments_info`; the map is `mapFile`. Lost segments are said. */
export function panopticRegions(
  reading: Reading,
  segments: readonly unknown[],
  mapFile: string,
  size: { readonly widthPx: number; readonly heightPx: number },
  categoryOf: (id: Id) => PanopticCategory | undefined,
  file: string,
  where: string,
): Region[] {
  const seen = new Set<string>()
  const masks = labelMapCache()
  return segments.flatMap((segment): Region[] => {
    const id = idAt(segment, 'id')
    const at = `segment ${id} of ${where}`
    const categoryId = recordId(member(segment, 'category_id'))
    const category = categoryId === undefined ? undefined : categoryOf(categoryId)
    const lost = (kind: LossKind, message: string): Region[] => {
      reading.lostRegion({ kind, message }, category?.name, file, at)
      return []
    }
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_SEGMENT_ID) {
      return lost('bad-field', "a segment's id is a whole number below 2^24")
    }
    if (id === VOID_ID) return lost('bad-field', 'id 0 means unlabelled pixels, it cannot name a segment')
    if (seen.has(String(id))) return lost('duplicate-id', `segment ${id} stands twice; the first one counts`)
    if (category === undefined) {
      reading.mayLack()
      if (categoryId !== undefined) {
        const message = `${at}: there is no category ${categoryId}; it is kept without a name`
        reading.doubt('dangling-id', message, file, at)
      }
    }
    const rawBox = member(segment, 'bbox')
    let box = isNoBox(rawBox) ? undefined : checkedBox(rawBox, size)
    if (box?.lost !== undefined || numberAt(segment, 'area') === 0) {
      // What stands beside the map is wrong: the map itself says whether there is such a segment, and where.
      const said = box?.lost?.message ?? 'its area is stated as 0'
      const own = boxInMap(reading.root, mapFile, id, masks)
      if (own === undefined) return lost('empty-mask', `${said}, and ${mapFile} has no pixel of it`)
      reading.doubt(
        'bad-geometry',
        `${at}: ${said}; the box of its mask is taken, ${JSON.stringify(own)}`,
        file,
        at,
      )
      box = { value: own }
    }
    seen.add(String(id))
    const isThing = category?.isThing ?? recordFlag(member(segment, 'isthing'))
    return [
      {
        id: String(id),
        shape: { kind: 'label-map', file: mapFile, value: id, channel: 'rgb-id' },
        ...(box === undefined ? {} : { boxXywhPx: box.value }),
        ...(category === undefined ? {} : { category: category.name }),
        ...(isThing === undefined ? {} : { isThing }),
        ...(isCrowd(asObject(segment) ?? {}) ? { isCrowd: true } : {}),
      },
    ]
  })
}

/** The box of a value in a map; undefined where it has no pixel of it, or cannot be read. */
function boxInMap(root: string, file: string, value: number, masks: LabelMapCache): Box | undefined {
  try {
    const mask = masks.masks(root, file, 'rgb-id').get(value)
    if (mask === undefined) return undefined
    const { x, y, width, height } = tightBox(mask)
    return [x, y, width, height]
  } catch (error) {
    if (error instanceof DataError) return undefined
    throw error
  }
}

/** The map of an annotation under one of these folders; undefined, with a problem said, where it is not there. */
export function panopticMap(
  reading: Reading,
  name: unknown,
  folders: readonly string[],
  file: string,
  at: string,
): string | undefined {
  const inside = safeRelativePath(name)
  if (inside === undefined) {
    reading.problem('unsafe-path', `${at}: ${JSON.stringify(name)} is no path inside the dataset`, file, at)
    return undefined
  }
  for (const folder of folders) {
    const path = joined(folder, inside)
    if (fileExists(reading.root, path)) return path
  }
  reading.problem(
    'missing-picture',
    `${at}: there is no panoptic map ${joined(folders[0]!, inside)}`,
    file,
    at,
  )
  return undefined
}

/** Folders of panoptic maps that belong to an annotation file: that of its own name first. */
export function mapFolders(file: string, more: readonly string[], split: string | undefined): string[] {
  const named = file.replace(/\.json$/, '')
  const stem = named.slice(named.lastIndexOf('/') + 1)
  const filled = more
    .filter((folder) => split !== undefined || !folder.includes('{split}'))
    .map((folder) => folder.replaceAll('{split}', split ?? ''))
  return [...new Set([named, stem, ...filled])]
}

type PanopticLayout = Pick<Reader, 'name' | 'title' | 'layout' | 'splits'> & {
  readonly files: readonly string[]
  readonly maps: readonly string[]
}

function panopticReader(layout: PanopticLayout): Reader {
  const { name, title, splits } = layout
  return {
    name,
    title,
    layout: layout.layout,
    splits,
    gives: ['masks', 'boxes'],
    read: (options) => readPanoptic(layout, options),
  }
}

async function* readPanoptic(layout: PanopticLayout, options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading(layout.name, options, 'all')
  const file = reading.find(layout.files, layout.splits)
  reading.picturesIn([...COCO_FOLDERS, 'input_images', 'coco/{split}', 'coco/train2017', 'coco/val2017'])
  const folders = mapFolders(file, layout.maps, reading.split)
  const index = await reading.cocoIndex(file, { annotationId: undefined, extras: ['licenses'] })
  try {
    const pictureOf = cocoPictures(reading, index, file)
    for await (const { image, imageId, annotations } of index.entries()) {
      const at = `image ${imageId}`
      const [annotation, ...others] = annotations
      if (annotation === undefined) continue
      const picture = pictureOf(image, at)
      if (picture === undefined) continue
      if (others.length > 0) {
        reading.problem(
          'duplicate-id',
          `${at} has ${annotations.length} annotations; the first counts`,
          file,
          at,
        )
      }
      if (index.lostCategories(imageId).length > 0) reading.mayLack()
      const map = panopticMap(reading, member(annotation, 'file_name'), folders, file, at)
      if (map === undefined) continue
      const regions = panopticRegions(
        reading,
        listAt(annotation, 'segments_info'),
        map,
        picture,
        (id) => index.categories.get(id),
        file,
        at,
      )
      yield reading.knownNewRecord(String(imageId), picture, { regions })
    }
  } finally {
    index.close()
  }
}

/** What Panoptic Narrative Grounding needs of a panoptic file: one image's regions. */
export function panopticOf(
  reading: Reading,
  index: CocoIndex,
  imageId: Id,
  size: { readonly widthPx: number; readonly heightPx: number },
  folders: readonly string[],
  file: string,
): Region[] {
  const annotation: JsonObject | undefined = index.annotationsOf(imageId)[0]
  const at = `image ${imageId}`
  if (annotation === undefined) return []
  const map = panopticMap(reading, member(annotation, 'file_name'), folders, file, at)
  if (map === undefined) return []
  return panopticRegions(
    reading,
    listAt(annotation, 'segments_info'),
    map,
    size,
    (id) => index.categories.get(id),
    file,
    at,
  )
}

export const cocoPanoptic = panopticReader({
  name: 'coco-panoptic',
  title: 'COCO panoptic: things and stuff',
  layout: [
    'annotations/panoptic_{split}.json: { images, annotations[].segments_info, categories }',
    'maps in annotations/panoptic_{split}/ (RGB PNG, id = R + 256 G + 65536 B)',
    'pictures in {split}/ or images/',
  ],
  splits: ['train2017', 'val2017'],
  files: [
    'annotations/panoptic_{split}.json',
    'panoptic_{split}.json',
    'annotations/panoptic.json',
    'panoptic.json',
    'panoptic_examples.json',
  ],
  maps: [
    'annotations/panoptic_{split}',
    'panoptic_{split}',
    'annotations/panoptic_segmentation/{split}',
    'panoptic',
  ],
})

export const coconut = panopticReader({
  name: 'coconut',
  title: 'COCONUT: COCO panoptic labels made again',
  layout: [
    'annotations/coconut_{split}.json or {split}.json: a COCO panoptic file (s, b, l, xl, relabeled_coco_val)',
    'maps in coconut_{split}/, annotations/coconut_{split}/ or panoptic_coconut_{split}/',
    'pictures in train2017/, val2017/, images/ or coco/',
  ],
  splits: ['s', 'b', 'l', 'xl', 'relabeled_coco_val'],
  files: [
    'annotations/coconut_{split}.json',
    'coconut_{split}.json',
    'annotations/{split}.json',
    '{split}.json',
  ],
  maps: ['panoptic_coconut_{split}', 'coconut_{split}', '{split}', 'annotations/{split}'],
})
