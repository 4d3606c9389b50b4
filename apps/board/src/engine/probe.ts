// Whether the page came from `maskwords serve`, which runs codecs, or from a plain host of files.
import { messageOf } from '@maskwords/base'
import type { ServerState } from './status.ts'

const HINT = 'start `npx maskwords serve` and open the address that it prints'

/** A server that says nothing for so long is taken as none. */
const PATIENCE_MS = 20_000

/** Asks `v1/codecs` beside the page once; `token` is what a protected server wants. */
export async function probeServer(baseUrl: string, token?: string): Promise<ServerState> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  try {
    const response = await fetch(new URL('v1/codecs', baseUrl), {
      headers: { accept: 'application/json', ...authorization },
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    if (response.status === 401) return { state: 'locked', asks: false, problem: undefined }
    const json = (response.headers.get('content-type') ?? '').includes('json')
    if (response.ok && json) return { state: 'there' }
    return { state: 'absent', reason: `this page's host only serves files; ${HINT}` }
  } catch (cause) {
    return { state: 'absent', reason: `the page's server does not answer (${messageOf(cause)}); ${HINT}` }
  }
}
