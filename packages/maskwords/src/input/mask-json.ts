// Masks in JSON, as the tools of the field write them, found and checked but not decoded yet: COCO datasets and results, SA-1B,
// single RLE objects, polygons, CVAT shapes, Label Studio brush results, labelme shapes, and our own `decode --json`.
import { z } from 'zod'
import { type ErrorReport, MaskwordsError, reportOf } from '../error.ts'
import { checkShape, isRecord } from './json-text.ts'

/** A mask as some JSON states it. Sizes are in pixels; `at` is its path in the JSON. */
export type StatedMask = {
  readonly label: string
  readonly id: number | string | undefined
  readonly at: string
  readonly iscrowd: boolean
} & (
  | {
      readonly dialect: 'coco-rle' | 'coco-counts'
      readonly size: readonly [height: number, width: number]
      readonly counts: string | readonly number[]
    }
  | {
      readonly dialect: 'coco-polygon'
      readonly size: StatedSize | undefined
      readonly rings: readonly (readonly number[])[]
    }
  | {
      readonly dialect: 'cvat-rle'
      readonly size: StatedSize | undefined
      readonly points: readonly number[]
    }
  | { readonly dialect: 'labelstudio-rle'; readonly size: StatedSize; readonly rle: readonly number[] }
)

/** Lists and objects within each other. A Label Studio export has three levels; more is no mask file. */
const MAX_NESTING = 8

type Finding = MaskJsonOptions & { readonly depth: number; readonly failures: ErrorReport[] }

export type FoundMasks = {
  readonly stated: readonly StatedMask[]
  /** Entries of a list that say no mask; their neighbours are in `stated`. */
  readonly failures: readonly ErrorReport[]
}

type StatedSize = { readonly widthPx: number; readonly heightPx: number }

export type JsonDialect = 'coco-rle' | 'coco-counts' | 'coco-polygon' | 'cvat-rle' | 'labelstudio-rle'

export type MaskJsonOptions = {
  readonly name: string
  /** Which picture of a dataset: its id. */
  readonly imageId?: string | undefined
  /** Which picture of a dataset: its file name, folders ignored. */
  readonly fileName?: string | undefined
  /** What a bare list of numbers is; without it such a list is refused. */
  readonly dialect?: JsonDialect | undefined
  /** Size of the picture, for dialects that do not carry one. */
  readonly size?: StatedSize | undefined
}

const wholeNumber = z.number().int()
const rleSchema = z.object({
  size: z.tuple([wholeNumber, wholeNumber]),
  counts: z.union([z.string(), z.array(z.number())]),
})
const ringsSchema = z.array(z.array(z.number()))
const segmentationSchema = z.union([ringsSchema, rleSchema])
const labelSchema = z.union([z.string(), z.number()]).optional().catch(undefined)
const idSchema = z.union([z.number(), z.string()]).optional().catch(undefined)
const annotationSchema = z.object({
  id: idSchema,
  image_id: z.union([z.number(), z.string()]).optional(),
  category_id: z.union([z.number(), z.string()]).optional(),
  iscrowd: z.union([z.number(), z.boolean()]).optional(),
  label: labelSchema,
  segmentation: segmentationSchema,
})
const imageSchema = z.object({
  id: z.union([z.number(), z.string()]),
  file_name: z.string().optional(),
  width: wholeNumber,
  height: wholeNumber,
})
const categorySchema = z.object({ id: z.union([z.number(), z.string()]), name: z.string() })
const brushSchema = z.object({
  id: idSchema,
  original_width: wholeNumber,
  original_height: wholeNumber,
  value: z.object({
    format: z.literal('rle'),
    rle: z.array(z.number()),
    brushlabels: z.array(z.string()).optional(),
  }),
})
const pointListSchema = z.union([z.array(z.number()), z.array(z.tuple([z.number(), z.number()]))])
const shapeSchema = z.object({
  id: idSchema,
  label: labelSchema,
  type: z.string().optional(),
  shape_type: z.string().optional().nullable(),
  points: pointListSchema,
  width: wholeNumber.optional(),
  height: wholeNumber.optional(),
})

/**
 * Finds the masks that a JSON value states. A bad entry of a list is a failure, the others are read; throws MaskwordsError
 * with the path of what is wrong where nothing can be read.
 */
export function findMasks(value: unknown, options: MaskJsonOptions): FoundMasks {
  const failures: ErrorReport[] = []
  const finding: Finding = { ...options, depth: 0, failures }
  if (isRecord(value)) return { stated: ofObject(value, finding, ''), failures }
  if (Array.isArray(value)) return { stated: ofList(value, finding, ''), failures }
  throw unknownShape(options, 'top level', `a bare ${value === null ? 'null' : typeof value}`)
}

/** Runs `read`; its typed error is a failure of one entry where there are others, and an error where it stands alone. */
function oneOf(entries: number, failures: ErrorReport[], read: () => void): void {
  try {
    read()
  } catch (error) {
    if (entries < 2 || !(error instanceof MaskwordsError)) throw error
    failures.push(reportOf(error))
  }
}

function ofObject(value: Record<string, unknown>, outer: Finding, at: string): StatedMask[] {
  const { name } = outer
  if (outer.depth > MAX_NESTING) {
    throw unknownShape(
      outer,
      at.slice(0, 80),
      `objects within each other, more than ${MAX_NESTING} levels deep`,
    )
  }
  const options: Finding = { ...outer, depth: outer.depth + 1 }
  if (Array.isArray(value['annotations']) && Array.isArray(value['images']))
    return ofDataset(value, options, at)
  if ('counts' in value) {
    const rle = checkShape(rleSchema, value, name, at, 'an RLE object')
    return [ofRle(rle, labelOf(value, options), idOf(value), at, false)]
  }
  if ('segmentation' in value) {
    const size = statedSize(value['width'], value['height']) ?? options.size
    return [ofAnnotation(value, options, at, new Map(), size)]
  }
  if (Array.isArray(value['masks'])) return ofList(value['masks'], options, `${at}.masks`)
  if (Array.isArray(value['shapes'])) {
    const size = statedSize(value['imageWidth'] ?? value['width'], value['imageHeight'] ?? value['height'])
    const inner = size === undefined ? options : { ...options, size }
    return ofList(value['shapes'], inner, `${at}.shapes`)
  }
  if (Array.isArray(value['annotations'])) {
    const image = isRecord(value['image']) ? value['image'] : {}
    const size = statedSize(image['width'], image['height'])
    const inner = size === undefined ? options : { ...options, size }
    return ofList(value['annotations'], inner, `${at}.annotations`)
  }
  if (Array.isArray(value['result'])) return ofList(value['result'], options, `${at}.result`)
  if ('points' in value) return [ofShape(value, options, at)]
  if (isRecord(value['value']) && 'rle' in value['value']) return [ofBrush(value, options, at)]
  throw unknownShape(
    options,
    at || 'top level',
    `an object with the keys ${Object.keys(value).slice(0, 8).join(', ') || '(none)'}`,
  )
}

function ofList(list: readonly unknown[], options: Finding, at: string): StatedMask[] {
  if (list.length === 0) return []
  const first = list[0]
  if (typeof first === 'number') return [ofNumbers(list, options, at)]
  if (Array.isArray(first)) {
    const rings = checkShape(ringsSchema, list, options.name, at, 'a list of polygons (x, y, x, y, ...)')
    return [
      {
        dialect: 'coco-polygon',
        label: stem(options),
        id: undefined,
        at,
        iscrowd: false,
        rings,
        size: options.size,
      },
    ]
  }
  const chosen = options.imageId === undefined ? undefined : String(options.imageId)
  const ids = new Set<string>()
  const found: StatedMask[] = []
  list.forEach((item, i) => {
    const place = `${at}[${i}]`
    if (!isRecord(item)) {
      oneOf(list.length, options.failures, () => {
        throw unknownShape(
          options,
          place,
          `${item === null ? 'null' : typeof item} where an object is wanted`,
        )
      })
      return
    }
    const imageId = item['image_id']
    if (typeof imageId === 'number' || typeof imageId === 'string') {
      if (chosen !== undefined && String(imageId) !== chosen) return
      ids.add(String(imageId))
    }
    // A Label Studio export lists every region of a task; only brush strokes are masks.
    if (isRecord(item['value']) && !('rle' in item['value']) && typeof item['type'] === 'string') return
    // Not a spread call: a list may be longer than a call may have arguments.
    oneOf(list.length, options.failures, () => {
      for (const stated of ofObject(item, options, place)) found.push(stated)
    })
  })
  if (ids.size > 1) {
    throw new MaskwordsError(
      'ambiguous',
      `masks of ${ids.size} pictures (ids ${[...ids].slice(0, 3).join(', ')}, ...)`,
      {
        file: options.name,
        hint: `choose one: --image-id ${[...ids][0]}`,
      },
    )
  }
  return found
}

function ofDataset(value: Record<string, unknown>, options: Finding, at: string): StatedMask[] {
  const { name } = options
  const images = value['images'] as readonly unknown[]
  const annotations = value['annotations'] as readonly unknown[]
  const image = chooseImage(images, options, at)
  const categories = new Map<string, string>()
  for (const [i, item] of (Array.isArray(value['categories']) ? value['categories'] : []).entries()) {
    const category = checkShape(categorySchema, item, name, `${at}.categories[${i}]`, 'a category')
    categories.set(String(category.id), category.name)
  }
  const size = { widthPx: image.width, heightPx: image.height }
  const found: StatedMask[] = []
  annotations.forEach((item, i) => {
    if (!isRecord(item) || String(item['image_id']) !== String(image.id)) return
    const place = `${at}.annotations[${i}]`
    if ('segments_info' in item) {
      throw new MaskwordsError(
        'unsupported',
        'a panoptic dataset: its masks are in the PNG files that it names',
        {
          file: name,
          at: place,
          hint: 'give that PNG with --mask-format panoptic',
        },
      )
    }
    oneOf(annotations.length, options.failures, () => {
      found.push(ofAnnotation(item, options, place, categories, size))
    })
  })
  return found
}

function chooseImage(
  images: readonly unknown[],
  options: MaskJsonOptions,
  at: string,
): z.infer<typeof imageSchema> {
  const { name, imageId, fileName } = options
  const read = (i: number) => checkShape(imageSchema, images[i], name, `${at}.images[${i}]`, 'an image')
  const field = (i: number, key: string) =>
    isRecord(images[i]) ? (images[i] as Record<string, unknown>)[key] : undefined
  if (imageId !== undefined) {
    const i = images.findIndex((_, k) => String(field(k, 'id')) === imageId)
    if (i >= 0) return read(i)
    throw new MaskwordsError('not-found', `no image with the id ${imageId} among ${images.length}`, {
      file: name,
    })
  }
  if (fileName !== undefined) {
    const matches = images.flatMap((_, k) => {
      const stated = field(k, 'file_name')
      return typeof stated === 'string' && baseName(stated) === baseName(fileName) ? [k] : []
    })
    if (matches.length === 1) return read(matches[0]!)
    if (matches.length > 1) {
      throw new MaskwordsError('ambiguous', `${matches.length} images are called ${baseName(fileName)}`, {
        file: name,
        hint: `choose one: --image-id ${String(field(matches[0]!, 'id'))}`,
      })
    }
  }
  if (images.length === 1) return read(0)
  const example = String(field(0, 'id'))
  throw new MaskwordsError(
    fileName === undefined ? 'ambiguous' : 'not-found',
    fileName === undefined
      ? `a dataset of ${images.length} images`
      : `none of its ${images.length} images is called ${baseName(fileName)}`,
    { file: name, hint: `choose the picture by its id: --image-id ${example}` },
  )
}

function ofAnnotation(
  item: Record<string, unknown>,
  options: MaskJsonOptions,
  at: string,
  categories: ReadonlyMap<string, string>,
  size: StatedSize | undefined,
): StatedMask {
  const annotation = checkShape(annotationSchema, item, options.name, at, 'an annotation')
  const category = annotation.category_id
  const label =
    (category === undefined ? undefined : categories.get(String(category))) ??
    (annotation.label === undefined ? undefined : String(annotation.label)) ??
    (category === undefined ? labelOf(item, options) : String(category))
  const iscrowd = annotation.iscrowd === 1 || annotation.iscrowd === true
  const { segmentation, id } = annotation
  const place = `${at}.segmentation`
  if (!Array.isArray(segmentation)) return ofRle(segmentation, label, id, place, iscrowd)
  return { dialect: 'coco-polygon', label, id, at: place, iscrowd, rings: segmentation, size }
}

function ofRle(
  rle: z.infer<typeof rleSchema>,
  label: string,
  id: number | string | undefined,
  at: string,
  iscrowd: boolean,
): StatedMask {
  const dialect = typeof rle.counts === 'string' ? 'coco-rle' : 'coco-counts'
  return { dialect, label, id, at, iscrowd, size: rle.size, counts: rle.counts }
}

function ofBrush(item: Record<string, unknown>, options: MaskJsonOptions, at: string): StatedMask {
  const brush = checkShape(brushSchema, item, options.name, at, 'a Label Studio brush result')
  return {
    dialect: 'labelstudio-rle',
    label: brush.value.brushlabels?.join(', ') ?? stem(options),
    id: brush.id,
    at: `${at}.value.rle`,
    iscrowd: false,
    size: { widthPx: brush.original_width, heightPx: brush.original_height },
    rle: brush.value.rle,
  }
}

function ofShape(item: Record<string, unknown>, options: MaskJsonOptions, at: string): StatedMask {
  const shape = checkShape(shapeSchema, item, options.name, at, 'a shape')
  const points = shape.points.flat()
  const common = {
    label: shape.label === undefined ? stem(options) : String(shape.label),
    id: shape.id,
    at: `${at}.points`,
    iscrowd: false,
    size: statedSize(shape.width, shape.height) ?? options.size,
  }
  const type = shape.type ?? shape.shape_type ?? 'polygon'
  if (type === 'mask') return { ...common, dialect: 'cvat-rle', points }
  if (type === 'polygon') return { ...common, dialect: 'coco-polygon', rings: [points] }
  if (type === 'rectangle' && points.length === 4) {
    const [x0, y0, x1, y1] = points as [number, number, number, number]
    return { ...common, dialect: 'coco-polygon', rings: [[x0, y0, x1, y0, x1, y1, x0, y1]] }
  }
  throw new MaskwordsError('unsupported', `a shape of the type "${type}" has no area to encode`, {
    file: options.name,
    at,
    hint: 'polygon, rectangle and mask shapes are read',
  })
}

/** A bare list of numbers fits four dialects; only the user knows which. */
function ofNumbers(list: readonly unknown[], options: MaskJsonOptions, at: string): StatedMask {
  const numbers = checkShape(z.array(z.number()), list, options.name, at, 'a list of numbers')
  const common = { label: stem(options), id: undefined, at, iscrowd: false }
  const { dialect, size } = options
  if (dialect === undefined) {
    throw new MaskwordsError(
      'ambiguous',
      'a bare list of numbers: COCO counts, CVAT RLE, Label Studio RLE or a polygon',
      {
        file: options.name,
        at: at || 'top level',
        hint: 'say which: coco-counts, cvat-rle, labelstudio-rle or coco-polygon',
      },
    )
  }
  if (dialect === 'coco-polygon') return { ...common, dialect, rings: [numbers], size }
  if (dialect === 'cvat-rle') return { ...common, dialect, points: numbers, size }
  if (size === undefined) throw noSize(options, at, dialect)
  if (dialect === 'labelstudio-rle') return { ...common, dialect, rle: numbers, size }
  return { ...common, dialect: 'coco-counts', size: [size.heightPx, size.widthPx], counts: numbers }
}

/** The complaint that a dialect needs a size that nobody stated. */
export function noSize(options: Pick<MaskJsonOptions, 'name'>, at: string, dialect: string): MaskwordsError {
  return new MaskwordsError('ambiguous', `${dialect} does not say how large the picture is`, {
    file: options.name,
    at: at || 'top level',
    hint: 'say it: --size WIDTHxHEIGHT',
  })
}

function unknownShape(options: MaskJsonOptions, at: string, what: string): MaskwordsError {
  return new MaskwordsError('unsupported', `no mask found: ${what}`, {
    file: options.name,
    at: at.replace(/^\./, ''),
    hint: 'COCO datasets and results, {size, counts}, polygons, CVAT shapes, Label Studio and labelme JSON are read',
  })
}

function labelOf(item: Record<string, unknown>, options: MaskJsonOptions): string {
  const { label } = item
  return typeof label === 'string' || typeof label === 'number' ? String(label) : stem(options)
}

function idOf(item: Record<string, unknown>): number | string | undefined {
  const { id } = item
  return typeof id === 'number' || typeof id === 'string' ? id : undefined
}

function statedSize(width: unknown, height: unknown): StatedSize | undefined {
  return Number.isInteger(width) && Number.isInteger(height)
    ? { widthPx: width as number, heightPx: height as number }
    : undefined
}

function stem(options: MaskJsonOptions): string {
  return baseName(options.name).replace(/\.[^.]+$/, '')
}

/** The last part of a path, whichever slash it is written with. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}
