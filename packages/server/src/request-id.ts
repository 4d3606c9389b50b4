// Every request has an id: the caller's `X-Request-Id` where it is harmless, else a random one.

import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { ServiceEnv } from './request-env.ts'

/** Ids of callers end up in logs: letters, digits and a few marks only. */
const HARMLESS = /^[A-Za-z0-9._-]{1,128}$/

export function requestIds(): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    const given = c.req.header('x-request-id')
    const id = given !== undefined && HARMLESS.test(given) ? given : randomUUID()
    c.set('requestId', id)
    await next()
    c.header('x-request-id', id)
  }
}
