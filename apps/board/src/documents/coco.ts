// COCO JSON (cocodataset.org, "data format"): the annotations of the open picture in, all regions out.
import {
  area,
  type BoxXywhPx,
  cocoCountsFromMask,
  cocoRleFromMask,
  type Mask,
  maskFromCocoSegmentation,
  tightBox,
} from '@maskwords/mask'
import { StudioError } from '../state/error.ts'
import type { Region } from '../state/types.ts'
import { MAX_REGIONS, type NamedMask } from './mask-png.ts'

type Size = { readonly widthPx: number; readonly heightPx: number }
export type LoadedMasks = {
  readonly masks: readonly NamedMask[]
  /** Annotations that could not be read, with the first cause. */
  readonly refused: number
  readonly cause?: string
  readonly readAs: string
}
type Row = Readonly<Record<string, unknown>>

/**
 * Masks of a parsed JSON value for a picture: a COCO file (of which the annotations of this picture are taken: by file
 * name, else by size where only one picture has it), one picture's annotations as SA-1B has them, a list of annotations,
 * or run lengths alone. Throws StudioError where there is nothing for this picture.
 */
export function masksFromCoco(json: unknown, picture: Size & { readonly name: string }): LoadedMasks {
  const { rows, names, readAs } = rowsFor(json, picture)
  const masks: NamedMask[] = []
  let refused = 0
  let cause: string | undefined
  if (rows.length > MAX_REGIONS) {
    throw new StudioError(
      'too-large',
      `${rows.length.toLocaleString('en')} annotations belong to this picture, the studio loads up to ${MAX_REGIONS} regions`,
      { hint: 'Cut the list down to those you want to see.' },
    )
  }
  for (const [i, row] of rows.entries()) {
    try {
      const segmentation = (isRow(row) && 'counts' in row ? row : row?.['segmentation']) as never
      if (segmentation === undefined)
        throw new StudioError('malformed', `annotation ${i} has no segmentation`)
      const { widthPx, heightPx } = picture
      masks.push({
        mask: maskFromCocoSegmentation({ widthPx, heightPx, segmentation }),
        name: nameOf(row, i, names),
      })
    } catch (error) {
      refused++
      cause ??= `annotation ${i}: ${(error as Error).message}`
    }
  }
  if (masks.length === 0) {
    throw new StudioError('malformed', cause ?? 'the file has no annotation of this picture', {
      hint: 'A segmentation is a list of polygons or run lengths { size: [height, width], counts }, of the picture’s size.',
    })
  }
  return { masks, refused, ...(cause === undefined ? {} : { cause }), readAs }
}

function rowsFor(
  json: unknown,
  picture: Size & { readonly name: string },
): { rows: Row[]; names: Map<unknown, string>; readAs: string } {
  const names = new Map<unknown, string>()
  if (Array.isArray(json)) {
    if (json.some((item) => isRow(item) && isRow(item['data'])))
      throw notCoco('these are tasks of Label Studio')
    return { rows: json as Row[], names, readAs: 'a list of annotations' }
  }
  if (!isRow(json)) throw notCoco('the JSON is neither an object nor a list')
  if ('counts' in json) return { rows: [json], names, readAs: 'one mask in run lengths' }
  const { annotations, images, categories, image } = json
  if (!Array.isArray(annotations)) throw notCoco('the JSON has no list “annotations”')
  if (Array.isArray(categories)) {
    for (const category of categories as Row[]) {
      if (isRow(category) && typeof category['name'] === 'string') names.set(category['id'], category['name'])
    }
  }
  if (!Array.isArray(images)) {
    if (isRow(image)) checkImage(image, picture)
    return { rows: annotations as Row[], names, readAs: 'annotations of one picture' }
  }
  const found = imageFor(images as Row[], picture)
  // Files mix numbers and text for one id.
  const id = String(found['id'])
  const rows = (annotations as Row[]).filter((row) => isRow(row) && String(row['image_id']) === id)
  if (rows.length === 0) {
    throw new StudioError(
      'missing',
      `the file knows ${String(found['file_name'])} but has no annotation of it`,
      {
        hint: 'Nothing to load; other pictures of the file may have annotations.',
      },
    )
  }
  return { rows, names, readAs: `COCO annotations of ${String(found['file_name'])}` }
}

function imageFor(images: readonly Row[], picture: Size & { readonly name: string }): Row {
  const base = (name: unknown) => String(name).split(/[/\\]/).at(-1)!
  const stem = (name: unknown) => base(name).replace(/\.[a-z0-9]+$/i, '')
  const rows = images.filter(isRow)
  const alike = [
    (row: Row) => row['file_name'] === picture.name,
    (row: Row) => base(row['file_name']) === base(picture.name),
    (row: Row) => stem(row['file_name']) === stem(picture.name),
  ]
  const [named, other] = alike.map((is) => rows.filter(is)).find((found) => found.length > 0) ?? []
  if (named !== undefined) {
    if (other !== undefined) {
      throw new StudioError(
        'malformed',
        `${String(named['file_name'])} and ${String(other['file_name'])} of the file could both be ${picture.name}`,
        { hint: 'Cut out the annotations of this picture first, or give the picture its whole name.' },
      )
    }
    checkImage(named, picture)
    return named
  }
  const sized = rows.filter((row) => row['width'] === picture.widthPx && row['height'] === picture.heightPx)
  if (sized.length === 1) return sized[0]!
  throw new StudioError(
    'missing',
    `none of the file’s ${rows.length.toLocaleString('en')} pictures is called ${picture.name}, and ${sized.length.toLocaleString('en')} have its size (${picture.widthPx} x ${picture.heightPx})`,
    { hint: 'Give the picture’s file the name that “file_name” of the COCO file says.' },
  )
}

function checkImage(row: Row, { widthPx, heightPx }: Size): void {
  const { width, height } = row
  if (width === undefined && height === undefined) return
  if (width === widthPx && height === heightPx) return
  throw new StudioError(
    'size-mismatch',
    `the file says that ${String(row['file_name'])} has ${String(width)} x ${String(height)} pixels; the open picture has ${widthPx} x ${heightPx}`,
    { hint: 'Open the picture in the size for which the masks were made.' },
  )
}

function nameOf(row: Row, index: number, names: ReadonlyMap<unknown, string>): string {
  const { category_id: category, caption, name, label } = row
  for (const text of [names.get(category), name, label, caption]) {
    if (typeof text === 'string' && text !== '') return text.slice(0, 120)
  }
  return `Annotation ${typeof row['id'] === 'number' ? row['id'] : index + 1}`
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notCoco(message: string): StudioError {
  return new StudioError('malformed', message, {
    hint: 'The studio reads COCO and labelme JSON, lists of annotations, run lengths, PNG masks and label maps, and its own sessions; others by maskwords convert.',
  })
}

/** All regions as one COCO file: a category for each name; `plain` writes counts as numbers instead of text. */
export function cocoOf(options: {
  readonly picture: Size & { readonly name: string }
  readonly regions: readonly Region[]
  readonly plain: boolean
}): object {
  const { picture, regions, plain } = options
  const names = [...new Set(regions.map(({ name }) => name))]
  return {
    info: { description: 'Regions drawn in maskwords studio', version: '1.0' },
    images: [{ id: 1, file_name: picture.name, width: picture.widthPx, height: picture.heightPx }],
    annotations: regions.map(({ mask, name }, i) => ({
      id: i + 1,
      image_id: 1,
      category_id: names.indexOf(name) + 1,
      segmentation: plain ? cocoCountsFromMask(mask) : cocoRleFromMask(mask),
      area: area(mask),
      bbox: boxOf(mask),
      iscrowd: 0,
    })),
    categories: names.map((name, i) => ({ id: i + 1, name, supercategory: '' })),
  }
}

function boxOf(mask: Mask): [number, number, number, number] {
  const { x, y, width, height }: BoxXywhPx = tightBox(mask)
  return [x, y, width, height]
}
