// One small client for all servers, over fetch: JSON and streams of JSON, asked again where a server is busy, never waiting for ever.
import { sseReader } from '@maskwords/base'
import { MllmError } from '../error.ts'

export type Timeouts = {
  /** Longest wait for the answer to a short question (which models there are, ...). Default 15 s. */
  readonly shortMs: number
  /** Longest wait for the first word of an answer: the picture is read meanwhile. Default 300 s. */
  readonly firstByteMs: number
  /** Longest silence in the middle of an answer. Default 60 s. */
  readonly silenceMs: number
}

export const TIMEOUTS: Timeouts = { shortMs: 15_000, firstByteMs: 300_000, silenceMs: 60_000 }

export type HttpOptions = {
  /** Sent as a bearer token; never part of a message. */
  readonly apiKey?: string | undefined
  /** The environment variable that people put the key into, for messages. Default MASKWORDS_API_KEY. */
  readonly keyName?: string
  readonly timeouts?: Partial<Timeouts>
  /** How often a request is sent again after 429, 503 and cut connections. Default 4. */
  readonly retries?: number
  readonly fetch?: typeof fetch
  /** Waits between tries; tests count instead. */
  readonly pause?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

/** An error with what the server said of it. */
export class ServerError extends MllmError {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number
  constructor(message: string, more: { status?: number; hint?: string; cause?: unknown } = {}) {
    super('server', message, {
      ...(more.hint !== undefined && { hint: more.hint }),
      ...(more.cause !== undefined && { cause: more.cause }),
    })
    this.status = more.status ?? 0
  }
}

export type Http = {
  /** JSON of a GET, or of a POST where there is a body. */
  json(
    url: string,
    options?: { body?: unknown; signal?: AbortSignal | undefined; maxBytes?: number; retries?: number },
  ): Promise<unknown>
  /** The events of a streamed answer as JSON; one value alone where the server does not stream. */
  stream(url: string, body: unknown, signal: AbortSignal | undefined): AsyncGenerator<unknown>
}

/** Short answers: the longest is a tokenizer's table of 260,000 words. */
const MAX_JSON_BYTES = 2 ** 26
/** One event of a stream: a token with its alternatives takes some kB. */
const MAX_EVENT_CHARS = 2 ** 22
/** A whole streamed answer: 32,768 tokens with 20 alternatives each. */
const MAX_STREAM_BYTES = 2 ** 28
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** A server that wants to be left alone longer than this is given up on. */
const LONGEST_RETRY_AFTER_MS = 120_000

export function httpClient(options: HttpOptions = {}): Http {
  const { apiKey, keyName = 'MASKWORDS_API_KEY', retries = 4, pause = pauseFor } = options
  const ask = options.fetch ?? ((input, init) => fetch(input, init))
  const timeouts = { ...TIMEOUTS, ...options.timeouts }
  /** What a server says, shortened, on one line, and without the key, should it send it back. */
  const clean = (text: string): string => {
    const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
    return (apiKey ? line.replaceAll(apiKey, '***') : line).slice(0, 300)
  }

  const once = async (url: string, body: unknown, watch: Watch): Promise<Response> => {
    let response: Response
    try {
      response = await ask(url, {
        method: body === undefined ? 'GET' : 'POST',
        // Followed, it would hand the key to whoever the server names.
        redirect: 'manual',
        signal: watch.signal,
        headers: {
          accept: 'application/json, text/event-stream',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    } catch (error) {
      throw watch.explain(error) ?? unreachable(url, error)
    }
    if (response.ok) return response
    if (response.status >= 300 && response.status < 400) {
      void response.body?.cancel()
      throw new ServerError(
        `${url} is elsewhere: the server answers ${response.status} and names ${clean(response.headers.get('location') ?? 'no place')}`,
        {
          status: response.status,
          hint: 'give that address itself; it is not followed, as the key would go along',
        },
      )
    }
    const text = await readText(response, 2 ** 16, watch).catch(() => '')
    throw refusal(url, response, clean(saidOf(text)), { keyName, hasKey: apiKey !== undefined })
  }

  const patiently = async (
    url: string,
    body: unknown,
    watch: () => Watch,
    signal: AbortSignal | undefined,
    tries = retries,
  ): Promise<{ response: Response; watch: Watch }> => {
    for (let attempt = 0; ; attempt++) {
      const watching = watch()
      try {
        return { response: await once(url, body, watching), watch: watching }
      } catch (error) {
        watching.stop()
        signal?.throwIfAborted()
        const again = error instanceof ServerError && (error.status === 429 || error.status === 503)
        const cut = error instanceof ServerError && error.status === 0 && isCut(error.cause)
        if (attempt >= tries || !(again || cut)) throw error
        const asked = retryAfterMs(error)
        if (asked !== undefined && asked > LONGEST_RETRY_AFTER_MS) throw error
        // Spread, so that many callers do not come back together.
        const backoff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.75 + Math.random() / 2)
        await pause(asked ?? backoff, signal)
      }
    }
  }

  return {
    async json(url, { body, signal, maxBytes = MAX_JSON_BYTES, retries: tries } = {}) {
      const { response, watch } = await patiently(
        url,
        body,
        () => watchFor(url, signal, timeouts.shortMs, timeouts.shortMs),
        signal,
        tries,
      )
      try {
        const text = await readText(response, maxBytes, watch)
        return parsed(url, response, text, clean)
      } finally {
        watch.stop()
      }
    },
    async *stream(url, body, signal) {
      const { response, watch } = await patiently(
        url,
        body,
        () => watchFor(url, signal, timeouts.firstByteMs, timeouts.silenceMs),
        signal,
      )
      try {
        const type = (response.headers.get('content-type') ?? '').toLowerCase()
        if (!type.includes('text/event-stream')) {
          const text = await readText(response, MAX_JSON_BYTES, watch)
          // Some proxies lose the type of a stream.
          if (!/^\s*(?:data|event|id|:)/.test(text)) {
            yield parsed(url, response, text, clean)
            return
          }
          const reader = sseReader(MAX_EVENT_CHARS)
          const bytes = new TextEncoder().encode(text)
          for (const data of [...reader.push(bytes), ...reader.end()]) {
            if (data === '[DONE]') return
            yield parsed(url, response, data, clean)
          }
          return
        }
        const reader = sseReader(MAX_EVENT_CHARS)
        for await (const chunk of chunksOf(response, MAX_STREAM_BYTES, watch)) {
          for (const data of reader.push(chunk)) {
            if (data === '[DONE]') return
            yield parsed(url, response, data, clean)
          }
        }
        for (const data of reader.end()) {
          if (data === '[DONE]') return
          yield parsed(url, response, data, clean)
        }
      } catch (error) {
        if (error instanceof RangeError)
          throw new ServerError(`${url} sends ${error.message}`, { cause: error })
        throw error
      } finally {
        watch.stop()
        void response.body?.cancel().catch(() => {})
      }
    },
  }
}

type Watch = {
  readonly signal: AbortSignal
  /** A byte has come. */
  heard(): void
  /** The error of this watch, where it was the one that ended the request; the caller's own reason is thrown. */
  explain(error: unknown): ServerError | undefined
  stop(): void
}

function watchFor(url: string, signal: AbortSignal | undefined, firstMs: number, silenceMs: number): Watch {
  const { controller, release } = followSignals(signal)
  let late: ServerError | undefined
  const give = (ms: number, what: string) =>
    setTimeout(() => {
      late = new ServerError(`${url} ${what} for ${ms / 1000} s`, {
        hint: 'look at the log of the server; a question with a large picture may need a longer time-out',
      })
      controller.abort(late)
    }, ms)
  let timer = give(firstMs, 'did not answer')
  return {
    signal: controller.signal,
    heard() {
      clearTimeout(timer)
      timer = give(silenceMs, 'fell silent in the middle of its answer')
    },
    explain(error) {
      if (late !== undefined) return late
      signal?.throwIfAborted()
      return error instanceof ServerError ? error : undefined
    },
    stop() {
      clearTimeout(timer)
      release()
    },
  }
}

/**
 * A controller that aborts with any of the signals, until it is released. `AbortSignal.any` leaves something behind on a signal that lives
 * as long as a run with a hundred thousand questions.
 */
export function followSignals(...signals: (AbortSignal | undefined)[]): {
  readonly controller: AbortController
  readonly release: () => void
} {
  const controller = new AbortController()
  const followed = signals.map((signal) => {
    const abort = () => controller.abort(signal?.reason)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
    return () => signal?.removeEventListener('abort', abort)
  })
  return {
    controller,
    release: () => {
      for (const leave of followed) leave()
    },
  }
}

async function* chunksOf(response: Response, maxBytes: number, watch: Watch): AsyncGenerator<Uint8Array> {
  let total = 0
  const reader = response.body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      watch.heard()
      total += value.byteLength
      if (total > maxBytes) {
        throw new ServerError(`${response.url || 'the server'} sends more than ${maxBytes} bytes`, {
          hint: 'is this the address of a model server?',
        })
      }
      yield value
    }
  } catch (error) {
    throw (
      watch.explain(error) ??
      new ServerError(`the connection to ${response.url || 'the server'} broke: ${causeOf(error)}`, {
        hint: 'the log of the server may say why it ended',
        cause: error,
      })
    )
  } finally {
    void reader.cancel().catch(() => {})
  }
}

async function readText(response: Response, maxBytes: number, watch: Watch): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunksOf(response, maxBytes, watch))
    text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}

function parsed(url: string, response: Response, text: string, clean: (text: string) => string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const type = response.headers.get('content-type') ?? 'no type'
    const page = /^\s*<(?:!doctype|html)/i.test(text)
    throw new ServerError(
      page
        ? `${url} answers with a web page`
        : `${url} answers what is no JSON (${clean(type)}): ${JSON.stringify(clean(text).slice(0, 80))}`,
      {
        status: response.status,
        hint: 'give the address of the OpenAI-compatible interface, which mostly ends in /v1',
        cause,
      },
    )
  }
}

/** What an error body says: OpenAI's, FastAPI's, Ollama's or llama.cpp's form, or the beginning of whatever it is. */
export function saidOf(text: string): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return /^\s*<(?:!doctype|html)/i.test(text) ? 'a web page' : text.slice(0, 300)
  }
  return saidIn(value) ?? text.slice(0, 300)
}

/** The reason in a JSON value that is an error; undefined where it is none. */
export function saidIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { error, message, detail, object } = value as Record<string, unknown>
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null) {
    const inner = (error as Record<string, unknown>)['message']
    return typeof inner === 'string' ? inner : JSON.stringify(error).slice(0, 300)
  }
  if (typeof detail === 'string') return detail
  if (Array.isArray(detail)) return JSON.stringify(detail).slice(0, 300)
  if (typeof message === 'string' && (object === 'error' || !('choices' in value))) return message
  return undefined
}

const RETRY_AFTER = new WeakMap<ServerError, number>()
const retryAfterMs = (error: unknown): number | undefined =>
  error instanceof ServerError ? RETRY_AFTER.get(error) : undefined

type KeyFacts = { readonly keyName: string; readonly hasKey: boolean }

function refusal(url: string, response: Response, said: string, { keyName, hasKey }: KeyFacts): ServerError {
  const { status } = response
  const hints: Record<number, string> = {
    401: hasKey
      ? `the key in ${keyName} is not the one of this server`
      : `the server wants a key: put it into the environment variable ${keyName}`,
    403: 'this key may not use the model',
    404: 'give the address of the OpenAI-compatible interface (mostly .../v1), and the name that the server has for the model',
    413: 'the question is larger than the server takes: use a smaller picture',
    429: 'the server has too many questions: try again later',
    503: 'the server is not ready, or has too many questions: try again later',
  }
  const hint = hints[status]
  const error = new ServerError(`${url} answers ${status}${said === '' ? '' : `: ${said}`}`, {
    status,
    ...(hint !== undefined && { hint }),
  })
  const after = response.headers.get('retry-after')
  if (after !== null) {
    const seconds = Number(after)
    const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(after) - Date.now()
    if (Number.isFinite(ms)) RETRY_AFTER.set(error, Math.max(0, ms))
  }
  return error
}

function causeOf(error: unknown): string {
  const inner = (error as { cause?: { code?: string; message?: string } } | undefined)?.cause
  return inner?.code ?? inner?.message ?? (error instanceof Error ? error.message : String(error))
}

const isCut = (error: unknown): boolean =>
  /ECONNRESET|EPIPE|UND_ERR_SOCKET|other side closed/.test(causeOf(error))

function unreachable(url: string, error: unknown): ServerError {
  const why = causeOf(error)
  const { host } = new URL(url)
  const known: Record<string, string> = {
    ECONNREFUSED: `nothing listens at ${host}`,
    ENOTFOUND: `there is no machine called ${host}`,
    EAI_AGAIN: `the name ${host} cannot be looked up`,
    UND_ERR_CONNECT_TIMEOUT: `${host} does not take the connection`,
    ETIMEDOUT: `${host} does not take the connection`,
    UND_ERR_HEADERS_TIMEOUT: `${host} took the question and did not answer`,
  }
  return new ServerError(known[why] ?? `${host} cannot be asked: ${why}`, {
    hint: 'is the server running, and is this its address and port?',
    cause: error,
  })
}

function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const leave = () => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }, ms)
    signal?.addEventListener('abort', leave, { once: true })
  })
}
