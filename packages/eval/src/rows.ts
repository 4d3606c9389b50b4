// One row a sample: what every number is made of, and a file of rows (JSON Lines: a head with the stamp, then the rows).

import { isRecord } from '@maskwords/base'
import { EvalError } from './error.ts'
import type { SampleRow } from './row.ts'
import { checkSameStamp, type Stamp } from './stamp.ts'
import type { Metric } from './statistics/metric.ts'

/** A file of rows with the stamp of the run that made it. */
export type RowFile = {
  readonly stamp: Stamp
  readonly metrics: readonly Metric[]
  readonly rows: readonly SampleRow[]
}

const FORMAT = 'maskwords-eval-rows'

/** Rows of one file; the largest benchmark with a row for each sample has some 100 000. */
export const MAX_ROWS = 5_000_000

/** The file's text: rows in the order given, keys in a fixed order, so that equal results are equal bytes. */
export function formatRowFile({ stamp, metrics, rows }: RowFile): string {
  const lines = [JSON.stringify({ format: FORMAT, formatVersion: 1, stamp, metrics })]
  for (const { id, status, picture, groups, values, reason } of rows) {
    lines.push(
      JSON.stringify({
        id,
        status,
        ...(picture !== undefined && { picture }),
        ...(groups !== undefined && groups.length > 0 && { groups }),
        values,
        ...(reason !== undefined && { reason }),
      }),
    )
  }
  return `${lines.join('\n')}\n`
}

/** Reads a file of rows. Throws EvalError with file and line: `malformed`, `duplicate`, `too-large`. */
export function parseRowFile(text: string, file: string): RowFile {
  const rows: SampleRow[] = []
  const lineOfId = new Map<string, number>()
  let head: Pick<RowFile, 'stamp' | 'metrics'> | undefined
  let line = 0
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    const source = text.slice(start, end === -1 ? text.length : end)
    start = end === -1 ? text.length : end + 1
    line++
    if (source.trim() === '') continue
    const at = `line ${line}`
    let value: unknown
    try {
      value = JSON.parse(source)
    } catch (cause) {
      throw new EvalError('malformed', 'this line is not JSON', { file, at, cause })
    }
    if (head === undefined) {
      head = headOf(value, file, at)
      continue
    }
    const row = rowOf(value, file, at)
    const before = lineOfId.get(row.id)
    if (before !== undefined) {
      throw new EvalError('duplicate', `sample ${JSON.stringify(row.id)} is on line ${before}, too`, {
        file,
        at,
      })
    }
    if (rows.length === MAX_ROWS) throw new EvalError('too-large', `more than ${MAX_ROWS} rows`, { file })
    lineOfId.set(row.id, line)
    rows.push(row)
  }
  if (head === undefined) throw notRows(file, 'line 1')
  return { ...head, rows }
}

function notRows(file: string, at: string): EvalError {
  return new EvalError('malformed', 'this is no file of rows', {
    file,
    at,
    hint: 'maskwords eval <benchmark> --rows rows.jsonl writes one',
  })
}

function headOf(value: unknown, file: string, at: string): Pick<RowFile, 'stamp' | 'metrics'> {
  if (!isRecord(value) || value['format'] !== FORMAT) throw notRows(file, at)
  if (value['formatVersion'] !== 1) {
    throw new EvalError('malformed', `rows of format ${String(value['formatVersion'])}, this reads 1`, {
      file,
      at,
    })
  }
  const { stamp, metrics } = value
  const textFields = ['benchmark', 'mode', 'dataset', 'codec', 'version'] as const
  if (!isRecord(stamp) || !isRecord(stamp['settings'])) throw notRows(file, at)
  if (textFields.some((field) => typeof stamp[field] !== 'string')) throw notRows(file, at)
  if (stamp['asked'] !== undefined && !isRecord(stamp['asked'])) throw notRows(file, at)
  if (!Array.isArray(metrics) || !metrics.every(isMetric)) throw notRows(file, at)
  return { stamp: stamp as unknown as Stamp, metrics }
}

function isMetric(value: unknown): value is Metric {
  if (!isRecord(value) || typeof value['name'] !== 'string' || typeof value['title'] !== 'string')
    return false
  const { parts } = value
  return (
    Array.isArray(parts) &&
    parts.every(
      (part) =>
        isRecord(part) &&
        typeof part['numerator'] === 'string' &&
        typeof part['denominator'] === 'string' &&
        (part['epsilon'] === undefined || Number.isFinite(part['epsilon'])),
    )
  )
}

function rowOf(value: unknown, file: string, at: string): SampleRow {
  const wrong = (what: string) => new EvalError('malformed', `a row ${what}`, { file, at })
  if (!isRecord(value)) throw wrong('must be an object')
  const { id, status, picture, groups, values, reason } = value
  if (typeof id !== 'string') throw wrong('needs a text "id"')
  if (status !== 'scored' && status !== 'missing' && status !== 'failed') {
    throw wrong('needs "status": scored, missing or failed')
  }
  if (!isRecord(values) || !Object.values(values).every((entry) => Number.isFinite(entry))) {
    throw wrong('needs "values", an object of finite numbers')
  }
  if (
    groups !== undefined &&
    !(Array.isArray(groups) && groups.every((entry) => typeof entry === 'string'))
  ) {
    throw wrong('has "groups" that are not a list of texts')
  }
  if (picture !== undefined && typeof picture !== 'string') throw wrong('has a "picture" that is no text')
  return {
    id,
    status,
    ...(picture !== undefined && { picture }),
    ...(groups !== undefined && { groups: groups as string[] }),
    values: values as Record<string, number>,
    ...(typeof reason === 'string' && { reason }),
  }
}

/**
 * Rows of several parts of one benchmark (one part a machine, say) as one: every sample once, in the order of the first
 * file; a row without an answer gives way to one with.
 *
 * @throws EvalError `stamp-mismatch`, and `duplicate` where two parts answer the same sample differently
 */
export function mergeRowFiles(files: readonly RowFile[]): RowFile {
  const [first, ...others] = files
  if (first === undefined) throw new EvalError('not-found', 'no rows to merge')
  const merged = new Map(first.rows.map((row) => [row.id, row]))
  for (const other of others) {
    checkSameStamp(first.stamp, other.stamp, 'merged')
    for (const row of other.rows) {
      const known = merged.get(row.id)
      if (known === undefined || (known.status === 'missing' && row.status !== 'missing'))
        merged.set(row.id, row)
      else if (row.status !== 'missing' && JSON.stringify(row) !== JSON.stringify(known)) {
        throw new EvalError('duplicate', 'two parts answer this sample, and differently', {
          at: row.id,
          hint: 'give each part other samples',
        })
      }
    }
  }
  return { ...first, rows: [...merged.values()] }
}
