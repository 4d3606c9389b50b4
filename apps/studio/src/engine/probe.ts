// Whether the page came from `maskwords serve`, which runs codecs, or from a plain host of files.
import { messageOf } from './error.ts'
import type { ServerState } from './status.ts'

const HINT = 'start `npx maskwords serve` and open the address that it prints'

/** Asks `v1/codecs` beside the page once. */
export async function probeServer(baseUrl: string): Promise<ServerState> {
  try {
    const response = await fetch(new URL('v1/codecs', baseUrl), { headers: { accept: 'application/json' } })
    if (response.status === 401)
      return { state: 'absent', reason: `the server wants a token; ${HINT} without --token` }
    const json = (response.headers.get('content-type') ?? '').includes('json')
    if (response.ok && json) return { state: 'there' }
    return { state: 'absent', reason: `this page's host only serves files; ${HINT}` }
  } catch (cause) {
    return { state: 'absent', reason: `the page's server does not answer (${messageOf(cause)}); ${HINT}` }
  }
}
