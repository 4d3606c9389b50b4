// How much a service takes on at a time: requests held, requests worked on, and how long one may take.

import { HttpFault } from './fault.ts'

export type AdmissionOptions = {
  /** Requests held at a time, waiting ones included; more are told to come back. */
  readonly maxHeld: number
  /** Requests worked on at a time. They share one thread: a few keep small ones from waiting behind a large one. */
  readonly maxWorking: number
  readonly timeoutMs: number
  /** Seconds after which a refused caller may try again. Default 1. */
  readonly retryAfterS?: () => number
}

export type Admission = {
  readonly held: number
  /**
   * Holds a request and runs `receive`, then, when it is its turn, `work`. Both get a signal that is aborted when the
   * caller leaves, time is up or the service stops. Throws HttpFault 503 where there is no room or no time.
   */
  run<Received, Done>(options: {
    /** Calls its argument when the caller leaves; gives a function that stops watching. */
    readonly watchCaller: (leave: () => void) => () => void
    receive(signal: AbortSignal): Promise<Received>
    work(received: Received, signal: AbortSignal): Promise<Done>
  }): Promise<Done>
  /** Aborts whatever is held. */
  stop(): void
}

export function admission(options: AdmissionOptions): Admission {
  const { maxHeld, maxWorking, timeoutMs, retryAfterS = () => 1 } = options
  let held = 0
  let working = 0
  const waiting: (() => void)[] = []
  // Not listeners on one signal: Node warns of more than ten.
  const running = new Set<() => void>()
  let stopping = false

  const turn = async (signal: AbortSignal): Promise<void> => {
    if (working < maxWorking) {
      working++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        waiting.splice(waiting.indexOf(start), 1)
        reject(signal.reason)
      }
      const start = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      waiting.push(start)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
  const release = () => {
    const next = waiting.shift()
    if (next === undefined) working--
    else next()
  }

  return {
    get held() {
      return held
    },
    async run({ watchCaller, receive, work }) {
      if (held >= maxHeld) throw busy(`${held} requests are being worked on`, retryAfterS())
      held++
      const controller = new AbortController()
      const { signal } = controller
      const abort = () => controller.abort()
      const timer = setTimeout(abort, timeoutMs)
      const unwatch = watchCaller(abort)
      running.add(abort)
      if (stopping) abort()
      try {
        const received = await receive(signal)
        signal.throwIfAborted()
        await turn(signal)
        try {
          return await work(received, signal)
        } finally {
          release()
        }
      } catch (error) {
        if (!signal.aborted || error instanceof HttpFault) throw error
        throw busy(stopping ? 'the service stops' : `not done within ${timeoutMs / 1000} s`, retryAfterS())
      } finally {
        clearTimeout(timer)
        unwatch()
        running.delete(abort)
        held--
      }
    },
    stop() {
      stopping = true
      for (const abort of running) abort()
    },
  }
}

const busy = (message: string, retryAfterS: number): HttpFault =>
  new HttpFault(
    503,
    { code: 'busy', message, hint: 'try again in a moment, with less in one request' },
    { 'retry-after': String(retryAfterS) },
  )
