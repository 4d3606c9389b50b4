// Rows to the numbers that are reported: mean IoU over masks, its interval, boundary F, area buckets, cost.
import { bootstrapIntervals, type Interval } from '../statistics/bootstrap.ts'
import { RECONSTRUCTION_METRICS, type ReconstructionRow, sampleRow, sortedRows } from './sample.ts'

/** Borders of the area buckets, as shares of the picture. */
export const BUCKET_BORDERS = [0.01, 0.025, 0.05, 0.1, 0.25, 1] as const

/** The samples of one group, such as one range of sizes. */
export type Bucket = {
  /** `1-2.5 %` */
  readonly bucket: string
  readonly fromShare: number
  readonly toShare: number
  readonly masks: number
  /** Undefined for a bucket without masks. */
  readonly meanIou?: number
  readonly boundaryF?: number
}

/** What one codec or baseline reached. */
export type MethodSummary = {
  readonly method: string
  readonly meanIou: number
  /** 95 % bootstrap interval of the mean IoU, whole pictures drawn; undefined for a single picture. */
  readonly interval?: Interval
  readonly medianIou: number
  readonly boundaryF?: number
  readonly masks: number
  readonly pictures: number
  /** Masks without a reconstruction; they count with IoU 0. */
  readonly failed: number
  readonly bits?: number
  readonly tokens?: number
  readonly perBucket: readonly Bucket[]
  readonly encodeMs?: number
  readonly decodeMs?: number
}

/** The summary of the rows of one method. At least one row. */
export function summarise(unsorted: readonly ReconstructionRow[], seed: number): MethodSummary {
  const rows = sortedRows(unsorted)
  const ious = rows.map((row) => row.iou)
  const pictures = new Set(rows.map((row) => row.picture)).size
  const interval =
    pictures < 2
      ? null
      : bootstrapIntervals(rows.map(sampleRow), [RECONSTRUCTION_METRICS[0]!], { seed, unit: 'picture' })[
          'meanIou'
        ]
  const ranked = [...ious].sort((a, b) => a - b)
  const middle = ranked.length >> 1
  return {
    method: rows[0]!.method,
    meanIou: mean(ious)!,
    ...(interval && { interval }),
    medianIou: ranked.length % 2 === 1 ? ranked[middle]! : (ranked[middle - 1]! + ranked[middle]!) / 2,
    masks: rows.length,
    pictures,
    failed: rows.filter((row) => row.failure !== undefined).length,
    ...means(rows, ['boundaryF', 'bits', 'tokens', 'encodeMs', 'decodeMs']),
    perBucket: bucketsOf(rows),
  }
}

/** Means of the numbers that rows have; a number that no row has is left out. */
function means<K extends 'boundaryF' | 'bits' | 'tokens' | 'encodeMs' | 'decodeMs'>(
  rows: readonly ReconstructionRow[],
  keys: readonly K[],
): { [N in K]?: number } {
  const found: { [N in K]?: number } = {}
  for (const key of keys) {
    const value = mean(rows.map((row) => row[key]).filter((number) => number !== undefined))
    if (value !== undefined) found[key] = value
  }
  return found
}

function bucketsOf(rows: readonly ReconstructionRow[]): Bucket[] {
  const borders: number[] = [...BUCKET_BORDERS]
  if (rows.some((row) => row.areaShare < borders[0]!)) borders.unshift(0)
  return borders.slice(1).map((toShare, i) => {
    const fromShare = borders[i]!
    // The last bucket has both its borders: a mask may cover the picture.
    const inside = rows.filter(
      ({ areaShare }) => areaShare >= fromShare && (areaShare < toShare || toShare === 1),
    )
    const meanIou = mean(inside.map((row) => row.iou))
    return {
      bucket: `${fromShare * 100}-${toShare * 100} %`,
      fromShare,
      toShare,
      masks: inside.length,
      ...(meanIou !== undefined && { meanIou }),
      ...means(inside, ['boundaryF']),
    }
  })
}

export function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}
