// The other side of a request: the pieces of its body as they come, and whether it is still there. On a port the socket's
// own events are used, because the web objects of a request cost more than the rest of a small one.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context } from 'hono'
import { HttpFault } from './fault.ts'
import type { ServiceEnv } from './request-env.ts'

type NodeSide = { readonly incoming?: IncomingMessage; readonly outgoing?: ServerResponse }

/** Calls `leave` when the caller goes away before its answer is written. Gives a function that stops watching. */
export function watchCaller(c: Context<ServiceEnv>, leave: () => void): () => void {
  const { outgoing } = nodeSide(c)
  if (outgoing !== undefined) {
    outgoing.on('close', leave)
    return () => outgoing.off('close', leave)
  }
  const { signal } = c.req.raw
  signal.addEventListener('abort', leave)
  return () => signal.removeEventListener('abort', leave)
}

/** Hands over the body piece by piece; what `take` throws ends it. Rejects with HttpFault 400 or 408. */
export async function receive(
  c: Context<ServiceEnv>,
  signal: AbortSignal,
  take: (chunk: Uint8Array) => void,
): Promise<void> {
  const { incoming } = nodeSide(c)
  if (incoming !== undefined) return await receiveFromSocket(incoming, signal, take)
  const reader = c.req.raw.body?.getReader()
  if (reader === undefined) return
  const stop = () => void reader.cancel().catch(() => {})
  signal.addEventListener('abort', stop)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (signal.aborted) throw late()
      if (done) return
      take(value)
    }
  } catch (error) {
    stop()
    throw error instanceof HttpFault ? error : cutOff()
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function receiveFromSocket(
  incoming: IncomingMessage,
  signal: AbortSignal,
  take: (chunk: Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (fault?: unknown) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut)
      signal.removeEventListener('abort', onAbort)
      if (fault === undefined) resolve()
      else {
        // An error after this one must not go unheard, which would end the process.
        incoming.on('error', () => {})
        incoming.pause()
        reject(fault)
      }
    }
    const onData = (chunk: Uint8Array) => {
      try {
        take(chunk)
      } catch (fault) {
        settle(fault)
      }
    }
    const onEnd = () => settle()
    const onCut = () => settle(cutOff())
    const onAbort = () => settle(late())
    if (signal.aborted) return onAbort()
    if (incoming.destroyed) return onCut()
    signal.addEventListener('abort', onAbort)
    incoming.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut)
  })
}

const late = (): HttpFault =>
  // The rest of the body may still come: not as the next request.
  new HttpFault(408, { code: 'timeout', message: 'the body did not arrive in time' }, { connection: 'close' })
const cutOff = (): HttpFault => new HttpFault(400, { code: 'malformed', message: 'the body was cut off' })

const nodeSide = (c: Context<ServiceEnv>): NodeSide => (c.env ?? {}) as NodeSide
