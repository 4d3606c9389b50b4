// An answer as a stream of events and as a promise of the whole, over whatever pushes events.
import { MllmError } from './error.ts'
import type { Answer, AnswerEvent, AnswerStream } from './model.ts'

/**
 * Opens a stream; `start` is called at once with the two ways to feed it. The 'end' event closes it and settles `answer`;
 * `fail` rejects both. Every iteration gets all events from the beginning.
 */
export function answerStream(
  start: (push: (event: AnswerEvent) => void, fail: (error: unknown) => void) => void,
): AnswerStream {
  const events: AnswerEvent[] = []
  let over = false
  let failure: { error: unknown } | undefined
  let wake: (() => void)[] = []
  let settle: { resolve: (answer: Answer) => void; reject: (error: unknown) => void }
  const answer = new Promise<Answer>((resolve, reject) => {
    settle = { resolve, reject }
  })
  // Whoever iterates sees the failure there; nobody has to look at both.
  answer.catch(() => undefined)
  const wakeAll = () => {
    const all = wake
    wake = []
    for (const resume of all) resume()
  }
  const fail = (error: unknown) => {
    if (over) return
    over = true
    failure = { error }
    settle.reject(error)
    wakeAll()
  }
  const push = (event: AnswerEvent) => {
    if (over) return
    events.push(event)
    if (event.type === 'end') {
      over = true
      settle.resolve(event.answer)
    }
    wakeAll()
  }
  try {
    start(push, fail)
  } catch (error) {
    fail(error instanceof MllmError ? error : new MllmError('runtime', String(error), { cause: error }))
  }
  return {
    answer,
    async *[Symbol.asyncIterator]() {
      for (let at = 0; ; ) {
        while (at < events.length) yield events[at++]!
        if (failure) throw failure.error
        if (over) return
        await new Promise<void>((resume) => wake.push(resume))
      }
    },
  }
}
