// The numbers of a benchmark as a table for people.
import type { Interval } from '@maskwords/eval'
import { counted, printable, tableLines } from '@maskwords/files'
import type { Result } from './result.ts'

/** Groups beyond this are in `--json` only. */
const MAX_GROUP_LINES = 40

/** A table of metrics with their intervals, then one of groups. */
export function resultLines(result: Result): string[] {
  const { file, metrics, intervals, groups, counts } = result
  const { stamp } = file
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
        percent(metrics[name] ?? null),
        intervalText(intervals[name] ?? null),
        file.metrics.find((metric) => metric.name === name)?.title ?? 'of all samples together',
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
          ...shown.map(({ name }) => percent(groups[group]!.metrics[name] ?? null)),
        ]),
    ),
  )
  if (names.length > MAX_GROUP_LINES)
    lines.push(`and ${names.length - MAX_GROUP_LINES} more (--json lists all)`)
  return lines
}

/** A share in percent with two digits, as papers print it. */
export function percent(value: number | null): string {
  return value === null ? '-' : (100 * value).toFixed(2)
}

export function intervalText(interval: Interval | null): string {
  return interval === null ? '-' : `${percent(interval[0])} to ${percent(interval[1])}`
}
