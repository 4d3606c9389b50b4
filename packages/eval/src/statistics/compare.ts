// Two runs on the same samples: the difference of each metric, its paired bootstrap interval, and a permutation test that
// exchanges the two runs' rows sample by sample (for a mean over samples: flips the signs of the differences).
import { EvalError } from '../error.ts'
import type { SampleRow } from '../row.ts'
import { checkedResamples, drawTimes, type Interval, percentile, weightedSum } from './bootstrap.ts'
import { type Columns, type ResampleUnit, unitColumns } from './columns.ts'
import { columnsOf, type Metric, metricOfSums } from './metric.ts'
import { randomOf } from './random.ts'

/** How two runs are compared. */
export type CompareOptions = {
  readonly seed?: number
  /** Draws and exchanges, default 10 000. */
  readonly resamples?: number
  readonly level?: number
  readonly unit?: ResampleUnit
}

/** How two runs differ in one metric, and how sure that is. */
export type Comparison = {
  readonly metric: string
  readonly a: number | null
  readonly b: number | null
  /** b - a; null where either has no value. */
  readonly difference: number | null
  readonly interval: Interval | null
  /** Two-sided, of the bootstrap: how often the difference has the other sign, twice. */
  readonly bootstrapP: number | null
  /** Two-sided, of the permutation test. */
  readonly permutationP: number | null
  /** True where every exchange was tried instead of a random part of them. */
  readonly isExact: boolean
}

/** Up to this many units every exchange is tried where that takes no more than the wanted number of them. */
const MAX_EXACT_UNITS = 16

/**
 * Compares run B with run A, metric by metric.
 *
 * @throws EvalError `not-found` where a sample is in one run only, `duplicate` for an id given twice, `out-of-range`
 */
export function compareRuns(
  a: readonly SampleRow[],
  b: readonly SampleRow[],
  metrics: readonly Metric[],
  options: CompareOptions = {},
): Comparison[] {
  const { seed = 0, level = 0.95, unit = 'sample' } = options
  const resamples = checkedResamples(options.resamples ?? 10_000)
  if (!(level > 0 && level < 1)) throw new EvalError('out-of-range', `a level between 0 and 1, got ${level}`)
  const pairedB = pairedWith(a, b)
  const names = columnsOf(metrics)
  const columnsA = unitColumns(a, names, unit)
  // The pictures of run A decide what is one unit, whatever run B calls them.
  const columnsB = unitColumns(
    pairedB.map((row, k) => ({ ...row, ...(a[k]!.picture !== undefined && { picture: a[k]!.picture }) })),
    names,
    unit,
  )
  const isExact = columnsA.count <= MAX_EXACT_UNITS && 2 ** columnsA.count <= resamples
  const draws = bootstrapDifferences(columnsA, columnsB, metrics, { seed, resamples })
  const extremes = permutationExtremes(columnsA, columnsB, metrics, { seed, resamples, isExact })
  const tail = (1 - level) / 2
  return metrics.map((metric, m) => {
    const [valueA, valueB] = [valueOf(metric, columnsA), valueOf(metric, columnsB)]
    const difference = valueA === null || valueB === null ? null : valueB - valueA
    const sorted = draws[m]!
    const has = difference !== null && sorted.length > 0
    return {
      metric: metric.name,
      a: valueA,
      b: valueB,
      difference,
      interval: has ? [percentile(sorted, tail), percentile(sorted, 1 - tail)] : null,
      bootstrapP: has ? twoSided(sorted) : null,
      permutationP: has ? extremes[m]! : null,
      isExact,
    }
  })
}

function pairedWith(a: readonly SampleRow[], b: readonly SampleRow[]): SampleRow[] {
  const byId = new Map<string, SampleRow>()
  for (const row of b) {
    if (byId.has(row.id))
      throw new EvalError('duplicate', 'the second run has this sample twice', { at: row.id })
    byId.set(row.id, row)
  }
  const seen = new Set<string>()
  const paired = a.map((row) => {
    if (seen.has(row.id))
      throw new EvalError('duplicate', 'the first run has this sample twice', { at: row.id })
    seen.add(row.id)
    const other = byId.get(row.id)
    if (other === undefined) throw onlyIn('first', row.id)
    return other
  })
  for (const row of b) if (!seen.has(row.id)) throw onlyIn('second', row.id)
  return paired
}

function onlyIn(which: string, id: string): EvalError {
  return new EvalError('not-found', `this sample is in the ${which} run only`, {
    at: id,
    hint: 'compare runs on the same truth; a missing answer is a row, too',
  })
}

function valueOf(metric: Metric, columns: Columns): number | null {
  return metricOfSums(metric, (name) => columns.of.get(name)!.reduce((sum, value) => sum + value, 0))
}

function bootstrapDifferences(
  a: Columns,
  b: Columns,
  metrics: readonly Metric[],
  { seed, resamples }: { seed: number; resamples: number },
): Float64Array[] {
  const random = randomOf(seed)
  const draws = metrics.map(() => [] as number[])
  for (let k = 0; k < resamples && a.count > 0; k++) {
    const times = drawTimes(a.count, random)
    const sums = (columns: Columns) =>
      new Map([...columns.of].map(([name, column]) => [name, weightedSum(column, times)]))
    const [sumsA, sumsB] = [sums(a), sums(b)]
    metrics.forEach((metric, m) => {
      const valueA = metricOfSums(metric, (name) => sumsA.get(name)!)
      const valueB = metricOfSums(metric, (name) => sumsB.get(name)!)
      if (valueA !== null && valueB !== null) draws[m]!.push(valueB - valueA)
    })
  }
  return draws.map((values) => Float64Array.from(values).sort())
}

/** Twice the smaller share of draws at or beyond 0, at least 2 / (draws + 1) so that it is never 0, at most 1. */
function twoSided(sorted: Float64Array): number {
  const atMost = sorted.filter((value) => value <= 0).length
  const atLeast = sorted.filter((value) => value >= 0).length
  return Math.min(1, (2 * (Math.min(atMost, atLeast) + 1)) / (sorted.length + 1))
}

/** Of each metric: the share of exchanges whose difference is as large as the one seen. */
function permutationExtremes(
  a: Columns,
  b: Columns,
  metrics: readonly Metric[],
  { seed, resamples, isExact }: { seed: number; resamples: number; isExact: boolean },
): number[] {
  const random = randomOf(seed ^ 0x5eed)
  const differences = [...a.of]
    .map(([name, column]) => [name, minus(b.of.get(name)!, column)] as const)
    // Columns such as the number of samples are the same in both runs.
    .filter(([, difference]) => difference.some((value) => value !== 0))
  const totals = (columns: Columns) =>
    new Map([...columns.of].map(([name, column]) => [name, column.reduce((sum, value) => sum + value, 0)]))
  const [totalA, totalB] = [totals(a), totals(b)]
  const seen = metrics.map((metric) => differenceOf(metric, totalA, totalB) ?? 0)
  const extremes = metrics.map(() => 0)
  const trials = isExact ? 2 ** a.count : resamples
  const exchanged = new Uint8Array(a.count)
  for (let trial = 0; trial < trials; trial++) {
    for (let k = 0; k < a.count; k++) exchanged[k] = isExact ? (trial >>> k) & 1 : random.bit()
    const [sumsA, sumsB] = [new Map(totalA), new Map(totalB)]
    for (const [name, difference] of differences) {
      let moved = 0
      for (let k = 0; k < a.count; k++) moved += exchanged[k]! * difference[k]!
      sumsA.set(name, totalA.get(name)! + moved)
      sumsB.set(name, totalB.get(name)! - moved)
    }
    metrics.forEach((metric, m) => {
      const difference = differenceOf(metric, sumsA, sumsB)
      // Sums of the same numbers in another order differ in their last bits.
      if (difference !== null && Math.abs(difference) >= Math.abs(seen[m]!) - 1e-12) extremes[m]!++
    })
  }
  return extremes.map((count) => (isExact ? count / trials : (count + 1) / (trials + 1)))
}

function differenceOf(
  metric: Metric,
  a: ReadonlyMap<string, number>,
  b: ReadonlyMap<string, number>,
): number | null {
  const valueA = metricOfSums(metric, (name) => a.get(name)!)
  const valueB = metricOfSums(metric, (name) => b.get(name)!)
  return valueA === null || valueB === null ? null : valueB - valueA
}

function minus(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, k) => value - b[k]!)
}
