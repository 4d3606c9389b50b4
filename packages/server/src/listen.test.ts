// A service on a real port, met by clients that are slow on purpose.
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Listening, listen } from './listen.ts'
import { createService } from './service.ts'

const HOST = '127.0.0.1'
let listening: Listening | undefined
afterEach(async () => {
  await listening?.close()
  listening = undefined
})

/** Sends `pieces` with pauses, and says whether the other side closed within `patienceMs`. */
function isClosed(
  port: number,
  pieces: readonly string[],
  options: { pauseMs?: number; reads: boolean; patienceMs: number },
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST)
    const end = (closed: boolean) => {
      clearTimeout(patience)
      socket.destroy()
      resolve(closed)
    }
    const patience = setTimeout(() => end(false), options.patienceMs)
    socket.on('error', () => end(true))
    socket.on('close', () => end(true))
    if (options.reads) socket.resume()
    void (async () => {
      for (const piece of pieces) {
        if (!socket.writable) return
        socket.write(piece)
        await new Promise((done) => setTimeout(done, options.pauseMs ?? 0))
      }
    })()
  })
}

describe('slow clients', () => {
  it('who do not read their answer are let go before it is through', async () => {
    const service = createService({ title: 'test' })
    const large = new Uint8Array(32 * 2 ** 20)
    let given = 0
    service.pages(async (c) => {
      if (c.req.path !== '/large') return undefined
      given++
      return c.body(large)
    })
    listening = await listen(service, { host: HOST, port: 0, timeoutMs: 1000, answerTimeoutMs: 400 })
    const request = ['GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n']
    // Never read: only the first buffers are filled; the end of the connection is seen once somebody reads.
    const socket = connect(listening.port, HOST)
    socket.write(request[0]!)
    await new Promise((done) => setTimeout(done, 1200))
    expect(given).toBe(1)
    let received = 0
    const ended = new Promise<void>((done) => socket.on('close', () => done()).on('error', () => done()))
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    await ended
    expect(received).toBeLessThan(large.length)
  })

  it('who drip a body are let go, and others are answered meanwhile', async () => {
    const service = createService({ title: 'test', timeoutMs: 300 })
    service.post(
      '/v1/echo',
      { summary: 'x', request: {} as never, response: {} as never } as never,
      async (body) => body,
    )
    listening = await listen(service, { host: HOST, port: 0, timeoutMs: 300 })
    const { port, url } = listening
    const head =
      'POST /v1/echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n'
    const slow = Array.from({ length: 40 }, () =>
      isClosed(port, [head, ...'{"a":"bcdefgh'.repeat(20)], { pauseMs: 50, reads: true, patienceMs: 8000 }),
    )
    await new Promise((done) => setTimeout(done, 100))
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect(await Promise.all(slow)).toEqual(slow.map(() => true))
  })
})
