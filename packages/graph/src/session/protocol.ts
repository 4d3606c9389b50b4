// A runner in another thread: requests and answers as messages, the same for Node's worker threads and for Web Workers.
import type { GraphErrorCode } from '../error.ts'
import { GraphError } from '../error.ts'
import type { ModelBytes, Runner, RunnerOptions } from './runner.ts'
import { runtimeError } from './runner.ts'
import type { Value } from './value.ts'

export type OpenRequest = {
  model: ModelBytes
  options: RunnerOptions
  setup: Readonly<Record<string, unknown>>
}

type Request =
  | ({ kind: 'open' } & OpenRequest)
  | { kind: 'run'; feeds: Readonly<Record<string, Value>>; fetch: readonly string[] }
  | { kind: 'setState'; values: Readonly<Record<string, Value>> }
  | { kind: 'getState'; names: readonly string[] }
  | { kind: 'close' }

type Answer = { id: number } & (
  | { values: Record<string, Value> | undefined }
  | { error: { code: GraphErrorCode; message: string; hint: string | undefined } }
)

/** One end of a message channel, whatever the platform calls it. */
export type Port = {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void
  onMessage(listener: (message: unknown) => void): void
}

/** The buffers of values that may change hands: whole ArrayBuffers, each once. */
export function buffersOf(values: Readonly<Record<string, Value>>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  for (const { data } of Object.values(values)) {
    const { buffer } = data
    if (buffer instanceof ArrayBuffer && buffer.byteLength === data.byteLength && data.byteLength > 0) {
      buffers.add(buffer)
    }
  }
  return [...buffers]
}

/** Answers requests in the thread that owns the model, one after another. */
export function serve(port: Port, open: (request: OpenRequest) => Promise<Runner>): void {
  let runner: Promise<Runner> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let held: ReadonlySet<string> = new Set()

  const answer = async (request: Request): Promise<Record<string, Value> | undefined> => {
    if (request.kind === 'open') {
      held = new Set(Object.values(request.options.state))
      runner = open(request)
      await runner
      return undefined
    }
    const opened = await runner!
    switch (request.kind) {
      case 'run':
        return opened.run(request.feeds, request.fetch, false)
      case 'setState':
        await opened.setState(request.values)
        return undefined
      case 'getState':
        return opened.getState(request.names)
      case 'close':
        await opened.close()
        return undefined
    }
  }

  port.onMessage((message) => {
    const { id, request } = message as { id: number; request: Request }
    last = last.then(async () => {
      try {
        const values = await answer(request)
        // What stays here as state must be copied; everything else moves.
        const given =
          values && request.kind === 'run'
            ? Object.fromEntries(Object.entries(values).filter(([name]) => !held.has(name)))
            : {}
        port.post({ id, values }, buffersOf(given))
      } catch (cause) {
        const { code, message: text, hint } = runtimeError('the runtime failed', cause)
        port.post({ id, error: { code, message: text, hint } }, [])
      }
    })
  })
}

export type Remote = {
  open(request: OpenRequest): Promise<void>
  readonly runner: Runner
  /** Rejects everything that waits, and everything asked later. */
  fail(error: GraphError): void
}

/** The asking end. `busy` is told whether anything is waiting for an answer. */
export function remote(
  port: Port,
  options: { busy: (waiting: boolean) => void; end: () => Promise<void> },
): Remote {
  type Waiting = {
    resolve: (values: Record<string, Value> | undefined) => void
    reject: (error: GraphError) => void
  }
  const waiting = new Map<number, Waiting>()
  let next = 0
  let failure: GraphError | undefined

  const ask = (request: Request, transfer: readonly ArrayBuffer[] = []) =>
    new Promise<Record<string, Value> | undefined>((resolve, reject) => {
      if (failure) {
        reject(failure)
        return
      }
      const id = next++
      waiting.set(id, { resolve, reject })
      options.busy(true)
      port.post({ id, request }, transfer)
    })

  port.onMessage((message) => {
    const answer = message as Answer
    const asked = waiting.get(answer.id)
    if (!asked) return
    waiting.delete(answer.id)
    options.busy(waiting.size > 0)
    if ('error' in answer) {
      const { code, message: text, hint } = answer.error
      asked.reject(new GraphError(code, text, hint === undefined ? {} : { hint }))
    } else asked.resolve(answer.values)
  })

  return {
    async open(request) {
      await ask({ kind: 'open', ...request })
    },
    fail(error) {
      failure ??= error
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
      options.busy(false)
    },
    runner: {
      run: async (feeds, fetch, transfer) =>
        (await ask({ kind: 'run', feeds, fetch }, transfer ? buffersOf(feeds) : []))!,
      setState: async (values) => {
        await ask({ kind: 'setState', values })
      },
      getState: async (names) => (await ask({ kind: 'getState', names }))!,
      close: async () => {
        await ask({ kind: 'close' })
        await options.end()
      },
    },
  }
}
