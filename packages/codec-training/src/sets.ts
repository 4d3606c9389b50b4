// Pictures and masks to train on: planned once, read when drawn, kept within a bound. Sets are what the reconstruction
// benchmark reads (a COCO file, a folder of label maps) and, for masks alone, whatever a reader of @maskwords/data reads.

import { namesHint } from '@maskwords/base'
import { choosePictures, type PlannedPicture, parseHoldout, planTruth } from '@maskwords/benchmarks'
import {
  type DataRecord,
  inHoldout,
  labelMapCache,
  READERS,
  readerByName,
  regionMask,
} from '@maskwords/datasets'
import {
  type ErrorReport,
  isTypedError,
  located,
  MaskwordsError,
  readPicture,
  reportOf,
  requireSharp,
} from '@maskwords/files'
import { area, type Mask, resizeMaskNearest } from '@maskwords/mask'
import type { TrainConfig, TrainSetConfig } from './config.ts'
import type { TrainingPicture, TrainingSet } from './sets/batches.ts'

export type OpenSetsOptions = {
  readonly data: TrainConfig['data']
  /** Read the pictures too, or masks alone. */
  readonly pixels: boolean
  readonly signal: AbortSignal
  /** What could not be read; the picture then counts as one without masks. */
  readonly onFailure: (report: ErrorReport) => void
}

/** Bytes that a mask takes beside its edges, about. */
const MASK_BYTES = 200

/** Opens all sets of a configuration. Throws MaskwordsError for sets that are not there or hold no picture. */
export async function openTrainingSets(options: OpenSetsOptions): Promise<TrainingSet[]> {
  const cache = boundedCache(options.data.cacheMiB * 2 ** 20)
  const sets: TrainingSet[] = []
  for (const [at, set] of options.data.sets.entries()) {
    sets.push(
      'truth' in set ? await truthSet(set, at, options, cache) : await readerSet(set, at, options, cache),
    )
  }
  return sets
}

type Cache = {
  get(key: string, make: () => Promise<TrainingPicture>): Promise<TrainingPicture>
}

/** Least recently used out first. A picture that is being read is read once. */
function boundedCache(limitBytes: number): Cache {
  const kept = new Map<string, { picture: Promise<TrainingPicture>; bytes: number }>()
  let total = 0
  return {
    async get(key, make) {
      const found = kept.get(key)
      if (found !== undefined) {
        kept.delete(key)
        kept.set(key, found)
        return found.picture
      }
      const entry = { picture: make(), bytes: 0 }
      kept.set(key, entry)
      const picture = await entry.picture
      entry.bytes =
        (picture.pixels?.rgb.length ?? 0) + sum(picture.masks, ({ edges }) => edges.byteLength + MASK_BYTES)
      total += entry.bytes
      for (const [oldest, { bytes }] of kept) {
        if (total <= limitBytes || oldest === key) break
        kept.delete(oldest)
        total -= bytes
      }
      return picture
    },
  }
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0)

/** A size whose longer side is at most `maxSidePx`. */
function shrunk(size: { widthPx: number; heightPx: number }, maxSidePx: number) {
  const factor = Math.min(1, maxSidePx / Math.max(size.widthPx, size.heightPx))
  return {
    widthPx: Math.max(1, Math.round(size.widthPx * factor)),
    heightPx: Math.max(1, Math.round(size.heightPx * factor)),
  }
}

const fitted = (mask: Mask, size: { widthPx: number; heightPx: number }): Mask =>
  mask.widthPx === size.widthPx && mask.heightPx === size.heightPx ? mask : resizeMaskNearest(mask, size)

async function truthSet(
  set: Extract<TrainSetConfig, { truth: string }>,
  at: number,
  options: OpenSetsOptions,
  cache: Cache,
): Promise<TrainingSet> {
  const plan = await planTruth({ truth: set.truth, pictures: set.pictures, signal: options.signal })
  for (const report of plan.failures) options.onFailure(report)
  const heldOut = set.holdout === undefined ? undefined : parseHoldout(set.holdout)
  const pictures = choosePictures(plan.pictures, { holdout: undefined, ids: undefined, limit: undefined })
    .filter(({ id }) => heldOut === undefined || !inHoldout(id, heldOut.part, heldOut.parts))
    .slice(0, set.limit)
  if (pictures.length === 0) throw empty(set.truth)
  return {
    name: set.truth,
    weight: set.weight,
    count: pictures.length,
    picture: (index) => cache.get(`${at} ${index}`, () => readTruth(pictures[index]!, options)),
  }
}

const empty = (name: string): MaskwordsError =>
  new MaskwordsError('not-found', 'there is no picture to train on in this set', { file: name })

async function readTruth(planned: PlannedPicture, options: OpenSetsOptions): Promise<TrainingPicture> {
  const { data, onFailure, signal } = options
  try {
    const size = shrunk(planned, data.maxSidePx)
    const least = data.leastShare * 0.25 * planned.widthPx * planned.heightPx
    const masks: Mask[] = []
    for (const stated of await planned.masks()) {
      if (stated.isCrowd) continue
      const mask = stated.read()
      if (area(mask) >= least) masks.push(fitted(mask, size))
    }
    if (!options.pixels || masks.length === 0) return { masks }
    const { widthPx, heightPx, rgb } = await readPicture(planned.path, {
      exif: planned.exif ?? 'ignore',
      signal,
    })
    if (widthPx !== planned.widthPx || heightPx !== planned.heightPx) {
      throw new MaskwordsError(
        'size-mismatch',
        `the picture is ${widthPx} x ${heightPx}, its masks are ${planned.widthPx} x ${planned.heightPx} (width x height)`,
        { file: planned.path },
      )
    }
    return { masks, pixels: await shrinkPixels({ widthPx, heightPx, rgb }, size) }
  } catch (error) {
    if (signal.aborted || !isTypedError(error)) throw error
    onFailure(reportOf(located(error, planned.path)))
    return { masks: [] }
  }
}

async function shrinkPixels(
  picture: { widthPx: number; heightPx: number; rgb: Uint8Array },
  size: { widthPx: number; heightPx: number },
) {
  if (picture.widthPx === size.widthPx && picture.heightPx === size.heightPx) return picture
  const sharp = await requireSharp('raw pixels', 'training pictures')
  const raw = { width: picture.widthPx, height: picture.heightPx, channels: 3 as const }
  const { data } = await sharp(picture.rgb, { raw })
    .resize(size.widthPx, size.heightPx, { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { ...size, rgb: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}

async function readerSet(
  set: Extract<TrainSetConfig, { reader: string }>,
  at: number,
  options: OpenSetsOptions,
  cache: Cache,
): Promise<TrainingSet> {
  const reader = readerByName(set.reader)
  if (reader === undefined) {
    throw new MaskwordsError('not-found', `there is no reader "${set.reader}"`, {
      hint: namesHint(set.reader, Object.keys(READERS)),
    })
  }
  const records: DataRecord[] = []
  const problem = (report: { message: string; file: string; at?: string }) =>
    options.onFailure({ code: 'malformed', ...report })
  for await (const record of reader.read({
    root: set.root,
    // Only masks are wanted: sets that come without their pictures serve as well.
    missingPictures: 'keep',
    ...(set.split === undefined ? {} : { split: set.split }),
    signal: options.signal,
    onProblem: (report) => {
      if (report.isKept !== true) problem(report)
    },
  })) {
    if (record.regions.some(({ shape, isCrowd }) => shape.kind !== 'box' && isCrowd !== true))
      records.push(record)
    if (records.length === set.limit) break
  }
  if (records.length === 0) throw empty(set.root)
  const labelMaps = labelMapCache()
  return {
    name: set.root,
    weight: set.weight,
    count: records.length,
    picture: (index) =>
      cache.get(`${at} ${index}`, async () => {
        const record = records[index]!
        const size = shrunk(record.picture, options.data.maxSidePx)
        const masks: Mask[] = []
        for (const region of record.regions) {
          if (region.shape.kind === 'box' || region.isCrowd === true || region.isIgnored === true) continue
          try {
            masks.push(fitted(regionMask(record, region, { root: set.root, labelMapCache: labelMaps }), size))
          } catch (error) {
            if (!isTypedError(error)) throw error
            options.onFailure(reportOf(error))
          }
        }
        return { masks }
      }),
  }
}
