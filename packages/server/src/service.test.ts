// The frame of the service, without a port: tokens, limits, errors, probes, metrics, and the document that describes it.

import { describe, expect, it } from 'vitest'
import { rewardSampleSchema } from '../../client/src/schema/reward-schema.ts'
import { jsonDepth } from './json-body.ts'
import { addRewardRoutes } from './reward-routes.ts'
import { createService, type Service, type ServiceOptions } from './service.ts'

const serviceWith = (options: Partial<ServiceOptions> = {}): Service => {
  const service = createService({ title: 'test', ...options })
  addRewardRoutes(service)
  return service
}
const A = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
const REQUEST = { rewards: ['mask-accuracy'], samples: [{ response: A, truth: A }] }

const post = (service: Service, body: BodyInit, headers: Record<string, string> = {}) =>
  service.app.request('/v1/rewards', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  } as RequestInit)

const codeOf = async (response: Response | Promise<Response>) => {
  const { status, body } = await (async () => {
    const answer = await response
    return { status: answer.status, body: (await answer.json()) as { error?: { code: string } } }
  })()
  return [status, body.error?.code]
}

describe('requests', () => {
  it('are answered with one result a sample', async () => {
    const response = await post(serviceWith(), JSON.stringify(REQUEST))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      results: [{ overall: 1, parts: { 'mask-accuracy': 1 } }],
      names: ['mask-accuracy'],
      range: [0, 1],
      failed: 0,
    })
  })

  it('that make no sense are refused with a code and a status', async () => {
    const service = serviceWith({ maxBodyBytes: 1000 })
    const table: [body: BodyInit, headers: Record<string, string>, status: number, code: string][] = [
      ['', {}, 400, 'malformed'],
      ['{"rewards"', {}, 400, 'malformed'],
      ['null', {}, 400, 'bad-request'],
      ['[]', {}, 400, 'bad-request'],
      ['{"rewards": ["mask"], "samples": []}', {}, 400, 'bad-option'],
      ['{"rewards": ["mask-format"], "samples": [], "x": 1}', {}, 400, 'bad-request'],
      [Uint8Array.of(0x22, 0xff, 0x22), {}, 400, 'malformed'],
      ['['.repeat(900), {}, 400, 'malformed'],
      [`"${'a'.repeat(1000)}"`, {}, 413, 'too-large'],
      ['{}', { 'content-length': '5000000000' }, 413, 'too-large'],
      ['{}', { 'content-type': 'text/plain' }, 415, 'unsupported'],
      ['{}', { 'content-encoding': 'gzip' }, 415, 'unsupported'],
    ]
    for (const [body, headers, status, code] of table) {
      expect([String(body).slice(0, 30), ...(await codeOf(post(service, body, headers)))]).toEqual([
        String(body).slice(0, 30),
        status,
        code,
      ])
    }
    expect(await codeOf(service.app.request('/v2'))).toEqual([404, 'not-found'])
    expect(await codeOf(service.app.request('/v1/rewards', { method: 'DELETE' }))).toEqual([
      405,
      'not-allowed',
    ])
  })

  it('without a length are counted as they come, and given up when too much comes', async () => {
    let pulled = 0
    const endless = new ReadableStream({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(1000).fill(32))
      },
    })
    expect(await codeOf(post(serviceWith({ maxBodyBytes: 10_000 }), endless))).toEqual([413, 'too-large'])
    expect(pulled).toBeLessThan(20)
  })

  it('whose body never ends, or breaks off, are given up', async () => {
    const silent = new ReadableStream({ pull: () => new Promise(() => {}) })
    expect(await codeOf(post(serviceWith({ timeoutMs: 30 }), silent))).toEqual([408, 'timeout'])
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
    expect(await codeOf(post(serviceWith(), broken))).toEqual([400, 'malformed'])
  })

  it('keep a harmless id of the caller, and get one of their own otherwise', async () => {
    const service = serviceWith()
    const id = async (given: string) =>
      (await service.app.request('/healthz', { headers: { 'x-request-id': given } })).headers.get(
        'x-request-id',
      )
    expect(await id('run-7.step_3')).toBe('run-7.step_3')
    expect(await id('a b"')).toMatch(/^[0-9a-f-]{36}$/)
    expect(await id('x'.repeat(500))).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('tokens', () => {
  it('are asked for everywhere but at the probes', async () => {
    const service = serviceWith({ token: 's3cret' })
    const status = async (path: string, authorization?: string) =>
      (await service.app.request(path, authorization === undefined ? {} : { headers: { authorization } }))
        .status
    for (const wrong of [
      undefined,
      'Bearer',
      'Bearer s3cre',
      'Bearer s3cret2',
      's3cret',
      'Basic s3cret',
      'Bearer s3cret x',
    ]) {
      expect([wrong, await status('/v1/rewards', wrong)]).toEqual([wrong, 401])
    }
    expect(await status('/metrics')).toBe(401)
    expect(await status('/nothing')).toBe(401)
    expect(await status('/v1/rewards', 'Bearer s3cret')).toBe(200)
    expect(await status('/v1/rewards', 'bearer s3cret')).toBe(200)
    for (const path of ['/healthz', '/readyz', '/openapi.json'])
      expect([path, await status(path)]).toEqual([path, 200])
    expect((await service.app.request('/metrics')).headers.get('www-authenticate')).toBe('Bearer')
  })
})

describe('pages of other origins', () => {
  const preflight = (service: Service, origin: string) =>
    service.app.request('/v1/rewards', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    })
  const allowed = (response: Response) => response.headers.get('access-control-allow-origin')

  it('may call where that is allowed, and are asked for the token like all others', async () => {
    const service = serviceWith({ cors: 'https://a.example', token: 's3cret' })
    const asked = await preflight(service, 'https://a.example')
    expect([asked.status, allowed(asked)]).toEqual([204, 'https://a.example'])
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization')
    const call = (headers: Record<string, string>) =>
      service.app.request('/v1/rewards', { headers: { origin: 'https://a.example', ...headers } })
    const refused = await call({})
    expect([refused.status, allowed(refused)]).toEqual([401, 'https://a.example'])
    const answer = await call({ authorization: 'Bearer s3cret' })
    expect([answer.status, answer.headers.get('access-control-expose-headers')]).toEqual([
      200,
      'x-request-id,retry-after',
    ])
    expect(allowed(await preflight(service, 'https://b.example'))).not.toBe('https://b.example')
  })

  it('are let in by nothing else', async () => {
    expect(allowed(await preflight(serviceWith(), 'https://a.example'))).toBe(null)
    const answer = await serviceWith().app.request('/v1/rewards', {
      headers: { origin: 'https://a.example' },
    })
    expect([allowed(answer), answer.headers.get('cross-origin-resource-policy')]).toEqual([
      null,
      'same-origin',
    ])
  })
})

describe('a service on a loopback address', () => {
  const status = async (headers: Record<string, string>, options: Partial<ServiceOptions> = {}) => {
    const service = serviceWith({ loopbackNamesOnly: true, ...options })
    const answer = await post(service, JSON.stringify(REQUEST), { host: 'localhost:8000', ...headers })
    const { error } = (await answer.json()) as { error?: { code: string } }
    return error?.code ?? answer.status
  }

  it('answers to names of this machine only (DNS rebinding)', async () => {
    for (const host of ['localhost', '127.0.0.1:80', '127.8.9.1', '[::1]:8000'])
      expect(await status({ host })).toBe(200)
    for (const host of [
      'a.example',
      '127.0.0.1.a.example',
      'localhost.a.example',
      'a@localhost',
      '0.0.0.0',
      '',
    ]) {
      expect(await status({ host })).toBe('forbidden-host')
    }
  })

  it('works for pages of this machine and of the origin that is let in, and for no others', async () => {
    expect(await status({ origin: 'http://localhost:5173' })).toBe(200)
    for (const origin of [
      'https://a.example',
      'null',
      'http://localhost.a.example',
      'http://a@localhost',
      'file://',
    ]) {
      expect(await status({ origin })).toBe('forbidden-origin')
    }
    expect(await status({ origin: 'https://a.example' }, { cors: 'https://a.example' })).toBe(200)
    expect(await status({ origin: 'https://a.example' }, { cors: '*' })).toBe(200)
    expect(await status({ origin: 'https://b.example' }, { cors: 'https://a.example' })).toBe(
      'forbidden-origin',
    )
  })
})

describe('room', () => {
  const held = (service: Service) => {
    let finish = () => {}
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(JSON.stringify(REQUEST)))
        finish = () => controller.close()
      },
    })
    return { answer: post(service, body), finish: () => finish() }
  }

  it('for requests is bounded: more are told when to come back', async () => {
    const service = serviceWith({ maxHeld: 1, retryAfterS: () => 7 })
    const first = held(service)
    const second = await post(service, JSON.stringify(REQUEST))
    expect([second.headers.get('retry-after'), await codeOf(second)]).toEqual(['7', [503, 'busy']])
    first.finish()
    expect((await first.answer).status).toBe(200)
    expect((await post(service, JSON.stringify(REQUEST))).status).toBe(200)
  })

  it('for bodies is bounded by their bytes together', async () => {
    const service = serviceWith({ maxHeldBytes: 300 })
    const first = held(service)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await codeOf(post(service, JSON.stringify(REQUEST).padEnd(200)))).toEqual([503, 'busy'])
    first.finish()
    expect((await first.answer).status).toBe(200)
    expect((await post(service, JSON.stringify(REQUEST).padEnd(200))).status).toBe(200)
  })
})

describe('probes and metrics', () => {
  it('say when the service stops, and count requests and samples', async () => {
    const service = serviceWith()
    expect((await service.app.request('/readyz')).status).toBe(200)
    const body = JSON.stringify({ ...REQUEST, samples: [...REQUEST.samples, 5, null] })
    await post(service, body)
    await service.app.request('/nothing/at/all')
    const text = await (await service.app.request('/metrics')).text()
    expect(text).toContain(
      'maskwords_http_requests_total{method="POST",route="/v1/rewards",status="200"} 1\n',
    )
    expect(text).toContain('route="other",status="404"} 1\n')
    expect(text).toContain('maskwords_reward_samples_total{outcome="failed"} 2\n')
    expect(text).toMatch(/maskwords_http_request_seconds_bucket\{route="\/v1\/rewards",le="\+Inf"\} 1\n/)
    // Every line is a comment or a sample of the text format.
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [0-9.e+-]+)$/,
      )
    }
    service.drain()
    expect((await service.app.request('/readyz')).status).toBe(503)
    expect((await service.app.request('/healthz')).headers.get('connection')).toBe('close')
  })
})

describe('/openapi.json', () => {
  it('describes the routes, and all that it refers to is there', async () => {
    const response = await serviceWith({ token: 'x' }).app.request('/openapi.json')
    const text = await response.text()
    const document = JSON.parse(text)
    expect(document).toMatchObject({ openapi: '3.1.0', security: [{ bearer: [] }] })
    expect(Object.keys(document.paths['/v1/rewards'])).toEqual(['post', 'get'])
    expect(
      document.paths['/v1/rewards'].post.requestBody.content['application/json'].schema.required,
    ).toEqual(['rewards', 'samples'])
    for (const [, reference] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = reference!.split('/').reduce((node, key) => node?.[key], document)
      expect([reference, typeof found]).toEqual([reference, 'object'])
    }
  })

  it('takes and refuses the same samples as the service does', async () => {
    const rle = { size: [2, 2], counts: '4' }
    const samples: unknown[] = [
      { response: A, truth: A },
      {
        response: null,
        truth: { text: '', masks: [rle], previous: 'x', size: [2, 2] },
        id: 5,
        group: 'a',
        masks: [rle],
      },
      { response: A, truth: A, rewards: ['mask-format'] },
      { response: A, truth: A, rewards: 'samtok-no-target' },
      { response: A, truth: A, rewards: [{ name: 'mask-format', weight: 2, part: 'answer', as: 'x' }] },
      null,
      5,
      [],
      {},
      { response: A },
      { truth: A },
      { response: 5, truth: A },
      { response: A, truth: 5 },
      { response: A, truth: {} },
      { response: A, truth: { text: 5 } },
      { response: A, truth: { text: A, more: 1 } },
      { response: A, truth: { text: A, size: [2] } },
      { response: A, truth: { text: A, masks: {} } },
      { response: A, truth: A, id: {} },
      { response: A, truth: A, id: 'x'.repeat(300) },
      { response: A, truth: A, extra: 1 },
      { response: A, truth: A, rewards: [] },
      { response: A, truth: A, rewards: ['mask'] },
      { response: A, truth: A, rewards: [{ name: 'mask-format', as: '1' }] },
      { response: A, truth: A, rewards: [{ name: 'mask-format', weight: 1e9 }] },
      { response: A, truth: A, masks: 'x' },
    ]
    const response = await post(serviceWith(), JSON.stringify({ rewards: ['mask-format'], samples }))
    const { results } = (await response.json()) as { results: { error?: { code: string } }[] }
    for (const [k, sample] of samples.entries()) {
      const said = JSON.stringify(sample)
      expect([said, results[k]!.error === undefined]).toEqual([
        said,
        rewardSampleSchema.safeParse(sample).success,
      ])
    }
  })
})

describe('the depth of JSON', () => {
  it('counts brackets outside strings', () => {
    const depth = (text: string) => jsonDepth(new TextEncoder().encode(text), 5)
    expect(['1', '[]', '[[{}]]', '["[[[["]', '["\\"[["]', '[[[[[[[[['].map(depth)).toEqual([0, 1, 3, 1, 1, 6])
  })
})
