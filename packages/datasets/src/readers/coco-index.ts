// An index of a COCO-like file (`images`, `annotations`, `categories`): which bytes belong to which picture. Format: cocodataset.org/#format-data.
//
// Annotations of published files are not grouped by picture. The first pass reads the file once as a stream and keeps, of
// each image and annotation, its byte range, and which image an annotation is of: 28 bytes an annotation in typed arrays. A counting sort
// groups them. Records then come in the order of `images`, a window of images at a time: the byte ranges of the window are
// sorted, near ones joined, and read. Memory is the index and one window, whatever the file's length.

import {
  asObject,
  categoryName,
  cocoCategories,
  type Id,
  idAt,
  isSamePicture,
  type JsonObject,
  namesInWords,
  pictureName,
  type SameId,
  sameJson,
  textAt,
} from '@maskwords/annotations'
import { type ByteInput, DataError, type DataProblem, jsonItems, openTextInput } from '@maskwords/inputs'
import { parsePythonJson, recordId } from '@maskwords/words'
import { type Column, float64Column, uint32Column } from '../growing.ts'
import { repeatedIds, textHash, twinSlots } from './same-ids.ts'

export type CocoEntry = {
  readonly image: JsonObject
  readonly imageId: Id
  /** Annotations of this image in file order. */
  readonly annotations: readonly JsonObject[]
}

export type CocoCategory = {
  readonly id: Id
  readonly name: string
  readonly isThing: boolean | undefined
  /** The category's whole entry. */
  readonly entry: JsonObject
}

export type CocoIndex = {
  readonly categories: ReadonlyMap<Id, CocoCategory>
  /** Elements of the further lists that were asked for, whole: only for short ones. */
  readonly extras: ReadonlyMap<string, readonly unknown[]>
  readonly imageCount: number
  readonly annotationCount: number
  /** Every image with its annotations, in the order of the file. `only` passes over other images unread. */
  entries(only?: (imageId: Id) => boolean): AsyncGenerator<CocoEntry>
  /** Annotations of one image, for a second file beside the one that is walked. */
  annotationsOf(imageId: Id): readonly JsonObject[]
  /** The entry of one image. */
  image(imageId: Id): JsonObject | undefined
  /** One annotation by its id, for datasets that refer to annotations of another file; undefined where two have it. */
  annotation(id: Id): JsonObject | undefined
  /** Categories of annotations that were lost of an image before it could be read; undefined for one nobody knows. */
  lostCategories(imageId: Id): readonly (Id | undefined)[]
  close(): void
}

export type CocoIndexOptions = {
  /** The file's name in errors and problems. */
  readonly file: string
  readonly onProblem: (problem: DataProblem) => void
  readonly signal?: AbortSignal | undefined
  /** The file's encoding, where the user chose one. */
  readonly encoding?: string | undefined
  /** Short lists to keep whole, for example `licenses`. */
  readonly extras?: readonly string[]
  /** The member of an annotation that names it: `id`, or undefined where annotations have no ids (panoptic files). */
  readonly annotationId?: 'id' | undefined
  /** Names of the three lists, where the file has others. */
  readonly images?: string
  readonly annotations?: string
  /** Which of two images or categories of one id counts. Default 'refuse'. */
  readonly sameId?: SameId
  /** Whether an annotation of an image that is not there is worth a word. Default true. */
  readonly reportsDangling?: boolean
}

/** A window ends at this many images or bytes of annotations. */
const WINDOW_IMAGES = 512
const WINDOW_BYTES = 8 * 1024 * 1024
/** Ranges nearer than this are read together: a disk reads 16 kB as fast as 1. */
const JOIN_BYTES = 16 * 1024
/** Entries of a list that is kept whole; V3Det has 13,204 categories, ADE20K 3,688. */
const MAX_EXTRA_ENTRIES = 1_000_000

/**
 * Reads the file once and indexes it. Lost elements are reported: those without an id or image, annotations of images that
 * are not in the file, and of two different images of one id (see `sameId`). Two annotations of one id are both kept, unless
 * they are the same to the letter.
 * @throws DataError `wrong-layout` where the file has no list of images, `bad-file`, `io`.
 */
export async function openCocoIndex(path: string, options: CocoIndexOptions): Promise<CocoIndex> {
  const {
    file,
    onProblem,
    signal,
    encoding,
    images = 'images',
    annotations = 'annotations',
    sameId = 'refuse',
  } = options
  const annotationId = 'annotationId' in options ? options.annotationId : 'id'
  const slots = new Map<Id, number>()
  const slotIds: Id[] = []
  const slotOf = (id: Id): number => {
    let slot = slots.get(id)
    if (slot === undefined) {
      slot = slotIds.length
      slots.set(id, slot)
      slotIds.push(id)
    }
    return slot
  }
  const imageColumns = {
    start: float64Column(),
    length: uint32Column(),
    slot: uint32Column(),
    name: float64Column(),
  }
  const columns = {
    start: float64Column(),
    length: uint32Column(),
    slot: uint32Column(),
    id: float64Column(),
  }
  const textIds = new Map<number, string>()
  const categoryItems: { readonly value: unknown; readonly at: string }[] = []
  const extras = new Map<string, unknown[]>((options.extras ?? []).map((name) => [name, []]))
  let hasImages = false
  let hasHomeless = false
  const lostCategories = new Map<Id, Set<Id | undefined>>()
  const note = (imageId: Id, categoryId: Id | undefined) => {
    const known = lostCategories.get(imageId)
    if (known === undefined) lostCategories.set(imageId, new Set([categoryId]))
    else known.add(categoryId)
  }
  const problem = (kind: DataProblem['kind'], message: string, at: string) =>
    onProblem({ kind, message, file, at })
  const doubt = (kind: DataProblem['kind'], message: string, at: string) =>
    onProblem({ kind, message, file, at, isKept: true })
  for await (const item of jsonItems(path, {
    lists: [images, annotations, 'categories', ...extras.keys()],
    file,
    onProblem,
    onLostElement: (name, text) => {
      if (name !== annotations) return
      const imageId = statedId(text, 'image_id')
      if (imageId === undefined) hasHomeless = true
      else note(imageId, statedId(text, 'category_id'))
    },
    encoding,
    ...(signal === undefined ? {} : { signal }),
  })) {
    if (item.kind === 'start') {
      if (item.list === images) {
        hasImages = true
        for (const column of Object.values(imageColumns)) column.clear()
      } else if (item.list === annotations) {
        for (const column of Object.values(columns)) column.clear()
        textIds.clear()
      } else if (item.list === 'categories') categoryItems.length = 0
      else extras.get(item.list)!.length = 0
      continue
    }
    const { value, startByte, endByte, index } = item
    const at = `${item.list}[${item.key ?? index}]`
    if (item.list === annotations) {
      const imageId = idAt(value, 'image_id')
      if (imageId === undefined) {
        hasHomeless = true
        problem('bad-field', `${at} has no image_id (a number or text)`, at)
        continue
      }
      const id = annotationId === undefined ? undefined : recordId((value as JsonObject)[annotationId])
      if (typeof id === 'string') textIds.set(columns.id.length, id)
      columns.id.push(typeof id === 'number' ? id : Number.NaN)
      columns.start.push(startByte)
      columns.length.push(endByte - startByte)
      columns.slot.push(slotOf(imageId))
    } else if (item.list === images) {
      const id = idAt(value, 'id') ?? idAt(value, 'image_id')
      if (id === undefined) {
        problem('bad-field', `${at} has no id (a number or text)`, at)
        continue
      }
      imageColumns.start.push(startByte)
      imageColumns.length.push(endByte - startByte)
      imageColumns.slot.push(slotOf(id))
      imageColumns.name.push(textHash(textAt(value, 'file_name', 'coco_url')))
    } else if (item.list === 'categories') {
      categoryItems.push({ value, at })
    } else {
      const list = extras.get(item.list)!
      if (list.length < MAX_EXTRA_ENTRIES) list.push(value)
    }
  }
  if (!hasImages) {
    throw new DataError('wrong-layout', `${file} has no list "${images}"`, {
      file,
      hint: `a COCO-like file is an object with the lists ${images}, ${annotations} and categories`,
    })
  }

  const categories = categoriesOf(categoryItems, sameId, { problem, doubt })
  const input = openTextInput(path, file, encoding)
  const readOne = (column: { start: Column<Float64Array>; length: Column<Uint32Array> }, at: number) =>
    readRanges(
      input,
      [{ start: column.start.values[at]!, length: column.length.values[at]!, order: 0 }],
      file,
    )[0]
  // Which place among the kept images each slot has; slots that only annotations name stay without one.
  const placeOfSlot = new Int32Array(slotIds.length).fill(NO_IMAGE)
  const keptImages: number[] | Uint32Array = new Uint32Array(imageColumns.slot.length)
  const ambiguous = new Map<number, string[]>()
  let imageCount = 0
  for (let i = 0; i < imageColumns.slot.length; i++) {
    const slot = imageColumns.slot.values[i]!
    if (placeOfSlot[slot] === NO_IMAGE) {
      placeOfSlot[slot] = imageCount
      keptImages[imageCount++] = i
      continue
    }
    const place = placeOfSlot[slot]!
    const at = `image ${slotIds[slot]}`
    const entry = readOne(imageColumns, i)
    const before = ambiguous.get(slot)
    if (before !== undefined) before.push(pictureName(entry))
    else if (isSamePicture(readOne(imageColumns, keptImages[place]!), entry)) {
      doubt('duplicate-id', `${at} stands twice, alike; the first one counts`, at)
    } else if (sameId === 'refuse') {
      ambiguous.set(slot, [pictureName(readOne(imageColumns, keptImages[place]!)), pictureName(entry)])
    } else {
      doubt('duplicate-id', `${at} stands twice, for two pictures; the ${sameId} one counts`, at)
      if (sameId === 'last') keptImages[place] = i
    }
  }
  if (ambiguous.size > 0) {
    let kept = 0
    for (let place = 0; place < imageCount; place++) {
      const slot = imageColumns.slot.values[keptImages[place]!]!
      placeOfSlot[slot] = ambiguous.has(slot) ? NO_IMAGE : kept
      if (!ambiguous.has(slot)) keptImages[kept++] = keptImages[place]!
    }
    imageCount = kept
    const counts = new Map([...ambiguous.keys()].map((slot) => [slot, 0]))
    for (let a = 0; a < columns.slot.length; a++) {
      const slot = columns.slot.values[a]!
      if (counts.has(slot)) counts.set(slot, counts.get(slot)! + 1)
    }
    for (const [slot, names] of ambiguous) {
      const at = `image ${slotIds[slot]}`
      const count = counts.get(slot)!
      problem(
        'duplicate-id',
        `${at} is ${names.join(' and ')}: which of them its ${count} ${count === 1 ? 'annotation is' : 'annotations are'} of is not known, none is used; ${CHOOSE}`,
        at,
      )
    }
  }
  const twins = twinSlots(imageColumns, keptImages.subarray(0, imageCount), (i) =>
    pictureName(readOne(imageColumns, i)),
  )
  for (const slot of twins) {
    const at = `image ${slotIds[slot]}`
    doubt(
      'duplicate-id',
      `${at} has the picture of another image id; what it does not show is not asked for`,
      at,
    )
  }
  const repeated = repeatedIds(columns.id.values.subarray(0, columns.id.length), textIds)
  const ambiguousIds = new Set<Id>()
  const copies = new Set<number>()
  const idOf = (a: number): Id => textIds.get(a) ?? columns.id.values[a]!
  for (const [a, first] of repeated) {
    const [slot, firstSlot] = [columns.slot.values[a]!, columns.slot.values[first]!]
    const at = `annotation ${idOf(a)}`
    if (slot === firstSlot && sameJson(readOne(columns, a), readOne(columns, first))) {
      copies.add(a)
      doubt('duplicate-id', `${at} of image ${slotIds[slot]} stands twice, alike; it counts once`, at)
      continue
    }
    ambiguousIds.add(idOf(a))
    const where =
      slot === firstSlot
        ? `twice in image ${slotIds[slot]}`
        : `in images ${slotIds[firstSlot]} and ${slotIds[slot]}`
    doubt(
      'duplicate-id',
      `${at} stands ${where}, not alike; both are kept, and what refers to it is refused`,
      at,
    )
  }
  const firstOf = new Uint32Array(imageCount + 1)
  const isKept = (a: number): boolean => placeOfSlot[columns.slot.values[a]!]! >= 0 && !copies.has(a)
  for (let a = 0; a < columns.slot.length; a++) {
    const slot = columns.slot.values[a]!
    if (isKept(a)) firstOf[placeOfSlot[slot]! + 1]! += 1
    else if (!copies.has(a) && !ambiguous.has(slot) && (options.reportsDangling ?? true)) {
      const at = `annotation ${Number.isNaN(idOf(a)) ? `#${a}` : idOf(a)}`
      problem('dangling-id', `${at} is of image ${slotIds[slot]}, which is not in the file`, at)
    }
  }
  for (let i = 0; i < imageCount; i++) firstOf[i + 1]! += firstOf[i]!
  const grouped = new Uint32Array(firstOf[imageCount]!)
  const next = firstOf.slice()
  for (let a = 0; a < columns.slot.length; a++) {
    if (isKept(a)) grouped[next[placeOfSlot[columns.slot.values[a]!]!]++] = a
  }

  async function* entries(only?: (imageId: Id) => boolean): AsyncGenerator<CocoEntry> {
    for (let from = 0; from < imageCount; ) {
      signal?.throwIfAborted()
      await new Promise((resolve) => setImmediate(resolve))
      const window: { i: number; imageId: Id }[] = []
      const ranges: Range[] = []
      let bytes = 0
      while (from < imageCount && window.length < WINDOW_IMAGES && bytes < WINDOW_BYTES) {
        const i = from++
        const image = keptImages[i]!
        const imageId = slotIds[imageColumns.slot.values[image]!]!
        if (only?.(imageId) === false) continue
        window.push({ i, imageId })
        const add = (start: number, length: number) => {
          ranges.push({ start, length, order: ranges.length })
          bytes += length
        }
        add(imageColumns.start.values[image]!, imageColumns.length.values[image]!)
        for (let g = firstOf[i]!; g < firstOf[i + 1]!; g++) {
          add(columns.start.values[grouped[g]!]!, columns.length.values[grouped[g]!]!)
        }
      }
      const values = readRanges(input, ranges, file)
      let at = 0
      for (const { i, imageId } of window) {
        const image = asObject(values[at++]) ?? {}
        const count = firstOf[i + 1]! - firstOf[i]!
        yield { image, imageId, annotations: values.slice(at, at + count) as JsonObject[] }
        at += count
      }
    }
  }
  let byId: Uint32Array | undefined
  const placeOf = (id: number): number | undefined => {
    let low = 0
    let high = byId!.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (columns.id.values[byId![middle]!]! < id) low = middle + 1
      else high = middle
    }
    const place = byId![low]
    return place !== undefined && columns.id.values[place] === id ? place : undefined
  }
  return {
    categories,
    extras,
    imageCount,
    annotationCount: grouped.length,
    entries,
    annotationsOf(imageId) {
      const slot = slots.get(imageId)
      const place = slot === undefined ? -1 : placeOfSlot[slot]!
      if (place < 0) return []
      const ranges = [...grouped.subarray(firstOf[place]!, firstOf[place + 1]!)].map((a, order) => ({
        start: columns.start.values[a]!,
        length: columns.length.values[a]!,
        order,
      }))
      return readRanges(input, ranges, file) as JsonObject[]
    },
    image(imageId) {
      const slot = slots.get(imageId)
      const place = slot === undefined ? -1 : placeOfSlot[slot]!
      if (place < 0) return undefined
      const i = keptImages[place]!
      const range = { start: imageColumns.start.values[i]!, length: imageColumns.length.values[i]!, order: 0 }
      return asObject(readRanges(input, [range], file)[0])
    },
    // A twin's annotations stand under its id; what was lost without an image could be of this one.
    lostCategories: (imageId) => [
      ...(lostCategories.get(imageId) ?? []),
      ...(hasHomeless || twins.has(slots.get(imageId) ?? -1) ? [undefined] : []),
    ],
    annotation(id) {
      if (ambiguousIds.has(id)) return undefined
      byId ??= placesById(columns.id.values.subarray(0, columns.id.length))
      const a = typeof id === 'number' ? placeOf(id) : [...textIds].find(([, text]) => text === id)?.[0]
      if (a === undefined) return undefined
      const range = { start: columns.start.values[a]!, length: columns.length.values[a]!, order: 0 }
      return readRanges(input, [range], file)[0] as JsonObject
    },
    close: () => input.close(),
  }
}

type Say = (kind: DataProblem['kind'], message: string, at: string) => void

/** The categories that count; what is wrong with others is said. */
function categoriesOf(
  items: readonly { readonly value: unknown; readonly at: string }[],
  sameId: SameId,
  { problem, doubt }: { readonly problem: Say; readonly doubt: Say },
): ReadonlyMap<Id, CocoCategory> {
  const named = items.filter(({ value, at }) => {
    if (idAt(value, 'id') !== undefined && categoryName(value) !== undefined) return true
    problem('bad-field', `${at} needs an id and a name`, at)
    return false
  })
  const { byId, refused, notes } = cocoCategories(
    named.map(({ value }) => value),
    sameId,
  )
  for (const { place, id, kind } of notes) {
    const { at } = named[place]!
    if (kind === 'shared' && sameId === 'refuse') continue
    const counts = kind === 'copy' ? 'first' : sameId
    doubt('duplicate-id', `${at} has the id ${id} of an earlier category; the ${counts} counts`, at)
  }
  for (const [id, names] of refused) {
    const message = `category ${id} is ${namesInWords(names, 'or')}: its regions go without a name; ${CHOOSE}`
    problem('duplicate-id', message, `category ${id}`)
  }
  const categories = new Map<Id, CocoCategory>()
  for (const [id, entry] of byId) {
    const isThing = entry['isthing']
    categories.set(id, {
      id,
      name: categoryName(entry)!,
      entry,
      isThing: isThing === undefined ? undefined : isThing === 1 || isThing === true,
    })
  }
  return categories
}

/** An id that a text which is no JSON states plainly, once. */
function statedId(text: string | undefined, key: string): Id | undefined {
  const found = [
    ...(text ?? '').matchAll(
      new RegExp(`"${key}"\\s*:\\s*(?:"([^"\\\\]{1,100})"|(-?\\d{1,40})(?![\\d.eE]))`, 'g'),
    ),
  ]
  const ids = new Set(found.map((match) => recordId(match[1] ?? match[2])))
  return ids.size === 1 ? [...ids][0] : undefined
}

const NO_IMAGE = -1
const CHOOSE = 'choose with --same-id first or last'

/** Places of the annotations with a number as id, ids rising; of equal ids the first place first. */
function placesById(ids: Float64Array): Uint32Array {
  const places = new Uint32Array(ids.length)
  let count = 0
  for (let a = 0; a < ids.length; a++) if (!Number.isNaN(ids[a]!)) places[count++] = a
  return places.subarray(0, count).sort((a, b) => ids[a]! - ids[b]! || a - b)
}

type Range = { readonly start: number; readonly length: number; readonly order: number }

/** The JSON values at these ranges, in their order; parsed before, so they parse again unless the file changed meanwhile. */
function readRanges(input: ByteInput, ranges: readonly Range[], file: string): unknown[] {
  const values: unknown[] = new Array(ranges.length)
  const sorted = [...ranges].sort((a, b) => a.start - b.start)
  for (let from = 0; from < sorted.length; ) {
    const start = sorted[from]!.start
    let end = start + sorted[from]!.length
    let to = from + 1
    while (to < sorted.length && sorted[to]!.start <= end + JOIN_BYTES) {
      end = Math.max(end, sorted[to]!.start + sorted[to]!.length)
      to++
    }
    const bytes = Buffer.allocUnsafe(end - start)
    let got = 0
    for (let more = 1; got < bytes.length && more > 0; got += more) {
      more = input.read(bytes.subarray(got), start + got)
    }
    for (; from < to; from++) {
      const range = sorted[from]!
      try {
        values[range.order] = parsePythonJson(
          bytes.toString('utf8', range.start - start, range.start - start + range.length),
        ).value
      } catch (cause) {
        throw new DataError('io', `${file} changed while it was read`, {
          file,
          at: `byte ${range.start}`,
          cause,
        })
      }
    }
  }
  return values
}
