// What a command sees of the outside: streams, environment, folder and the signal to stop. Tests hand in their own.
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MaskwordsError, throwIfAborted } from './error.ts'

/** A stream to write to; `write` resolves when the bytes are handed over, and rejects with ClosedPipe after EPIPE. */
export type Output = {
  readonly isTTY: boolean
  readonly columns: number
  write(chunk: string | Uint8Array): Promise<void>
}

export type Io = {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly signal: AbortSignal
}

/** The reader at the other end of a pipe is gone (`maskwords ... | head`): nothing is wrong, there is just no more to say. */
export class ClosedPipe extends Error {
  constructor() {
    super('the reader of the pipe has closed it')
    this.name = 'ClosedPipe'
  }
}

function processOutput(stream: NodeJS.WriteStream, name: string): Output {
  let closed = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Any other trouble (a full disk behind a redirection) reaches the caller through the write itself.
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') closed = true
  })
  return {
    get isTTY() {
      return stream.isTTY === true
    },
    get columns() {
      return stream.columns ?? 80
    },
    write: (chunk) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new ClosedPipe())
        stream.write(chunk, (error) => {
          const code = (error as NodeJS.ErrnoException | null | undefined)?.code
          if (!error) resolve()
          else if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') reject(new ClosedPipe())
          else {
            const said = code === 'ENOSPC' ? 'no space is left' : error.message
            reject(new MaskwordsError('write-failed', `cannot write to ${name}: ${said}`, { cause: error }))
          }
        })
      }),
  }
}

/** The streams, environment and folder of this process. */
export function processIo(signal: AbortSignal): Io {
  return {
    stdin: process.stdin,
    stdout: processOutput(process.stdout, 'stdout'),
    stderr: processOutput(process.stderr, 'stderr'),
    env: process.env,
    cwd: process.cwd(),
    signal,
  }
}

/**
 * A path as the user wrote it, made absolute from the command's folder; an address of a file (file:///home/me/a.png, as file managers
 * and browsers give it) is its path.
 */
export function resolvePath(io: Pick<Io, 'cwd'>, path: string): string {
  const plain = pathOfAddress(path)
  if (plain.includes('\0')) {
    throw new MaskwordsError(
      'usage',
      `${JSON.stringify(path.slice(0, 80))} can be no path: it has a byte of zero`,
    )
  }
  return isAbsolute(plain) ? plain : join(io.cwd, plain)
}

/** The path of a file:// address, any other text as it is. Throws MaskwordsError `usage` for a file of another machine. */
export function pathOfAddress(text: string): string {
  if (!/^file:\/\//i.test(text)) return text
  try {
    return fileURLToPath(text)
  } catch (cause) {
    throw new MaskwordsError('usage', `"${text}" is the address of no file here`, {
      hint: 'file:///folder/name with three slashes, or the path itself',
      cause,
    })
  }
}

/** Everything on stdin, as bytes. Refuses more than `maxBytes`. */
export async function readStdin(io: Pick<Io, 'stdin' | 'signal'>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let total = 0
  const iterator = io.stdin[Symbol.asyncIterator]()
  // Stdin may be silent for ever: an abort must not wait for its next chunk.
  let interrupt = () => {}
  const aborted = new Promise<never>((_, reject) => {
    interrupt = () => reject(new MaskwordsError('interrupted', 'interrupted'))
  })
  aborted.catch(() => {})
  io.signal.addEventListener('abort', interrupt)
  try {
    throwIfAborted(io.signal)
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), aborted])
      if (done) break
      total += value.byteLength
      if (total > maxBytes) {
        throw new MaskwordsError('too-large', `more than ${maxBytes} bytes on stdin`, { file: 'stdin' })
      }
      chunks.push(value)
    }
  } finally {
    io.signal.removeEventListener('abort', interrupt)
  }
  const bytes = new Uint8Array(total)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}
