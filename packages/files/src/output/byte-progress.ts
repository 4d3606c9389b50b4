// Progress of a download on stderr: bytes, share and rate; one line that renews itself on a terminal, rare lines elsewhere.
import type { Io } from '../io.ts'

const REDRAW_MS = 200
/** Logs keep every line. */
const LOG_LINE_MS = 10_000

export type ByteProgress = {
  show(name: string, at: { readonly doneBytes: number; readonly totalBytes: number | undefined }): void
  /** Clears the line. Call it before anything else is written to stderr. */
  clear(): Promise<void>
}

/** Failing to show progress never fails the work. */
export function byteProgress(
  io: Pick<Io, 'stderr'>,
  quiet: boolean,
  now: () => number = () => performance.now(),
): ByteProgress {
  const { stderr } = io
  let current: { name: string; startedMs: number; fromBytes: number } | undefined
  let drawnMs = Number.NEGATIVE_INFINITY
  let shown = false
  let pending: Promise<void> = Promise.resolve()
  const write = (text: string): void => {
    pending = pending.then(() => stderr.write(text)).catch(() => {})
  }
  return {
    show(name, { doneBytes, totalBytes }) {
      if (quiet) return
      const time = now()
      if (current?.name !== name || doneBytes < current.fromBytes) {
        current = { name, startedMs: time, fromBytes: doneBytes }
        if (!stderr.isTTY) drawnMs = time
      }
      if (time - drawnMs < (stderr.isTTY ? REDRAW_MS : LOG_LINE_MS)) return
      drawnMs = time
      const rate = (doneBytes - current.fromBytes) / Math.max(1e-3, (time - current.startedMs) / 1000)
      const share =
        totalBytes === undefined
          ? ''
          : ` of ${mega(totalBytes)} (${Math.floor((100 * doneBytes) / totalBytes)}%)`
      const line = `${name}: ${mega(doneBytes)}${share}, ${mega(rate)}/s`
      shown = stderr.isTTY
      write(stderr.isTTY ? `\r\u001b[K${line.slice(0, stderr.columns - 1)}` : `${line}\n`)
    },
    async clear() {
      if (shown) write('\r\u001b[K')
      shown = false
      await pending
    },
  }
}

const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
