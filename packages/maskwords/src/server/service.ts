// The frame of every HTTP service of this house: request ids, metrics, tokens, limits, one form of error, probes.
// A room of its own (rewards, later more) adds its routes to it.

import { Hono } from 'hono'
import { VERSION } from '../version.ts'
import { type Admission, admission } from './admission.ts'
import { bearerAuth } from './auth.ts'
import { watchCaller } from './caller.ts'
import { faultOf, HttpFault } from './fault.ts'
import { readJson } from './json-body.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { type ApiOperation, openApi } from './openapi.ts'
import { requestIds } from './request-id.ts'

export type ServiceEnv = { Variables: { requestId: string } }

export type ServiceOptions = {
  readonly title: string
  /** Requests must carry it as a bearer token. Default none. */
  readonly token?: string
  /** Largest body. Default 16 MiB: 512 answers of 32 kB. */
  readonly maxBodyBytes?: number
  /** Longest that a request may take, its body included. Default 30 s. */
  readonly timeoutMs?: number
  /** Hears of faults that are ours (status 500). */
  readonly onInternal?: (error: unknown, requestId: string) => void
}

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
  get(path: string, operation: ApiOperation, work: () => unknown): void
  /** From now on /readyz says 503 and connections close after their answer. */
  drain(): void
}

const OPEN_PATHS = ['/healthz', '/readyz', '/openapi.json']
const MAX_HELD = 512
const MAX_WORKING = 4
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createService(options: ServiceOptions): Service {
  const { title, token, maxBodyBytes = 2 ** 24, timeoutMs = 30_000, onInternal } = options
  const app = new Hono<ServiceEnv>()
  const metrics = createMetrics()
  const room = admission({ maxHeld: MAX_HELD, maxWorking: MAX_WORKING, timeoutMs })
  const operations = new Map<string, Record<string, ApiOperation>>()
  const startedS = Date.now() / 1000
  let draining = false

  const requests = metrics.counter('maskwords_http_requests_total', 'Requests by route and status.')
  const seconds = metrics.histogram(
    'maskwords_http_request_seconds',
    'Time of a request, body included.',
    SECONDS,
  )
  metrics.gauge('maskwords_http_requests_held', 'Requests that are waiting or worked on.', () => room.held)
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
    const { path } = c.req
    const route = OPEN_PATHS.includes(path) || path === '/metrics' || operations.has(path) ? path : 'other'
    requests.add({
      method: METHODS.includes(c.req.method) ? c.req.method : 'other',
      route,
      status: c.res.status,
    })
    if (route !== 'other') seconds.observe({ route }, (performance.now() - began) / 1000)
  })
  app.use(bearerAuth(token, OPEN_PATHS))

  app.onError((error, c) => {
    const fault = faultOf(error)
    const requestId = c.get('requestId')
    if (fault.status === 500) onInternal?.(error, requestId)
    return c.json({ error: fault.report, requestId }, fault.status, { ...fault.headers })
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
    return c.json({ error: fault.report, requestId: c.get('requestId') }, fault.status)
  })

  app.get('/healthz', (c) => c.json({ status: 'ok', version: VERSION }))
  app.get('/readyz', (c) => c.json({ status: draining ? 'stopping' : 'ready' }, draining ? 503 : 200))
  app.get('/metrics', (c) =>
    c.text(metrics.text(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
  app.get('/openapi.json', (c) =>
    c.json(openApi({ title, version: VERSION, operations, hasToken: token !== undefined })),
  )

  const declare = (path: string, method: string, operation: ApiOperation) =>
    operations.set(path, { ...operations.get(path), [method]: operation })
  return {
    app,
    metrics,
    admission: room,
    post(path, operation, work) {
      declare(path, 'post', operation)
      app.post(path, async (c) => {
        const done = await room.run({
          watchCaller: (leave) => watchCaller(c, leave),
          receive: (signal) => readJson(c, { maxBytes: maxBodyBytes, signal }),
          work,
        })
        return c.json(done as object)
      })
    },
    get(path, operation, work) {
      declare(path, 'get', operation)
      app.get(path, (c) => c.json(work() as object))
    },
    drain() {
      draining = true
    },
  }
}

const METHODS = ['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH']
