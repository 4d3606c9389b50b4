// Shared by all benchmarks: names the machine, times a function fairly, prints a table.
//
// A time is the best of several batches, each long enough for the clock: on a shared machine the minimum says most
// about the code and least about the neighbours. Quote ratios of two things timed in the same run, not microseconds.

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

/** Nanoseconds a call, best of `batches` batches of at least `batchMs` each, after as long a warm-up. */
export function bestNs(
  run: () => unknown,
  options: { readonly batches?: number; readonly batchMs?: number } = {},
): number {
  const { batches = 7, batchMs = 30 } = options
  let calls = 1
  for (;;) {
    const ns = timed(run, calls)
    if (ns >= batchMs * 1e6) break
    calls = Math.max(calls + 1, Math.ceil(calls * Math.min(10, (batchMs * 1.2e6) / Math.max(ns, 1))))
  }
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < batches; i++) best = Math.min(best, timed(run, calls) / calls)
  return best
}

/** The result of the last call is kept here, so that no engine may drop the work. */
export let lastResult: unknown

function timed(run: () => unknown, calls: number): number {
  const start = process.hrtime.bigint()
  for (let i = 0; i < calls; i++) lastResult = run()
  return Number(process.hrtime.bigint() - start)
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
