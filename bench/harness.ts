// Shared by all benchmarks: names the machine, times a function fairly, prints a table.
//
// A time is processor time of this process (helper threads of the engine included), the best of many short batches: on
// a shared machine that says most about the code and least about the neighbours. Quote ratios of two things timed in
// the same run, not microseconds.

import { cpus, totalmem } from 'node:os'

/** One line that says what the numbers were measured on. */
export function printMachine(title: string): void {
  const [cpu] = cpus()
  console.log(`# ${title}`)
  console.log(
    `${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ` +
      `Node ${process.version} (V8 ${process.versions.v8}), ${process.platform} ${process.arch}`,
  )
}

/** Batches of at least this long, so many of them, but not for longer in all than that. */
const BATCH_MS = 5
const BATCHES = 40
const TOTAL_MS = 2000

/** Nanoseconds of processor time a call takes, best of many batches, after a warm-up. */
export function bestNs(run: () => unknown, options: { readonly batchMs?: number } = {}): number {
  const { batchMs = BATCH_MS } = options
  const end = performance.now() + TOTAL_MS
  let calls = 1
  for (let warm = 0; warm < 3; ) {
    const ns = batchNs(run, calls)
    if (ns >= batchMs * 1e6) warm++
    else calls = Math.max(calls + 1, Math.ceil(calls * Math.min(10, (batchMs * 1.2e6) / Math.max(ns, 1))))
  }
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < BATCHES && (i < 3 || performance.now() < end); i++) {
    best = Math.min(best, batchNs(run, calls) / calls)
  }
  return best
}

/** The result of the last call is kept here, so that no engine may drop the work. */
export let lastResult: unknown

function batchNs(run: () => unknown, calls: number): number {
  const start = process.cpuUsage()
  for (let i = 0; i < calls; i++) lastResult = run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) * 1000
}

export type Row = {
  readonly what: string
  /** Nanoseconds of the code of this house. */
  readonly oursNs: number
  /** Nanoseconds of the baseline, where it could be had. */
  readonly baselineNs?: number | undefined
}

/** Prints rows with their ratio; `target` is the largest ratio ours / baseline that this house promises. */
export function printRows(options: {
  readonly rows: readonly Row[]
  readonly baseline: string
  readonly target?: number
}): void {
  const { rows, baseline, target } = options
  console.log(
    `baseline: ${baseline}${target === undefined ? '' : `; promised: ours at most ${target} x baseline`}`,
  )
  const cells = rows.map(({ what, oursNs, baselineNs }) => [
    what,
    `${micro(oursNs)} us`,
    baselineNs === undefined ? '-' : `${micro(baselineNs)} us`,
    baselineNs === undefined ? '-' : `${(oursNs / baselineNs).toFixed(oursNs < baselineNs / 10 ? 3 : 2)} x`,
    baselineNs === undefined || target === undefined ? '' : oursNs <= target * baselineNs ? 'ok' : 'MISSED',
  ])
  const table = [['what', 'ours', 'baseline', 'ratio', ''], ...cells]
  const widths = [0, 1, 2, 3, 4].map((c) => Math.max(...table.map((row) => row[c]!.length)))
  for (const row of table) {
    const line = row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
    console.log(line.join('  ').trimEnd())
  }
}

function micro(ns: number): string {
  const us = ns / 1000
  return us.toFixed(us < 10 ? 2 : us < 100 ? 1 : 0)
}
