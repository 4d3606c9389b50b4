// Datasets as the hub serves them: Parquet tables with pictures and masks inside. RefCOCO-M (moondream/refcoco-m), RefCOCO, RefCOCO+ and
// RefCOCOg of lmms-lab, ReasonSeg (Ricky06662/ReasonSeg_val, _test), and any table with a picture, a text and a mask a row. Columns are
// those of the dataset cards; what a cell holds is told by its form.

import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Found,
  idAt,
  type JsonObject,
  listAt,
  member,
  memberOfAny,
  sideAt,
  textAt,
  texts,
} from '@maskwords/annotations'
import { type Bitmap, openTable, type Table, type TableRow } from '@maskwords/inputs'
import {
  cocoRleFromMask,
  isEmpty,
  MaskError,
  maskFromPngImage,
  maskFromRowMajor,
  pictureHeader,
  readPng,
} from '@maskwords/mask'
import type { DataRecord, Phrase, PictureFile, Reader, ReaderOptions, Region } from '../record.ts'
import { bytesInCell, pictureColumn, pictureName, tablePictures } from '../table-pictures.ts'
import { cocoRegion } from './coco-regions.ts'
import { groundedPicture } from './picture-turn.ts'
import { Reading } from './reading.ts'

type Size = { readonly widthPx: number; readonly heightPx: number }

/** Folders that tables lie in, the hub's first. */
const FOLDERS = ['data', '', 'default', 'parquet']
/** Parts of a table are numbered: val-00000-of-00017.parquet, with a hash behind it in older ones. */
const PART = /^(.+?)(?:-\d{5}-of-\d{5}(?:-[0-9a-f]+)?|[-_.]\d{1,5})?\.parquet$/
/** The part of a dataset that is meant where none is named: what people evaluate on. */
const USUAL = ['val', 'validation', 'test', 'testA', 'train']

/** Columns of one object a row, and lists of objects. */
const MASKS = ['mask', 'segmentation', 'rle', 'masks', 'segmentations', 'gt_mask', 'label_mask']
const OBJECTS = ['samples', 'objects', 'annotations', 'refs', 'instances']
/** What refers to an object: lists first, as lmms-lab's question is the same in every row and its answers are the phrases. */
const TEXT_LISTS = ['sentences', 'expressions', 'answer', 'answers', 'phrases', 'captions']
const TEXTS = [
  'text',
  'sentence',
  'phrase',
  'expression',
  'referring_expression',
  'caption',
  'query',
  'question',
]
const TEXT_FIELDS = ['sent', 'sentence', 'raw', 'text', 'phrase', 'expression']

/** Tables under a folder by the part of the dataset, sorted. */
function tablesIn(reading: Pick<Reading, 'filesIn'>): ReadonlyMap<string, readonly string[]> {
  for (const folder of FOLDERS) {
    const files = reading.filesIn(folder, ['.parquet'])
    if (files.length === 0) continue
    const splits = new Map<string, string[]>()
    for (const file of files) {
      const name = PART.exec(file.slice(file.lastIndexOf('/') + 1))?.[1] ?? 'data'
      splits.set(name, [...(splits.get(name) ?? []), file])
    }
    return splits
  }
  return new Map()
}

/** Whether a folder holds tables as the hub serves them. */
export function holdsTables(root: string): boolean {
  return FOLDERS.some((folder) => namesIn(join(root, folder)).some((name) => name.endsWith('.parquet')))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** The name that a part has among those that are there: val and validation are the same. */
function splitOf(asked: string | undefined, there: readonly string[]): string | undefined {
  if (asked === undefined) return USUAL.find((name) => there.includes(name)) ?? there[0]
  const plain = (name: string) => name.toLowerCase().replace(/^(valid|validation)$/, 'val')
  return there.includes(asked) ? asked : there.find((name) => plain(name) === plain(asked))
}

async function* readTables(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const looking: Reading = new Reading('hub', options)
  const splits = tablesIn(looking)
  if (splits.size === 0) looking.failLayout(FOLDERS.map((folder) => join(folder, '*.parquet')))
  const split = splitOf(options.split, [...splits.keys()])
  if (split === undefined) looking.failSplit([...splits.keys()])
  const reading: Reading = new Reading('hub', { ...options, split })
  const seen: Seen = { pictures: new Map(), ids: new Set() }
  for (const file of splits.get(split)!) {
    const table = await openTable(join(reading.root, file), file)
    const columns = columnsOf(table)
    if (columns === undefined) {
      const names = [...table.columns.keys()].join(', ')
      reading.problem('bad-field', `${file} has no pictures, texts and masks in its columns ${names}`, file)
      continue
    }
    for (let group = 0; group < table.groups.length; group++) {
      yield* recordsOf(reading, table, columns, group, seen)
    }
  }
}

type Seen = {
  /** Names of pictures by their content: tables repeat a picture for each of its objects. */
  readonly pictures: Map<string, string>
  readonly ids: Set<string>
}

type Columns = {
  readonly picture: string
  /** A column of masks as bits. */
  readonly bits: string | undefined
  /** Everything that is no picture of the row and no bits. */
  readonly others: readonly string[]
}

function columnsOf(table: Table): Columns | undefined {
  const picture = pictureColumn(table)
  const names = [...table.columns.keys()]
  const bits = MASKS.find((name) => table.columns.get(name) === 'bits')
  if (picture === undefined || ![...MASKS, ...OBJECTS].some((name) => names.includes(name))) return undefined
  return {
    picture,
    bits,
    others: names.filter((name) => name !== picture && table.columns.get(name) !== 'bits'),
  }
}

async function* recordsOf(
  reading: Reading,
  table: Table,
  { picture: pictureName_, bits, others }: Columns,
  group: number,
  seen: Seen,
): AsyncGenerator<DataRecord> {
  const { start, rows: count } = table.groups[group]!
  const rows = await table.rows(group, others)
  const pictures = await table.rows(group, [pictureName_])
  const masks = bits === undefined ? undefined : await table.bits(group, bits)
  for (let k = 0; k < count; k++) {
    reading.signal?.throwIfAborted()
    const mask = masks?.next().value ?? undefined
    const record = recordOf(reading, table.file, start + k, {
      row: rows[k]!,
      cell: pictures[k]![pictureName_],
      mask,
      seen,
    })
    // The bytes are not needed again: what asks for the picture reads them anew.
    pictures[k] = {}
    if (record !== undefined) yield record
    if (k % 16 === 15) await new Promise((resolve) => setImmediate(resolve))
  }
}

type Row = {
  readonly row: TableRow
  readonly cell: unknown
  readonly mask: Bitmap | string | undefined
  readonly seen: Seen
}

function recordOf(
  reading: Reading,
  file: string,
  number: number,
  { row, cell, mask, seen }: Row,
): DataRecord | undefined {
  const at = `row ${number}`
  const picture = pictureOf(reading, file, number, row, cell, seen)
  if (picture === undefined) return undefined
  const regions: Region[] = []
  const phrases: Phrase[] = []
  const objects = memberOfAny(row, OBJECTS)
  if (Array.isArray(objects) && objects.length > 0) {
    objects.forEach((object, place) => {
      const id = String(idAt(object, 'id', 'ann_id') ?? place)
      add(id, object, `object ${id} of ${at}`, undefined)
    })
  } else add('0', row, at, mask)
  if (phrases.length === 0 && regions.length === 0) return undefined
  return reading.knownNewRecord(idOf(row, number, seen), picture, { regions, phrases })

  function add(id: string, object: unknown, where: string, bitmap: Row['mask']): void {
    const found = bitmap === undefined ? regionOf(id, object, picture!) : regionOfBits(id, bitmap, picture!)
    const region = reading.keep(found, file, where, textAt(object, 'category'))
    if (region === undefined) return
    if (regions.some((other) => other.id === region.id)) {
      reading.problem('duplicate-id', `${where}: another has its id; the first one counts`, file, at)
      return
    }
    const category = textAt(object, 'category')
    regions.push(category === undefined ? region : { ...region, category })
    const said = phrasesOf(object)
    if (said.length === 0) reading.lostText('bad-field', `${where} has no text that refers to it`, file, at)
    said.forEach((text, k) => {
      phrases.push({
        text,
        regions: [region.id],
        form: formOf(text),
        id: regions.length === 1 ? String(k) : `${id}/${k}`,
      })
    })
  }
}

function idOf(row: TableRow, number: number, { ids }: Seen): string {
  const [image, annotation] = [idAt(row, 'image_id'), idAt(row, 'ann_id')]
  const both = image !== undefined && annotation !== undefined ? `${image}/${annotation}` : undefined
  const stated = idAt(row, 'question_id', 'id') ?? both ?? image ?? annotation ?? number
  const id = ids.has(String(stated)) ? `${stated}#${number}` : String(stated)
  ids.add(id)
  return id
}

/** Picture and size of a row; equal pictures have one name, so that their questions are asked together. */
function pictureOf(
  reading: Reading,
  file: string,
  number: number,
  row: TableRow,
  cell: unknown,
  { pictures }: Seen,
): PictureFile | undefined {
  const at = `row ${number}`
  const widthPx = sideAt(row, 'img_width', 'image_width', 'width')
  const heightPx = sideAt(row, 'img_height', 'image_height', 'height')
  const stated = widthPx === undefined || heightPx === undefined ? undefined : { widthPx, heightPx }
  const bytes = bytesInCell(cell)
  if (bytes === undefined) {
    // Some tables name files beside them.
    const path = textAt(cell, 'path') ?? textAt(row, 'file_name')
    return reading.picture(path, stated ?? {}, file, at)
  }
  const header = pictureHeader(bytes)
  const grounded = header && groundedPicture(header, stated ?? sizeOfMasks(row))
  if (grounded === undefined) {
    const message =
      header === undefined
        ? `${at}: its picture is of no format that is known`
        : `${at}: its picture is ${header.widthPx} x ${header.heightPx}, the table says ${stated?.widthPx} x ${stated?.heightPx}`
    reading.problem('wrong-size', message, file, at)
    return undefined
  }
  const key = createHash('sha256').update(bytes).digest('base64')
  const name = pictures.get(key) ?? pictureName(file, number)
  pictures.set(key, name)
  return { file: name, ...grounded }
}

/** The size that run lengths of the row state. */
function sizeOfMasks(row: TableRow): Size | undefined {
  for (const object of [row, ...listAt(row, ...OBJECTS)]) {
    const size = member(memberOfAny(object, MASKS), 'size')
    const [heightPx, widthPx] = Array.isArray(size) ? size.map(Number) : []
    if (heightPx !== undefined && widthPx !== undefined && widthPx > 0 && heightPx > 0)
      return { widthPx, heightPx }
  }
  return undefined
}

/** Texts of an object in their order, each once. */
function phrasesOf(object: unknown): string[] {
  for (const name of TEXT_LISTS) {
    const list = member(object, name)
    if (!Array.isArray(list)) continue
    const found = list.flatMap((entry) =>
      texts(typeof entry === 'string' ? entry : memberOfAny(entry, TEXT_FIELDS)),
    )
    if (found.length > 0) return [...new Set(found.map((text) => text.trim()))]
  }
  const text = textAt(object, ...TEXTS)
  return text === undefined ? [] : [text.trim()]
}

/** The hub's ReasonSeg does not say which questions are sentences; those end like one. */
const formOf = (text: string): 'phrase' | 'sentence' => (/[.?!]$/.test(text) ? 'sentence' : 'phrase')

/** The region of an object's mask and box, whatever form they have. */
function regionOf(id: string, object: unknown, picture: Size): Found<Region> {
  const cell = memberOfAny(object, MASKS)
  const png = bytesInCell(cell)
  if (png !== undefined) return regionOfPng(id, png, picture)
  const segmentation = segmentationOf(cell, picture)
  const bbox = plain(member(object, 'bbox') ?? member(object, 'box'))
  const annotation: JsonObject = {
    ...(segmentation !== undefined && { segmentation }),
    ...(bbox !== undefined && bbox !== null && { bbox }),
    iscrowd: plain(member(object, 'iscrowd')),
  }
  return cocoRegion(annotation, { id, ...size(picture) })
}

const size = ({ widthPx, heightPx }: Size): Size => ({ widthPx, heightPx })

/** What a cell says, as COCO has it: run lengths, outlines (one flat list too), either of them as JSON. */
function segmentationOf(cell: unknown, { widthPx, heightPx }: Size): unknown {
  const value = plain(cell)
  if (typeof value === 'string') {
    try {
      return segmentationOf(JSON.parse(value), { widthPx, heightPx })
    } catch {
      return { counts: value, size: [heightPx, widthPx] }
    }
  }
  if (Array.isArray(value) && value.length > 0 && typeof value[0] === 'number') return [value]
  return value
}

/** Typed arrays and long numbers as JSON has them. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (ArrayBuffer.isView(value) && !(value instanceof Uint8Array))
    return Array.from(value as unknown as number[])
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
  }
  return value
}

function regionOfPng(id: string, bytes: Uint8Array, picture: Size): Found<Region> {
  try {
    const image = readPng(bytes)
    const { widthPx, heightPx } = image
    if (widthPx !== picture.widthPx || heightPx !== picture.heightPx) return otherSize(image, picture)
    const mask = maskFromPngImage(image)
    if (isEmpty(mask)) return { lost: { kind: 'empty-mask', message: 'its mask has no pixel' } }
    return { value: { id, shape: { kind: 'coco', segmentation: cocoRleFromMask(mask) } } }
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    return { lost: { kind: 'bad-geometry', message: `its mask is no readable PNG: ${error.message}` } }
  }
}

function regionOfBits(id: string, bitmap: Bitmap | string, picture: Size): Found<Region> {
  if (typeof bitmap === 'string') return { lost: { kind: 'bad-geometry', message: bitmap } }
  if (bitmap.widthPx !== picture.widthPx || bitmap.heightPx !== picture.heightPx)
    return otherSize(bitmap, picture)
  const mask = maskFromRowMajor(bitmap)
  if (isEmpty(mask)) return { lost: { kind: 'empty-mask', message: 'its mask has no pixel' } }
  return { value: { id, shape: { kind: 'coco', segmentation: cocoRleFromMask(mask) } } }
}

const otherSize = (
  mask: Size,
  picture: Size,
): { readonly lost: { kind: 'wrong-size'; message: string } } => ({
  lost: {
    kind: 'wrong-size',
    message: `its mask is ${mask.widthPx} x ${mask.heightPx}, its picture ${picture.widthPx} x ${picture.heightPx}`,
  },
})

export const hubTables: Reader = {
  name: 'hub',
  title: 'Tables of the hub: pictures, texts and masks in Parquet',
  layout: [
    'data/{split}-*.parquet, or *.parquet in the root: image (bytes) and',
    'samples: [{ sentences, bbox, mask: { counts, size } }] (RefCOCO-M), or answer, segmentation, bbox (lmms-lab), or text and mask (ReasonSeg)',
  ],
  splits: [],
  gives: ['masks', 'boxes', 'phrases'],
  read: readTables,
  pictures: tablePictures,
}
