// From a record's region to its mask: COCO outlines and runs, label maps and mask pictures (read once, kept within a bound).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '@maskwords/base'
import { DataError } from '@maskwords/inputs'
import {
  type LabelMap,
  type Mask,
  MaskError,
  maskFromCocoBox,
  maskFromCocoSegmentation,
  maskFromPngImage,
  masksFromLabelMap,
  type PngImage,
  panopticIdsFromPngImage,
  readPng,
  unionAll,
} from '@maskwords/mask'
import { safeRelativePath } from './paths.ts'
import type { DataRecord, Region, RegionShape } from './record.ts'

/** Label maps that were opened lately. */
export type LabelMapCache = {
  /** All masks of a label map's values, background included. */
  masks(root: string, file: string, channel: 'first' | 'rgb-id'): ReadonlyMap<number, Mask>
}

/** How many label maps are kept open. */
export type LabelMapCacheOptions = {
  /** Bytes of masks kept. Default 64 MiB: some 500 panoptic pictures. */
  readonly maxBytes?: number
}

/** Where the files of a region's mask are looked for. */
export type RegionMaskOptions = {
  /** The dataset's folder. */
  readonly root: string
  /** Shares label maps between regions of one picture; without it each region reads its file again. */
  readonly labelMapCache?: LabelMapCache
  /** What a region of which only a box is known gives: an error (default), or the box filled. */
  readonly boxes?: 'refuse' | 'fill'
}

const DEFAULT_CACHE_BYTES = 64 * 1024 * 1024
/** Bytes that a mask takes beside its edges, about. */
const MASK_BYTES = 200

/** A cache of label maps, least recently used first out; not shared between threads. */
export function labelMapCache(options: LabelMapCacheOptions = {}): LabelMapCache {
  const limit = options.maxBytes ?? DEFAULT_CACHE_BYTES
  const kept = new Map<string, { masks: ReadonlyMap<number, Mask>; bytes: number }>()
  let total = 0
  return {
    masks(root, file, channel) {
      const key = `${channel} ${join(root, file)}`
      let entry = kept.get(key)
      if (entry === undefined) {
        const masks = masksOfFile(root, file, channel)
        let bytes = 0
        for (const mask of masks.values()) bytes += mask.edges.byteLength + MASK_BYTES
        entry = { masks, bytes }
        total += bytes
      } else {
        kept.delete(key)
      }
      kept.set(key, entry)
      for (const [oldest, { bytes }] of kept) {
        if (total <= limit || oldest === key) break
        kept.delete(oldest)
        total -= bytes
      }
      return entry.masks
    },
  }
}

/**
 * The mask of a region, at the size of the record's picture.
 * @throws DataError `bad-option` for a region that is only a box, unless `boxes` is 'fill'; `bad-file` for geometry or a
 * picture that cannot be read, or of another size than the record says; `io`.
 */
export function regionMask(record: DataRecord, region: Region, options: RegionMaskOptions): Mask {
  const { widthPx, heightPx } = record.picture
  const where = `region ${region.id} of record ${record.id}`
  try {
    const mask = shapeMask(record, region, options, where)
    if (mask.widthPx !== widthPx || mask.heightPx !== heightPx) {
      throw new DataError(
        'bad-file',
        `${where} is ${mask.widthPx} x ${mask.heightPx}, its picture ${widthPx} x ${heightPx} (width x height)`,
        { at: where },
      )
    }
    return mask
  } catch (cause) {
    if (!(cause instanceof MaskError)) throw cause
    throw new DataError('bad-file', `${where}: ${cause.message}`, {
      at: where,
      cause,
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    })
  }
}

/** One mask of several regions together; an empty list gives an empty mask. Throws as `regionMask` does, and for unknown ids. */
export function unionOfRegions(record: DataRecord, ids: readonly string[], options: RegionMaskOptions): Mask {
  const { widthPx, heightPx } = record.picture
  const masks = ids.map((id) => {
    const region = record.regions.find((candidate) => candidate.id === id)
    if (region === undefined) throw new DataError('bad-option', `record ${record.id} has no region ${id}`)
    return regionMask(record, region, options)
  })
  return masks.length === 1 ? masks[0]! : unionAll(masks, { widthPx, heightPx })
}

function shapeMask(record: DataRecord, region: Region, options: RegionMaskOptions, where: string): Mask {
  const { widthPx, heightPx } = record.picture
  const { shape } = region
  switch (shape.kind) {
    case 'coco':
      return maskFromCocoSegmentation({ widthPx, heightPx, segmentation: shape.segmentation })
    case 'label-map': {
      const masks =
        options.labelMapCache?.masks(options.root, shape.file, shape.channel) ??
        masksOfFile(options.root, shape.file, shape.channel)
      const mask = masks.get(shape.value)
      if (mask === undefined) {
        throw new DataError('bad-file', `${where}: ${shape.file} has no pixel of value ${shape.value}`, {
          file: shape.file,
          at: where,
        })
      }
      return mask
    }
    case 'mask-file':
      return maskFromPngImage(
        pngOf(options.root, shape.file),
        shape.atLeast === undefined ? 'non-zero' : { atLeast: shape.atLeast },
      )
    case 'box':
      return boxMask(record, region, options, where)
  }
}

function boxMask(record: DataRecord, region: Region, options: RegionMaskOptions, where: string): Mask {
  if (region.boxXywhPx === undefined || options.boxes !== 'fill') {
    throw new DataError('bad-option', `${where} has no mask, only a box`, {
      at: where,
      hint: "ask for the box filled with boxes: 'fill', or take a task that needs boxes alone",
    })
  }
  const [x, y, width, height] = region.boxXywhPx
  const { widthPx, heightPx } = record.picture
  return maskFromCocoBox({ widthPx, heightPx, box: { x, y, width, height } })
}

function masksOfFile(
  root: string,
  file: string,
  channel: Extract<RegionShape, { kind: 'label-map' }>['channel'],
): ReadonlyMap<number, Mask> {
  const image = pngOf(root, file)
  const map = channel === 'rgb-id' ? panopticIdsFromPngImage(image) : firstChannel(image)
  return new Map(masksFromLabelMap(map, { background: null }).map(({ label, mask }) => [label, mask]))
}

/** The first sample of each pixel, whatever follows it. */
function firstChannel(image: PngImage): LabelMap {
  const { widthPx, heightPx, samples } = image
  const pixels = widthPx * heightPx
  const channels = samples.length / pixels
  if (channels === 1) return { widthPx, heightPx, values: samples }
  const values = new Uint16Array(pixels)
  for (let i = 0; i < pixels; i++) values[i] = samples[i * channels]!
  return { widthPx, heightPx, values }
}

function pngOf(root: string, file: string): PngImage {
  const inside = safeRelativePath(file)
  if (inside === undefined) {
    throw new DataError('bad-file', `the mask file ${JSON.stringify(file)} lies outside the dataset`, {
      file,
    })
  }
  let bytes: Uint8Array
  try {
    bytes = readFileSync(join(root, inside))
  } catch (cause) {
    throw new DataError('io', `${file} cannot be read: ${messageOf(cause)}`, {
      file,
      cause,
    })
  }
  try {
    return readPng(bytes)
  } catch (cause) {
    if (!(cause instanceof MaskError)) throw cause
    throw new DataError('bad-file', `${file}: ${cause.message}`, { file, cause })
  }
}
