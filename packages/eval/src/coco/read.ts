// COCO annotation and result files as the evaluation takes them. Format: cocodataset.org ("Data format", "Results format");
// the area of a result is what the published loader takes (coco.py, loadRes). One bad record never costs the others.

import {
  area,
  type BoxXywhPx,
  type CocoRle,
  type CocoSegmentation,
  emptyMask,
  MAX_VERTEX_PX,
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
  CocoShape,
  CocoTruth,
  LvisFrequency,
} from './input.ts'

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

export type ReadCocoTruthOptions = {
  /** Which of two different pictures of one id counts. Default 'refuse': neither, and nothing that lies under their id. */
  readonly sameId?: 'refuse' | 'first' | 'last'
}

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
  const categories = new Map<CocoId, CocoCategory>()
  const truths: CocoTruth[] = []
  const seen = new Map<CocoId, string>()
  const lost: CocoGroup[] = []
  const images = listIn(file, 'images')
  const pictures = readPictures(images, problems, options.sameId ?? 'refuse')
  listIn(file, 'categories').forEach((item, i) => {
    const read = categoryOf(recordOf(item), categories, `categories[${i}]`)
    if ('code' in read) problems.push(read)
    else categories.set(read.id, read)
  })
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

function readPictures(
  images: readonly unknown[],
  problems: CocoProblem[],
  sameId: 'refuse' | 'first' | 'last',
): Map<CocoId, CocoPicture> {
  const pictures = new Map<CocoId, CocoPicture>()
  const places = new Map<CocoId, number>()
  const refused = new Set<CocoId>()
  images.forEach((item, i) => {
    const record = recordOf(item)
    const at = `images[${i}]`
    const read = pictureOf(record, at)
    if ('code' in read) {
      problems.push(read)
      return
    }
    const { id } = read
    const before = places.get(id)
    if (before === undefined) {
      places.set(id, i)
      pictures.set(id, read)
      return
    }
    const first = recordOf(images[before])
    const isSame = ['file_name', 'coco_url', 'width', 'height'].every((key) => first[key] === record[key])
    if (isSame) problems.push(problem('duplicate', `picture ${id} is listed twice, alike`, at))
    else if (sameId === 'last') pictures.set(id, read)
    else if (sameId === 'refuse' && !refused.has(id)) {
      refused.add(id)
      const names = [first, record].map((one) =>
        JSON.stringify(one['file_name'] ?? one['coco_url'] ?? 'without a name'),
      )
      const message = `picture ${id} is ${names.join(' and ')}: which of them its annotations are of is not known, none counts; choose with --same-id first or last`
      problems.push({ code: 'duplicate', message, at })
    }
  })
  for (const id of refused) pictures.delete(id)
  return pictures
}

function pictureOf(record: Raw, at: string): CocoPicture | CocoProblem {
  const { width, height } = record
  const id = recordId(record['id'])
  if (id === undefined) return problem('malformed', `${at} has no id`, at)
  if (!isSide(width) || !isSide(height)) {
    return problem('out-of-range', `${at} (id ${id}) has no whole width and height`, at)
  }
  const absent = idsIn(record[NEGATIVE])
  const open = idsIn(record[NOT_EXHAUSTIVE])
  return {
    id,
    widthPx: width,
    heightPx: height,
    ...(absent.length > 0 && { absentCategoryIds: absent }),
    ...(open.length > 0 && { openCategoryIds: open }),
  }
}

function idsIn(list: unknown): CocoId[] {
  return (Array.isArray(list) ? list : []).flatMap((id) => recordId(id) ?? [])
}

function categoryOf(
  record: Raw,
  known: ReadonlyMap<CocoId, unknown>,
  at: string,
): CocoCategory | CocoProblem {
  const { name } = record
  const id = recordId(record['id'])
  if (id === undefined) return problem('malformed', `${at} has no id`, at)
  if (known.has(id)) return problem('duplicate', `category ${id} is listed twice`, at)
  const frequency = frequencyOf(record)
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
    readonly seen: Map<CocoId, string>
    readonly lost: CocoGroup[]
    readonly problems: CocoProblem[]
  },
  place: string,
): CocoTruth | CocoProblem {
  const { segmentation: mask, area: areaPx, iscrowd } = record
  const id = recordId(record['id'])
  const at = id === undefined ? place : `annotation ${id}`
  const ids = idsOf(record, known, at)
  if ('code' in ids) return ids
  if (id !== undefined) {
    const text = JSON.stringify(record)
    const before = known.seen.get(id)
    if (before === text) return problem('duplicate', `${at} is there twice, alike`, at)
    // Ids are only names here: two regions of one name are two regions.
    if (before !== undefined)
      known.problems.push(kept('duplicate', `${at} is there twice, not alike; both count`, at))
    known.seen.set(id, text)
  }
  const needsMask = known.kind === 'mask'
  const lose = (wrong: CocoProblem): CocoProblem => {
    known.lost.push(ids)
    return wrong
  }
  if (needsMask && isAbsent(mask)) return lose(problem('malformed', `${at} has no segmentation`, at))
  const picture = known.pictures.get(ids.pictureId)!
  const wrong = needsMask ? (shapeProblem(mask, picture, at) ?? runsProblem(mask, at)) : undefined
  if (wrong !== undefined) {
    return lose(wrong.code === 'size-mismatch' ? problem(wrong.code, wrong.message, at) : wrong)
  }
  let box = boxOf(record['bbox'])
  if (!needsMask && (box === null || box === undefined)) {
    // The box of a sound mask is as good as a stated one.
    const own =
      isAbsent(mask) || shapeProblem(mask, picture, at) !== undefined
        ? undefined
        : measuredBox(mask as CocoSegmentation, picture, undefined, at)
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
  const isArea = typeof areaPx === 'number' && Number.isFinite(areaPx) && areaPx >= 0
  if (!isArea && !isAbsent(areaPx)) {
    known.problems.push(kept('out-of-range', `${at}: area is no number >= 0; its own pixels are counted`, at))
  }
  const { pictureId, categoryId } = ids
  const truth: Writable<CocoTruth> = {
    pictureId,
    categoryId,
    isCrowd: recordFlag(iscrowd) ?? Boolean(iscrowd),
  }
  if (recordFlag(record['ignore']) === true) truth.isIgnored = true
  if (id !== undefined) truth.id = id
  if (needsMask) truth.mask = mask as CocoShape
  if (box !== undefined && box !== null) truth.boxXywhPx = box
  if (isArea) truth.areaPx = areaPx
  return truth
}

function detectionOf(
  record: Raw,
  known: Known & { readonly areaOfBox: boolean; readonly problems: CocoProblem[] },
  at: string,
): CocoDetection | CocoProblem {
  const { score, segmentation: mask } = record
  const ids = idsOf(record, known, at)
  if ('code' in ids) return ids
  if (typeof score !== 'number' || !Number.isFinite(score)) {
    return problem('out-of-range', `${at}: score is no finite number`, at)
  }
  const stated = boxOf(record['bbox'])
  if (stated === null && (isAbsent(mask) || (known.kind === 'box' && known.areaOfBox))) {
    return problem('out-of-range', `${at}: bbox is no [x, y, width, height]`, at)
  }
  if (stated === null) {
    known.problems.push(kept('out-of-range', `${at}: bbox is no [x, y, width, height]; its mask counts`, at))
  }
  const box = stated ?? undefined
  const picture = known.pictures.get(ids.pictureId)!
  const boxArea = known.areaOfBox && box !== undefined ? { areaPx: box.width * box.height } : {}
  if (isAbsent(mask)) {
    if (box === undefined) return problem('malformed', `${at} has no mask and no box`, at)
    return {
      ...ids,
      score,
      boxXywhPx: box,
      ...(known.kind === 'mask' && { mask: [cornersOf(box)] }),
      ...boxArea,
    }
  }
  if (known.kind === 'box' && box !== undefined && known.areaOfBox)
    return { ...ids, score, boxXywhPx: box, ...boxArea }
  const wrong = shapeProblem(mask, picture, at)
  if (wrong === undefined && known.kind === 'mask') {
    const { pictureId, categoryId } = ids
    const found: Writable<CocoDetection> = { pictureId, categoryId, score, mask: mask as CocoShape }
    if (known.areaOfBox && box !== undefined) found.areaPx = box.width * box.height
    return found
  }
  if (wrong === undefined) {
    const found = measuredBox(mask as CocoSegmentation, picture, box, at)
    return 'code' in found ? found : { ...ids, score, ...found }
  }
  if (wrong.code !== 'size-mismatch') return wrong
  known.problems.push({ ...wrong, message: `${wrong.message}; it stays as a false alarm` })
  // No pixel of the picture's size: it matches nothing, but counts with its own area.
  const nothing = emptyMask(picture.widthPx, picture.heightPx)
  return {
    ...ids,
    score,
    areaPx: ownArea(mask),
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

function listIn(file: unknown, key: string): unknown[] {
  const list = recordOf(file)[key]
  if (Array.isArray(list)) return list
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
    return problem('unknown-picture', `${at}: picture ${pictureId} is not listed`, at)
  if (!categories.has(categoryId)) {
    return problem('unknown-category', `${at}: category ${categoryId} is not listed`, at)
  }
  return { pictureId, categoryId }
}

/** A box, undefined where there is none (absent, null or an empty list), null where it is not one. */
function boxOf(value: unknown): BoxXywhPx | undefined | null {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) return null
  if (value.length === 0) return undefined
  const isBox =
    value.length === 4 &&
    value.every((v) => typeof v === 'number' && Number.isFinite(v)) &&
    value[2] >= 0 &&
    value[3] >= 0
  return isBox ? { x: value[0], y: value[1], width: value[2], height: value[3] } : null
}

function isRing(ring: unknown): boolean {
  if (!Array.isArray(ring) || ring.length % 2 !== 0) return false
  for (let i = 0; i < ring.length; i++) {
    if (typeof ring[i] !== 'number' || !(Math.abs(ring[i]) <= MAX_VERTEX_PX)) return false
  }
  return true
}

/** What is wrong with a segmentation by a look that costs little: polygons are filled only where they are compared. */
function shapeProblem(mask: unknown, picture: CocoPicture, at: string): CocoProblem | undefined {
  if (Array.isArray(mask)) {
    return mask.every(isRing)
      ? undefined
      : problem('malformed', `${at}: a polygon is no list of pairs of numbers`, at)
  }
  const { size, counts } = recordOf(mask)
  if (!Array.isArray(size) || size.length !== 2 || !(typeof counts === 'string' || Array.isArray(counts))) {
    return problem('malformed', `${at}: segmentation is neither polygons nor { size, counts }`, at)
  }
  if (size[0] !== picture.heightPx || size[1] !== picture.widthPx) {
    const told = `${at}: a mask of ${size.map((v) => (typeof v === 'number' ? v : '?')).join(' x ')} in a picture of ${picture.heightPx} x ${picture.widthPx} (height x width)`
    return { code: 'size-mismatch', message: told, at }
  }
  return undefined
}

/** What is wrong with run lengths of the right size. Read for truths only: a bad detection is told by the evaluation. */
function runsProblem(mask: unknown, at: string): CocoProblem | undefined {
  if (Array.isArray(mask)) return undefined
  try {
    maskFromCocoRle(mask as CocoRle)
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
