// Readers of COCO-like files are data: names of files, where pictures lie, and what an image adds to its record. Format: cocodataset.org/#format-data.
import { drawnOnAt, idAt, type JsonObject, listAt, member, sidesAt, textAt } from '@maskwords/annotations'
import { annotationFiles } from '../annotation-kind.ts'
import { safeRelativePath } from '../paths.ts'
import type {
  Coverage,
  DataRecord,
  GroundedCaptionRecord,
  PictureFile,
  Reader,
  ReaderOptions,
  Region,
} from '../record.ts'
import type { CocoEntry, CocoIndex } from './coco-index.ts'
import { cocoRegion, regionId } from './coco-regions.ts'
import { type Labels, type PictureFacts, Reading } from './reading.ts'

/** Whose pixels an image says that its masks lie on. */
function drawnOnFact(image: JsonObject): Pick<PictureFacts, 'drawnOn'> {
  const drawnOn = drawnOnAt(image)
  return drawnOn === undefined ? {} : { drawnOn }
}

type RecordParts = Partial<Omit<DataRecord, 'id' | 'dataset' | 'split' | 'picture'>>

export type CocoLikeLayout = Pick<Reader, 'name' | 'title' | 'layout' | 'splits' | 'gives'> & {
  /** Names of the annotation file, `{split}` filled in; the first that is there is read. */
  readonly files: readonly string[]
  /** Whether a COCO file of any other name is read, where it is the only one. */
  readonly takesOwnNames?: boolean
  /** Where pictures may lie, `{split}` filled in. */
  readonly folders: readonly string[]
  /** A second file of captions (`annotations[].caption`), where it is there. */
  readonly captionFiles?: readonly string[]
  /** Further short lists of the file to keep. */
  readonly extras?: readonly string[]
  /** The picture's name from its entry in `images`. Default `file_name`. */
  readonly pictureName?: (image: JsonObject) => unknown
  /** A category's name for records. Default as it stands. */
  readonly categoryName?: (name: string) => string
  /** Whether every object of the file's categories has its annotation. Default 'all'. */
  readonly labels?: Labels
  /** Whether images say which categories were looked for in them, as LVIS has it; without that nothing is known to be absent. */
  readonly isFederated?: boolean
  /** More than regions and captions. */
  readonly parts?: (entry: CocoEntry, regions: readonly Region[], index: CocoIndex) => RecordParts
}

export function cocoLikeReader(layout: CocoLikeLayout): Reader {
  const { name, title, splits, gives } = layout
  return {
    name,
    title,
    layout: layout.layout,
    splits,
    gives,
    takesAnnotations: true,
    read: (options) => readCocoLike(layout, options),
  }
}

/** Folders of a root that are looked into for pictures; where there are more, the root holds other things. */
const MOST_FOLDERS = 16

async function* readCocoLike(layout: CocoLikeLayout, options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading(layout.name, options, layout.labels ?? 'all')
  const file = reading.annotations(layout.files, layout.splits, () =>
    layout.takesOwnNames === true ? annotationFiles(options.root, 'coco') : [],
  )
  const isNamed = options.annotations !== undefined
  const beside = file.slice(0, Math.max(0, file.lastIndexOf('/')))
  // Photos of one's own may lie in a folder of any name beside the file.
  const others = layout.takesOwnNames === true ? reading.foldersIn('').slice(0, MOST_FOLDERS) : []
  const near = safeRelativePath(beside) === beside ? [beside] : []
  reading.picturesIn([
    ...layout.folders,
    ...near,
    ...others.filter((folder) => !layout.folders.includes(folder)),
  ])
  const index = await reading.cocoIndex(file, { extras: ['licenses', ...(layout.extras ?? [])] })
  // A file that was named stands for itself: captions that lie about are of another.
  const captionFile = isNamed ? undefined : reading.findOptional(layout.captionFiles ?? [], layout.splits)
  const captions =
    captionFile === undefined ? undefined : await reading.cocoIndex(captionFile, { reportsDangling: false })
  try {
    const pictureOf = cocoPictures(reading, index, file)
    for await (const entry of index.entries()) {
      const { image, imageId } = entry
      const at = `image ${imageId}`
      const picture = pictureOf(image, at, layout.pictureName?.(image))
      if (picture === undefined) continue
      const { categoryName, isFederated = false } = layout
      const regions = cocoRegions(reading, index, entry, picture, file, categoryName)
      const coverage = federatedCoverage(reading, index, image, file, isFederated, categoryName)
      yield reading.knownNewRecord(String(imageId), picture, {
        regions,
        captions: captions === undefined ? [] : plainCaptions(captions.annotationsOf(imageId)),
        ...(coverage === undefined ? {} : { coverage }),
        ...layout.parts?.(entry, regions, index),
      })
    }
  } finally {
    index.close()
    captions?.close()
  }
}

/** The sound regions of an image; each lost one is said, and what its loss makes unknown is noted. */
export function cocoRegions(
  reading: Reading,
  index: CocoIndex,
  entry: Pick<CocoEntry, 'annotations' | 'imageId'>,
  size: { readonly widthPx: number; readonly heightPx: number },
  file: string,
  categoryName?: (name: string) => string,
): Region[] {
  const regions: Region[] = []
  const counts = new Map<string, number>()
  for (const id of index.lostCategories(entry.imageId)) {
    const name = id === undefined ? undefined : index.categories.get(id)?.name
    reading.mayLack(name === undefined ? undefined : (categoryName?.(name) ?? name))
  }
  entry.annotations.forEach((annotation, place) => {
    const stated = regionId(annotation, place)
    const count = (counts.get(stated) ?? 0) + 1
    counts.set(stated, count)
    const id = count === 1 ? stated : `${stated}#${count}`
    const at = `annotation ${id} of image ${entry.imageId}`
    const categoryId = idAt(annotation, 'category_id')
    const category = categoryId === undefined ? undefined : index.categories.get(categoryId)
    if (category === undefined) {
      reading.mayLack()
      if (categoryId !== undefined && index.categories.size > 0) {
        const message = `${at}: there is no category ${categoryId}; it is kept without a name`
        reading.doubt('dangling-id', message, file, at)
      } else if (categoryId === undefined && index.categories.size > 0) {
        const message = `${at} has no category_id; it is kept without a name`
        reading.doubtOnce('no category_id', 'bad-field', message, file)
      }
    }
    const name = category === undefined ? undefined : (categoryName?.(category.name) ?? category.name)
    const { widthPx, heightPx } = size
    const found = cocoRegion(annotation, {
      id,
      widthPx,
      heightPx,
      category: name,
      isThing: category?.isThing,
    })
    const region = reading.keep(found, file, at, name)
    if (region !== undefined) regions.push(region)
  })
  return regions
}

/** What an image's entry says of categories, in LVIS's fields; undefined where it has none of them. */
function federatedCoverage(
  reading: Reading,
  index: CocoIndex,
  image: JsonObject,
  file: string,
  isFederated: boolean,
  categoryName: (name: string) => string = (name) => name,
): Coverage | undefined {
  const isStated = Array.isArray(member(image, NEGATIVE)) || Array.isArray(member(image, NOT_EXHAUSTIVE))
  if (!isStated && !isFederated) return undefined
  const names = (key: string) =>
    listAt(image, key).flatMap((id) => {
      const category = index.categories.get(idAt({ id }, 'id') ?? '')
      return category === undefined ? [] : [categoryName(category.name)]
    })
  // An id without a category, in a list of what may be there and has no region, is of a category nobody knows.
  if (names(NOT_EXHAUSTIVE).length < listAt(image, NOT_EXHAUSTIVE).length) reading.mayLack()
  const unknown = listAt(image, NEGATIVE).filter((id) => !index.categories.has(idAt({ id }, 'id') ?? ''))
  if (unknown.length > 0) {
    const message = `${NEGATIVE} names ${unknown.slice(0, 3).join(', ')}, which is no category`
    reading.doubtOnce(NEGATIVE, 'dangling-id', message, file)
  }
  return { absent: names(NEGATIVE), incomplete: names(NOT_EXHAUSTIVE) }
}

const NEGATIVE = 'neg_category_ids'
const NOT_EXHAUSTIVE = 'not_exhaustive_category_ids'

export function plainCaptions(annotations: readonly JsonObject[]): GroundedCaptionRecord[] {
  return annotations.flatMap((annotation) => {
    const text = textAt(annotation, 'caption')
    return text === undefined ? [] : [{ text: text.trim(), spans: [] }]
  })
}

/** How the pictures of an index are found: by `file_name` or another name, with what their entries state of them. */
export function cocoPictures(
  reading: Reading,
  index: CocoIndex,
  file: string,
): (image: JsonObject, at: string, name?: unknown) => PictureFile | undefined {
  const licences = licenceNames(index)
  return (image, at, name) => {
    const licence = licences.get(String(idAt(image, 'license')))
    const facts = { ...sidesAt(image), licence, ...drawnOnFact(image) }
    return reading.picture(name ?? textAt(image, 'file_name', 'coco_url'), facts, file, at)
  }
}

/** Names of licences by id, as `images[].license` refers to them. */
function licenceNames(index: CocoIndex): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const licence of index.extras.get('licenses') ?? []) {
    const id = idAt(licence, 'id')
    const name = textAt(licence, 'name')
    if (id !== undefined && name !== undefined) names.set(String(id), name)
  }
  return names
}

/** `train2017/000000391895.jpg` of `http://images.cocodataset.org/train2017/000000391895.jpg`: its last two parts. */
export function nameFromUrl(url: unknown): string | undefined {
  if (typeof url !== 'string') return undefined
  const parts = url.split('/')
  return parts.length < 2 ? undefined : parts.slice(-2).join('/')
}
