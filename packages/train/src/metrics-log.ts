// metrics.jsonl: one line of JSON a log step, appended while a run lasts, cut back to the checkpoint when it is resumed.
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { temporaryBeside } from '@maskwords/checkpoint'

export type MetricsLine = {
  /** Updates done. */
  readonly step: number
  /** 'train' for means over the updates since the last line, 'evaluation' for what an evaluation gave. */
  readonly kind: 'train' | 'evaluation'
  readonly [metric: string]: number | string
}

export type MetricsLog = { write(line: MetricsLine): void }

/** Opens the log for a run that has done `step` updates: lines of later steps, and a half line at the end, are taken out. */
export function openMetricsLog(path: string, step: number): MetricsLog {
  if (existsSync(path)) {
    const text = readFileSync(path, 'utf8')
    const kept = text
      .split('\n')
      .filter((line) => stepOf(line) <= step)
      .map((line) => `${line}\n`)
      .join('')
    if (kept !== text) {
      const temporary = temporaryBeside(path)
      writeFileSync(temporary, kept)
      renameSync(temporary, path)
    }
  }
  return { write: (line) => appendFileSync(path, `${JSON.stringify(line)}\n`) }
}

function stepOf(line: string): number {
  try {
    const { step } = JSON.parse(line) as { step?: unknown }
    return typeof step === 'number' ? step : Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
