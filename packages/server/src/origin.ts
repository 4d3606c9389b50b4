// Who may call from where: headers that keep browsers from misusing an answer, one web origin that is let in (CORS, Fetch
// standard), and names that a service on a loopback address answers to.
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { HttpFault } from './fault.ts'
import type { ServiceEnv } from './request-env.ts'

/** Answers are what they say, are for pages of this origin, and are not kept. Pages may say otherwise. */
export function safeHeaders(): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    await next()
    const { headers } = c.res
    headers.set('x-content-type-options', 'nosniff')
    headers.set('referrer-policy', 'no-referrer')
    headers.set('cross-origin-resource-policy', 'same-origin')
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  }
}

/** How long a browser may remember that it may call. */
const PREFLIGHT_S = 600

/** Lets pages of one origin call (`*`: of any). */
export function allowOrigin(origin: string): MiddlewareHandler<ServiceEnv> {
  return cors({
    origin,
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['authorization', 'content-type', 'x-request-id'],
    exposeHeaders: ['x-request-id', 'retry-after'],
    maxAge: PREFLIGHT_S,
  })
}

const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i

/**
 * Refuses requests that came under any other name than localhost: a web page whose name was made to point here (DNS
 * rebinding) would otherwise be of this origin. Refuses pages of other machines, too, except of the origin `allowed`: a page
 * cannot read an answer, but it could make this machine work.
 */
export function refuseOtherHosts(allowed?: string): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    const host = c.req.header('host') ?? new URL(c.req.url).host
    if (!LOOPBACK.test(host)) {
      throw new HttpFault(403, {
        code: 'forbidden-host',
        message: `this service listens on this machine only and was called as ${JSON.stringify(host.slice(0, 64))}`,
        hint: 'call it as localhost or 127.0.0.1; behind a proxy, start it with a token',
      })
    }
    const origin = c.req.header('origin')
    if (origin !== undefined && origin !== allowed && allowed !== '*' && !isOfThisMachine(origin)) {
      throw new HttpFault(403, {
        code: 'forbidden-origin',
        message: `a page of ${JSON.stringify(origin.slice(0, 64))} may not call this service`,
        hint: 'let it in with --cors, or start the service with a token',
      })
    }
    await next()
  }
}

function isOfThisMachine(origin: string): boolean {
  return /^https?:\/\//i.test(origin) && LOOPBACK.test(origin.slice(origin.indexOf('//') + 2))
}
