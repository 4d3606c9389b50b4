// One call after another, the urgent ones first: a worker's run cannot be interrupted, so what is not needed any more must
// never reach it. Definition: ours.

/** Smaller goes first; within one urgency, first come first served. */
export const URGENCY = { draw: 0, speak: 1, see: 2, levels: 3, last: 4 } as const
export type Urgency = (typeof URGENCY)[keyof typeof URGENCY]

type Job = { readonly urgency: Urgency; start(): Promise<void> }

export type Lane = {
  /**
   * Runs `work` in turn. With a signal that fires while it waits, it is never started; while it runs, its result is dropped.
   * Rejects with the signal's reason then, else as `work` does.
   */
  run<T>(work: () => Promise<T>, urgency: Urgency, signal?: AbortSignal): Promise<T>
  /** Jobs that wait to start. */
  readonly waiting: number
}

export function lane(): Lane {
  const jobs: Job[] = []
  let running = false

  const next = async (): Promise<void> => {
    if (running) return
    running = true
    while (jobs.length > 0) {
      let first = 0
      for (let k = 1; k < jobs.length; k++) if (jobs[k]!.urgency < jobs[first]!.urgency) first = k
      const [job] = jobs.splice(first, 1)
      await job!.start()
    }
    running = false
  }

  return {
    run: (work, urgency, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason)
          return
        }
        const job: Job = {
          urgency,
          async start() {
            try {
              resolve(await work())
            } catch (error) {
              reject(error)
            } finally {
              signal?.removeEventListener('abort', abort)
            }
          },
        }
        const abort = (): void => {
          const at = jobs.indexOf(job)
          if (at >= 0) jobs.splice(at, 1)
          reject(signal!.reason)
        }
        signal?.addEventListener('abort', abort, { once: true })
        jobs.push(job)
        void next()
      }),
    get waiting() {
      return jobs.length
    },
  }
}
