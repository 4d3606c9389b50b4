// The worker threads of a server: jobs wait in one line, each worker does one at a time. A worker that dies or hangs is
// replaced, and what it worked on is answered 503.
import type { Worker } from 'node:worker_threads'
import type { CodecInfo, VocabularyListing } from '@maskwords/client/schema'
import { MaskwordsError } from '@maskwords/files'
import { dismissThread } from '@maskwords/graph'
import { HttpFault } from './fault.ts'
import type { PictureCache } from './picture-cache.ts'
import { type FromWorker, faultFrom, type Job, type JobAnswer, type ToWorker } from './work/job.ts'

export type PoolOptions = {
  readonly workers: number
  readonly start: () => Worker
  readonly cache: PictureCache
  /** How long a cancelled job may go on before its worker is replaced. Default 10 s. */
  readonly hangMs?: number
  /** How long a worker that is told to leave may take before it is ended by force. Default 30 s. */
  readonly graceMs?: number
  /** Hears of workers that died. */
  readonly onLost?: (why: string) => void
}

export type Pool = {
  readonly codecs: readonly CodecInfo[]
  readonly vocabularies: readonly VocabularyListing[]
  /** Workers that can take a job. */
  readonly alive: number
  readonly busy: number
  readonly waiting: number
  readonly lost: number
  /** How long a job that comes now would wait, by those before it and how long jobs took lately. */
  readonly expectedWaitMs: number
  /**
   * Does a job. Jobs of one `key` that wait or run at the same time are done once. Rejects with the signal's reason, with
   * HttpFault 503 where the worker died, and with what the job threw.
   */
  run(job: Job, options: { readonly signal: AbortSignal; readonly key?: string }): Promise<JobAnswer>
  close(): Promise<void>
}

type Task = {
  readonly job: Job
  readonly resolve: (answer: JobAnswer) => void
  readonly reject: (error: unknown) => void
}
type Seat = {
  worker: Worker
  ready: boolean
  task: (Task & { readonly id: number; readonly began: number }) | undefined
  hang: NodeJS.Timeout | undefined
}

/** A job that several callers wait for. */
type Shared = {
  readonly promise: Promise<JobAnswer>
  joined: number
  stop(reason: unknown): void
}

const HANG_MS = 10_000
/** What a job is thought to take before any was done, and how much each new one counts. */
const FIRST_MEAN_MS = 100
const MEAN_WEIGHT = 0.1
/** A worker that ends before it was ready is started again, later each time. */
const RESTART_MS = [100, 500, 2_000, 10_000]

/** Starts the workers and waits until the first one has its codecs open. Throws what kept it from opening them. */
export async function openPool(options: PoolOptions): Promise<Pool> {
  const { workers, start, cache, hangMs = HANG_MS, graceMs, onLost } = options
  const seats = new Set<Seat>()
  const leaving = new Set<Promise<void>>()
  const waiting: Task[] = []
  const shared = new Map<string, Shared>()
  let lost = 0
  let meanMs = FIRST_MEAN_MS
  let failures = 0
  let nextId = 0
  let closed = false
  let listing: Pick<Pool, 'codecs' | 'vocabularies'> | undefined
  let opened: (() => void) | undefined
  let failed: ((error: unknown) => void) | undefined

  const say = (seat: Seat, message: ToWorker, transfer: ArrayBuffer[] = []) =>
    seat.worker.postMessage(message, transfer)

  const next = (seat: Seat): void => {
    const task = waiting.shift()
    if (task === undefined) return
    const id = nextId++
    seat.task = { ...task, id, began: performance.now() }
    say(seat, { say: 'job', id, job: task.job }, transferable(task.job.body))
  }
  const wake = (): void => {
    for (const seat of seats) if (seat.ready && seat.task === undefined) next(seat)
  }
  const settle = (seat: Seat, id: number, finish: (task: Task) => void): void => {
    const { task } = seat
    if (task?.id !== id) return
    clearTimeout(seat.hang)
    seat.task = undefined
    meanMs += (performance.now() - task.began - meanMs) * MEAN_WEIGHT
    finish(task)
    next(seat)
  }

  const dismiss = (seat: Seat): void => {
    seats.delete(seat)
    clearTimeout(seat.hang)
    seat.task?.reject(workerLost())
    seat.task = undefined
    const gone = dismissThread(seat.worker, { say: 'leave' } satisfies ToWorker, graceMs)
    leaving.add(gone)
    void gone.then(() => leaving.delete(gone))
  }
  const dismissAll = async (): Promise<void> => {
    closed = true
    for (const seat of [...seats]) dismiss(seat)
    await Promise.all(leaving)
  }
  const lose = (why: string): void => {
    lost++
    onLost?.(why)
  }

  const seatWorker = (): void => {
    const seat: Seat = { worker: start(), ready: false, task: undefined, hang: undefined }
    const { worker } = seat
    seats.add(seat)
    worker.on('message', (message: FromWorker) => {
      switch (message.say) {
        case 'ready':
          seat.ready = true
          failures = 0
          listing ??= { codecs: message.codecs, vocabularies: message.vocabularies }
          opened?.()
          return next(seat)
        case 'failed':
          if (listing !== undefined) return void worker.terminate()
          return failed?.(
            Object.assign(new MaskwordsError('not-found', message.report.message, message.report), {
              code: message.report.code,
            }),
          )
        case 'done':
          return settle(seat, message.id, (task) => task.resolve(message.answer))
        case 'fault':
          return settle(seat, message.id, (task) => task.reject(faultFrom(message.fault)))
        case 'look-up':
          return say(seat, {
            say: 'kept',
            question: message.question,
            kept: cache.lookUp(message.handle, message.codec),
          })
        case 'keep-picture':
          return cache.keepPicture(message.handle, message.picture)
        case 'keep-image':
          return cache.keepImage(message.handle, message.codec, message.image)
      }
    })
    let why = ''
    worker.on('error', (error) => {
      why = String((error as Error).message ?? error).slice(0, 300)
    })
    worker.on('exit', (code) => {
      clearTimeout(seat.hang)
      if (!seats.delete(seat)) return
      lose(why || `it ended with code ${code}`)
      seat.task?.reject(workerLost())
      const pauseMs = seat.ready ? 0 : RESTART_MS[Math.min(failures++, RESTART_MS.length - 1)]!
      if (listing === undefined && !seat.ready)
        failed?.(new MaskwordsError('unsupported', `a worker thread ended: ${why}`))
      setTimeout(() => {
        if (!closed) seatWorker()
      }, pauseMs).unref()
    })
  }

  const enqueue = (job: Job, signal: AbortSignal): Promise<JobAnswer> =>
    new Promise((resolve, reject) => {
      if (closed) return reject(workerLost())
      const leave = () => {
        const at = waiting.indexOf(task)
        if (at >= 0) waiting.splice(at, 1)
        else cancel(task)
        reject(signal.reason)
      }
      const over = () => signal.removeEventListener('abort', leave)
      const task: Task = {
        job,
        resolve: (answer) => {
          over()
          resolve(answer)
        },
        reject: (error) => {
          over()
          reject(error)
        },
      }
      if (signal.aborted) return reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      waiting.push(task)
      wake()
    })

  const cancel = (task: Task): void => {
    for (const seat of seats) {
      if (seat.task?.reject !== task.reject) continue
      say(seat, { say: 'cancel', id: seat.task.id })
      seat.hang = setTimeout(() => {
        dismiss(seat)
        lose(`a cancelled job went on for ${hangMs / 1000} s`)
        seatWorker()
      }, hangMs)
      seat.hang.unref()
    }
  }

  const share = (key: string, job: Job): Shared => {
    const controller = new AbortController()
    const forget = () => {
      if (shared.get(key) === one) shared.delete(key)
    }
    const promise = enqueue(job, controller.signal).finally(forget)
    const one: Shared = {
      promise,
      joined: 0,
      stop(reason) {
        // Who asks for the same from now on must not be given this one's end.
        forget()
        controller.abort(reason)
      },
    }
    shared.set(key, one)
    return one
  }

  const pool = (ready: Pick<Pool, 'codecs' | 'vocabularies'>): Pool => ({
    ...ready,
    get alive() {
      return [...seats].filter((seat) => seat.ready).length
    },
    get busy() {
      return [...seats].filter((seat) => seat.task !== undefined).length
    },
    get waiting() {
      return waiting.length
    },
    get lost() {
      return lost
    },
    get expectedWaitMs() {
      return ((waiting.length + 1) * meanMs) / workers
    },
    async run(job, { signal, key }) {
      signal.throwIfAborted()
      if (key === undefined) return await enqueue(job, signal)
      const one = shared.get(key) ?? share(key, job)
      return await joined(one, signal)
    },
    async close() {
      for (const task of waiting.splice(0)) task.reject(workerLost())
      await dismissAll()
    },
  })

  try {
    await new Promise<void>((resolve, reject) => {
      opened = resolve
      failed = reject
      for (let k = 0; k < workers; k++) seatWorker()
    })
  } catch (error) {
    await dismissAll()
    throw error
  }
  return pool(listing!)
}

/** Waits for a shared job; the last one who leaves cancels it. */
async function joined(one: Shared, signal: AbortSignal): Promise<JobAnswer> {
  one.joined++
  let leave = () => {}
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([one.promise, left])
  } finally {
    signal.removeEventListener('abort', leave)
    if (--one.joined === 0 && signal.aborted) one.stop(signal.reason)
    one.promise.catch(() => {})
  }
}

/** Bodies from this size on are handed over where their memory is theirs alone; smaller ones are copied. */
const TRANSFER_BYTES = 2 ** 16

function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
  return whole && byteLength >= TRANSFER_BYTES ? [buffer] : []
}

const workerLost = (): HttpFault =>
  new HttpFault(
    503,
    {
      code: 'worker-lost',
      message: 'the worker that had this request ended',
      hint: 'try again in a moment; if it happens with this request again, it is the request',
    },
    { 'retry-after': '1' },
  )
