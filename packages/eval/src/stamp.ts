// What a result belongs to: benchmark, data, codec, mode, settings and version. Results with different stamps are different things.
import { EvalError } from './error.ts'

/** Where published scripts and sound definitions differ: what the scripts do, or what is sound (docs/evaluation.md). */
export type EvalMode = 'official' | 'correct'

/** What decides the numbers of a run; runs with other stamps are not compared silently. */
export type Stamp = {
  /** For example `gres`. */
  readonly benchmark: string
  readonly mode: EvalMode
  /** SHA-256 of the truth that the numbers are about (ids, masks, boxes), in hexadecimal. */
  readonly dataset: string
  /** What masks were decoded with; `masks` where the answers held pixels. */
  readonly codec: string
  /** The program that made the numbers. */
  readonly version: string
  /** Settings that change numbers (for example `ignore`). */
  readonly settings: Readonly<Record<string, string | number | boolean>>
  /** How the answers were made (model, prompt, sampling, judge), where that is known. */
  readonly asked?: Readonly<Record<string, string | number | boolean>>
}

/** One field of a stamp. */
export type StampField = 'benchmark' | 'mode' | 'dataset' | 'codec' | 'version' | 'settings' | 'asked'

const FIELDS: readonly StampField[] = [
  'benchmark',
  'mode',
  'dataset',
  'codec',
  'version',
  'settings',
  'asked',
]

/** The fields in which two stamps differ, in a fixed order. */
export function stampDifferences(a: Stamp, b: Stamp): StampField[] {
  return FIELDS.filter((field) => text(a, field) !== text(b, field))
}

function text(stamp: Stamp, field: StampField): string {
  if (field !== 'settings' && field !== 'asked') return stamp[field]
  return JSON.stringify(Object.entries(stamp[field] ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Throws EvalError `stamp-mismatch` unless the stamps are the same but for the allowed fields.
 *
 * @param verb what was to be done, for the message: `merged`, `compared`
 */
export function checkSameStamp(a: Stamp, b: Stamp, verb: string, allowed: readonly StampField[] = []): void {
  const different = stampDifferences(a, b).filter((field) => !allowed.includes(field))
  if (different.length === 0) return
  const said = different.map((field) => `${field} ${text(a, field)} and ${text(b, field)}`).join('; ')
  throw new EvalError('stamp-mismatch', `results of different kinds cannot be ${verb}: ${said}`, {
    hint: different.every((field) => field === 'codec' || field === 'version')
      ? `where that is meant: --allow ${different.join(',')}`
      : 'evaluate both again with the same truth, mode and settings',
  })
}
