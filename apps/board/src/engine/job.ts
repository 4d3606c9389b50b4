// One job in a worker of its own: parts come as they are ready, and giving up ends the worker at once.

/** What a worker of a job says to the page. */
export type JobMessage<Part> =
  | { readonly part: Part }
  | { readonly done: true }
  | { readonly error: { readonly message: string; readonly hint?: string } }

export type JobOptions<Part> = {
  readonly signal?: AbortSignal
  /** A job that takes longer is ended and rejects. */
  readonly timeoutMs?: number
  readonly onPart: (part: Part) => void
}

/** What a job needs of a worker. */
export type JobWorker = Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror'>

/** An error that says what to do. */
export class JobError extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'JobError'
    this.hint = hint
  }
}

/**
 * Runs one job. Resolves when the worker says that it is done; rejects with the signal's reason, with JobError for what
 * the worker could not do, and when time is up. The worker is gone afterwards.
 */
export function runJob<Part>(worker: JobWorker, job: unknown, options: JobOptions<Part>): Promise<void> {
  const { signal, timeoutMs, onPart } = options
  return new Promise<void>((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
      worker.terminate()
      settle()
    }
    const giveUp = () => finish(() => reject(signal!.reason))
    if (signal?.aborted === true) return giveUp()
    signal?.addEventListener('abort', giveUp)
    if (timeoutMs !== undefined) {
      timer = setTimeout(
        () => finish(() => reject(new JobError(`it took more than ${Math.round(timeoutMs / 1000)} s`))),
        timeoutMs,
      )
    }
    worker.onmessage = ({ data }: MessageEvent<JobMessage<Part>>) => {
      if ('part' in data) onPart(data.part)
      else if ('error' in data) finish(() => reject(new JobError(data.error.message, data.error.hint)))
      else finish(resolve)
    }
    worker.onerror = (event) =>
      finish(() => reject(new JobError(event.message || 'the worker could not be started')))
    worker.postMessage(job)
  })
}

/** The worker's side: answers every job with the parts that `work` gives, then says that it is done. */
export function serveJobs<Job, Part>(
  work: (job: Job, give: (part: Part) => void) => void | Promise<void>,
): void {
  const send = (message: JobMessage<Part>) => postMessage(message)
  globalThis.onmessage = async ({ data }: MessageEvent<Job>) => {
    try {
      await work(data, (part) => send({ part }))
      send({ done: true })
    } catch (error) {
      const { message, hint } = error as { message?: string; hint?: string }
      send({ error: { message: message ?? String(error), ...(hint === undefined ? {} : { hint }) } })
    }
  }
}
