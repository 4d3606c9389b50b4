// The records of the reconstruction benchmark: true masks in, one row for each mask and method out.
import { byCodeUnits } from '@maskwords/base'
import type { Mask } from '@maskwords/mask'
import type { SampleRow } from '../row.ts'
import type { Metric } from '../statistics/metric.ts'
import type { CodecPicture } from './codec.ts'

/** A true mask and its id. */
export type TruthMask = { readonly id: string; readonly mask: Mask }

/** A picture with its true masks, all of the picture's size. Ids are unique: pictures in a set, masks in a picture. */
export type TruthPicture = CodecPicture & { readonly id: string; readonly masks: readonly TruthMask[] }

/** One mask, reconstructed in one way. */
export type ReconstructionRow = {
  readonly picture: string
  readonly mask: string
  readonly method: string
  /** Pixels of the true mask as a share of the picture's. */
  readonly areaShare: number
  readonly iou: number
  /** Undefined where it was not asked for. */
  readonly boundaryF?: number
  /** Undefined for exact shapes, which have no finite number of bits. */
  readonly bits?: number
  readonly tokens?: number
  readonly encodeMs?: number
  readonly decodeMs?: number
  /** Why there is no reconstruction; the row then counts with IoU 0. */
  readonly failure?: string
}

/** Rows sorted by picture and mask, whatever order they were made in: sums must not depend on it. */
export function sortedRows(rows: readonly ReconstructionRow[]): ReconstructionRow[] {
  return [...rows].sort((a, b) => byCodeUnits(a.picture, b.picture) || byCodeUnits(a.mask, b.mask))
}

/** What `maskwords eval compare` can compare two files of rows by. */
export const RECONSTRUCTION_METRICS: readonly Metric[] = [
  { name: 'meanIou', title: 'mean IoU over masks', parts: [{ numerator: 'iou', denominator: 'masks' }] },
  {
    name: 'boundaryF',
    title: 'mean boundary F',
    parts: [{ numerator: 'boundaryF', denominator: 'outlines' }],
  },
]

/** The row in the form that all benchmarks write: samples in JSON Lines, compared and resampled alike. */
export function sampleRow(row: ReconstructionRow): SampleRow {
  const numbers = {
    iou: row.iou,
    boundaryF: row.boundaryF,
    areaShare: row.areaShare,
    bits: row.bits,
    tokens: row.tokens,
    encodeMs: row.encodeMs,
    decodeMs: row.decodeMs,
    masks: 1,
    outlines: row.boundaryF === undefined ? undefined : 1,
  }
  const values: Record<string, number> = {}
  for (const [name, value] of Object.entries(numbers)) if (value !== undefined) values[name] = value
  return {
    id: `${row.picture}/${row.mask}`,
    status: row.failure === undefined ? 'scored' : 'failed',
    picture: row.picture,
    values,
    ...(row.failure !== undefined && { reason: row.failure }),
  }
}
