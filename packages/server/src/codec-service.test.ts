// The whole service on a port, with two codecs in one worker: every route through the client, what it refuses, and that it
// stands after whatever is thrown at it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatCodecConfig } from '@maskwords/codec-loading'
import { cocoRleFromMask, type Mask, maskFromCocoBox, pictureToPng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../client/src/client.ts'
import { ServiceError } from '../../client/src/error.ts'
import {
  codecListSchema,
  decodeAnswerSchema,
  encodeAnswerSchema,
  parseAnswerSchema,
  pictureInfoSchema,
  pictureSchema,
  vocabularySchema,
} from '../../client/src/schema/api-schema.ts'
import { TOY_SAMTOK, wantedWeights, writeWeights } from '../../codecs/test/toy-codecs.ts'
import { type CodecService, openCodecService } from './codec-service.ts'
import { hostileKinds, hostileRequests } from './hostile-requests.ts'
import { type Listening, listen } from './listen.ts'
import type { RequestRecord } from './service.ts'

const HOST = '127.0.0.1'
const TIMEOUT_MS = 20_000
/** One worker on one thread, for small pictures. */
const SMALL = { host: HOST, workers: 1, threads: 1, maxPixels: 1_000_000, timeoutMs: TIMEOUT_MS }
let folder: string
let opened: CodecService
let listening: Listening
let client: Client
let picture: string
const log: RequestRecord[] = []
const internal: unknown[] = []

/** Grey, with a light square at 16 to 48 of 64 x 64. */
const drawn = (): Uint8Array => {
  const bytes = new Uint8Array(64 * 64 * 3).fill(60)
  for (let y = 16; y < 48; y++) bytes.fill(220, (y * 64 + 16) * 3, (y * 64 + 48) * 3)
  return pictureToPng({ widthPx: 64, heightPx: 64, channels: 3, bytes })
}
const SQUARE = { boxXyxyPx: [16, 16, 48, 48] } as const
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof ServiceError ? `${error.status} ${error.code}` : error),
  )

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maskwords-pictures-'))
  opened = await openCodecService({
    ...SMALL,
    codecs: ['samtok-nano', 'himtok-nano', 'getok'].map((source) => ({ name: source, source })),
    maxBodyBytes: 16 * 2 ** 20,
    cacheBytes: 2 ** 20,
    cacheFolder: folder,
    onInternal: (error) => internal.push(error),
    onRequest: (request) => log.push(request),
  })
  listening = await listen(opened.service, { host: HOST, port: 0, timeoutMs: TIMEOUT_MS })
  client = createClient({ url: listening.url })
  picture = (await client.uploadPicture(drawn())).picture
})
afterAll(async () => {
  await listening?.close()
  await opened?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('codecs over HTTP', () => {
  it('are listed with their words', async () => {
    const list = codecListSchema.parse(await client.codecs())
    expect(list.codecs.map(({ name, kind, needsPicture }) => [name, kind, needsPicture])).toEqual([
      ['samtok-nano', 'samtok', true],
      ['himtok-nano', 'himtok', false],
      ['getok', 'getok', false],
    ])
    const words = vocabularySchema.parse(await client.vocabulary('samtok-nano'))
    expect([words.words.length, words.words[1]]).toEqual([514, '<|mt_0000|>'])
    expect(await codeOf(client.vocabulary('nothing'))).toBe('404 unknown-codec')
  })

  it('take a picture once', async () => {
    const [first, again] = [
      pictureSchema.parse(await client.uploadPicture(drawn(), { codecs: ['samtok-nano'] })),
      await client.uploadPicture(drawn(), { codecs: ['samtok-nano', 'getok'] }),
    ]
    expect(first).toMatchObject({ picture, widthPx: 64, heightPx: 64, format: 'png', cached: false })
    expect(again.encoded.map(({ codec, from }) => [codec, from])).toEqual([
      ['samtok-nano', 'memory'],
      ['getok', 'not-needed'],
    ])
    expect(again.cached).toBe(true)
    expect(pictureInfoSchema.parse(await client.pictureInfo(picture))).toEqual({
      picture,
      widthPx: 64,
      heightPx: 64,
      pixels: true,
      encoded: ['samtok-nano'],
    })
    // The pixels as stored are another picture.
    expect((await client.uploadPicture(drawn(), { exif: 'ignore' })).picture).not.toBe(picture)
  })

  it('put a mask that was drawn on the stored pixels of a turned picture onto those that are kept', async () => {
    const sharp = (await import('sharp')).default
    const file = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#345' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const shown = await client.uploadPicture(new Uint8Array(file))
    expect([shown.widthPx, shown.heightPx]).toEqual([40, 60])
    const stored = await client.uploadPicture(new Uint8Array(file), { exif: 'ignore' })
    // A bar along the stored left edge is shown along the top, and turned counts are those of that bar.
    const bar = maskFromCocoBox({ widthPx: 60, heightPx: 40, box: { x: 0, y: 0, width: 10, height: 40 } })
    const top = maskFromCocoBox({ widthPx: 40, heightPx: 60, box: { x: 0, y: 0, width: 40, height: 10 } })
    const say = async (handle: string, mask: Mask) => {
      const { results } = await client.encodeMasks({
        codec: 'getok',
        picture: handle,
        masks: [cocoRleFromMask(mask)],
      })
      const [one] = results as { text: string; turned?: boolean }[]
      return [one!.text, one!.turned]
    }
    const [words] = await say(shown.picture, top)
    expect(await say(shown.picture, bar)).toEqual([words, true])
    const [along] = await say(stored.picture, bar)
    expect(await say(stored.picture, top)).toEqual([along, true])
    expect(along).not.toBe(words)
  })

  for (const codec of ['samtok-nano', 'himtok-nano', 'getok']) {
    it(`say a square in words and draw it again (${codec})`, async () => {
      const encoded = encodeAnswerSchema.parse(
        await client.encodeMasks({ codec, picture, masks: [{ ...SQUARE, id: 7 }] }),
      )
      const [words] = encoded.results
      expect(encoded).toMatchObject({ codec, widthPx: 64, failed: 0, results: [{ id: 7, areaPx: 1024 }] })
      const { text, codes } = words as { text: string; codes: number[] }
      const answer = await client.decodeWords({ codec, picture, words: [text, codes], logits: true })
      const decoded = decodeAnswerSchema.parse(answer)
      expect(decoded.failed).toBe(0)
      const [fromText, fromCodes] = decoded.results as {
        areaPx: number
        mask: unknown
        boxXyxyPx: number[]
        codes: number[]
      }[]
      expect(fromText!.codes).toEqual(codes)
      if (codec !== 'getok') expect(fromCodes!.mask).toEqual(fromText!.mask)
      expect(fromText!.areaPx).toBeGreaterThan(300)
      expect(fromText!.areaPx).toBeLessThan(2500)
    })
  }

  it('need no picture where the language needs none', async () => {
    const size = { widthPx: 64, heightPx: 64 }
    const { results } = await client.encodeMasks({
      codec: 'himtok-nano',
      size,
      masks: [SQUARE],
      options: { length: 4 },
    })
    expect((results[0] as { tokens: number }).tokens).toBe(6)
    const answer = await client.decodeWords({
      codec: 'himtok-nano',
      size,
      words: [(results[0] as { codes: number[] }).codes],
      lengths: [1, 2, 32],
    })
    expect(
      (answer.results[0] as { prefixes: { length: number }[] }).prefixes.map(({ length }) => length),
    ).toEqual([1, 2, 4])
    expect(await codeOf(client.encodeMasks({ codec: 'samtok-nano', size, masks: [SQUARE] }))).toBe(
      '400 missing-input',
    )
  })

  it('answer for each mask and each word on its own', async () => {
    const masks = [
      SQUARE,
      { nothing: 1 },
      { size: [9, 9], counts: [81] },
      { size: [64, 64], counts: [4096] },
      null,
    ]
    const { results, failed } = await client.encodeMasks({
      codec: 'samtok-nano',
      picture,
      masks: masks as never,
    })
    expect(failed).toBe(4)
    expect(results.map((one) => ('error' in one ? [one.error.code, one.error.at] : 'words'))).toEqual([
      'words',
      ['malformed', 'masks[1]'],
      ['size-mismatch', 'masks[2]'],
      ['malformed', 'masks[3]'],
      ['malformed', 'masks[4]'],
    ])
    const decoded = await client.decodeWords({
      codec: 'samtok-nano',
      picture,
      words: ['nothing', [3, 200], [999]],
      lengths: [1],
    })
    expect(decoded.results.map((one) => ('error' in one ? one.error.at : 'mask'))).toEqual([
      'words[0]',
      'mask',
      'words[2]',
    ])
  })

  it('take answers of models apart', async () => {
    const text = 'A <|object_ref_start|>cup<|object_ref_end|><|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>.'
    const answer = parseAnswerSchema.parse(await client.parseText({ text }))
    expect(answer).toMatchObject({
      codec: 'samtok-nano',
      masks: [{ start: 43, codes: [11, 91], status: 'complete' }],
      caption: { plain: 'A cup.', phrases: [{ phrase: { text: 'cup' }, masks: [0] }] },
    })
    const open = parseAnswerSchema.parse(
      await client.parseText({ text: 'perhaps <grid_1_2>', thoughtOpen: true }),
    )
    expect([open.thought, open.answer.start, open.masks.map(({ inThought }) => inThought)]).toEqual([
      { start: 0, end: 18 },
      18,
      [],
    ])
    const misspelt = parseAnswerSchema.parse(await client.parseText({ text: 'it is grid_1_2' }))
    expect(misspelt.problems).toEqual([{ kind: 'misspelt mask word', start: 6, end: 14 }])
    const nothing = parseAnswerSchema.parse(await client.parseText({ text: 'No target.' }))
    expect(nothing).toMatchObject({ codec: null, kind: null, masks: [], noTarget: true })
  })

  it('read each mask of an answer in its own language, and none as another', async () => {
    const samtok = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
    const himtok = '<|mt_start|><|mt_903|><|mt_17|><|mt_40|><|mt_end|>'
    const getok = '<seg><grid_6_8></seg>'
    const text = `${getok} ${himtok} ${samtok}`
    const { masks, kind } = parseAnswerSchema.parse(await client.parseText({ text }))
    expect([kind, ...masks.map(({ codec, codes }) => [codec, codes.length])]).toEqual([
      'getok',
      ['getok', 1],
      ['himtok-nano', 3],
      ['samtok-nano', 2],
    ])
    const asked = parseAnswerSchema.parse(await client.parseText({ text, codec: 'samtok-nano' }))
    expect(asked.masks.map(({ status, codec }) => [status, codec])).toEqual([
      ['rejected', 'samtok-nano'],
      ['complete', 'samtok-nano'],
    ])
    const { results } = decodeAnswerSchema.parse(
      await client.decodeWords({ codec: 'samtok-nano', picture, words: [himtok, samtok] }),
    )
    expect(results.map((one) => ('error' in one ? one.error.message : 'mask'))).toEqual([
      'the words are spelled as HiMTok spells them; those of SAMTok are wanted',
      'mask',
    ])
  })

  it('draw masks over their picture', async () => {
    const blob = await client.render({
      picture,
      masks: [{ mask: SQUARE, colour: '#ff0000', opacity: 1, name: 'sq' }],
    })
    expect(blob.type).toBe('image/png')
    const { widthPx } = await client.uploadPicture(blob)
    expect(widthPx).toBe(64)
    expect(await codeOf(client.render({ picture, masks: [{ mask: { boxXyxyPx: [5, 5, 5, 5] } }] }))).toBe(
      '400 malformed',
    )
  })

  it('score rewards in the same workers', async () => {
    const words = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
    const { results } = await client.rewards({
      rewards: ['mask-accuracy'],
      samples: [{ response: words, truth: words }],
    })
    expect(results).toEqual([{ overall: 1, parts: { 'mask-accuracy': 1 } }])
    // Masks are compared where the words decode without a picture, and a sample says so where they do not.
    const grid = '<box><grid_8_8><grid_23_23></box><seg><grid_16_16></seg>'
    const counts = [1040, ...new Array(31).fill([32, 32]).flat(), 32, 1040]
    const truth = { text: '', masks: [{ size: [64, 64] as [number, number], counts }] }
    const samples = [grid, words].map((response) => ({ response, truth }))
    const masks = await client.rewards({ rewards: ['mask-iou'], samples })
    expect(masks.results).toMatchObject([{ overall: expect.any(Number) }, { error: { code: 'unsupported' } }])
    expect((masks.results[0] as { overall: number }).overall).toBeGreaterThan(0.4)
  })

  it('say what is wrong with a request', async () => {
    const table: [request: object, code: string][] = [
      [{ codec: 'x', picture, words: ['a'] }, '404 unknown-codec'],
      [{ codec: 'samtok-nano', picture: '0'.repeat(64), words: ['a'] }, '404 unknown-picture'],
      [{ codec: 'samtok-nano', picture, size: { widthPx: 1, heightPx: 1 }, words: ['a'] }, '400 bad-request'],
      [{ codec: 'samtok-nano', words: ['a'] }, '400 bad-request'],
      [{ codec: 'samtok-nano', picture, words: [] }, '400 bad-request'],
      [{ codec: 'samtok-nano', picture, words: ['a'], more: 1 }, '400 bad-request'],
      [{ codec: 'getok', picture, words: ['a'], length: 3 }, '400 bad-option'],
      [{ codec: 'getok', picture, words: ['a'], options: { threshold: 1 } }, '400 bad-option'],
      [{ codec: 'samtok-nano', picture, words: ['a'], options: { missing: 'zero' } }, '400 bad-option'],
      [{ codec: 'himtok-nano', picture, words: ['a'], options: { threshold: 1 } }, '400 bad-option'],
      [{ codec: 'himtok-nano', size: { widthPx: 9999, heightPx: 9999 }, words: ['a'] }, '413 too-large'],
      [{ codec: 'samtok-nano', picture, words: new Array(33).fill('a'), logits: true }, '413 too-large'],
      [
        { codec: 'samtok-nano', picture, words: new Array(256).fill('a'), lengths: [1, 2, 3, 4] },
        '413 too-large',
      ],
    ]
    for (const [request, code] of table) {
      expect([request, await codeOf(client.decodeWords(request as never))]).toEqual([request, code])
    }
    expect(await codeOf(client.uploadPicture(new Uint8Array()))).toBe('400 malformed')
    expect(await codeOf(client.uploadPicture(new TextEncoder().encode('GIF89a')))).toBe('415 unsupported')
  })

  it('let pictures go that were used longest ago, say so, and find them encoded on disk', async () => {
    const old = (await client.uploadPicture(drawn())).picture
    // 384 kB each, and a megabyte for all.
    for (let k = 0; k < 4; k++) {
      const bytes = new Uint8Array(400 * 320 * 3).fill(k)
      await client.uploadPicture(pictureToPng({ widthPx: 400, heightPx: 320, channels: 3, bytes }))
    }
    expect(await codeOf(client.render({ picture: old, masks: [] }))).toBe('404 unknown-picture')
    const again = await client.uploadPicture(drawn(), { codecs: ['samtok-nano'] })
    expect([again.picture, again.cached, again.encoded[0]!.from]).toEqual([old, false, 'disk'])
    expect(opened.cache.bytes).toBeLessThanOrEqual(2 ** 20)
  })
})

describe('/openapi.json of the whole service', () => {
  it('describes every route, and all that it refers to is there', async () => {
    const text = await (await fetch(`${listening.url}/openapi.json`)).text()
    const document = JSON.parse(text)
    expect(Object.keys(document.paths).sort()).toEqual([
      '/v1/chat/completions',
      '/v1/codecs',
      '/v1/codecs/{name}/vocabulary',
      '/v1/masks/decode',
      '/v1/masks/encode',
      '/v1/models',
      '/v1/pictures',
      '/v1/pictures/{picture}',
      '/v1/render',
      '/v1/rewards',
      '/v1/text/parse',
    ])
    const encode = document.paths['/v1/masks/encode'].post.requestBody.content['application/json'].schema
    expect(encode.required).toEqual(['codec', 'masks'])
    expect(document.paths['/v1/render'].post.responses[200].content['image/webp']).toBeDefined()
    expect(document.paths['/v1/pictures/{picture}'].get.parameters[0]).toMatchObject({
      in: 'path',
      required: true,
    })
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)]
    for (const [, reference] of references) {
      expect([reference, typeof reference!.split('/').reduce((node, key) => node?.[key], document)]).toEqual([
        reference,
        'object',
      ])
    }
  })
})

describe('a server that is attacked', () => {
  it('answers as before, has lost no worker and has no fault of its own', async () => {
    const again = (await client.uploadPicture(drawn())).picture
    const requests = hostileRequests(hostileKinds(), { picture: again, largeBytes: 1_000_000 })
    const answers: [string, number | undefined][] = []
    const attacker = async () => {
      for (let one = requests.shift(); one !== undefined; one = requests.shift()) {
        answers.push([one.name, await one.send(listening.port)])
      }
    }
    await Promise.all(Array.from({ length: 6 }, attacker))
    const faults = answers.filter(([, status]) => status !== undefined && status >= 500 && status !== 503)
    expect([faults, internal, opened.pool.lost]).toEqual([[], [], 0])
    expect(await client.isReady()).toBe(true)
    const { failed } = await client.encodeMasks({
      codec: 'himtok-nano',
      size: { widthPx: 64, heightPx: 64 },
      masks: [SQUARE],
    })
    expect(failed).toBe(0)
    for (const name of ['path traversal', 'a name of elsewhere', 'a PNG bomb']) {
      const statuses = answers.filter(([one]) => one === name).map(([, status]) => status)
      expect([
        name,
        statuses.every((status) => status !== undefined && status >= 400 && status < 500),
      ]).toEqual([name, true])
    }
  })

  it('holds nothing of a hundred mixed, hostile and abandoned requests when all have ended', async () => {
    const handle = (await client.uploadPicture(drawn())).picture
    const held = async () => {
      const text = await (await fetch(`${listening.url}/metrics`)).text()
      const value = (name: string) => Number(new RegExp(`^maskwords_${name} (\\S+)$`, 'm').exec(text)?.[1])
      return {
        requests: value('http_requests_held'),
        bodyBytes: value('http_body_bytes_held'),
        waiting: value('jobs_waiting'),
        busy: value('workers_busy'),
      }
    }
    const requests = [
      ...hostileRequests(40, { picture: handle, largeBytes: 100_000 }).map(
        (one) => () => one.send(listening.port),
      ),
      ...Array.from({ length: 60 }, (_, k) => () => {
        const signal = k % 3 === 0 ? AbortSignal.timeout(k % 7) : undefined
        const body = { codec: 'himtok-nano', size: { widthPx: 64, heightPx: 64 }, masks: [SQUARE] }
        return k % 2 === 0
          ? client.encodeMasks(body, { ...(signal && { signal }) })
          : client.parseText({ text: '<|mt_start|>'.repeat(1000 + k) }, { ...(signal && { signal }) })
      }),
    ]
    const ask = async () => {
      for (let one = requests.shift(); one !== undefined; one = requests.shift()) await one().catch(() => {})
    }
    await Promise.all(Array.from({ length: 8 }, ask))
    // Who leaves is noticed a moment later.
    await expect
      .poll(held, { timeout: 20_000, interval: 200 })
      .toEqual({ requests: 0, bodyBytes: 0, waiting: 0, busy: 0 })
    expect(opened.cache.bytes).toBeLessThanOrEqual(2 ** 20)
    expect(opened.pool.lost).toBe(0)
  }, 60_000)

  it('logs every request on one line of printable text', async () => {
    const { requestLine } = await import('./log.ts')
    for (const request of log) {
      const line = requestLine(request, new Date(0), false)
      expect(line).toMatch(
        /^1970-01-01T00:00:00\.000Z \d{3} [\x21-\x7e]+ [\x21-\x7e]+ [\d.]+ ms [A-Za-z0-9._-]+\n$/,
      )
      expect(JSON.parse(requestLine(request, new Date(0), true))).toMatchObject({ status: request.status })
    }
    expect(log.length).toBeGreaterThan(50)
  })
})

describe('/metrics of the whole service', () => {
  it('has what tells a server that blocks, grows or loses workers', async () => {
    const text = await (await fetch(`${listening.url}/metrics`)).text()
    const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
    expect(value('maskwords_event_loop_delay_p99_seconds')).toBeGreaterThanOrEqual(0)
    expect([value('maskwords_workers_alive'), value('maskwords_workers_lost')]).toEqual([1, 0])
    expect(value('maskwords_jobs_waiting')).toBe(0)
    expect(value('maskwords_http_body_bytes_held')).toBe(0)
    expect(value('maskwords_picture_cache_bytes')).toBe(opened.cache.bytes)
    expect(text).toMatch(/^maskwords_masks_total\{route="\/v1\/masks\/encode",outcome="failed"\} \d+$/m)
    expect(text).toMatch(
      /^maskwords_http_requests_total\{method="GET",route="\/v1\/codecs\/\{name\}\/vocabulary",status="404"\} 1$/m,
    )
  })
})

describe('closing', () => {
  it('waits for networks that warm up: a thread ended inside one would end this process', async () => {
    for (let i = 0; i < 2; i++) {
      const service = await openCodecService({
        ...SMALL,
        codecs: [{ name: 'himtok-nano', source: 'himtok-nano' }],
        maxBodyBytes: 2 ** 20,
        cacheBytes: 2 ** 20,
      })
      await service.close()
      expect(service.pool.alive).toBe(0)
    }
  })
})

describe('GETok with a segmenter', () => {
  it('needs the picture, encodes it once, and decodes through the segmenter', async () => {
    const segmenter = await mkdtemp(join(folder, 'sam2-'))
    await writeWeights(join(segmenter, 'weights.safetensors'), await wantedWeights({ samtok: TOY_SAMTOK }))
    const config = formatCodecConfig({ codec: 'samtok', name: 'toy', config: TOY_SAMTOK })
    await writeFile(join(segmenter, 'config.json'), config)
    const service = await openCodecService({
      ...SMALL,
      codecs: [{ name: 'getok', source: 'getok', segmenter }],
      maxBodyBytes: 2 ** 20,
      cacheBytes: 2 ** 24,
    })
    const there = await listen(service.service, { host: HOST, port: 0, timeoutMs: TIMEOUT_MS })
    try {
      const caller = createClient({ url: there.url })
      expect((await caller.codecs()).codecs[0]).toMatchObject({ name: 'getok', needsPicture: true })
      const size = { widthPx: 64, heightPx: 64 }
      expect(await codeOf(caller.encodeMasks({ codec: 'getok', size, masks: [SQUARE] }))).toBe(
        '400 missing-input',
      )
      const handle = (await caller.uploadPicture(drawn())).picture
      const words = await caller.encodeMasks({ codec: 'getok', picture: handle, masks: [SQUARE] })
      const [said] = words.results
      const decoded = await caller.decodeWords({
        codec: 'getok',
        picture: handle,
        words: [(said as { text: string }).text],
      })
      const again = await caller.uploadPicture(drawn(), { codecs: ['getok'] })
      expect(again.encoded).toMatchObject([{ codec: 'getok', from: 'memory' }])
      expect(decoded.results).toMatchObject([{ mask: { size: [64, 64] } }])
    } finally {
      await there.close()
      await service.close()
    }
  })
})

describe('who may call', () => {
  const ask = (path: string, init: RequestInit = {}) => opened.service.app.request(path, init)

  it('is this machine under its own name, and pages of no other origin', async () => {
    const status = async (host: string) => (await ask('/healthz', { headers: { host } })).status
    expect(
      await Promise.all(
        ['localhost:7333', '127.0.0.1', '[::1]:80', 'evil.example', 'localhost.evil'].map(status),
      ),
    ).toEqual([200, 200, 200, 403, 403])
    const preflight = await ask('/v1/masks/encode', {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([403, null])
  })
})
