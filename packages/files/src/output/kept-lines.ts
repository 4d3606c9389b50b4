// JSON Lines that a long run keeps one by one: whatever moment it is killed at, the next run finds every whole line and goes on behind
// the last one.
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { takeLock } from '@maskwords/checkpoint'
import { MaskwordsError, throwIfAborted } from '../error.ts'
import { writeError } from './files.ts'

/** Lines are with the system at once, and on the disk after this time at the latest: a kill loses none, a power cut few. */
const SYNC_MS = 1000
const NEW_LINE = 10
const TAIL_BYTES = 64 * 1024

export type KeptLines = {
  /** Adds a line; resolves when the system has it. After a failure (a full disk) nothing more is written. */
  append(value: unknown): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the file at `path`, which is made where it is missing; `onLine` is told each value that is there. A last line without an
 * end, as a kill leaves it, is taken away.
 * @throws MaskwordsError `malformed` for a line that is no JSON, `write-failed`; what `onLine` throws.
 */
export async function openKeptLines(
  path: string,
  onLine: (value: unknown, line: number) => void,
  options: { readonly name?: string; readonly signal?: AbortSignal } = {},
): Promise<KeptLines> {
  const { name = path, signal } = options
  const handle = await opened(path)
  try {
    await cutTail(handle)
    await readLines(path, name, onLine, signal)
  } catch (error) {
    await handle.close()
    throw error
  }
  let last: Promise<void> = Promise.resolve()
  let syncedAt = performance.now()
  const write = async (text: string): Promise<void> => {
    try {
      await handle.appendFile(text)
      if (performance.now() - syncedAt < SYNC_MS) return
      await handle.datasync()
      syncedAt = performance.now()
    } catch (error) {
      throw writeError(path, error)
    }
  }
  return {
    append(value) {
      // One after the other: halves of two lines must not meet.
      last = last.then(() => write(`${JSON.stringify(value)}\n`))
      last.catch(() => {})
      return last
    },
    async close() {
      await last.catch(() => {})
      await handle.datasync().catch(() => {})
      await handle.close()
    },
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a+')
  } catch (error) {
    throw writeError(path, error)
  }
}

/** Takes away what stands behind the last line's end. */
async function cutTail(handle: FileHandle): Promise<void> {
  const { size } = await handle.stat()
  const bytes = new Uint8Array(TAIL_BYTES)
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - TAIL_BYTES)
    const { bytesRead } = await handle.read(bytes, 0, end - start, start)
    const at = bytes.lastIndexOf(NEW_LINE, bytesRead - 1)
    if (at >= 0) {
      if (start + at + 1 < size) await handle.truncate(start + at + 1)
      return
    }
    end = start
  }
  if (size > 0) await handle.truncate(0)
}

async function readLines(
  path: string,
  name: string,
  onLine: (value: unknown, line: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const input = createReadStream(path, { encoding: 'utf8' })
  let line = 0
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++
      if (signal) throwIfAborted(signal)
      if (text.trim() === '') continue
      let value: unknown
      try {
        value = JSON.parse(text)
      } catch (cause) {
        throw new MaskwordsError('malformed', 'this line is no JSON', {
          file: name,
          at: `line ${line}`,
          hint: 'take the line out, or keep the answers elsewhere',
          cause,
        })
      }
      onLine(value, line)
    }
  } finally {
    input.destroy()
  }
}

/**
 * Keeps other runs from a file of kept lines; the function returned lets them again.
 *
 * @param what the lines are, for messages: answers, verdicts
 * @throws MaskwordsError `write-failed` where another run has it, or the folder is not there.
 */
export async function lockKeptFile(path: string, name: string, what: string): Promise<() => void> {
  const busy = (holder: string) =>
    new MaskwordsError('write-failed', `${holder} is writing ${what} to it`, {
      file: name,
      hint: `wait for it or stop it; if there is no such run, remove ${name}.lock`,
    })
  try {
    return await takeLock(`${path}.lock`, busy)
  } catch (error) {
    if (error instanceof MaskwordsError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'the folder does not exist' : message
    throw new MaskwordsError('write-failed', `${what} cannot be kept there: ${why}`, {
      file: name,
      cause: error,
    })
  }
}
