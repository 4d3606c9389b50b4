// A metric as sums over samples: every number of this package that belongs to samples is a ratio of sums (accuracies,
// mean IoU, cumulative IoU, F1), or a mean of such ratios over classes. So any metric can be resampled. Definition: ours.
import { columnValue, type SampleRow } from '../row.ts'

/** Sum of one column over sum of another; `epsilon` is added to the lower sum, as published scripts do. */
export type Ratio = { readonly numerator: string; readonly denominator: string; readonly epsilon?: number }

/** A number of many rows: its name and how it is made. */
export type Metric = {
  /** For example `meanIou`. */
  readonly name: string
  /** The mean over these; parts whose denominators sum to 0 are left out. Most metrics have one part. */
  readonly parts: readonly Ratio[]
  /** What the metric is in one line, for tables of people. */
  readonly title: string
  /** True for numbers in which less is better. */
  readonly lowerIsBetter?: boolean
  /** False for numbers that are no shares of 1 (points of a judge): tables for people print them as they are. */
  readonly isShare?: false
}

/** The columns that metrics read, in order of first use. */
export function columnsOf(metrics: readonly Metric[]): string[] {
  const names = new Set<string>()
  for (const { parts } of metrics) {
    for (const { numerator, denominator } of parts) names.add(numerator).add(denominator)
  }
  return [...names]
}

/** The value of a metric from the sums of its columns; null where nothing was counted. */
export function metricOfSums(metric: Metric, sumOf: (column: string) => number): number | null {
  let total = 0
  let used = 0
  for (const { numerator, denominator, epsilon = 0 } of metric.parts) {
    const below = sumOf(denominator)
    if (below === 0) continue
    total += sumOf(numerator) / (below + epsilon)
    used++
  }
  return used === 0 ? null : total / used
}

/** The value of each metric over the rows, under its name; null where no row counts for it. */
export function evaluateMetrics(
  rows: readonly SampleRow[],
  metrics: readonly Metric[],
): Record<string, number | null> {
  const columns = columnsOf(metrics)
  const sums = new Map(columns.map((column) => [column, exactSum(rows, column)]))
  return Object.fromEntries(
    metrics.map((metric) => [metric.name, metricOfSums(metric, (column) => sums.get(column) ?? 0)]),
  )
}

/** Compensated, so that the order of the rows does not show (Neumaier, 1974). */
function exactSum(rows: readonly SampleRow[], column: string): number {
  let sum = 0
  let lost = 0
  for (const row of rows) {
    const value = columnValue(row, column)
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + lost
}

/** The groups that rows name, sorted. */
export function groupsOf(rows: readonly SampleRow[]): string[] {
  const groups = new Set<string>()
  for (const row of rows) for (const group of row.groups ?? []) groups.add(group)
  return [...groups].sort()
}
