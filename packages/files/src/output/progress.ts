// Progress on stderr: one line that renews itself on a terminal, a line every five seconds elsewhere.
import type { Io } from '../io.ts'

/** Work shorter than this shows nothing: a line that flashes by is noise. */
const QUIET_MS = 500
const REDRAW_MS = 100
/** Logs keep every line: one in a while is enough to see that work goes on. */
const LOG_LINE_MS = 5000

export type Progress = {
  /** One more item is done, of so many where that is known only now. */
  step(total?: number): void
  /** Clears the line. Call it before anything else is written to stderr. */
  clear(): Promise<void>
}

export type ProgressOptions = {
  readonly total: number
  readonly noun: string
  readonly quiet: boolean
  readonly now?: () => number
}

/** A progress line for `total` items. Failing to show it never fails the work. */
export function startProgress(io: Pick<Io, 'stderr'>, options: ProgressOptions): Progress {
  const { noun, quiet, now = () => performance.now() } = options
  let { total } = options
  const started = now()
  let done = 0
  let drawnAt = started
  let shown = false
  let pending: Promise<void> = Promise.resolve()
  const show = (text: string) => {
    pending = pending.then(() => io.stderr.write(text)).catch(() => {})
  }
  const line = (): string => {
    const seconds = (now() - started) / 1000
    const rate = done / Math.max(seconds, 1e-9)
    const left = (total - done) / Math.max(rate, 1e-9)
    const rateText = rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)
    return `${done}/${total} ${noun}s  ${Math.floor((100 * done) / total)}%  ${rateText}/s  ${clock(left)} left`
  }
  return {
    step(known) {
      done++
      total = Math.max(known ?? total, done)
      const time = now()
      if (quiet || time - started < QUIET_MS) return
      if (io.stderr.isTTY) {
        if (time - drawnAt < REDRAW_MS && done < total) return
        drawnAt = time
        shown = true
        show(`\r\u001b[K${line().slice(0, Math.max(20, io.stderr.columns - 1))}`)
      } else if (time - drawnAt >= LOG_LINE_MS && done < total) {
        drawnAt = time
        show(`${line()}\n`)
      }
    },
    async clear() {
      if (shown) show('\r\u001b[K')
      shown = false
      await pending
    },
  }
}

function clock(seconds: number): string {
  const whole = Math.round(Math.min(seconds, 359_999))
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const text = parts.map((part) => String(part).padStart(2, '0'))
  return parts[0] === 0 ? `${text[1]}:${text[2]}` : `${parts[0]}:${text[1]}:${text[2]}`
}
