// A service on a port, and its end: no new connections, what is being answered is answered, then everything closes.

import type { Server } from 'node:http'
import { createServer } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { MaskwordsError } from '@maskwords/files'
import type { Service } from './service.ts'

/** Longest that headers may take to arrive, and that an idle connection stays open. */
const HEADERS_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 65_000
/** How often connections are looked at for these; Node's own 30 s would let a silent one stay four times as long. */
const CHECK_MS = 2_000
/**
 * Longest from the first byte of a request to the last of its answer: a reader who takes a byte a minute holds the answer in
 * memory. A file of weights of 100 MB is through in it at 0.35 MB a second.
 */
const ANSWER_TIMEOUT_MS = 300_000
/** More are closed at once: each may hold 16 kB of headers before anything is known of it. */
const MAX_CONNECTIONS = 2048
/** How long answers in progress may take after the signal to stop; the command line waits 3 s before it ends the process. */
const DRAIN_MS = 2_000

export type Listening = {
  readonly host: string
  readonly port: number
  readonly url: string
  /** Stops in order. Resolves when the last connection is closed. */
  close(): Promise<void>
}

/** Opens the port (0: any free one). Throws MaskwordsError where it cannot be had. */
export async function listen(
  service: Service,
  options: {
    readonly host: string
    readonly port: number
    readonly timeoutMs: number
    /** Longest that a request and its answer may take together. Default 300 s. */
    readonly answerTimeoutMs?: number
  },
): Promise<Listening> {
  const { host, port, timeoutMs, answerTimeoutMs = ANSWER_TIMEOUT_MS } = options
  const server = createAdaptorServer({
    fetch: service.app.fetch,
    hostname: host,
    serverOptions: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: timeoutMs + HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_MS,
    },
  }) as Server
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.maxConnections = MAX_CONNECTIONS
  server.on('request', (_, response) => {
    const timer = setTimeout(() => response.destroy(), answerTimeoutMs)
    response.once('close', () => clearTimeout(timer))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portError(error, host, port)))
    server.listen(port, host, resolve)
  })
  server.on('error', () => {})
  const address = server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  return {
    host,
    port: actual,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    async close() {
      service.drain()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => {
        service.stop()
        // One turn for the answers that say so.
        setTimeout(() => server.closeAllConnections(), 100)
      }, DRAIN_MS)
      await closed
      clearTimeout(timer)
    },
  }
}

/** Throws as `listen` would, at once and without a service: what comes before it may take seconds. */
export async function checkPort(host: string, port: number): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(portError(error, host, port)))
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}

function portError(error: Error, host: string, port: number): MaskwordsError {
  const { code } = error as NodeJS.ErrnoException
  const [message, hint] =
    code === 'EADDRINUSE'
      ? [`port ${port} is taken`, 'take another with --port, or any free one with --port 0']
      : code === 'EACCES'
        ? [`no permission to listen on port ${port}`, 'take one above 1023']
        : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
          ? [`${host} is no address of this machine`, 'for example --host 127.0.0.1']
          : [`cannot listen on ${host}:${port}: ${error.message}`, undefined]
  return new MaskwordsError('usage', message!, { hint, cause: error })
}

/** Resolves when the signal is aborted. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
