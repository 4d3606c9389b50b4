// How far a run is: the numbers, and a renderer for stderr that rewrites one line on a terminal and prints lines elsewhere.

export type TrainProgress = {
  /** Updates done, and how many there will be. */
  readonly step: number
  readonly steps: number
  /** Metrics of the last update. */
  readonly metrics: Readonly<Record<string, number>>
  /** Over the last updates; undefined before the second one. */
  readonly stepsPerSecond: number | undefined
  readonly secondsLeft: number | undefined
}

/** Rate over a sliding window, so that one slow evaluation does not mark the whole run. */
export class RateMeter {
  private readonly times: number[] = []
  private readonly window: number

  constructor(window = 20) {
    this.window = window
  }

  /** Marks a finished update at `nowMs`; updates a second since the oldest one in the window. */
  mark(nowMs: number): number | undefined {
    this.times.push(nowMs)
    if (this.times.length > this.window + 1) this.times.shift()
    const span = nowMs - this.times[0]!
    return span > 0 ? ((this.times.length - 1) * 1000) / span : undefined
  }
}

/** 75 s as "1:15", 3 700 s as "1:01:40". */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  const two = (part: number) => String(part).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** "step 120/1000  loss 0.1234  3.4 steps/s  4:19 left". */
export function progressText({ step, steps, metrics, stepsPerSecond, secondsLeft }: TrainProgress): string {
  const numbers = Object.entries(metrics).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
  const rate = stepsPerSecond === undefined ? [] : [rateText(stepsPerSecond)]
  const left = secondsLeft === undefined ? [] : [`${clockText(secondsLeft)} left`]
  return [`step ${step}/${steps}`, ...numbers, ...rate, ...left].join('  ')
}

function rateText(perSecond: number): string {
  return perSecond >= 1
    ? `${Number(perSecond.toPrecision(3))} steps/s`
    : `${Number((1 / perSecond).toPrecision(3))} s/step`
}

type Stream = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown }

/**
 * A progress callback that writes to `stream` (stderr): on a terminal one line that is rewritten ten times a second at
 * most, elsewhere a line every `everySeconds`. The last update is always written.
 */
export function progressRenderer(
  options: { stream?: Stream; everySeconds?: number; now?: () => number } = {},
): (progress: TrainProgress) => void {
  const { stream = process.stderr, everySeconds = 10, now = () => performance.now() } = options
  const pauseMs = stream.isTTY ? 100 : everySeconds * 1000
  let last = Number.NEGATIVE_INFINITY
  return (progress) => {
    const time = now()
    const done = progress.step === progress.steps
    if (time - last < pauseMs && !done) return
    last = time
    const text = progressText(progress)
    if (stream.isTTY)
      stream.write(`\r\u001b[K${text.slice(0, (stream.columns ?? 80) - 1)}${done ? '\n' : ''}`)
    else stream.write(`${text}\n`)
  }
}
