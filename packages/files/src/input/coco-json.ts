// COCO-like JSON (cocodataset.org/#format-data): the annotations of one picture of a dataset, single annotations and segmentations,
// read by the code that `prepare` and `eval` read them with.
import {
  asObject,
  type CocoLists,
  categoryName,
  cocoCategories,
  cocoGeometry,
  cocoImages,
  crowdFlag,
  drawnOnAt,
  type Found,
  idAt,
  type JsonObject,
  type Loss,
  member,
  namesInWords,
  plainSegmentation,
  readNumbers,
  repeatedAnnotations,
  sidesAt,
  sizeAt,
  textAt,
} from '@maskwords/annotations'
import type { CocoSegmentation } from '@maskwords/mask'
import { recordId } from '@maskwords/words'
import { MaskwordsError } from '../error.ts'
import {
  baseName,
  type Finding,
  idOf,
  labelOf,
  type MaskJsonOptions,
  noteOtherPicture,
  oneOf,
  type StatedMask,
  type StatedSize,
} from './found-masks.ts'
import { samePicture } from './picked.ts'

type Common = Pick<StatedMask, 'label' | 'id' | 'at' | 'iscrowd'>
type Named = ReadonlyMap<number | string, string>

/** Remarks on single annotations that are told; of more, their number. */
const TOLD_DOUBTS = 8

/**
 * The masks of the one picture that is meant. Throws MaskwordsError where none or several could be, or two pictures share its id.
 */
export function ofCocoDataset(lists: CocoLists, options: Finding, at: string): StatedMask[] {
  const { name } = options
  const { images, annotations } = lists
  const image = chooseImage(images, options)
  const id = idAt(image, 'id', 'image_id')
  const { refused } = cocoImages(images)
  const names = id === undefined ? undefined : refused.get(id)
  if (id === undefined || names !== undefined) {
    throw new MaskwordsError(
      id === undefined ? 'malformed' : 'ambiguous',
      id === undefined
        ? `the image ${textAt(image, 'file_name') ?? ''} has no id that its annotations could name`
        : `image ${id} is ${namesInWords(names!)}: which of them its annotations are of is not known, none is used`,
      { file: name, hint: 'give each image of the file its own id' },
    )
  }
  const categories = categoryNames(lists.categories, options)
  const stated = imageSize(image, id, options)
  const places = annotations.flatMap((item, place) => (idAt(item, 'image_id') === id ? [place] : []))
  const copies = new Set<number>()
  for (const { place, id: twice, isCopy } of repeatedAnnotations(annotations, places)) {
    if (isCopy) copies.add(place)
    options.notes.push(
      `${name}: annotation ${twice} stands twice${isCopy ? ', alike; it counts once' : ', not alike; both are read'}`,
    )
  }
  const found: StatedMask[] = []
  const doubts: string[] = []
  for (const place of places) {
    if (copies.has(place)) continue
    const item = asObject(annotations[place])!
    const where = `${at}.annotations[${place}]`
    if ('segments_info' in item) {
      throw new MaskwordsError(
        'unsupported',
        'a panoptic dataset: its masks are in the PNG files that it names',
        {
          file: name,
          at: where,
          hint: 'give that PNG with --mask-format panoptic',
        },
      )
    }
    oneOf(annotations.length, options.failures, () => {
      const mask = ofCocoAnnotation(item, { ...options, notes: doubts }, { at: where, categories, stated })
      // COCO's coordinates are those of the pixels that Pillow gives, as `prepare coco` reads them.
      found.push({ ...mask, drawnOn: drawnOnAt(image) ?? 'stored' })
    })
  }
  options.notes.push(...doubts.slice(0, TOLD_DOUBTS))
  if (doubts.length > TOLD_DOUBTS)
    options.notes.push(`${name}: and ${doubts.length - TOLD_DOUBTS} more such remarks (maskwords inspect)`)
  return found
}

/** The size that an image states. Throws MaskwordsError where it states one that no picture can have. */
function imageSize(image: JsonObject, id: number | string, { name }: Finding): StatedSize | undefined {
  const sides = Object.values(sidesAt(image)).filter((side) => side !== undefined)
  // Of one side alone nothing follows; the picture has both.
  if (sides.every((side) => Number.isInteger(side) && side > 0)) return sizeAt(image)
  throw new MaskwordsError(
    'malformed',
    `image ${id} is stated as ${image['width']} x ${image['height']} pixels, which cannot be`,
    { file: name, hint: 'write the size of the picture in pixels, width and height' },
  )
}

/** Names by id; an id of two names has none, and that is said. */
function categoryNames(list: readonly unknown[], { name, notes }: Finding): Named {
  const { byId, refused } = cocoCategories(list)
  for (const [id, names] of refused)
    notes.push(`${name}: category ${id} is ${names.join(' or ')}: its masks go without a name`)
  return new Map(
    [...byId].flatMap(([id, entry]) => {
      const text = categoryName(entry)
      return text === undefined ? [] : [[id, text]]
    }),
  )
}

function chooseImage(images: readonly unknown[], options: Finding): JsonObject {
  const { name, imageId, fileName } = options
  const entries = images.map(asObject).filter((entry) => entry !== undefined)
  const exampleOf = (entry: JsonObject) => `--image-id ${String(idAt(entry, 'id') ?? '<id>')}`
  if (imageId !== undefined) {
    const wanted = recordId(imageId)
    const found = entries.find((entry) => idAt(entry, 'id', 'image_id') === wanted)
    if (found !== undefined) return found
    throw new MaskwordsError('not-found', `no image with the id ${imageId} among ${images.length}`, {
      file: name,
    })
  }
  if (fileName !== undefined) {
    const matches = samePicture(
      entries.map((entry) => textAt(entry, 'file_name', 'coco_url')),
      fileName,
    ).map((i) => entries[i]!)
    const [first] = matches
    const isOne = matches.every((entry) => idAt(entry, 'id') === idAt(first, 'id'))
    if (first !== undefined && isOne) return first
    if (first !== undefined) {
      throw new MaskwordsError('ambiguous', `${matches.length} images are called ${baseName(fileName)}`, {
        file: name,
        hint: `choose one: ${exampleOf(first)}`,
      })
    }
  }
  const [only] = entries
  if (only === undefined) throw new MaskwordsError('not-found', 'a dataset without images', { file: name })
  if (entries.length === 1) {
    noteOtherPicture(member(only, 'file_name'), options)
    return only
  }
  throw new MaskwordsError(
    fileName === undefined ? 'ambiguous' : 'not-found',
    fileName === undefined
      ? `a dataset of ${images.length} images`
      : `none of its ${images.length} images is called ${baseName(fileName)}`,
    { file: name, hint: `choose the picture by its id: ${exampleOf(only)}` },
  )
}

/**
 * The mask that an annotation states; what is doubtful about it is noted. `stated`: the size of its image, which run lengths must
 * have, too. Throws MaskwordsError where it has none that is sound.
 */
export function ofCocoAnnotation(
  item: JsonObject,
  options: Pick<Finding, 'name' | 'notes' | 'size'>,
  context: { readonly at: string; readonly categories: Named; readonly stated: StatedSize | undefined },
): StatedMask {
  const { at, categories } = context
  const categoryId = idAt(item, 'category_id')
  const label = member(item, 'label')
  const common = {
    label:
      (categoryId === undefined ? undefined : categories.get(categoryId)) ??
      (typeof label === 'string' || typeof label === 'number' ? String(label) : undefined) ??
      (categoryId === undefined ? labelOf(item, options) : String(categoryId)),
    id: idOf(item),
    at: `${at}.segmentation`,
    iscrowd: crowdFlag(item).isCrowd,
  }
  const raw = member(item, 'segmentation')
  const size = context.stated ?? sizeOfRuns(raw) ?? sizeAt(item) ?? options.size
  const isCompared =
    member(item, 'bbox') !== undefined ||
    member(item, 'area') !== undefined ||
    crowdFlag(item).odd !== undefined
  if (size === undefined || !isCompared) return ofSegmentation(raw, options, common, size)
  const found = cocoGeometry(item, size)
  if (found.value?.segmentation !== undefined) {
    noteDoubts(found, common.at, options)
    return statedMask(found.value.segmentation, common, size)
  }
  const fault = found.lost ?? found.value.maskFault
  // A mask without pixels is one; what becomes of it is for the command to say.
  if (fault === undefined || fault.kind === 'empty-mask') return ofSegmentation(raw, options, common, size)
  throw lossError(fault, common.at, options)
}

/** The mask that stands in a `segmentation`, whatever it was written as. Throws MaskwordsError. */
export function ofSegmentation(
  raw: unknown,
  options: Pick<Finding, 'name' | 'notes' | 'size'>,
  common: Common,
  size: StatedSize | undefined = sizeOfRuns(raw) ?? options.size,
): StatedMask {
  const found = plainSegmentation(raw, size)
  if (found.lost !== undefined) throw lossError(found.lost, common.at, options)
  if (found.value === undefined) {
    throw new MaskwordsError('malformed', 'it states no mask: its segmentation is empty', {
      file: options.name,
      at: placeOf(common),
    })
  }
  noteDoubts(found, common.at, options)
  return statedMask(found.value, common, size)
}

function statedMask(
  segmentation: CocoSegmentation,
  common: Common,
  size: StatedSize | undefined,
): StatedMask {
  if (!('counts' in segmentation)) return statedOutlines(segmentation as number[][], size, common)
  const { size: sides, counts } = segmentation
  return typeof counts === 'string'
    ? { dialect: 'coco-rle', ...common, size: sides, counts }
    : { dialect: 'coco-counts', ...common, size: sides, counts }
}

export function statedOutlines(
  rings: readonly (readonly number[])[],
  size: StatedSize | undefined,
  common: Common,
): StatedMask {
  return { dialect: 'shapes', ...common, size, shapes: [{ kind: 'outlines', rings }] }
}

/** The size that run lengths, or the first of several, state of themselves. */
function sizeOfRuns(value: unknown): StatedSize | undefined {
  const sides = readNumbers(member(Array.isArray(value) ? value[0] : value, 'size'))
  return sides?.length === 2 ? { widthPx: sides[1]!, heightPx: sides[0]! } : undefined
}

function noteDoubts(
  found: Found<unknown>,
  at: string,
  { name, notes }: Pick<Finding, 'name' | 'notes'>,
): void {
  for (const { message } of found.lost === undefined ? (found.doubts ?? []) : [])
    notes.push(`${name} (${placeOf({ at })}): ${message}`)
}

function placeOf({ at }: Pick<Common, 'at'>): string {
  return at.replace(/^\./, '') || 'top level'
}

function lossError(
  { kind, message }: Loss,
  at: string,
  { name }: Pick<MaskJsonOptions, 'name'>,
): MaskwordsError {
  return new MaskwordsError(kind === 'wrong-size' ? 'size-mismatch' : 'malformed', message, {
    file: name,
    at: placeOf({ at }),
  })
}
