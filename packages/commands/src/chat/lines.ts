// Where a conversation's lines come from: a terminal, with editing, history and Ctrl-C; or a pipe, a line a question.
import { createInterface } from 'node:readline'
import type { Io } from '@maskwords/files'

export type LineSource = {
  /** The next line; undefined at the end (Ctrl-D, the end of the pipe). */
  next(prompt: string): Promise<string | undefined>
  /** Told of Ctrl-C while no line is asked for. */
  onInterrupt(stop: () => void): void
  readonly isTerminal: boolean
  close(): void
}

/** Lines longer than this are no questions. */
const MAX_LINE_CHARACTERS = 1_000_000

type Terminal = NodeJS.ReadStream & { isTTY: true }

const isTerminal = (stdin: Io['stdin']): stdin is Terminal => (stdin as Partial<Terminal>).isTTY === true

export function lineSource(io: Pick<Io, 'stdin' | 'signal'>): LineSource {
  return isTerminal(io.stdin) ? terminalLines(io.stdin) : pipedLines(io)
}

/** Prompts go to stderr: stdout is for answers. */
function terminalLines(stdin: Terminal): LineSource {
  const lines = createInterface({ input: stdin, output: process.stderr, terminal: true, historySize: 500 })
  let waiting: ((line: string | undefined) => void) | undefined
  let interrupt = () => {}
  let ended = false
  const early: string[] = []
  const give = (line: string | undefined) => {
    const resolve = waiting
    waiting = undefined
    resolve?.(line)
  }
  lines.on('line', (line) => (waiting === undefined ? early.push(line) : give(line)))
  lines.on('close', () => {
    ended = true
    give(undefined)
  })
  lines.on('SIGINT', () => {
    if (waiting === undefined) interrupt()
    else if (lines.line === '') process.stderr.write('\n(Ctrl-D or /quit ends)\n')
    if (waiting === undefined) return
    // A line that was begun is dropped.
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    lines.prompt()
  })
  return {
    isTerminal: true,
    next(prompt) {
      if (early.length > 0) return Promise.resolve(early.shift())
      if (ended) return Promise.resolve(undefined)
      lines.setPrompt(prompt)
      lines.prompt()
      return new Promise((resolve) => {
        waiting = resolve
      })
    },
    onInterrupt(stop) {
      interrupt = stop
    },
    close: () => lines.close(),
  }
}

function pipedLines({ stdin, signal }: Pick<Io, 'stdin' | 'signal'>): LineSource {
  const lines = splitLines(stdin)
  let interrupt = () => {}
  const ended = new Promise<{ done: true; value: undefined }>((resolve) => {
    const end = () => {
      interrupt()
      resolve({ done: true, value: undefined })
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
  return {
    isTerminal: false,
    // A pipe may be silent for ever: Ctrl-C does not wait for its next line.
    next: async () => (await Promise.race([lines.next(), ended])).value ?? undefined,
    onInterrupt(stop) {
      interrupt = stop
    },
    close: () => {},
  }
}

async function* splitLines(stdin: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder()
  let held = ''
  for await (const chunk of stdin) {
    held += decoder.decode(chunk, { stream: true })
    for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) {
      yield held.slice(0, end).replace(/\r$/, '')
      held = held.slice(end + 1)
    }
    if (held.length > MAX_LINE_CHARACTERS) {
      yield held
      held = ''
    }
  }
  held += decoder.decode()
  if (held !== '') yield held
  return undefined
}
