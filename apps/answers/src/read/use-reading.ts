// The reading of the text that is in the box: at once where it is short, in a worker where it is long.

import { runJob } from '@maskwords/board/engine/job.ts'
import { notifyError } from '@maskwords/board/state/store.ts'
import type { CodecId } from '@maskwords/board/state/types.ts'
import { useEffect, useState } from 'react'
import { type Reading, readText } from './reading.ts'
import type { ReadingJob } from './reading.worker.ts'

/** Some milliseconds of reading. */
const SHORT_CHARACTERS = 20_000
/** 10 MB of the worst text known (two million `<box>`) take ten seconds on a busy machine. */
const TIMEOUT_MS = 60_000

export type ReadingState = {
  /** Of `text`: of what was in the box a moment ago while `busy`. */
  readonly text: string
  readonly reading: Reading
  readonly busy: boolean
}

const NOTHING = readText('')

/** Reads `text` as a codec's words, or as what its spelling says. The newest text wins. */
export function useReading(text: string, codec: CodecId | undefined): ReadingState {
  const [state, setState] = useState<ReadingState>({ text: '', reading: NOTHING, busy: false })
  useEffect(() => {
    if (text.length <= SHORT_CHARACTERS) {
      setState({ text, reading: readText(text, { codec }), busy: false })
      return
    }
    const giveUp = new AbortController()
    setState((before) => ({ ...before, busy: true }))
    const worker = new Worker(new URL('./reading.worker.ts', import.meta.url), { type: 'module' })
    const job: ReadingJob = { text, codec }
    runJob<Reading>(worker, job, {
      signal: giveUp.signal,
      timeoutMs: TIMEOUT_MS,
      onPart: (reading) => setState({ text, reading, busy: false }),
    }).catch((error: unknown) => {
      if (giveUp.signal.aborted) return
      setState((before) => ({ ...before, busy: false }))
      notifyError(error, 'Reading the answer')
    })
    return () => giveUp.abort()
  }, [text, codec])
  return state
}
