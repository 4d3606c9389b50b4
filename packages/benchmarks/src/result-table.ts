// The numbers of a benchmark as a table for people.
import type { Interval, Metric } from '@maskwords/eval'
import { counted, printable, tableLines } from '@maskwords/files'
import type { Result } from './result.ts'

/** Groups beyond this are in `--json` only. */
const MAX_GROUP_LINES = 40

/** A table of metrics with their intervals, then one of groups. */
export function resultLines(result: Result): string[] {
  const { file, metrics, intervals, groups, counts } = result
  const { stamp } = file
  const known = new Map(file.metrics.map((metric) => [metric.name, metric]))
  const lines = [
    `${stamp.benchmark}, ${stamp.mode}: ${counted(counts.samples, 'sample')}, ${counts.scored} scored, ${counts.missing} missing, ${counts.failed} failed`,
    '',
    ...tableLines(
      [
        { title: 'metric' },
        { title: 'value', align: 'right' },
        { title: '95 % interval', align: 'right' },
        { title: '' },
      ],
      Object.keys(metrics).map((name) => [
        name,
        shownValue(metrics[name] ?? null, known.get(name)),
        intervalText(intervals[name] ?? null, known.get(name)),
        known.get(name)?.title ?? 'of all samples together',
      ]),
    ),
  ]
  const names = Object.keys(groups)
  if (names.length === 0) return lines
  const shown = file.metrics.slice(0, 4)
  lines.push(
    '',
    ...tableLines(
      [
        { title: 'group' },
        { title: 'samples', align: 'right' },
        ...shown.map(({ name }) => ({ title: name, align: 'right' as const })),
      ],
      names
        .slice(0, MAX_GROUP_LINES)
        .map((group) => [
          printable(group),
          String(groups[group]!.samples),
          ...shown.map((metric) => shownValue(groups[group]!.metrics[metric.name] ?? null, metric)),
        ]),
    ),
  )
  if (names.length > MAX_GROUP_LINES)
    lines.push(`and ${names.length - MAX_GROUP_LINES} more (--json lists all)`)
  return lines
}

/** A share in percent with two digits, as papers print it; what is no share as it is. */
export function shownValue(value: number | null, metric?: Pick<Metric, 'isShare'>): string {
  return value === null ? '-' : ((metric?.isShare === false ? 1 : 100) * value).toFixed(2)
}

export function intervalText(interval: Interval | null, metric?: Pick<Metric, 'isShare'>): string {
  return interval === null ? '-' : `${shownValue(interval[0], metric)} to ${shownValue(interval[1], metric)}`
}
