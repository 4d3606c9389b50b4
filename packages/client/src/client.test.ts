// The client against answers of its own making: what it sends, what it makes of errors, when it asks again.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { ServiceError } from './error.ts'

type Answer = () => Response | Promise<Response>
const busy = (seconds: string): Answer => {
  const report = { error: { code: 'busy', message: 'no room', hint: 'later' }, requestId: 'r1' }
  const headers = { 'retry-after': seconds, 'x-request-id': 'r1' }
  return () => Response.json(report, { status: 503, headers })
}
const ok: Answer = () => Response.json({ codecs: [], default: 'x' })

/** A client whose server gives these answers in turn, and what was asked of it. */
const clientOf = (...answers: Answer[]) => {
  const asked: { url: string; init: RequestInit }[] = []
  const client = createClient({
    url: 'http://server/',
    token: 't0k',
    fetch: async (url, init) => {
      asked.push({ url: String(url), init: init ?? {} })
      init?.signal?.throwIfAborted()
      return await answers.shift()!()
    },
  })
  return { client, asked }
}
const errorOf = async (promise: Promise<unknown>): Promise<ServiceError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ServiceError)
  return error as ServiceError
}

describe('the client', () => {
  it('sends JSON with the token, and pictures with their type', async () => {
    const { client, asked } = clientOf(ok, ok, ok)
    await client.codecs()
    await client.parseText({ text: 'a' })
    await client.uploadPicture(new Blob(['x'], { type: 'image/webp' }), {
      codecs: ['a b', 'c'],
      exif: 'ignore',
    })
    expect(asked.map(({ url }) => url)).toEqual([
      'http://server/v1/codecs',
      'http://server/v1/text/parse',
      'http://server/v1/pictures?codec=a+b&codec=c&exif=ignore',
    ])
    expect(asked.map(({ init }) => init.headers)).toEqual([
      { authorization: 'Bearer t0k' },
      { authorization: 'Bearer t0k', 'content-type': 'application/json' },
      { authorization: 'Bearer t0k', 'content-type': 'image/webp' },
    ])
  })

  it("makes one error of the server's reason", async () => {
    const { client } = clientOf(busy('2'))
    expect(await errorOf(client.codecs())).toMatchObject({
      code: 'busy',
      message: 'no room',
      hint: 'later',
      status: 503,
      requestId: 'r1',
      retryAfterS: 2,
    })
  })

  it('asks again only where that is asked for, and only where the server is busy', async () => {
    const patient = clientOf(busy('0.01'), busy('0.01'), ok)
    await patient.client.codecs({ retries: 2 })
    expect(patient.asked.length).toBe(3)
    const tired = clientOf(busy('0.01'), busy('0.01'), ok)
    expect((await errorOf(tired.client.codecs({ retries: 1 }))).code).toBe('busy')
    const wrong = clientOf(() =>
      Response.json(
        { error: { code: 'bad-request', message: 'x', at: 'masks' }, requestId: 'r' },
        { status: 400 },
      ),
    )
    expect(await errorOf(wrong.client.codecs({ retries: 5 }))).toMatchObject({
      code: 'bad-request',
      at: 'masks',
    })
  })

  it('stops waiting when its signal says so', async () => {
    const controller = new AbortController()
    const { client } = clientOf(busy('60'), ok)
    const call = client.codecs({ retries: 1, signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 5)
    await expect(call).rejects.toThrow('enough')
    await expect(client.codecs({ signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never')
  })

  it('says when nobody answers, or somebody else', async () => {
    const { client } = clientOf(
      () => {
        throw new TypeError('fetch failed')
      },
      () => new Response('<html>Bad gateway</html>', { status: 502 }),
      () => new Response('{"half', { headers: { 'x-request-id': 'r9' } }),
    )
    expect(await errorOf(client.codecs())).toMatchObject({ code: 'network', status: 0 })
    expect(await errorOf(client.codecs())).toMatchObject({ code: 'bad-answer', status: 502 })
    expect(await errorOf(client.codecs())).toMatchObject({ code: 'bad-answer', requestId: 'r9' })
  })

  it('knows whether the server is ready', async () => {
    const { client } = clientOf(ok, busy('1'), () => {
      throw new TypeError('fetch failed')
    })
    expect([await client.isReady(), await client.isReady(), await client.isReady()]).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('what a browser gets of it', () => {
  it('is the files of this folder and of the base, which need nothing: all other imports are types', () => {
    const folder = import.meta.dirname
    const folders = [folder, join(folder, '../../base/src')]
    const files = folders.flatMap((one) =>
      readdirSync(one)
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .map((name) => join(one, name)),
    )
    expect(files.length).toBeGreaterThan(4)
    const statements = files.flatMap((name) =>
      Array.from(
        readFileSync(name, 'utf8').matchAll(/^(?:import|export)[^'"]*? from '[^']+'/gms),
        ([text]) => text,
      ),
    )
    expect(statements.length).toBeGreaterThan(4)
    const loaded = statements.filter(
      (text) =>
        !/^(?:import|export) type /.test(text) && !/ from '(?:\.\/[a-z-]+\.ts|@maskwords\/base)'$/.test(text),
    )
    expect(loaded).toEqual([])
  })
})
