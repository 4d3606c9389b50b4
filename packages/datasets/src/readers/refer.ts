// Referring expressions in the form of the REFER files: refs(<who split>).p beside instances.json; RefCOCO/+/g, gRefCOCO, Ref-ZOM, RefGTA.
// Format: github.com/lichengunc/refer (refs), henghuiding/gRefCOCO (no_target, lists of ann_id), Ref-ZOM (source "zero"), RefGTA (boxes).
import { asObject, type Id, idAt, type JsonObject, listAt, member, textAt } from '@maskwords/annotations'
import type { DataRecord, Phrase, Reader, ReaderOptions, Region } from '../record.ts'
import { COCO_FOLDERS } from './coco.ts'
import { cocoPictures, cocoRegions } from './coco-like.ts'
import { readPickledList } from './pickle-json.ts'
import { Reading } from './reading.ts'

type ReferLayout = Pick<Reader, 'name' | 'title' | 'layout' | 'splits' | 'gives'> & {
  /** Folders that the two files may lie in, relative to the root. */
  readonly folders: readonly string[]
  /** Names of the file of references without ending, best first. */
  readonly refs: readonly string[]
  readonly pictureFolders: readonly string[]
}

type Reference = {
  readonly id: string
  readonly annotationIds: readonly Id[]
  readonly sentences: readonly string[]
}

function referReader(layout: ReferLayout): Reader {
  const { name, title, splits, gives } = layout
  return { name, title, layout: layout.layout, splits, gives, read: (options) => readRefer(layout, options) }
}

async function* readRefer(layout: ReferLayout, options: ReaderOptions): AsyncGenerator<DataRecord> {
  const split = options.split ?? layout.splits[0]!
  const reading: Reading = new Reading(layout.name, { ...options, split })
  const instances = layout.folders.map((folder) => `${folder}instances.json`)
  const refs = layout.folders.flatMap((folder) =>
    layout.refs.flatMap((name) => [`${folder}${name}.p`, `${folder}${name}.json`]),
  )
  const file = reading.find(instances, [])
  const refFile = reading.find(refs, [])
  reading.picturesIn(layout.pictureFolders)
  const references = await referencesByImage(reading, refFile, split)
  if (references.size === 0) return
  const index = await reading.cocoIndex(file, { extras: ['licenses'] })
  try {
    const pictureOf = cocoPictures(reading, index, file)
    const met = new Set<Id>()
    for await (const entry of index.entries((imageId) => references.has(imageId))) {
      const { image, imageId } = entry
      met.add(imageId)
      const at = `image ${imageId}`
      const picture = pictureOf(image, at)
      if (picture === undefined) continue
      const wanted = new Set(
        references.get(imageId)!.flatMap((reference) => reference.annotationIds.map(String)),
      )
      const annotations = entry.annotations.filter((annotation) => wanted.has(String(idAt(annotation, 'id'))))
      const regions = cocoRegions(reading, index, { imageId, annotations }, picture, file)
      const twice = repeated(annotations.map((annotation) => String(idAt(annotation, 'id'))))
      const phrases = phrasesOf(reading, references.get(imageId)!, regions, twice, refFile, at)
      if (phrases.length > 0) yield reading.knownNewRecord(String(imageId), picture, { regions, phrases })
    }
    for (const [imageId, list] of references) {
      if (met.has(imageId)) continue
      const message = `${list.length} references are of image ${imageId}, which ${file} does not have`
      reading.problem('dangling-id', message, refFile, `image ${imageId}`)
    }
  } finally {
    index.close()
  }
}

function phrasesOf(
  reading: Reading,
  references: readonly Reference[],
  regions: readonly Region[],
  /** Ids that two annotations of the image have: what refers to one of them could mean either. */
  twice: ReadonlySet<string>,
  file: string,
  where: string,
): Phrase[] {
  const known = new Set(regions.map((region) => region.id))
  return references.flatMap((reference) => {
    const ids = reference.annotationIds.map(String)
    const missing = ids.filter((id) => !known.has(id))
    if (missing.length > 0) {
      const message = `reference ${reference.id} of ${where}: annotation ${missing[0]} is not among its regions`
      reading.problem('dangling-id', message, file, `reference ${reference.id}`)
      return []
    }
    const ambiguous = ids.find((id) => twice.has(id))
    if (ambiguous !== undefined) {
      const message = `reference ${reference.id} of ${where}: two annotations have the id ${ambiguous}`
      reading.problem('duplicate-id', message, file, `reference ${reference.id}`)
      return []
    }
    return reference.sentences.map((text, i) => ({ text, regions: ids, id: `${reference.id}/${i}` }))
  })
}

/** What stands more than once. */
function repeated(ids: readonly string[]): ReadonlySet<string> {
  return new Set(ids.filter((id, place) => ids.indexOf(id) !== place))
}

async function referencesByImage(
  reading: Reading,
  file: string,
  split: string,
): Promise<ReadonlyMap<Id, readonly Reference[]>> {
  const byImage = new Map<Id, Reference[]>()
  const seen = new Set<string>()
  let place = 0
  const add = (entry: JsonObject) => {
    const number = place++
    if (!isInSplit(member(entry, 'split'), split)) return
    const id = String(idAt(entry, 'ref_id') ?? `#${number}`)
    const at = `reference ${id}`
    const imageId = idAt(entry, 'image_id')
    const sentences = sentencesOf(entry)
    if (imageId === undefined || sentences.length === 0) {
      const what = imageId === undefined ? 'no image_id' : 'no sentence'
      reading.problem('bad-field', `${at} has ${what}`, file, at)
      return
    }
    if (seen.has(id)) {
      reading.problem('duplicate-id', `${at} stands twice; the first one counts`, file, at)
      return
    }
    const annotationIds = targetsOf(entry)
    if (annotationIds === undefined) {
      reading.problem('bad-field', `${at} says neither ann_id nor that it has no target`, file, at)
      return
    }
    seen.add(id)
    const list = byImage.get(imageId)
    if (list === undefined) byImage.set(imageId, [{ id, annotationIds, sentences }])
    else list.push({ id, annotationIds, sentences })
  }
  if (file.endsWith('.p')) {
    for (const entry of readPickledList(reading, file) ?? []) add(entry)
  } else {
    for await (const { value, index } of reading.list(file)) {
      const entry = asObject(value)
      if (entry !== undefined) add(entry)
      else reading.problem('bad-field', `entry ${index} is no object`, file, `entry ${index}`)
    }
  }
  return byImage
}

/** As the REFER code picks: testA takes testAB too, and `test` every split with test in its name. */
function isInSplit(stated: unknown, split: string): boolean {
  if (typeof stated !== 'string' || stated === '') return true
  if (/^test[A-Z]$/.test(split)) return stated.startsWith('test') && stated.slice(4).includes(split[4]!)
  return split === 'test' ? stated.includes('test') : stated === split
}

function sentencesOf(entry: JsonObject): string[] {
  return listAt(entry, 'sentences').flatMap((sentence) => {
    const text = typeof sentence === 'string' ? sentence : textAt(sentence, 'sent', 'raw')
    return text === undefined || text.trim() === '' ? [] : [text.trim()]
  })
}

/** Ids of annotations; none where the reference has no target (gRefCOCO: no_target, -1; Ref-ZOM: source "zero"). */
function targetsOf(entry: JsonObject): Id[] | undefined {
  const isNone = member(entry, 'no_target')
  if (isNone === true || isNone === 1 || member(entry, 'source') === 'zero') return []
  const stated = member(entry, 'ann_id')
  const list = Array.isArray(stated) ? stated : [stated]
  const ids = list.map((id) => idAt({ id }, 'id'))
  if (ids.length === 0 || ids.every((id) => id === -1))
    return Array.isArray(stated) || stated === -1 ? [] : undefined
  return ids.includes(undefined) ? undefined : [...new Set(ids as Id[])]
}

const COCO_2014: readonly string[] = [
  'train2014',
  'images/train2014',
  'images/mscoco/images/train2014',
  'coco/train2014',
]
const TRAIN_FOLDERS = [...COCO_2014, ...COCO_FOLDERS.filter((folder) => !folder.includes('{'))]

function refCoco(name: string, title: string, splits: readonly string[], who: readonly string[]): Reader {
  return referReader({
    name,
    title,
    layout: [
      `${name}/instances.json and ${name}/refs(${who[0]}).p or .json (or both in the root)`,
      'pictures COCO_train2014_*.jpg in train2014/, images/train2014/ or images/',
    ],
    splits,
    gives: ['masks', 'boxes', 'phrases'],
    folders: [`${name}/`, '', `annotations/${name}/`],
    refs: who.map((by) => `refs(${by})`),
    pictureFolders: TRAIN_FOLDERS,
  })
}

export const refCocoReaders: readonly Reader[] = [
  refCoco('refcoco', 'RefCOCO (split by UNC)', ['train', 'val', 'testA', 'testB'], ['unc', 'google']),
  refCoco('refcoco+', 'RefCOCO+ (split by UNC)', ['train', 'val', 'testA', 'testB'], ['unc']),
  refCoco('refcocog', 'RefCOCOg (split by UMD, or by Google)', ['train', 'val', 'test'], ['umd', 'google']),
  refCoco('refclef', 'RefCLEF (ReferItGame)', ['train', 'val', 'testA', 'testB'], ['unc', 'berkeley']),
]

export const grefCoco = referReader({
  name: 'grefcoco',
  title: 'gRefCOCO: one, several or no target',
  layout: [
    'grefcoco/instances.json and grefcoco/grefs(unc).json or .p (or both in the root)',
    'pictures COCO_train2014_*.jpg in train2014/, images/train2014/ or images/',
  ],
  splits: ['train', 'val', 'testA', 'testB'],
  gives: ['masks', 'boxes', 'phrases'],
  folders: ['grefcoco/', '', 'annotations/grefcoco/'],
  refs: ['grefs(unc)', 'refs(unc)'],
  pictureFolders: TRAIN_FOLDERS,
})

export const refZom = referReader({
  name: 'ref-zom',
  title: 'Ref-ZOM: zero, one or many targets',
  layout: [
    'ref-zom/instances.json and ref-zom/refs(final).p or .json (or both in the root)',
    'pictures of COCO trainval2014 in train2014/, images/ or trainval2014/',
  ],
  splits: ['train', 'test'],
  gives: ['masks', 'boxes', 'phrases'],
  folders: ['ref-zom/', 'refzom/', ''],
  refs: ['refs(final)', 'ref-zom'],
  pictureFolders: ['trainval2014', 'images/trainval2014', ...TRAIN_FOLDERS],
})

export const refGta = referReader({
  name: 'refgta',
  title: 'RefGTA: boxes in pictures of a game',
  layout: [
    'refgta/instances.json and refgta/refs(utokyo).p or .json (or both in the root)',
    'pictures in used_images/, gta_image/ or images/',
  ],
  splits: ['train', 'val', 'test'],
  gives: ['boxes', 'phrases'],
  folders: ['refgta/', ''],
  refs: ['refs(utokyo)'],
  pictureFolders: ['used_images', 'refgta/used_images', 'gta_image', 'images', ''],
})
