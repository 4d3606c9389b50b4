// How late the event loop is, as node:perf_hooks measures it: the sign of a server that blocks.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metrics } from './metrics.ts'

const RESOLUTION_MS = 10
/** Delays are of the last window of this length, or the one before it while a new one fills. */
const WINDOW_MS = 60_000

/** Adds the delay of this thread's event loop to the metrics: p50, p99 and the largest, in seconds. */
export function watchEventLoop(metrics: Metrics): { stop(): void } {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  let last = { p50: 0, p99: 0, max: 0, count: 0 }
  // The histogram counts whole intervals; the delay is what is beyond the interval asked for.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000)
  const now = () => ({
    p50: late(histogram.percentile(50)),
    p99: late(histogram.percentile(99)),
    max: late(histogram.max),
    count: histogram.count,
  })
  const timer = setInterval(() => {
    last = now()
    histogram.reset()
  }, WINDOW_MS)
  timer.unref()
  const shown = () => {
    const current = now()
    return current.count * RESOLUTION_MS >= WINDOW_MS / 6 || last.count === 0 ? current : last
  }
  const help = 'of the last minute, beyond the 10 ms it is asked for, in seconds.'
  metrics.gauge(
    'maskwords_event_loop_delay_p50_seconds',
    `Median event loop delay ${help}`,
    () => shown().p50,
  )
  metrics.gauge(
    'maskwords_event_loop_delay_p99_seconds',
    `99th percentile of the delay ${help}`,
    () => shown().p99,
  )
  metrics.gauge('maskwords_event_loop_delay_max_seconds', `Largest delay ${help}`, () => shown().max)
  return {
    stop() {
      clearInterval(timer)
      histogram.disable()
    },
  }
}
