// One file over HTTP: resumed where it broke (RFC 9110 ranges with If-Range), checked, and put in place whole or not at all.
// Node only.
import { messageOf } from '@maskwords/base'
import { makeFolders, takeLock } from '@maskwords/checkpoint'
import { CodecError } from '@maskwords/codecs'

export type DownloadProgress = { readonly doneBytes: number; readonly totalBytes: number | undefined }

export type DownloadOptions = {
  readonly url: string
  /** The file that is there afterwards; until then its bytes are in `<to>.part`, from which a later call goes on. */
  readonly to: string
  /** Hexadecimal; what the file must hash to. */
  readonly sha256?: string
  readonly byteLength?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Attempts in a row that bring no byte before giving up. Default 5. */
  readonly attempts?: number
  /** Pause after the first failure; doubles with each in a row, to at most 30 s. Default 1 s. */
  readonly backoffMs?: number
  /** A connection that is silent for so long counts as broken. Default 30 s. */
  readonly silenceMs?: number
  readonly onProgress?: (progress: DownloadProgress) => void
  readonly signal?: AbortSignal
}

export type Downloaded = { readonly byteLength: number; readonly sha256: string; readonly resumed: boolean }

export const LONGEST_PAUSE_MS = 30_000
/** Answers after which another attempt may go better. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504])

/** A failure of one attempt after which another makes sense. */
class Broken extends Error {
  readonly pauseMs: number
  constructor(message: string, pauseMs = 0, cause?: unknown) {
    super(message, { cause })
    this.pauseMs = pauseMs
  }
}

const failed = (url: string, what: string, hint: string, cause?: unknown): CodecError =>
  new CodecError('download-failed', `${url}: ${what}`, { hint, cause })

/**
 * Downloads a file. What cannot get better (a web page, a missing file, another length than promised) fails at once; broken and
 * silent connections and busy servers are tried again.
 * @throws CodecError `download-failed` (also while another run downloads the same file), `damaged` where the bytes do not have the promised SHA-256; the signal's reason.
 */
export async function downloadFile(options: DownloadOptions): Promise<Downloaded> {
  const { url, to } = options
  checkUrl(url, options.sha256)
  const { dirname } = await import('node:path')
  await makeFolders(dirname(to))
  const part = `${to}.part`
  // Two runs that write into one part would leave a file with holes, of the right length.
  const unlock = await takeLock(`${part}.lock`, (holder) =>
    failed(to, `is being downloaded by ${holder}`, 'wait for it or stop it, then run this again'),
  )
  try {
    return await fetchLocked(options, part)
  } finally {
    unlock()
  }
}

async function fetchLocked(options: DownloadOptions, part: string): Promise<Downloaded> {
  const { url, to, attempts = 5, backoffMs = 1000, signal } = options
  const { open, rename, rm, stat } = await import('node:fs/promises')
  let resumed = false
  let restarted = false
  for (let failures = 0; ; ) {
    signal?.throwIfAborted()
    const before = (await stat(part).catch(() => undefined))?.size ?? 0
    try {
      resumed = (await attempt(options, part, before)) || resumed
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof Broken)) throw error
      const after = (await stat(part).catch(() => undefined))?.size ?? 0
      failures = after > before ? 1 : failures + 1
      if (failures >= attempts) {
        throw failed(
          url,
          `gave up after ${attempts} attempts: ${error.message}`,
          'run it again: it goes on where it stopped',
          error,
        )
      }
      const pause = Math.min(LONGEST_PAUSE_MS, Math.max(error.pauseMs, backoffMs * 2 ** (failures - 1)))
      await pauseFor(pause, signal)
      continue
    }
    const sha256 = await sha256OfFile(part, signal)
    if (options.sha256 !== undefined && sha256 !== options.sha256.toLowerCase()) {
      await rm(part, { force: true })
      await rm(`${part}.json`, { force: true })
      // Parts of two versions may have been joined: once more from the beginning.
      if (resumed && !restarted) {
        restarted = true
        resumed = false
        continue
      }
      throw new CodecError(
        'damaged',
        `${url}: the file has SHA-256 ${sha256}, ${options.sha256} was promised`,
        {
          hint: 'the file at the server is another one, or something on the way changes it',
        },
      )
    }
    const handle = await open(part, 'r+')
    await handle.sync()
    const { size } = await handle.stat()
    await handle.close()
    await rename(part, to)
    await rm(`${part}.json`, { force: true })
    return { byteLength: size, sha256, resumed }
  }
}

function checkUrl(url: string, sha256: string | undefined): void {
  if (sha256 !== undefined && !/^[0-9a-fA-F]{64}$/.test(sha256))
    throw new CodecError('out-of-range', `a SHA-256 has 64 hexadecimal digits, got ${JSON.stringify(sha256)}`)
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const local = parsed !== undefined && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(parsed.hostname)
  if (parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && (local || sha256 !== undefined)))
    return
  throw failed(url, 'only https is followed, and http with a SHA-256', 'use the https address of the file')
}

/** One request and its body; true where it went on from earlier bytes. */
async function attempt(options: DownloadOptions, part: string, have: number): Promise<boolean> {
  const { url, sha256, silenceMs = 30_000, signal, onProgress } = options
  const { open, readFile, rm, writeFile } = await import('node:fs/promises')
  const note = `${part}.json`
  const kept = await readFile(note, 'utf8')
    .then((text) => JSON.parse(text) as { url?: unknown; etag?: unknown })
    .catch(() => undefined)
  const etag = kept?.url === url && typeof kept.etag === 'string' ? kept.etag : undefined
  // Without a strong tag only the hash at the end can tell whether old and new bytes belong together.
  const resume = have > 0 && (etag !== undefined || sha256 !== undefined)
  const silence = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const heard = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => silence.abort(new Broken(`no byte for ${silenceMs / 1000} s`)), silenceMs)
  }
  heard()
  try {
    const response = await fetch(url, {
      headers: {
        'accept-encoding': 'identity',
        ...options.headers,
        ...(resume ? { range: `bytes=${have}-`, ...(etag === undefined ? {} : { 'if-range': etag }) } : {}),
      },
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
    }).catch((cause: unknown) => {
      throw broken(cause, silence.signal)
    })
    // All bytes were there already; only the end of the last call was missing.
    if (response.status === 416 && resume && response.headers.get('content-range') === `bytes */${have}`)
      return true
    const from = checkAnswer(response, { ...options, have, resume })
    if (from === undefined) {
      await response.body?.cancel()
      await rm(part, { force: true })
      throw new Broken('the server has no such range; beginning again')
    }
    const length = Number(response.headers.get('content-length') ?? Number.NaN)
    const total =
      Number.isFinite(length) && !response.headers.get('content-encoding')
        ? from + length
        : options.byteLength
    if (total !== undefined && options.byteLength !== undefined && total !== options.byteLength) {
      await response.body?.cancel()
      throw failed(
        url,
        `the server has ${total} bytes, ${options.byteLength} were promised`,
        'the file has changed, or this is another one',
      )
    }
    const tag = response.headers.get('etag')
    await writeFile(
      note,
      JSON.stringify({ url, ...(tag === null || tag.startsWith('W/') ? {} : { etag: tag }) }),
    )
    const handle = await open(part, from > 0 ? 'r+' : 'w')
    let done = from
    try {
      const reader = response.body!.getReader()
      for (;;) {
        const { done: ended, value } = await reader.read().catch((cause: unknown) => {
          throw broken(cause, silence.signal)
        })
        if (ended) break
        heard()
        if (
          done === 0 &&
          /^\s*<(?:!doctype html|html)/i.test(new TextDecoder().decode(value.subarray(0, 64)))
        ) {
          await reader.cancel()
          throw webPage(url)
        }
        if (total !== undefined && done + value.length > total) {
          await reader.cancel()
          throw failed(
            url,
            `more than the ${total} bytes that were promised`,
            'the file has changed, or this is another one',
          )
        }
        await handle.write(value, 0, value.length, done).catch((cause: NodeJS.ErrnoException) => {
          throw failed(
            part,
            `cannot be written: ${cause.message}`,
            cause.code === 'ENOSPC'
              ? 'the disk is full: make room and run it again'
              : 'check the permissions of the folder',
            cause,
          )
        })
        done += value.length
        onProgress?.({ doneBytes: done, totalBytes: total })
      }
    } finally {
      await handle.close()
      if (done === 0) await rm(part, { force: true })
    }
    if (total !== undefined && done < total)
      throw new Broken(`the connection ended after ${done} of ${total} bytes`)
    return from > 0
  } finally {
    clearTimeout(timer)
  }
}

function broken(cause: unknown, silence: AbortSignal): Error {
  if (silence.aborted) return silence.reason as Error
  const inner = cause instanceof Error && cause.cause instanceof Error ? ` (${cause.cause.message})` : ''
  return new Broken(`${messageOf(cause)}${inner}`, 0, cause)
}

const webPage = (url: string): CodecError =>
  failed(
    url,
    'the server sent a web page instead of the file',
    'the address may be wrong, or the file wants a sign-in: set HF_TOKEN',
  )

/** Where the body begins; undefined where a range was asked for that the server cannot give. */
function checkAnswer(
  response: Response,
  { url, have, resume }: DownloadOptions & { have: number; resume: boolean },
): number | undefined {
  const { status, headers } = response
  if (PASSING.has(status)) {
    const after = Number(headers.get('retry-after'))
    throw new Broken(`the server answered ${status}`, Number.isFinite(after) ? after * 1000 : 0)
  }
  if (status === 416 && resume) return undefined
  if (status === 401 || status === 403) {
    throw failed(
      url,
      `the server answered ${status}`,
      'accept the conditions on its page, and set HF_TOKEN to a token that may read it',
    )
  }
  if (status === 404 || status === 410)
    throw failed(url, 'there is no such file', 'check the name and the revision')
  if (status !== 200 && status !== 206)
    throw failed(url, `the server answered ${status}`, 'open the address in a browser')
  if (/^text\/html\b/i.test(headers.get('content-type') ?? '')) throw webPage(url)
  if (status === 200) return 0
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
  return range !== null && Number(range[1]) === have ? have : undefined
}

export async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
  signal?.throwIfAborted()
}

/** SHA-256 of a file, in pieces. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const { createHash } = await import('node:crypto')
  const { createReadStream } = await import('node:fs')
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted()
    hash.update(piece as Uint8Array)
  }
  return hash.digest('hex')
}
