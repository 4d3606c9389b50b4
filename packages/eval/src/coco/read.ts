// COCO annotation and result files as the evaluation takes them. Format: cocodataset.org ("Data format", "Results format");
// the area of a result is what the published loader takes (coco.py, loadRes). One bad record never costs the others.

import {
  type Box,
  cocoCategories,
  cocoImages,
  entriesAt,
  isCrowd,
  isNoBox,
  type JsonObject,
  type Listed,
  namesInWords,
  numberAt,
  plainSegmentation,
  readNumbers,
  type SameId,
  sameJson,
  sidesAt,
} from '@maskwords/annotations'
import {
  area,
  type BoxXywhPx,
  type CocoRle,
  type CocoSegmentation,
  emptyMask,
  MaskError,
  maskFromCocoRle,
  maskFromCocoSegmentation,
  tightBox,
} from '@maskwords/mask'
import { recordFlag, recordId } from '@maskwords/words'
import { EvalError } from '../error.ts'
import type {
  CocoCategory,
  CocoDetection,
  CocoGroup,
  CocoId,
  CocoPicture,
  CocoProblem,
  CocoTruth,
  LvisFrequency,
} from './input.ts'

/** What was read of a file of annotations, and what was wrong in it. */
export type CocoTruthFile = {
  readonly pictures: readonly CocoPicture[]
  readonly categories: readonly CocoCategory[]
  readonly truths: readonly CocoTruth[]
  readonly problems: readonly CocoProblem[]
  /** Where annotations were left out: what is detected there and matches nothing may be right. */
  readonly lost: readonly CocoGroup[]
  /** Whether images say which categories were looked for in them (LVIS, PACO): such a file is not to be scored as COCO. */
  readonly isFederated: boolean
}

/** How a file of annotations is read. */
export type ReadCocoTruthOptions = {
  /** Which of two different pictures, or categories, of one id counts. Default 'refuse': neither, and nothing that lies under their id. */
  readonly sameId?: SameId
}

/** What was read of a file of detections, and what was wrong in it. */
export type CocoDetectionFile = {
  readonly detections: readonly CocoDetection[]
  readonly problems: readonly CocoProblem[]
}

/** Longest side of a picture, a sanity limit: the largest published pictures have some 10^5. */
const MAX_SIDE_PX = 2 ** 24

/**
 * Reads a parsed COCO annotation file for the evaluation of masks or boxes. Records that cannot be used are left out, each
 * with a problem. Throws EvalError `malformed` only where the whole is no such file (no `images`, `annotations` or
 * `categories` list).
 */
export function readCocoTruth(
  file: unknown,
  kind: 'mask' | 'box',
  options: ReadCocoTruthOptions = {},
): CocoTruthFile {
  const problems: CocoProblem[] = []
  const truths: CocoTruth[] = []
  const seen = new Map<CocoId, unknown>()
  const lost: CocoGroup[] = []
  const images = listIn(file, 'images')
  const { sameId = 'refuse' } = options
  const pictures = countedOnce(cocoImages(images, sameId), pictureOf, PICTURES, problems)
  const categories = countedOnce(
    cocoCategories(listIn(file, 'categories'), sameId),
    categoryOf,
    CATEGORIES,
    problems,
  )
  listIn(file, 'annotations').forEach((item, i) => {
    const read = truthOf(
      recordOf(item),
      { pictures, categories, seen, kind, lost, problems },
      `annotations[${i}]`,
    )
    if ('code' in read) problems.push(read)
    else truths.push(read)
  })
  const isFederated = images.some((item) => NEGATIVE in recordOf(item) || NOT_EXHAUSTIVE in recordOf(item))
  return {
    pictures: [...pictures.values()],
    categories: [...categories.values()],
    truths,
    problems,
    lost,
    isFederated,
  }
}

/**
 * Reads a parsed COCO result file: a list of `{ image_id, category_id, score, segmentation | bbox }`. As in the published
 * loader, the area of all results is that of their box where the first one has a box, else that of the mask. A mask of
 * another size than its picture stays, as a detection that matches nothing; so does one whose run lengths are broken, which
 * the evaluation tells (`onProblem`). Where masks are asked for and a result has
 * only a box, the box is its mask; where boxes are asked for and it has only a mask, the tight box is its box. Throws
 * EvalError `malformed` where the whole is no list.
 */
export function readCocoDetections(
  file: unknown,
  truth: Pick<CocoTruthFile, 'pictures' | 'categories'>,
  kind: 'mask' | 'box',
): CocoDetectionFile {
  if (!Array.isArray(file)) {
    throw new EvalError('malformed', 'a COCO result file is a list of detections', {
      hint: 'an annotation file has an object at its top: was it passed as predictions?',
    })
  }
  const pictures = new Map(truth.pictures.map((picture) => [picture.id, picture]))
  const categories = new Map(truth.categories.map((category) => [category.id, category]))
  const first = recordOf(file[0])['bbox']
  const areaOfBox = Array.isArray(first) && first.length > 0
  const problems: CocoProblem[] = []
  const detections: CocoDetection[] = []
  file.forEach((item, i) => {
    const read = detectionOf(
      recordOf(item),
      { pictures, categories, areaOfBox, problems, kind },
      `detection ${i}`,
    )
    if ('code' in read) problems.push(read)
    else detections.push(read)
  })
  return { detections, problems }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

type Raw = Readonly<Record<string, unknown>>

const NEGATIVE = 'neg_category_ids'
const NOT_EXHAUSTIVE = 'not_exhaustive_category_ids'

type ListWords = { readonly list: string; readonly one: string; readonly under: string }
const PICTURES: ListWords = { list: 'images', one: 'picture', under: 'its annotations are' }
const CATEGORIES: ListWords = { list: 'categories', one: 'category', under: 'is meant' }

/** The entries that count, read; what shares an id with another is told. */
function countedOnce<T>(
  { byId, places, refused, notes }: Listed<JsonObject>,
  read: (entry: JsonObject, id: CocoId) => T | string,
  { list, one, under }: ListWords,
  problems: CocoProblem[],
): Map<CocoId, T> {
  const found = new Map<CocoId, T>()
  const told = new Set<CocoId>()
  for (const { place, id, kind } of notes) {
    const at = `${list}[${place}]`
    if (id === undefined) problems.push(problem('malformed', `${at} has no id`, at))
    else if (kind === 'copy') problems.push(problem('duplicate', `${one} ${id} is listed twice, alike`, at))
    else if (refused.has(id) && !told.has(id)) {
      told.add(id)
      const names = namesInWords(refused.get(id)!, one === 'picture' ? 'and' : 'or')
      const unknown =
        one === 'picture' ? `which of them ${under} of is not known` : `which ${under} is not known`
      const message = `${one} ${id} is ${names}: ${unknown}, none counts; choose with --same-id first or last`
      problems.push({ code: 'duplicate', message, at })
    }
  }
  for (const [id, entry] of byId) {
    const value = read(entry, id)
    if (typeof value !== 'string') found.set(id, value)
    else problems.push(problem('out-of-range', `${one} ${id} ${value}`, `${list}[${places.get(id)}]`))
  }
  return found
}

function pictureOf(entry: JsonObject, id: CocoId): CocoPicture | string {
  const { widthPx, heightPx } = sidesAt(entry)
  if (!isSide(widthPx) || !isSide(heightPx)) return 'has no whole width and height'
  const absent = idsIn(entry[NEGATIVE])
  const open = idsIn(entry[NOT_EXHAUSTIVE])
  return {
    id,
    widthPx,
    heightPx,
    ...(absent.length > 0 && { absentCategoryIds: absent }),
    ...(open.length > 0 && { openCategoryIds: open }),
  }
}

function idsIn(list: unknown): CocoId[] {
  return (Array.isArray(list) ? list : []).flatMap((id) => recordId(id) ?? [])
}

function categoryOf(entry: JsonObject, id: CocoId): CocoCategory {
  const { name } = entry
  const frequency = frequencyOf(entry)
  return { id, ...(typeof name === 'string' && { name }), ...(frequency !== undefined && { frequency }) }
}

/** As stated, else of the number of training pictures (lvisdataset.org: rare up to 10, common up to 100). */
function frequencyOf({ frequency, image_count: pictures }: Raw): LvisFrequency | undefined {
  if (frequency === 'r' || frequency === 'c' || frequency === 'f') return frequency
  if (typeof pictures !== 'number') return undefined
  return pictures <= 10 ? 'r' : pictures <= 100 ? 'c' : 'f'
}

type Known = {
  readonly pictures: ReadonlyMap<CocoId, CocoPicture>
  readonly categories: ReadonlyMap<CocoId, CocoCategory>
  readonly kind: 'mask' | 'box'
}

function truthOf(
  record: Raw,
  known: Known & {
    readonly seen: Map<CocoId, unknown>
    readonly lost: CocoGroup[]
    readonly problems: CocoProblem[]
  },
  place: string,
): CocoTruth | CocoProblem {
  const { segmentation: raw } = record
  const areaPx = numberAt(record, 'area')
  const id = recordId(record['id'])
  const at = id === undefined ? place : `annotation ${id}`
  const ids = idsOf(record, known, at)
  if ('code' in ids) return ids
  if (id !== undefined) {
    const before = known.seen.get(id)
    if (before !== undefined && sameJson(before, record))
      return problem('duplicate', `${at} is there twice, alike`, at)
    // Ids are only names here: two regions of one name are two regions.
    if (before !== undefined)
      known.problems.push(kept('duplicate', `${at} is there twice, not alike; both count`, at))
    else known.seen.set(id, record)
  }
  const needsMask = known.kind === 'mask'
  const lose = (wrong: CocoProblem): CocoProblem => {
    known.lost.push(ids)
    return wrong
  }
  const picture = known.pictures.get(ids.pictureId)!
  const plain = needsMask || boxOf(record['bbox']) === undefined ? shapeOf(raw, picture, at) : {}
  const { mask } = plain
  if (needsMask) {
    if (plain.wrong !== undefined) return lose(problem(plain.wrong.code, plain.wrong.message, at))
    if (mask === undefined) return lose(problem('malformed', `${at} has no segmentation`, at))
    const broken = runsProblem(mask, at)
    if (broken !== undefined) return lose(broken)
    known.problems.push(...(plain.doubts ?? []))
  }
  let box = boxOf(record['bbox'])
  if (!needsMask && (box === null || box === undefined)) {
    // The box of a sound mask is as good as a stated one.
    const own = mask === undefined ? undefined : measuredBox(mask, picture, undefined, at)
    if (own === undefined || 'code' in own || own.areaPx === 0) {
      return lose(problem('out-of-range', `${at}: bbox is no [x, y, width, height]`, at))
    }
    known.problems.push(
      kept('out-of-range', `${at}: bbox is no [x, y, width, height]; that of its mask is taken`, at),
    )
    box = own.boxXywhPx
  } else if (box === null) {
    known.problems.push(kept('out-of-range', `${at}: bbox is no [x, y, width, height]; its mask counts`, at))
    box = undefined
  }
  const isArea = areaPx !== undefined && areaPx >= 0
  if (!isArea && !isAbsent(record['area'])) {
    known.problems.push(kept('out-of-range', `${at}: area is no number >= 0; its own pixels are counted`, at))
  }
  const { pictureId, categoryId } = ids
  const truth: Writable<CocoTruth> = {
    pictureId,
    categoryId,
    isCrowd: isCrowd(record),
  }
  if (recordFlag(record['ignore']) === true) truth.isIgnored = true
  if (id !== undefined) truth.id = id
  if (needsMask && mask !== undefined) truth.mask = mask
  if (box !== undefined && box !== null) truth.boxXywhPx = box
  if (isArea) truth.areaPx = areaPx
  return truth
}

function detectionOf(
  record: Raw,
  known: Known & { readonly areaOfBox: boolean; readonly problems: CocoProblem[] },
  at: string,
): CocoDetection | CocoProblem {
  const { segmentation: raw } = record
  const score = numberAt(record, 'score')
  const ids = idsOf(record, known, at)
  if ('code' in ids) return ids
  if (score === undefined) {
    return problem('out-of-range', `${at}: score is no finite number`, at)
  }
  const stated = boxOf(record['bbox'])
  const picture = known.pictures.get(ids.pictureId)!
  const isBoxEnough = known.kind === 'box' && known.areaOfBox && stated !== null && stated !== undefined
  const { mask, wrong, doubts = [] } = isBoxEnough ? {} : shapeOf(raw, picture, at)
  const isAlone = mask === undefined && wrong === undefined
  if (stated === null && (isAlone || (known.kind === 'box' && known.areaOfBox))) {
    return problem('out-of-range', `${at}: bbox is no [x, y, width, height]`, at)
  }
  if (stated === null) {
    known.problems.push(kept('out-of-range', `${at}: bbox is no [x, y, width, height]; its mask counts`, at))
  }
  const box = stated ?? undefined
  known.problems.push(...doubts)
  const boxArea = known.areaOfBox && box !== undefined ? { areaPx: box.width * box.height } : {}
  if (isBoxEnough) return { ...ids, score, boxXywhPx: box!, ...boxArea }
  if (isAlone) {
    if (box === undefined) return problem('malformed', `${at} has no mask and no box`, at)
    return {
      ...ids,
      score,
      boxXywhPx: box,
      ...(known.kind === 'mask' && { mask: [cornersOf(box)] }),
      ...boxArea,
    }
  }
  if (mask !== undefined && known.kind === 'mask') {
    const { pictureId, categoryId } = ids
    const found: Writable<CocoDetection> = { pictureId, categoryId, score, mask }
    if (known.areaOfBox && box !== undefined) found.areaPx = box.width * box.height
    return found
  }
  if (mask !== undefined) {
    const found = measuredBox(mask, picture, box, at)
    return 'code' in found ? found : { ...ids, score, ...found }
  }
  if (wrong!.code !== 'size-mismatch') return problem(wrong!.code, wrong!.message, at)
  known.problems.push({ ...wrong!, message: `${wrong!.message}; it stays as a false alarm` })
  // No pixel of the picture's size: it matches nothing, but counts with its own area.
  const nothing = emptyMask(picture.widthPx, picture.heightPx)
  return {
    ...ids,
    score,
    areaPx: ownArea(raw),
    ...boxArea,
    mask: nothing,
    boxXywhPx: box ?? tightBox(nothing),
  }
}

/** The four corners of a box as a polygon, in the order of the published loader. */
function cornersOf({ x, y, width, height }: BoxXywhPx): number[] {
  return [x, y, x, y + height, x + width, y + height, x + width, y]
}

function measuredBox(
  segmentation: CocoSegmentation,
  { widthPx, heightPx }: CocoPicture,
  box: BoxXywhPx | undefined,
  at: string,
): Pick<CocoDetection, 'boxXywhPx' | 'areaPx'> | CocoProblem {
  try {
    const mask = maskFromCocoSegmentation({ widthPx, heightPx, segmentation })
    return { boxXywhPx: box ?? tightBox(mask), areaPx: area(mask) }
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    return problem('malformed', `${at}: ${error.message}`, at)
  }
}

function listIn(file: unknown, key: string): readonly unknown[] {
  const list = entriesAt(file, key)
  if (list !== undefined) return list
  throw new EvalError('malformed', `a COCO annotation file has a list "${key}"`, {
    at: key,
    hint: Array.isArray(file)
      ? 'this is a list: a result file was passed as truth'
      : 'images, annotations and categories are needed',
  })
}

function recordOf(item: unknown): Record<string, unknown> {
  return typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : {}
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_SIDE_PX
}

function problem(code: CocoProblem['code'], message: string, at: string): CocoProblem {
  return { code, message: `${message}; left out`, at }
}

function kept(code: CocoProblem['code'], message: string, at: string): CocoProblem {
  return { code, message, at }
}

function idsOf(record: Raw, { pictures, categories }: Known, at: string): CocoGroup | CocoProblem {
  const pictureId = recordId(record['image_id'])
  const categoryId = recordId(record['category_id'])
  if (pictureId === undefined || categoryId === undefined) {
    return problem('malformed', `${at} has no image_id and category_id`, at)
  }
  if (!pictures.has(pictureId))
    return problem('unknown-picture', `${at}: picture ${pictureId} is none of those that count`, at)
  if (!categories.has(categoryId)) {
    return problem('unknown-category', `${at}: category ${categoryId} is none of those that count`, at)
  }
  return { pictureId, categoryId }
}

/** A box, undefined where there is none (absent, null or an empty list), null where it is not one. */
function boxOf(value: unknown): BoxXywhPx | undefined | null {
  if (isNoBox(value)) return undefined
  const numbers = readNumbers(value)
  if (numbers?.length !== 4) return null
  const [x, y, width, height] = numbers as unknown as Box
  return width >= 0 && height >= 0 ? { x, y, width, height } : null
}

/** A segmentation by a look that costs little: polygons are filled only where they are compared. Neither where there is none. */
function shapeOf(
  raw: unknown,
  picture: CocoPicture,
  at: string,
): {
  readonly mask?: CocoSegmentation
  readonly wrong?: CocoProblem
  readonly doubts?: readonly CocoProblem[]
} {
  const found = plainSegmentation(raw, picture)
  if (found.lost !== undefined) {
    const code = found.lost.kind === 'wrong-size' ? 'size-mismatch' : 'malformed'
    return { wrong: { code, message: `${at}: ${found.lost.message}`, at } }
  }
  const doubts = found.doubts?.map(({ message }) => kept('malformed', `${at}: ${message}`, at))
  return { ...(found.value !== undefined && { mask: found.value }), ...(doubts && { doubts }) }
}

/** What is wrong with run lengths of the right size. Read for truths only: a bad detection is told by the evaluation. */
function runsProblem(mask: CocoSegmentation, at: string): CocoProblem | undefined {
  if (!('counts' in mask)) return undefined
  try {
    maskFromCocoRle(mask)
    return undefined
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    return problem('malformed', `${at}: ${error.message}`, at)
  }
}

function ownArea(mask: unknown): number {
  try {
    return area(maskFromCocoRle(mask as CocoRle))
  } catch {
    return 0
  }
}
