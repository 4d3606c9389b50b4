// Bootstrap intervals (Efron, 1979): samples drawn with replacement, the percentiles of the metric over the draws.
import { EvalError } from '../error.ts'
import type { SampleRow } from '../row.ts'
import { type Columns, type ResampleUnit, unitColumns } from './columns.ts'
import { columnsOf, type Metric, metricOfSums } from './metric.ts'
import { type Random, randomOf } from './random.ts'

/** How often is drawn, from which seed, for which interval. */
export type BootstrapOptions = {
  readonly seed?: number
  /** Draws, default 1000. */
  readonly resamples?: number
  /** Share of the draws inside the interval, default 0.95. */
  readonly level?: number
  /** Default `sample`. */
  readonly unit?: ResampleUnit
}

/** A value and its interval. */
export type Interval = readonly [low: number, high: number]

/** Draws beyond this add nothing to two digits of a percentile. */
export const MAX_RESAMPLES = 100_000

/**
 * The percentile interval of each metric, under its name; null where the metric has no value in some draw's worth of
 * samples or there are none. The same seed gives the same intervals.
 *
 * @throws EvalError `out-of-range` for options that cannot be
 */
export function bootstrapIntervals(
  rows: readonly SampleRow[],
  metrics: readonly Metric[],
  options: BootstrapOptions = {},
): Record<string, Interval | null> {
  const { seed = 0, level = 0.95, unit = 'sample' } = options
  const resamples = checkedResamples(options.resamples ?? 1000)
  if (!(level > 0 && level < 1)) throw new EvalError('out-of-range', `a level between 0 and 1, got ${level}`)
  const columns = unitColumns(rows, columnsOf(metrics), unit)
  const draws = new Map(metrics.map(({ name }) => [name, [] as number[]]))
  if (columns.count > 0) {
    const random = randomOf(seed)
    for (let k = 0; k < resamples; k++) {
      const sums = drawnSums(columns, random)
      for (const metric of metrics) {
        const value = metricOfSums(metric, (column) => sums.get(column)!)
        if (value !== null) draws.get(metric.name)!.push(value)
      }
    }
  }
  const tail = (1 - level) / 2
  return Object.fromEntries(
    metrics.map(({ name }) => {
      const values = Float64Array.from(draws.get(name)!).sort()
      return [name, values.length === 0 ? null : [percentile(values, tail), percentile(values, 1 - tail)]]
    }),
  )
}

/** Throws EvalError unless the count is a whole number from 1 to MAX_RESAMPLES. */
export function checkedResamples(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_RESAMPLES) return count
  throw new EvalError('out-of-range', `resamples from 1 to ${MAX_RESAMPLES}, got ${count}`)
}

/** Sums of all columns over one draw of as many units as there are. */
export function drawnSums(columns: Columns, random: Random): Map<string, number> {
  const times = drawTimes(columns.count, random)
  return new Map([...columns.of].map(([name, column]) => [name, weightedSum(column, times)]))
}

/** How often each of `count` units is drawn in `count` draws. */
export function drawTimes(count: number, random: Random): Uint32Array {
  const times = new Uint32Array(count)
  for (let k = 0; k < count; k++) times[random.below(count)]!++
  return times
}

export function weightedSum(column: Float64Array, times: Uint32Array): number {
  let sum = 0
  for (let k = 0; k < column.length; k++) sum += column[k]! * times[k]!
  return sum
}

/** Linear between the two nearest of the sorted values, as NumPy's default. */
export function percentile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const value = sorted[below]!
  const next = sorted[Math.min(below + 1, sorted.length - 1)]!
  return value + (next - value) * (place - below)
}
