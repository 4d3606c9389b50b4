// A multimodal model in this process, in a thread of its own: the event loop stays free while it answers.
import type { Worker } from 'node:worker_threads'
import type { Pixels } from '@maskwords/codecs'
import { dismissThread, startThread } from '@maskwords/graph'
import { answerStream } from './answer-stream.ts'
import { MllmError } from './error.ts'
import type { LoadProgress } from './int4.ts'
import type { LoadOptions } from './loaded.ts'
import type {
  Answer,
  AnswerEvent,
  AnswerStream,
  AskManyOptions,
  AskOptions,
  Conversation,
  ModelFacts,
  MultimodalModel,
} from './model.ts'
import { plainOptions } from './questions.ts'
import type { WorkerData, WorkerMessage, WorkerRequest } from './worker-protocol.ts'
import { thrownError } from './worker-protocol.ts'

export type OpenModelOptions = Omit<LoadOptions, 'onProgress'> & {
  /** Told while the 4-bit file is made. */
  readonly onProgress?: (progress: LoadProgress) => void
  /** Gives up loading. */
  readonly signal?: AbortSignal
  /** Where `mllm-worker.js` is, for bundles that did not put it beside the code. */
  readonly workerUrl?: string
}

/** Questions decoded together where nothing else is said: eight rows cost little more than one, sixteen a good deal. */
const TOGETHER = 8

type Waiting = {
  readonly event: (row: number, event: AnswerEvent) => void
  readonly done: () => void
  readonly fail: (error: MllmError) => void
}

/**
 * Loads the model of a folder into a thread.
 * @throws MllmError `not-found`, `damaged`, `unsupported`, `out-of-memory`, or the signal's reason.
 */
export async function openModel(path: string, options: OpenModelOptions = {}): Promise<MultimodalModel> {
  const { onProgress, signal, workerUrl, ...load } = options
  signal?.throwIfAborted()
  const worker = startThread({
    beside: import.meta.url,
    stem: 'mllm-worker',
    url: workerUrl,
    workerData: { path, options: load } satisfies WorkerData,
  })
  const link = linkTo(worker, onProgress)
  const abort = () => link.fail(new MllmError('closed', 'loading was given up'))
  signal?.addEventListener('abort', abort, { once: true })
  try {
    return modelOver(await link.ready, link)
  } catch (error) {
    await link.close()
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

type Link = {
  readonly ready: Promise<ModelFacts>
  ask(request: (id: number) => WorkerRequest, waiting: Waiting): void
  fail(error: MllmError): void
  close(): Promise<void>
}

function linkTo(worker: Worker, onProgress: OpenModelOptions['onProgress']): Link {
  const waiting = new Map<number, Waiting>()
  let next = 0
  let failure: MllmError | undefined
  let closing: Promise<void> | undefined
  let settle: { resolve: (facts: ModelFacts) => void; reject: (error: MllmError) => void }
  const ready = new Promise<ModelFacts>((resolve, reject) => {
    settle = { resolve, reject }
  })
  const fail = (error: MllmError) => {
    failure ??= error
    settle.reject(error)
    for (const { fail: tell } of waiting.values()) tell(error)
    waiting.clear()
  }
  const forget = (id: number): Waiting | undefined => {
    const found = waiting.get(id)
    waiting.delete(id)
    // A thread that nobody waits for does not keep the process alive.
    if (waiting.size === 0) worker.unref()
    return found
  }
  worker.on('message', (message: WorkerMessage) => {
    switch (message.kind) {
      case 'ready':
        settle.resolve(message.facts)
        worker.unref()
        break
      case 'progress':
        onProgress?.(message.progress)
        break
      case 'event':
        waiting.get(message.id)?.event(message.row, message.event)
        break
      case 'done':
        forget(message.id)?.done()
        break
      case 'failed':
        if (message.id === undefined) fail(thrownError(message.error))
        else forget(message.id)?.fail(thrownError(message.error))
    }
  })
  worker.on('error', (cause: Error & { code?: string }) => {
    const memory = cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
    fail(
      new MllmError(memory ? 'out-of-memory' : 'runtime', `the model's thread failed: ${cause.message}`, {
        cause,
      }),
    )
  })
  worker.on('exit', (code) => {
    const closed = new MllmError('closed', 'the model is closed')
    fail(closing ? closed : new MllmError('runtime', `the model's thread ended with code ${code}`))
  })
  return {
    ready,
    fail,
    ask(request, asked) {
      if (failure) {
        asked.fail(failure)
        return
      }
      const id = next++
      waiting.set(id, asked)
      worker.ref()
      worker.postMessage(request(id))
    },
    close() {
      if (closing === undefined) {
        closing = dismissThread(worker, { kind: 'close' } satisfies WorkerRequest)
        fail(new MllmError('closed', 'the model is closed'))
      }
      return closing
    },
  }
}

function modelOver(facts: ModelFacts, link: Link): MultimodalModel {
  const running = new Set<Int32Array>()
  /** A flag that the thread reads between two tokens. */
  const stopFlag = (signal: AbortSignal | undefined): { flag: Int32Array; release: () => void } => {
    const flag = new Int32Array(new SharedArrayBuffer(4))
    const stop = () => void Atomics.store(flag, 0, 1)
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    running.add(flag)
    return {
      flag,
      release: () => {
        running.delete(flag)
        signal?.removeEventListener('abort', stop)
      },
    }
  }
  return {
    facts,
    ask(conversation: Conversation, options: AskOptions = {}): AnswerStream {
      const { signal, ...plain } = options
      const { flag, release } = stopFlag(signal)
      return answerStream((push, fail) => {
        link.ask((id) => ({ kind: 'ask', id, conversations: [conversation], options: plain, stop: flag }), {
          event: (_, event) => push(event),
          done: release,
          fail: (error) => {
            release()
            fail(error)
          },
        })
      })
    },
    async askMany(
      picture: Pixels,
      questions: readonly string[],
      options: AskManyOptions = {},
    ): Promise<Answer[]> {
      const { together = TOGETHER, onAnswer, system, signal } = options
      if (!Number.isInteger(together) || together < 1) {
        throw new MllmError('argument', `together is ${together}; a whole number of at least 1 is wanted`)
      }
      const answers = new Array<Answer>(questions.length)
      const { flag, release } = stopFlag(signal)
      try {
        for (let first = 0; first < questions.length; first += together) {
          const some = questions.slice(first, first + together)
          await new Promise<void>((done, fail) => {
            const event = (row: number, event: AnswerEvent) => {
              if (event.type !== 'end') return
              answers[first + row] = event.answer
              onAnswer?.(first + row, event.answer)
            }
            link.ask(
              (id) => ({
                kind: 'askMany',
                id,
                picture,
                questions: some,
                system,
                options: plainOptions(options),
                stop: flag,
              }),
              { event, done, fail },
            )
          })
        }
      } finally {
        release()
      }
      return answers
    },
    close() {
      // The thread ends behind the token that it is at.
      for (const flag of running) Atomics.store(flag, 0, 1)
      return link.close()
    },
  }
}
