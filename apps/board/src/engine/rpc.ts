// Calls to a worker as typed promises: a name and arguments go, progress and one answer come back. Definition: ours.
import { messageOf } from '@maskwords/base'
import { EngineError, type EngineErrorCode } from './error.ts'

/** One end of a message channel; a Worker, its inside, and a MessagePort can all be one. */
export type Port = {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
}

/** What a worker can be asked: for each name, the arguments, the answer, and what it tells meanwhile. */
export type Calls<C> = { readonly [Name in keyof C]: { args: unknown; answer: unknown; progress?: unknown } }

export type Handlers<C extends Calls<C>> = {
  readonly [Name in keyof C]: (
    args: C[Name]['args'],
    tell: (progress: NonNullable<C[Name]['progress']>) => void,
  ) => C[Name]['answer'] | Promise<C[Name]['answer']>
}

type Told = {
  readonly code: EngineErrorCode
  readonly message: string
  readonly hint?: string
  readonly at?: number
}
type Request = { readonly id: number; readonly name: string; readonly args: unknown }
type Reply = { readonly id: number } & (
  | { readonly progress: unknown }
  | { readonly answer: unknown }
  | { readonly error: Told }
)

/** Errors of every package here have a message, and most a hint and a place; that much crosses to the page. */
function told(cause: unknown): Told {
  const { hint, at } = cause as { hint?: unknown; at?: unknown }
  return {
    code: cause instanceof EngineError ? cause.code : 'codec',
    message: messageOf(cause),
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(typeof at === 'number' ? { at } : {}),
  }
}

/** Answers calls that come in at `port`, each as soon as its handler has it. */
export function answerCalls<C extends Calls<C>>(port: Port, handlers: Handlers<C>): void {
  port.onMessage(async (message) => {
    const { id, name, args } = message as Request
    try {
      const handler = Object.hasOwn(handlers, name) ? handlers[name as keyof C] : undefined
      if (handler === undefined) throw new EngineError('worker', `the worker has no "${name}"`)
      const answer = await handler(args as C[keyof C]['args'], (progress) => port.post({ id, progress }))
      port.post({ id, answer })
    } catch (cause) {
      port.post({ id, error: told(cause) })
    }
  })
}

export type Caller<C extends Calls<C>> = {
  call<Name extends keyof C & string>(
    name: Name,
    args: C[Name]['args'],
    onProgress?: (progress: NonNullable<C[Name]['progress']>) => void,
  ): Promise<C[Name]['answer']>
  /** Rejects everything that waits, and everything asked later. */
  fail(error: Error): void
}

/** The asking end. Rejects with EngineError. */
export function callsOver<C extends Calls<C>>(port: Port): Caller<C> {
  type Waiting = {
    resolve(answer: unknown): void
    reject(error: Error): void
    readonly onProgress: ((progress: unknown) => void) | undefined
  }
  const waiting = new Map<number, Waiting>()
  let next = 0
  let failure: Error | undefined

  port.onMessage((message) => {
    const reply = message as Reply
    const one = waiting.get(reply.id)
    if (one === undefined) return
    if ('progress' in reply) {
      one.onProgress?.(reply.progress)
      return
    }
    waiting.delete(reply.id)
    if ('error' in reply) one.reject(new EngineError(reply.error.code, reply.error.message, reply.error))
    else one.resolve(reply.answer)
  })

  return {
    call: (name, args, onProgress) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure)
          return
        }
        const id = next++
        waiting.set(id, {
          resolve: resolve as (answer: unknown) => void,
          reject,
          onProgress: onProgress as ((progress: unknown) => void) | undefined,
        })
        port.post({ id, name, args } satisfies Request)
      }),
    fail(error) {
      failure ??= error
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    },
  }
}
