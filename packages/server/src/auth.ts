// Bearer tokens (RFC 6750), compared in constant time.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { HttpFault } from './fault.ts'
import type { ServiceEnv } from './request-env.ts'

/** Lets requests through that carry the token, and all where there is none. `open` paths need none. */
export function bearerAuth(
  token: string | undefined,
  open: readonly string[],
): MiddlewareHandler<ServiceEnv> {
  // Digests have one length, so that the comparison takes the same time for any guess.
  const wanted = token === undefined ? undefined : digest(token)
  return async (c, next) => {
    if (wanted !== undefined && !open.includes(c.req.path)) {
      const given = /^bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1]
      if (given === undefined || !timingSafeEqual(digest(given), wanted)) {
        throw new HttpFault(
          401,
          {
            code: 'unauthorized',
            message: given === undefined ? 'this service wants a token' : 'this is not the token',
            hint: 'send the header Authorization: Bearer <token>',
          },
          { 'www-authenticate': 'Bearer' },
        )
      }
    }
    await next()
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** True for names and addresses that only this machine reaches. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
