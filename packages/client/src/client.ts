// A client of `maskwords serve`, for browsers and everything else that has fetch. It imports types only, so that nothing of the
// server comes along; the types are those of the schemas that the server checks with (server/api-schema.ts, reward-schema.ts).

import { messageOf, sseReader } from '@maskwords/base'
import { ServiceError } from './error.ts'
import type {
  CodecList,
  DecodeAnswer,
  DecodeRequest,
  EncodeAnswer,
  EncodeRequest,
  ParseAnswer,
  ParseRequest,
  PictureAnswer,
  PictureInfoAnswer,
  RenderRequest,
  VocabularyListing,
} from './schema/api-schema.ts'
import type { ChatAnswer, ChatChunk, ChatRequest, ModelList } from './schema/chat-schema.ts'
import type { RewardAnswer, RewardListing, RewardsRequest } from './schema/reward-schema.ts'

/** Requests may be made of readonly values. */
type Given<T> = T extends object ? { readonly [K in keyof T]: Given<T[K]> } : T

/** Where the service is, and how it is reached. */
export type ClientOptions = {
  /** As in `http://127.0.0.1:7333`; default: where the page came from. */
  readonly url?: string
  readonly token?: string
  /** Instead of the global fetch. */
  readonly fetch?: typeof fetch
}

/** What every call of a client takes: a signal, and how often to try again. */
export type CallOptions = {
  readonly signal?: AbortSignal
  /** How many times to try again after 429 and 503, as long after as the server says. Default 0. */
  readonly retries?: number
}

/** How a picture is handed over: for which codecs, turned by its EXIF data or not. */
export type UploadOptions = CallOptions & {
  /** Codecs to encode the picture for now; others encode it when they are first asked. */
  readonly codecs?: readonly string[]
  /** `ignore` leaves the pixels as they are stored. Default `apply`. */
  readonly exif?: 'apply' | 'ignore'
}

/** The service as an object: each method is one request. */
export type Client = {
  codecs(options?: CallOptions): Promise<CodecList>
  vocabulary(codec: string, options?: CallOptions): Promise<VocabularyListing>
  /** Hands over a PNG, JPEG or WebP. */
  uploadPicture(picture: Blob | Uint8Array | ArrayBuffer, options?: UploadOptions): Promise<PictureAnswer>
  /** What is kept of a picture. Rejects with `unknown-picture` where nothing is. */
  pictureInfo(picture: string, options?: CallOptions): Promise<PictureInfoAnswer>
  encodeMasks(request: Given<EncodeRequest>, options?: CallOptions): Promise<EncodeAnswer>
  decodeWords(request: Given<DecodeRequest>, options?: CallOptions): Promise<DecodeAnswer>
  parseText(request: Given<ParseRequest>, options?: CallOptions): Promise<ParseAnswer>
  /** A PNG or WebP. */
  render(request: Given<RenderRequest>, options?: CallOptions): Promise<Blob>
  /** What model answers questions; `data` is empty where none does. */
  models(options?: CallOptions): Promise<ModelList>
  /** Asks the model. Answers take long: give a signal. */
  chat(request: Given<ChatRequest>, options?: CallOptions): Promise<ChatAnswer>
  /** Asks the model and gives its answer event by event. Leaving the loop stops the model. */
  chatStream(request: Given<ChatRequest>, options?: CallOptions): AsyncGenerator<ChatChunk, void, undefined>
  rewards(request: Given<RewardsRequest>, options?: CallOptions): Promise<RewardAnswer>
  rewardListing(options?: CallOptions): Promise<RewardListing>
  /** True where the server is there and ready. Never rejects but for an abort. */
  isReady(options?: CallOptions): Promise<boolean>
}

/** A client; nothing is asked yet. Every call rejects with ServiceError, or with the signal's reason. */
export function createClient(options: ClientOptions = {}): Client {
  const { url = '', token } = options
  const base = url.replace(/\/+$/, '')
  const ask = options.fetch ?? ((input, init) => fetch(input, init))
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }

  const send = async (path: string, init: RequestInit, call: CallOptions): Promise<Response> => {
    const { signal, retries = 0 } = call
    for (let attempt = 0; ; attempt++) {
      const answer = await once(path, init, signal)
      // Not `instanceof Response`: servers in the same process may have put another class in its place.
      if (!(answer instanceof ServiceError)) return answer
      const again = answer.status === 429 || answer.status === 503
      if (!again || attempt >= retries) throw answer
      await pause((answer.retryAfterS ?? 1) * 1000, signal)
    }
  }
  const once = async (
    path: string,
    init: RequestInit,
    signal: AbortSignal | undefined,
  ): Promise<Response | ServiceError> => {
    signal?.throwIfAborted()
    let response: Response
    try {
      response = await ask(`${base}${path}`, {
        ...init,
        headers: { ...authorization, ...init.headers },
        ...(signal !== undefined && { signal }),
      })
    } catch (cause) {
      signal?.throwIfAborted()
      return new ServiceError('network', `no answer from ${base || 'the server'}: ${messageOf(cause)}`, {
        hint: 'is it running? maskwords serve',
        cause,
      })
    }
    return response.ok ? response : await errorOf(response)
  }
  const body = async <T>(response: Response, read: (response: Response) => Promise<T>): Promise<T> => {
    try {
      return await read(response)
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
      throw new ServiceError('bad-answer', `the answer broke off or is no JSON: ${messageOf(cause)}`, {
        status: response.status,
        requestId: response.headers.get('x-request-id') ?? undefined,
        cause,
      })
    }
  }
  const get = async <T>(path: string, call: CallOptions = {}): Promise<T> =>
    await body(await send(path, {}, call), (response) => response.json() as Promise<T>)
  const postJson = (path: string, request: unknown, call: CallOptions = {}): Promise<Response> =>
    send(
      path,
      { method: 'POST', body: JSON.stringify(request), headers: { 'content-type': 'application/json' } },
      call,
    )
  const post = async <T>(path: string, request: unknown, call?: CallOptions): Promise<T> =>
    await body(await postJson(path, request, call), (response) => response.json() as Promise<T>)

  return {
    codecs: (call) => get('/v1/codecs', call),
    vocabulary: (codec, call) => get(`/v1/codecs/${encodeURIComponent(codec)}/vocabulary`, call),
    async uploadPicture(picture, { codecs = [], exif, ...call } = {}) {
      const query = new URLSearchParams(codecs.map((codec) => ['codec', codec]))
      if (exif !== undefined) query.set('exif', exif)
      const init: RequestInit = {
        method: 'POST',
        body: picture as BodyInit,
        headers: { 'content-type': pictureType(picture) },
      }
      const text = query.toString()
      const response = await send(`/v1/pictures${text === '' ? '' : `?${text}`}`, init, call)
      return await body(response, (answer) => answer.json() as Promise<PictureAnswer>)
    },
    pictureInfo: (picture, call) => get(`/v1/pictures/${encodeURIComponent(picture)}`, call),
    encodeMasks: (request, call) => post('/v1/masks/encode', request, call),
    decodeWords: (request, call) => post('/v1/masks/decode', request, call),
    parseText: (request, call) => post('/v1/text/parse', request, call),
    render: async (request, call) =>
      await body(await postJson('/v1/render', request, call), (response) => response.blob()),
    models: (call) => get('/v1/models', call),
    chat: (request, call) => post('/v1/chat/completions', { ...request, stream: false }, call),
    async *chatStream(request, call) {
      const response = await postJson('/v1/chat/completions', { ...request, stream: true }, call)
      for await (const data of eventsOf(response, body)) {
        if (data === '[DONE]') return
        const value = await body(response, async () => JSON.parse(data) as ChatChunk | { error: ErrorBody })
        if ('error' in value) throw brokenOff(value.error, response)
        yield value
      }
      throw new ServiceError('bad-answer', 'the answer broke off', {
        status: response.status,
        requestId: response.headers.get('x-request-id') ?? undefined,
      })
    },
    rewards: (request, call) => post('/v1/rewards', request, call),
    rewardListing: (call) => get('/v1/rewards', call),
    async isReady(call = {}) {
      const answer = await once('/readyz', {}, call.signal)
      return !(answer instanceof ServiceError)
    },
  }
}

/** One event may hold a mask as a list of runs. */
const MAX_EVENT_CHARS = 2 ** 26

/** The data of the events of a streamed answer. */
async function* eventsOf(
  response: Response,
  body: <T>(response: Response, read: (response: Response) => Promise<T>) => Promise<T>,
): AsyncGenerator<string, void, undefined> {
  const reader = response.body!.getReader()
  const events = sseReader(MAX_EVENT_CHARS)
  try {
    for (;;) {
      const { done, value } = await body(response, () => reader.read())
      yield* done ? events.end() : events.push(value)
      if (done) return
    }
  } finally {
    // Whoever leaves early wants nothing more of it.
    void reader.cancel().catch(() => {})
  }
}

type ErrorBody = {
  readonly code?: unknown
  readonly message?: unknown
  readonly hint?: string
  readonly at?: string | number
}

/** What went wrong in the middle of an answer. */
const brokenOff = ({ code, message, hint, at }: ErrorBody, response: Response): ServiceError =>
  new ServiceError(String(code ?? 'internal'), String(message ?? 'the answer broke off'), {
    status: response.status,
    hint,
    at,
    requestId: response.headers.get('x-request-id') ?? undefined,
  })

/** The server tells the format from the bytes; the type must only be one that it takes. */
function pictureType(picture: Blob | Uint8Array | ArrayBuffer): string {
  const stated = picture instanceof Blob ? picture.type : ''
  return /^image\/(?:png|jpeg|webp)$/.test(stated) ? stated : 'application/octet-stream'
}

/** The error that an answer other than 2xx says, whoever wrote it. */
async function errorOf(response: Response): Promise<ServiceError> {
  const { status } = response
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const common = { status, ...(Number.isFinite(seconds) && { retryAfterS: seconds }) }
  const requestId = response.headers.get('x-request-id') ?? undefined
  const value: unknown = await response.json().catch(() => undefined)
  const error = (value as { error?: Partial<ServiceError> } | undefined)?.error
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') {
    return new ServiceError(
      'bad-answer',
      `status ${status} without a reason: not an answer of maskwords serve`,
      {
        ...common,
        requestId,
      },
    )
  }
  return new ServiceError(error.code, error.message, { ...common, requestId, hint: error.hint, at: error.at })
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }, ms)
    signal?.addEventListener('abort', leave, { once: true })
  })
}
