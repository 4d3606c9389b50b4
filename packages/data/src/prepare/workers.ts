// The hands of a run: pieces of work go to engines, in this thread or in others, and come back in any order. Definition: ours.
import type { MessagePort, Worker } from 'node:worker_threads'
import { dismissThread } from '@maskwords/graph'
import type { Engine, EngineSource, SurveyPart } from './engine.ts'
import type { FilledBatch } from './filled-batch.ts'
import { lookPicture, type SampleLook } from './look-picture.ts'
import type { RepairMode } from './picture-limits.ts'
import type { Share } from './sampling.ts'
import type { TaskSpec } from './source-spec.ts'
import type { RecordPlace } from './spool.ts'

/** All that an engine needs beside its codec: plain data, so that threads can be given it. */
export type EngineSetup = {
  readonly spoolFile: string
  /** Regions of the whole run: whether threads are worth their start. */
  readonly regions: number
  readonly sources: readonly EngineSource[]
  readonly tasks: readonly TaskSpec[]
  readonly seed: number
  readonly emptyThink: boolean
  readonly truthMasks: boolean
  readonly pictures: 'path' | 'bytes'
  readonly writer: string
  readonly repair?: RepairMode
  readonly minShare?: number
  readonly minIou?: number
  readonly crops?: { readonly folder: string; readonly prefix: string }
}

export type Work =
  | { readonly kind: 'survey'; readonly places: readonly RecordPlace[]; readonly regions: number }
  | { readonly kind: 'fill'; readonly places: readonly RecordPlace[]; readonly shares: readonly Share[] }
  | { readonly kind: 'look'; readonly place: RecordPlace; readonly id: string }

export type WorkResult<W extends Work> = W extends { kind: 'survey' }
  ? SurveyPart
  : W extends { kind: 'fill' }
    ? FilledBatch
    : SampleLook | undefined

/** Those who do the work of a run: in this thread, in threads, or elsewhere. */
export type Workers = {
  /** Pieces of work that are done at the same time. */
  readonly size: number
  run<W extends Work>(work: W): Promise<WorkResult<W>>
  /** Ends them; work under way is waited for, and nobody hears of it. */
  close(): Promise<void>
}

async function doWork(engine: Engine, work: Work): Promise<unknown> {
  switch (work.kind) {
    case 'survey':
      return engine.survey(work.places, work.regions)
    case 'fill':
      return engine.fill(work.places, work.shares)
    case 'look': {
      const look = await engine.look(work.place, work.id)
      return look === undefined ? undefined : lookPicture(look)
    }
  }
}

/** One engine in this thread, one piece of work after the other. */
export function localWorkers(engine: Engine): Workers {
  let last: Promise<unknown> = Promise.resolve()
  return {
    size: 1,
    run(work) {
      const next = last.then(() => doWork(engine, work))
      last = next.catch(() => undefined)
      return next as never
    },
    close: () => engine.close(),
  }
}

type Request = { readonly id: number; readonly work: Work } | 'leave'
type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: { readonly message: string; readonly stack?: string } }

/** The far end: answers a port's requests with an engine. */
export function serveWork(port: MessagePort, open: () => Promise<Engine>): void {
  const engine = open()
  // Every request awaits it and reports its failure.
  engine.catch(() => undefined)
  let last = Promise.resolve()
  const answer = async ({ id, work }: Exclude<Request, 'leave'>): Promise<void> => {
    try {
      port.postMessage({ id, value: await doWork(await engine, work) } satisfies Answer)
    } catch (error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error))
      port.postMessage({
        id,
        failure: { message, ...(stack === undefined ? {} : { stack }) },
      } satisfies Answer)
    }
  }
  const leave = async (): Promise<void> => {
    await last
    await engine.then((one) => one.close()).catch(() => undefined)
    process.exit(0)
  }
  port.on('message', (request: Request) => {
    if (request === 'leave') void leave()
    else last = answer(request)
  })
}

type Waiting = { work: Work; resolve: (value: never) => void; reject: (error: Error) => void; tries: number }

/** A piece of work that ends a thread (out of memory, say) is tried once more on a new one, then given up. */
const MOST_TRIES = 2

/** Engines in threads of their own. `start` makes a thread whose entry calls `serveWork`. */
export function threadWorkers(size: number, start: () => Worker): Workers {
  const queue: Waiting[] = []
  let closed = false
  const threads: Thread[] = Array.from({ length: size }, () => new Thread(start, queue, () => closed))
  return {
    size,
    run(work) {
      return new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the workers are closed'))
        queue.push({ work, resolve: resolve as Waiting['resolve'], reject, tries: 0 })
        threads.find((thread) => thread.isFree)?.next()
      })
    },
    async close() {
      closed = true
      for (const { reject } of queue.splice(0)) reject(new Error('the workers are closed'))
      await Promise.all(threads.map((thread) => thread.end()))
    },
  }
}

class Thread {
  private readonly start: () => Worker
  private readonly queue: Waiting[]
  private readonly isClosed: () => boolean
  private worker: Worker | undefined
  private current: Waiting | undefined
  private asked = 0

  constructor(start: () => Worker, queue: Waiting[], isClosed: () => boolean) {
    this.start = start
    this.queue = queue
    this.isClosed = isClosed
  }

  get isFree(): boolean {
    return this.current === undefined
  }

  next(): void {
    if (this.current !== undefined || this.isClosed()) return
    const waiting = this.queue.shift()
    if (waiting === undefined) return
    this.current = waiting
    waiting.tries++
    this.worker ??= this.begin()
    this.worker.postMessage({ id: ++this.asked, work: waiting.work } satisfies Request)
  }

  private begin(): Worker {
    const worker = this.start()
    worker.on('message', (answer: Answer) => {
      if (answer.id !== this.asked) return
      const done = this.current
      this.current = undefined
      if ('failure' in answer) {
        const error = new Error(answer.failure.message)
        if (answer.failure.stack !== undefined) error.stack = answer.failure.stack
        done?.reject(error)
      } else done?.resolve(answer.value as never)
      this.next()
    })
    worker.on('error', (error) => this.lost(worker, error))
    worker.on('exit', (code) => this.lost(worker, new Error(`a worker ended with code ${code}`)))
    return worker
  }

  private lost(worker: Worker, error: Error): void {
    if (worker !== this.worker) return
    this.worker = undefined
    const waiting = this.current
    this.current = undefined
    if (waiting === undefined) return
    if (waiting.tries < MOST_TRIES && !this.isClosed()) this.queue.unshift(waiting)
    else waiting.reject(error)
    this.next()
  }

  async end(): Promise<void> {
    const waiting = this.current
    this.current = undefined
    waiting?.reject(new Error('the workers are closed'))
    const { worker } = this
    this.worker = undefined
    if (worker !== undefined) await dismissThread(worker, 'leave' satisfies Request)
  }
}
