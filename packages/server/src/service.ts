// The frame of every HTTP service of this house: request ids, metrics, tokens, limits, one form of error, probes.
// A room of its own (rewards, codecs, the studio's files) adds its routes to it.

import { VERSION } from '@maskwords/files'
import { Hono } from 'hono'
import { type Admission, admission } from './admission.ts'
import { bearerAuth } from './auth.ts'
import { watchCaller } from './caller.ts'
import { faultOf, HttpFault } from './fault.ts'
import { readBody, readJson } from './json-body.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { type ApiOperation, openApi } from './openapi.ts'
import { allowOrigin, refuseOtherHosts, safeHeaders } from './origin.ts'
import type { ServiceContext, ServiceEnv } from './request-env.ts'
import { requestIds } from './request-id.ts'

export type ServiceOptions = {
  readonly title: string
  /** Requests must carry it as a bearer token. Default none. */
  readonly token?: string
  /** Largest body. Default 16 MiB: 512 answers of 32 kB. */
  readonly maxBodyBytes?: number
  /** Bodies of all requests at a time. Default 256 MiB. */
  readonly maxHeldBytes?: number
  /** Longest that a request may take, its body included. Default 30 s. */
  readonly timeoutMs?: number
  /** Requests held at a time; more are answered 503. Default 512. */
  readonly maxHeld?: number
  /** Requests worked on at a time. Default 4, for work of this thread. */
  readonly maxWorking?: number
  /** Seconds after which a caller that was refused for want of room may try again. Default 1. */
  readonly retryAfterS?: () => number
  /** The one web origin whose pages may call; `*` for all. Default none. */
  readonly cors?: string
  /** Answers only requests that were sent to localhost or a loopback address, whatever name they found it by. Default false. */
  readonly loopbackNamesOnly?: boolean
  /** False while the service cannot answer; /readyz says so. */
  readonly isReady?: () => boolean
  /** Hears of faults that are ours (status 500). */
  readonly onInternal?: (error: unknown, requestId: string) => void
  /** Hears of every request once it is answered. */
  readonly onRequest?: (request: RequestRecord) => void
}

export type RequestRecord = {
  readonly requestId: string
  readonly method: string
  /** As it came, without its query. */
  readonly path: string
  readonly status: number
  readonly ms: number
}

export type LongReply = { respond(response: Response): void; taken(): void }

export type Service = {
  readonly app: Hono<ServiceEnv>
  readonly metrics: Metrics
  readonly admission: Admission
  /**
   * Adds a POST route that takes and gives JSON: the body is read within the limits, `work` runs when it is its turn, and
   * the operation appears in /openapi.json.
   */
  post(
    path: string,
    operation: ApiOperation,
    work: (body: unknown, signal: AbortSignal) => Promise<unknown>,
  ): void
  /** Adds a POST route that takes bytes of one of `types`; otherwise as `post`. */
  postBytes(
    path: string,
    operation: ApiOperation,
    types: readonly string[],
    work: (body: Uint8Array, c: ServiceContext, signal: AbortSignal) => Promise<Response>,
  ): void
  /**
   * Adds a POST route that takes JSON and may answer for long. `work` hands its response to `respond`, and may go on with what
   * the response streams; `taken` says that it needs the body no more. Its requests stand in the line `room`, so that they
   * keep no short one waiting.
   */
  postLong(
    path: string,
    operation: ApiOperation,
    room: Admission,
    work: (body: Uint8Array, signal: AbortSignal, reply: LongReply) => Promise<void>,
  ): void
  /** `path` may have parameters, as in `/v1/codecs/{name}`. */
  get(path: string, operation: ApiOperation, work: (c: ServiceContext) => unknown): void
  /** Answers what no route does, before it is a 404: pages that need no token. */
  pages(find: (c: ServiceContext) => Promise<Response | undefined>): void
  /** From now on /readyz says 503 and connections close after their answer. */
  drain(): void
  /** Aborts whatever is held, in every line. */
  stop(): void
}

const OPEN_PATHS = ['/healthz', '/readyz', '/openapi.json']
const MAX_HELD = 512
const MAX_WORKING = 4
const MAX_HELD_BYTES = 2 ** 28
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createService(options: ServiceOptions): Service {
  const { title, token, maxBodyBytes = 2 ** 24, timeoutMs = 30_000, onInternal, onRequest } = options
  const { maxHeldBytes = MAX_HELD_BYTES, isReady = () => true } = options
  const app = new Hono<ServiceEnv>()
  const metrics = createMetrics()
  const room = admission({
    maxHeld: options.maxHeld ?? MAX_HELD,
    maxWorking: options.maxWorking ?? MAX_WORKING,
    timeoutMs,
    ...(options.retryAfterS !== undefined && { retryAfterS: options.retryAfterS }),
  })
  const operations = new Map<string, Record<string, ApiOperation>>()
  const lines = new Set<Admission>()
  const pages: ((c: ServiceContext) => Promise<Response | undefined>)[] = []
  const startedS = Date.now() / 1000
  let draining = false
  let heldBytes = 0

  const requests = metrics.counter('maskwords_http_requests_total', 'Requests by route and status.')
  const seconds = metrics.histogram(
    'maskwords_http_request_seconds',
    'Time of a request, body included.',
    SECONDS,
  )
  metrics.gauge('maskwords_http_requests_held', 'Requests that are waiting or worked on.', () => room.held)
  metrics.gauge('maskwords_http_body_bytes_held', 'Bytes of bodies of these requests.', () => heldBytes)
  metrics.gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss())
  metrics.gauge(
    'process_start_time_seconds',
    'When the service started, in seconds since 1970.',
    () => startedS,
  )

  app.use(requestIds())
  app.use(async (c, next) => {
    const began = performance.now()
    await next()
    if (draining) c.header('connection', 'close')
    const { path, method } = c.req
    const known = OPEN_PATHS.includes(path) || path === '/metrics' || operations.has(path)
    const route = c.get('route') ?? (known ? path : 'other')
    const ms = performance.now() - began
    requests.add({ method: METHODS.includes(method) ? method : 'other', route, status: c.res.status })
    if (route !== 'other') seconds.observe({ route }, ms / 1000)
    onRequest?.({ requestId: c.get('requestId'), method, path, status: c.res.status, ms })
  })
  app.use(safeHeaders())
  if (options.loopbackNamesOnly === true) app.use(refuseOtherHosts(options.cors))
  if (options.cors !== undefined) app.use(allowOrigin(options.cors))
  app.use(async (c, next) => {
    const page = c.req.method === 'GET' || c.req.method === 'HEAD' ? await pageOf(c) : undefined
    if (page === undefined) return await next()
    c.set('route', 'page')
    return page
  })
  app.use(bearerAuth(token, OPEN_PATHS))

  const pageOf = async (c: ServiceContext): Promise<Response | undefined> => {
    for (const find of pages) {
      const page = await find(c)
      if (page !== undefined) return page
    }
    return undefined
  }

  const faultBody = (c: ServiceContext, fault: HttpFault): object => {
    const declared = Object.values(operations.get(c.req.path) ?? {})
    const shape = declared.find((operation) => operation.faultBody !== undefined)?.faultBody
    return shape?.(fault) ?? fault.report
  }
  app.onError((error, c) => {
    const fault = faultOf(error)
    const requestId = c.get('requestId')
    if (fault.status === 500) onInternal?.(error, requestId)
    return c.json({ error: faultBody(c, fault), requestId }, fault.status, { ...fault.headers })
  })
  app.notFound((c) => {
    const known = operations.get(c.req.path)
    const fault =
      known === undefined
        ? new HttpFault(404, {
            code: 'not-found',
            message: 'there is nothing here',
            hint: 'GET /openapi.json',
          })
        : new HttpFault(405, { code: 'not-allowed', message: `not with ${c.req.method.slice(0, 16)}` })
    return c.json({ error: faultBody(c, fault), requestId: c.get('requestId') }, fault.status)
  })

  app.get('/healthz', (c) => c.json({ status: 'ok', version: VERSION }))
  app.get('/readyz', (c) => {
    const status = draining ? 'stopping' : isReady() ? 'ready' : 'not-ready'
    return c.json({ status }, status === 'ready' ? 200 : 503)
  })
  app.get('/metrics', (c) =>
    c.text(metrics.text(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
  app.get('/openapi.json', (c) =>
    c.json(openApi({ title, version: VERSION, operations, hasToken: token !== undefined })),
  )

  const declare = (path: string, method: string, operation: ApiOperation) =>
    operations.set(path, { ...operations.get(path), [method]: operation })
  const budget = () => {
    let own = 0
    return {
      onBytes(bytes: number) {
        own += bytes
        heldBytes += bytes
        if (heldBytes > maxHeldBytes) throw tooMuchHeld()
      },
      release() {
        heldBytes -= own
        own = 0
      },
    }
  }
  return {
    app,
    metrics,
    admission: room,
    post(path, operation, work) {
      declare(path, 'post', operation)
      app.post(path, async (c) => {
        const { onBytes, release } = budget()
        try {
          const done = await room.run({
            watchCaller: (leave) => watchCaller(c, leave),
            receive: (signal) => readJson(c, { maxBytes: maxBodyBytes, signal, onBytes }),
            work,
          })
          return c.json(done as object)
        } finally {
          release()
        }
      })
    },
    postBytes(path, operation, types, work) {
      declare(path, 'post', operation)
      app.post(path, async (c) => {
        const { onBytes, release } = budget()
        try {
          return await room.run({
            watchCaller: (leave) => watchCaller(c, leave),
            receive: (signal) => readBody(c, { maxBytes: maxBodyBytes, signal, types, onBytes }),
            work: (body, signal) => work(body, c, signal),
          })
        } finally {
          release()
        }
      })
    },
    postLong(path, operation, line, work) {
      declare(path, 'post', operation)
      lines.add(line)
      app.post(path, async (c) => {
        const { onBytes, release } = budget()
        return await new Promise<Response>((resolve, reject) => {
          line
            .run({
              watchCaller: (leave) => watchCaller(c, leave),
              receive: (signal) =>
                readBody(c, { maxBytes: maxBodyBytes, signal, types: ['application/json'], onBytes }),
              work: (body, signal) => work(body, signal, { respond: resolve, taken: release }),
            })
            .catch(reject)
            .finally(release)
        })
      })
    },
    get(path, operation, work) {
      declare(path, 'get', operation)
      app.get(path.replace(/\{(\w+)\}/g, ':$1'), (c) => {
        c.set('route', path)
        return c.json(work(c) as object)
      })
    },
    pages(find) {
      pages.push(find)
    },
    drain() {
      draining = true
    },
    stop() {
      room.stop()
      for (const line of lines) line.stop()
    },
  }
}

const METHODS = ['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH']

const tooMuchHeld = (): HttpFault =>
  new HttpFault(
    503,
    {
      code: 'busy',
      message: 'the bodies of all requests together are more than the service holds at a time',
      hint: 'try again in a moment, or send smaller requests',
    },
    // What is left of the body will not be read.
    { 'retry-after': '1', connection: 'close' },
  )
